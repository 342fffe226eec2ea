package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzTimer: a timer's data that is read means the same when the host encodes it once
// more as text, as it does for some languages; data that is refused says nothing.
func FuzzTimer(f *testing.F) {
	for _, data := range []string{
		`{"IsPastDue":true}`, `{"isPastDue":false,"Schedule":{}}`, `"{\"IsPastDue\":true}"`, `"\"{}\""`, `null`, `"null"`, `""`, `{"IsPastDue":"yes"}`, ``,
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := readTimer(data)
		if err != nil {
			if read.IsPastDue {
				t.Fatalf("%q was refused and is late all the same", data)
			}
			return
		}
		var text string
		if json.Unmarshal(data, &text) == nil || !utf8.Valid(data) {
			return
		}
		once, err := json.Marshal(string(data))
		if err != nil {
			t.Fatal(err)
		}
		again, err := readTimer(once)
		if err != nil || again != read {
			t.Fatalf("%q is %+v, and encoded once more %+v, %v", data, read, again, err)
		}
	})
}

// FuzzStatement: a statement is taken over as a whole or not at all, what is taken
// over fits on a line, and a name that must be there is.
func FuzzStatement(f *testing.F) {
	for _, body := range []string{
		"", "{}", "null", `{"by":"carol@contoso.example","reason":"the project ended"}`, `{"reason":"  "}`, `{"reason":"a\nb"}`,
		`{"reason":"a","reason":"b"}`, `{"reason":1}`, `{"cause":"x"}`, `{"reason":"x"} y`, `[]`, `{"by":"\u202ex"}`, `{"reason":"\ud800"}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		said, err := readStatement(strings.NewReader(body), "reason")
		if err != nil {
			if said != (statement{}) {
				t.Fatalf("%q was refused, and %+v taken over", body, said)
			}
			return
		}
		if said.reason == "" || len(said.by) > 256 || len(said.reason) > 1024 {
			t.Fatalf("%q is %+v", body, said)
		}
		for _, text := range []string{said.by, said.reason} {
			if strings.ContainsFunc(text, unprintable) || strings.TrimSpace(text) != text || !utf8.ValidString(text) {
				t.Fatalf("%q lets %q in", body, text)
			}
		}
		encoded, err := json.Marshal(map[string]string{"by": said.by, "reason": said.reason})
		if err != nil {
			t.Fatal(err)
		}
		again, err := readStatement(strings.NewReader(string(encoded)), "reason")
		if err != nil || again != said {
			t.Fatalf("%+v is read again as %+v, %v", said, again, err)
		}
	})
}

// FuzzHeaders: nothing in a header makes a call wait longer than it may, and a key
// that is accepted is the one that was sent.
func FuzzHeaders(f *testing.F) {
	for _, pair := range [][2]string{
		{"wait=10", "key-1"}, {"respond-async, wait=1000;x=y", ""}, {`WAIT = "7"`, "ä"}, {"wait=-1, wait=5", "a\tb"}, {"wait=99999999999", strings.Repeat("k", 256)},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, prefer, key string) {
		wait := preferredWait([]string{prefer})
		if wait < 0 || wait > longestWait || wait > 0 && !strings.Contains(strings.ToLower(prefer), "wait") {
			t.Fatalf("%q waits for %s", prefer, wait)
		}
		request := &http.Request{Header: http.Header{"Idempotency-Key": {key}}}
		accepted, err := deliveryKey(request)
		if (err == nil) != (accepted != "") || err == nil && (accepted != key || len(key) > longestKey || strings.ContainsFunc(key, unprintable)) {
			t.Fatalf("%q is the key %q, %v", key, accepted, err)
		}
		request.Header.Add("Idempotency-Key", key)
		_, err = deliveryKey(request)
		if err == nil {
			t.Fatalf("%q was accepted twice in one call", key)
		}
	})
}
