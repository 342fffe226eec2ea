package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// storageOn returns a connection string for a storage account at address.
func storageOn(address string) string {
	return "AccountName=a;AccountKey=YQ==;TableEndpoint=" + address + "/a;QueueEndpoint=" + address + "/a"
}

// deadStorage is an account at a port where nobody listens.
func deadStorage() string { return storageOn("http://127.0.0.1:1") }

// emptyStorage plays an account whose tables and queues exist and hold nothing, and
// which takes every row that it is given without keeping it.
func emptyStorage(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/Tables"):
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"odata.error":{"code":"TableAlreadyExists","message":{"lang":"en-US","value":"it exists"}}}`)
		case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "PartitionKey="):
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"odata.error":{"code":"ResourceNotFound","message":{"lang":"en-US","value":"no row"}}}`)
		case r.Method == http.MethodGet:
			fmt.Fprint(w, `{"value":[]}`)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	t.Cleanup(server.Close)
	return storageOn(server.URL)
}

// goodDocument writes an operator's document and returns where.
func goodDocument(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mailgrant.yaml")
	err := os.WriteFile(path, []byte("canaries: [ceo@contoso.example]"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// testServer is the handler as the host reaches it.
type testServer struct {
	url string
}

// startServer serves with the given settings until the test ends. The tenant's
// addresses lead nowhere.
func startServer(t *testing.T, changes map[string]string) testServer {
	t.Helper()
	settings := map[string]string{"IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi", "IDENTITY_HEADER": "x",
		"GRAPH_ENDPOINT": "https://127.0.0.1:1", "EXCHANGE_ENDPOINT": "https://127.0.0.1:1"}
	for name, value := range changes {
		settings[name] = value
	}
	read, faults := readConfig(lookupIn(settings))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	now := func() time.Time { return time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC) }
	server := httptest.NewServer(newServer(newBackend(read, now, quiet()), quiet()))
	t.Cleanup(server.Close)
	return testServer{url: server.URL}
}

// call sends one request and holds its answer against the contract. Triggers are no
// part of the contract, and their answers are left to the caller.
func (s testServer) call(t *testing.T, method, path, body string, header http.Header) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := answer{status: response.StatusCode, header: response.Header, body: string(text)}
	if strings.HasPrefix(path, "/api/") {
		holdAgainstContract(t, request, got)
	}
	return got
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) String() string { return fmt.Sprintf("%d %v %s", a.status, a.header, a.body) }

// quiet is a log that nobody reads.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
