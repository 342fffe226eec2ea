package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestPreferredWait(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		headers []string
		want    time.Duration
	}{
		{nil, 0},
		{[]string{"wait=10"}, 10 * time.Second},
		{[]string{"respond-async, Wait = 10"}, 10 * time.Second},
		{[]string{"respond-async", `wait="7"; foo=bar`}, 7 * time.Second},
		{[]string{"wait=90"}, longestWait},
		{[]string{"wait=91"}, longestWait},
		{[]string{"wait=2147483647"}, longestWait},
		{[]string{"wait=3, wait=9"}, 3 * time.Second},
		{[]string{"wait=0"}, 0},
		{[]string{"wait=-5"}, 0},
		{[]string{"wait=99999999999999999999"}, 0},
		{[]string{"wait=soon"}, 0},
		{[]string{"wait"}, 0},
		{[]string{"waiting=5"}, 0},
	} {
		if got := preferredWait(test.headers); got != test.want {
			t.Errorf("%q: got %s, want %s", test.headers, got, test.want)
		}
	}
}

func TestDeliveryKey(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		header http.Header
		want   string
		fail   bool
	}{
		{"the caller's key", http.Header{"Idempotency-Key": {"RITM1"}, invocationHeader: {"i-1"}}, "RITM1", false},
		{"the host's id", http.Header{invocationHeader: {"i-1"}}, "i-1", false},
		{"two keys", http.Header{"Idempotency-Key": {"a", "b"}}, "", true},
		{"an empty key", http.Header{"Idempotency-Key": {""}}, "", true},
		{"a long key", http.Header{"Idempotency-Key": {strings.Repeat("k", 256)}}, "", true},
		{"a key of other letters", http.Header{"Idempotency-Key": {"ключ"}}, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			for name, values := range test.header {
				header[http.CanonicalHeaderKey(name)] = values
			}
			got, err := deliveryKey(&http.Request{Header: header})
			if got != test.want || (err != nil) != test.fail {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	first, err := deliveryKey(&http.Request{Header: http.Header{}})
	if err != nil {
		t.Fatal(err)
	}
	second, err := deliveryKey(&http.Request{Header: http.Header{}})
	if err != nil || first == "" || first == second {
		t.Errorf("two calls past the host: %q and %q, %v", first, second, err)
	}
}
