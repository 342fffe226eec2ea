package graph_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"mailgrant/handler/graph"
)

const (
	objectID   = "3a1c0000-0000-4000-8000-0000000000aa"
	appID      = "5b2d0000-0000-4000-8000-0000000000bb"
	ownTenant  = "9c3e0000-0000-4000-8000-0000000000cc"
	resourceID = "7d4f0000-0000-4000-8000-0000000000dd"
	mailSend   = "b633e1c5-b582-4048-a93e-9f11b44c7e96"
)

// tokens hands out one token and notes for which scopes it was asked.
type tokens struct {
	mutex   sync.Mutex
	scopes  []string
	dayLong bool
	fault   error
}

func (t *tokens) GetToken(_ context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.scopes = append(t.scopes, options.Scopes...)
	t.dayLong = t.dayLong || options.EnableCAE
	return azcore.AccessToken{Token: "opaque", ExpiresOn: time.Now().Add(time.Hour)}, t.fault
}

// directory is a server on the real wire that answers with what the test says
// and keeps what it was asked.
type directory struct {
	*httptest.Server
	tokens   *tokens
	mutex    sync.Mutex
	requests []*http.Request
	waits    []time.Duration
}

func serve(t testing.TB, answer http.HandlerFunc) *directory {
	t.Helper()
	d := &directory{tokens: &tokens{}}
	d.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mutex.Lock()
		d.requests = append(d.requests, r)
		d.mutex.Unlock()
		answer(w, r)
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *directory) client(t testing.TB) *graph.Client {
	t.Helper()
	client, err := graph.New(graph.Options{
		Endpoint:   d.URL,
		Credential: d.tokens,
		Transport:  d.Client().Transport,
		Wait: func(ctx context.Context, length time.Duration) error {
			d.mutex.Lock()
			defer d.mutex.Unlock()
			d.waits = append(d.waits, length)
			return ctx.Err()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (d *directory) asked() int {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return len(d.requests)
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json;odata.metadata=minimal;charset=utf-8")
	w.Header().Set("request-id", "header-request")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// always answers every request alike.
func always(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { reply(w, status, body) }
}

const absent = `{"error":{"code":"Request_ResourceNotFound","message":"no such thing","innerError":{"date":"2026-11-01T08:00:00","request-id":"inner-request","client-request-id":"c"}}}`

func wantKind(t *testing.T, err error, kind graph.Kind) *graph.Error {
	t.Helper()
	failure, ok := err.(*graph.Error)
	if !ok {
		t.Fatalf("error is %T (%v), want *graph.Error", err, err)
	}
	if failure.Kind != kind || graph.KindOf(err) != kind {
		t.Fatalf("kind is %s, want %s: %v", failure.Kind, kind, err)
	}
	return failure
}
