package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mailgrant/scripts/leaving"
)

func TestWhatIsLeftIsTold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		left leaving.Left
		code int
		want string
	}{
		{leaving.Left{}, exitGone, "nothing is left"},
		{leaving.Left{Grants: []leaving.Grant{{ID: "abc", State: "revoking", Stuck: "ExchangeForbidden"}}}, exitLeft, "still to go: abc revoking ExchangeForbidden"},
		{leaving.Left{Marked: []string{"mg-demo01-x-00"}}, exitLeft, "without a grant: mg-demo01-x-00"},
		{leaving.Left{Abandoned: 2}, exitLeft, "2 grant(s) were given up"},
	} {
		var out bytes.Buffer
		code := show(test.left, &out)
		if code != test.code || !strings.Contains(out.String(), test.want) {
			t.Errorf("%+v: %d %s", test.left, code, &out)
		}
	}
}

// TestFailureIsNotNothing: what could not be asked is never taken for what is not there.
func TestFailureIsNotNothing(t *testing.T) {
	t.Parallel()
	for _, fails := range []string{"/api/freeze", "/api/grants", "/api/grants/abc/revoke", "/api/run/discover", "/api/operations/op"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == fails:
				w.WriteHeader(http.StatusServiceUnavailable)
			case r.URL.Path == "/api/grants" && r.URL.Query().Get("state") == "active":
				_, _ = w.Write([]byte(`{"grants":[{"id":"abc","state":"active"}]}`))
			case r.URL.Path == "/api/run/discover":
				_, _ = w.Write([]byte(`{"id":"op","state":"running","findings":[]}`))
			default:
				_, _ = w.Write([]byte(`{"grants":[]}`))
			}
		}))
		var out bytes.Buffer
		code := run(t.Context(), []string{server.URL, "carol"}, "key", &out)
		server.Close()
		if code != exitFails || !strings.Contains(out.String(), "503") {
			t.Errorf("%s: %d %s", fails, code, &out)
		}
	}
}

func TestKeyStaysHome(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{nil, {"https://a.example"}, {"http://app.example", "carol"}, {"app", "carol"}, {"ftp://127.0.0.1", "carol"}} {
		var out bytes.Buffer
		code := run(t.Context(), arguments, "the-key", &out)
		if code != exitFails || strings.Contains(out.String(), "the-key") {
			t.Errorf("%v: %d %s", arguments, code, &out)
		}
	}
}
