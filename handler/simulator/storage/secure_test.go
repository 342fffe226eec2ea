package storage

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"
)

// unsigned is a token of that audience; the emulator does not look at signatures.
func unsigned(audience string, expires time.Time) string {
	claims, _ := json.Marshal(map[string]any{"aud": audience, "iss": "https://sts.windows.net/10000000-0000-4000-8000-000000000001/",
		"iat": time.Now().Unix() - 60, "nbf": time.Now().Unix() - 60, "exp": expires.Unix()})
	return base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims) + ".c2ln"
}

// TestSecureAzuriteTakesTokens: only a token of the storage's audience that lives opens it,
// through the wire and at its own address.
func TestSecureAzuriteTakesTokens(t *testing.T) {
	t.Parallel()
	started, err := StartSecureAzurite(t.Context(), scripts, t.TempDir(), 1)
	must(t, err)
	defer started.Close()
	wire, err := StartWire(t.Context(), started.Account(0), WireOptions{})
	must(t, err)
	defer wire.Close()
	client := &http.Client{Transport: started.Account(0).transport()}
	later, before := time.Now().Add(time.Hour), time.Now().Add(-time.Second)
	for _, endpoint := range []string{wire.Handler().TableEndpoint, started.Account(0).TableEndpoint} {
		for _, test := range []struct {
			name, token string
			opens       bool
		}{
			{"a token", unsigned("https://storage.azure.com", later), true},
			{"no token", "", false},
			{"a token of another resource", unsigned("https://graph.microsoft.com", later), false},
			{"a token that has expired", unsigned("https://storage.azure.com", before), false},
		} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, endpoint+"/Tables", nil)
			must(t, err)
			request.Header.Set("x-ms-version", "2019-02-02")
			request.Header.Set("Accept", "application/json;odata=nometadata")
			if test.token != "" {
				request.Header.Set("Authorization", "Bearer "+test.token)
			}
			response, err := client.Do(request)
			must(t, err)
			text, _ := io.ReadAll(response.Body)
			must(t, response.Body.Close())
			if (response.StatusCode == http.StatusOK) != test.opens {
				t.Errorf("%s at %s: %s %s", test.name, endpoint, response.Status, text)
			}
		}
	}
}
