package store

import (
	"errors"
	"strings"
	"testing"
)

const (
	answerType   = "multipart/mixed; boundary=outer"
	answerPrefix = "--outer\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n"
	answerPart   = "--inner\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
	answerSuffix = "--inner--\r\n--outer--\r\n"
	landedPart   = answerPart + "HTTP/1.1 204 No Content\r\nDataServiceVersion: 3.0;\r\nETag: W/\"1\"\r\n\r\n\r\n"
)

func refusedPart(status, code, message string) string {
	return answerPart + "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n\r\n" +
		`{"odata.error":{"code":"` + code + `","message":{"lang":"en-US","value":"` + message + `"}}}` + "\r\n"
}

func TestBatchAnswers(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, inner string
		want        []batchPart
	}{
		{"landed", landedPart + landedPart, []batchPart{{204, `W/"1"`, "", 0}, {204, `W/"1"`, "", 1}}},
		{
			"row taken", refusedPart("409 Conflict", "EntityAlreadyExists", "12:The row exists."),
			[]batchPart{{409, "", "EntityAlreadyExists", 12}},
		},
		{
			"no position", refusedPart("412 Precondition Failed", "UpdateConditionNotSatisfied", "The condition: not met"),
			[]batchPart{{412, "", "UpdateConditionNotSatisfied", -1}},
		},
		{"no body", answerPart + "HTTP/1.1 500 Internal Server Error\r\n\r\n\r\n", []batchPart{{500, "", "", -1}}},
	}
	for _, c := range cases {
		got, err := parseBatchAnswer(answerType, []byte(answerPrefix+c.inner+answerSuffix))
		if err != nil || len(got) != len(c.want) {
			t.Fatalf("%s: %v, %v", c.name, got, err)
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: part %d is %+v, want %+v", c.name, i, got[i], c.want[i])
			}
		}
	}
}

func TestBatchAnswersThatCannotBeRead(t *testing.T) {
	t.Parallel()
	whole := answerPrefix + landedPart + answerSuffix
	for name, c := range map[string]struct{ contentType, body string }{
		"empty":        {answerType, ""},
		"not an HTTP":  {answerType, answerPrefix + answerPart + "hello\r\n" + answerSuffix},
		"JSON":         {"application/json", `{"odata.error":{}}`},
		"no boundary":  {"multipart/mixed", whole},
		"bad type":     {";;", whole},
		"cut in half":  {answerType, whole[:len(whole)/2]},
		"no parts":     {answerType, answerPrefix + answerSuffix},
		"flat":         {answerType, "--outer\r\nContent-Type: text/plain\r\n\r\nx\r\n--outer--"},
		"cut boundary": {answerType, strings.TrimSuffix(whole, answerSuffix)},
	} {
		parts, err := parseBatchAnswer(c.contentType, []byte(c.body))
		if err == nil {
			t.Errorf("%s: read as %v", name, parts)
		}
	}
}

// An answer that does not speak of every row is as good as none.
func TestShortAnswersAreNoSuccess(t *testing.T) {
	t.Parallel()
	b := &batch{keys: []string{leaseKey, "g|a"}}
	part := batchPart{204, "etag", "", 0}
	for name, parts := range map[string][]batchPart{
		"fewer rows": {part}, "more rows": {part, part, part}, "no version": {{204, "", "", 0}, part},
	} {
		err := b.failure(&batchAnswer{parts: parts})
		var failure *Error
		if !errors.As(err, &failure) || !failure.uncertain() {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, b.failure(&batchAnswer{parts: []batchPart{part, part}}))
}

func FuzzBatchAnswer(f *testing.F) {
	f.Add(answerType, []byte(answerPrefix+landedPart+landedPart+answerSuffix))
	f.Add(answerType, []byte(answerPrefix+refusedPart("409 Conflict", "EntityAlreadyExists", "1:x")+answerSuffix))
	f.Add("multipart/mixed; boundary=\"\"", []byte("--\r\n"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		parts, err := parseBatchAnswer(contentType, body)
		if (err == nil) != (len(parts) > 0) {
			t.Fatalf("%d parts and error %v", len(parts), err)
		}
		for _, part := range parts {
			if part.status < 300 && part.code != "" || part.index < -1 {
				t.Fatalf("part %+v", part)
			}
		}
	})
}
