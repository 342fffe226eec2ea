package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestTriggersAlwaysAnswerTheHost: a call that a retry cannot help is answered 2xx,
// one that could not be recorded is not, and each has a value in its body.
func TestTriggersAlwaysAnswerTheHost(t *testing.T) {
	t.Parallel()
	alive := startServer(t, map[string]string{"GrantStorage": emptyStorage(t)})
	dead := startServer(t, map[string]string{"GrantStorage": deadStorage()})
	message := `{"Data":{"message":"\"aaaaaaaaaaaaaaaaaaaa\""},"Metadata":{}}`
	timer := `{"Data":{"timer":{"Schedule":{},"IsPastDue":true}},"Metadata":{}}`
	for _, test := range []struct {
		name   string
		server testServer
		path   string
		body   string
		status int
	}{
		{"a message for nothing", alive, "/apply", message, http.StatusOK},
		{"a notification for nothing", alive, "/notify", message, http.StatusOK},
		{"a message that is none", alive, "/apply", `{"Data":{}}`, http.StatusOK},
		{"an envelope that is none", alive, "/notify", `hello`, http.StatusOK},
		{"an envelope without end", alive, "/apply", `{"Data":{"message":"` + strings.Repeat("a", maxEnvelope) + `"}}`, http.StatusOK},
		{"a sweep with nothing due", alive, "/expire", timer, http.StatusOK},
		{"a sweep with an odd envelope", alive, "/retest", `hello`, http.StatusOK},
		{"storage down for a message", dead, "/apply", message, http.StatusServiceUnavailable},
		{"storage down for a notification", dead, "/notify", message, http.StatusServiceUnavailable},
		{"storage down for a sweep", dead, "/expire", timer, http.StatusServiceUnavailable},
		{"storage down, and a message that is none", dead, "/apply", `{"Data":{}}`, http.StatusOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := test.server.call(t, http.MethodPost, test.path, test.body, nil)
			if got.status != test.status || strings.TrimSpace(got.body) != "{}" || !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestTriggersTakePostOnly: whatever else comes to a root name is no trigger.
func TestTriggersTakePostOnly(t *testing.T) {
	t.Parallel()
	server := startServer(t, map[string]string{"GrantStorage": deadStorage()})
	for _, path := range []string{"/apply", "/notify", "/expire", "/retest"} {
		got := server.call(t, http.MethodGet, path, "", nil)
		if got.status != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: got %s", path, got)
		}
	}
}
