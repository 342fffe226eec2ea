package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestMessageIsReadInEveryForm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, body, want string
	}{
		{"as the host sends it", `{"Data":{"message":"\"abc\""},"Metadata":{"DequeueCount":"1"}}`, "abc"},
		{"plain", `{"Data":{"message":"abc"}}`, "abc"},
		{"another case", `{"data":{"Message":"abc"}}`, "abc"},
		{"another binding's name, alone", `{"Data":{"item":"abc"}}`, "abc"},
		{"digits only", `{"Data":{"message":"\"23456723456723456723\""}}`, "23456723456723456723"},
		{"digits only, plain", `{"Data":{"message":"23456723456723456723"}}`, "23456723456723456723"},
		{"spaces around", `{"Data":{"message":"\" abc \\n\""}}`, "abc"},
		{"one of two", `{"Data":{"other":"x","message":"abc"}}`, "abc"},
		{"empty", `{"Data":{"message":"\"\""}}`, ""},
		{"an object", `{"Data":{"message":{"id":"abc"}}}`, ""},
		{"control characters", `{"Data":{"message":"a\u0000b"}}`, ""},
		{"too long", `{"Data":{"message":"` + strings.Repeat("a", 129) + `"}}`, ""},
		{"no data", `{"Metadata":{}}`, ""},
		{"none of several", `{"Data":{"a":"x","b":"y"}}`, ""},
		{"no JSON", `hello`, ""},
		{"nothing", ``, ""},
		{"null", `null`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := messageIn(test.body)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func messageIn(body string) (string, error) {
	data, err := readEnvelope(strings.NewReader(body), "message")
	if err != nil {
		return "", err
	}
	return readMessage(data)
}

func TestTimerIsReadInEveryForm(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, data string
		late, fail bool
	}{
		{"on time", `{"Schedule":{},"ScheduleStatus":null,"IsPastDue":false}`, false, false},
		{"late", `{"IsPastDue":true}`, true, false},
		{"another case", `{"isPastDue":true}`, true, false},
		{"encoded once more", `"{\"IsPastDue\":true}"`, true, false},
		{"no object", `[]`, false, true},
		{"text", `"tick"`, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			read, err := readTimer(json.RawMessage(test.data))
			if read.IsPastDue != test.late || (err != nil) != test.fail {
				t.Errorf("got %+v, %v", read, err)
			}
		})
	}
}

// FuzzEnvelope holds that whatever is posted to a trigger becomes an id that can be
// looked up, or an error, and never anything that could break a log line or a key.
func FuzzEnvelope(f *testing.F) {
	for _, body := range []string{
		`{"Data":{"message":"\"abc\""},"Metadata":{"sys":{"MethodName":"apply"}}}`, `{"Data":{"message":"abc"}}`,
		`{"Data":{"message":123}}`, `{"Data":[]}`, `{"Data":{"message":"\"\\u0000\""}}`, `{}`, `"`, ``,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		id, err := messageIn(body)
		if err == nil && (id == "" || len(id) > 128 || !printable(id) || strings.TrimSpace(id) != id) {
			t.Errorf("%q became the id %q", body, id)
		}
		data, err := readEnvelope(strings.NewReader(body), "timer")
		if err == nil {
			_, _ = readTimer(data)
		}
	})
}
