package graph

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// Nothing in this package builds such a request; the guard is what stays when a
// later change does.
func TestGuardSendsToTheEndpointOnly(t *testing.T) {
	t.Parallel()
	sent := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { sent++ }))
	defer server.Close()
	guarded := guard{endpoint: &url.URL{Scheme: "https", Host: "graph.example"}, next: server.Client().Transport}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = guarded.RoundTrip(request)
	if KindOf(err) != Incomplete || sent != 0 {
		t.Errorf("%d requests sent: %v", sent, err)
	}
}

func TestSameOrigin(t *testing.T) {
	t.Parallel()
	endpoint := &url.URL{Scheme: "https", Host: "graph.example"}
	for text, want := range map[string]bool{
		"https://graph.example/v1.0":      true,
		"https://GRAPH.example:443/v1.0":  true,
		"https://graph.example:8443/v1.0": false,
		"http://graph.example/v1.0":       false,
		"https://graph.example.evil/":     false,
		"https://evil/graph.example":      false,
		"/v1.0":                           false,
	} {
		address, err := url.Parse(text)
		if err != nil || sameOrigin(address, endpoint) != want {
			t.Errorf("%s: %v, want %v (%v)", text, !want, want, err)
		}
	}
}
