package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

func TestWorkRows(t *testing.T) {
	t.Parallel()
	s, _ := prepared(t)
	must(t, s.InsertWork(t.Context(), "slot", Row{Key: "1", Properties: map[string]string{"old": "yes"}}))
	wantKind(t, s.InsertWork(t.Context(), "slot", Row{Key: "1"}), KindExists)
	must(t, s.WriteWork(t.Context(), "slot", Row{Key: "1", Document: []byte(`{"n":1}`), Properties: map[string]string{"new": "yes"}}))
	row, err := s.ReadWork(t.Context(), "slot", "1")
	must(t, err)
	if string(row.Document) != `{"n":1}` || len(row.Properties) != 1 || row.Properties["new"] != "yes" {
		t.Errorf("row %+v", row)
	}
	must(t, s.WriteWork(t.Context(), "slot", row))
	wantKind(t, s.WriteWork(t.Context(), "slot", row), KindConflict)
	must(t, s.DeleteWork(t.Context(), "slot", "1"))
	must(t, s.DeleteWork(t.Context(), "slot", "1"))
	wantKind(t, s.WriteWork(t.Context(), "slot", row), KindNotFound)
	_, err = s.ReadWork(t.Context(), "slot", "1")
	wantKind(t, err, KindNotFound)
	for _, bad := range []error{
		s.WriteWork(t.Context(), "a/b", row), s.InsertWork(t.Context(), "slot", Row{}), s.DeleteWork(t.Context(), "", "1"),
	} {
		wantKind(t, bad, KindInvalid)
	}
}

func TestListWork(t *testing.T) {
	t.Parallel()
	s, _ := prepared(t)
	for i := range 5 {
		must(t, s.WriteWork(t.Context(), "op", Row{Key: fmt.Sprint(i)}))
	}
	must(t, s.WriteWork(t.Context(), "pass", Row{Key: "9"}))
	first, next, err := s.ListWork(t.Context(), "op", "", 3)
	must(t, err)
	rest, end, err := s.ListWork(t.Context(), "op", next, 3)
	must(t, err)
	if keysOf(first) != "0 1 2" || keysOf(rest) != "3 4" || end != "" {
		t.Errorf("pages %q, %q, end %q", keysOf(first), keysOf(rest), end)
	}
}

func TestInsertRowBesideTheLease(t *testing.T) {
	t.Parallel()
	s, wire := prepared(t)
	held := taken(t, s, "one")
	row := Row{Key: "h|a|0002", Properties: map[string]string{WriteProperty: "w2"}}
	wire.set(func(request *http.Request) fault {
		if request.Method == http.MethodPost {
			return loseAfter
		}
		return pass
	})
	must(t, s.InsertRow(t.Context(), workload, row))
	wantKind(t, s.InsertRow(t.Context(), workload, row), KindExists)
	wantKind(t, s.InsertRow(t.Context(), workload, Row{Key: "lease"}), KindInvalid)
	wire.set(nil)
	read, err := s.ReadRow(t.Context(), workload, row.Key)
	must(t, err)
	if read.Properties[WriteProperty] != "w2" || len(read.Properties) != 1 {
		t.Errorf("row %+v", read)
	}
	_, err = s.Commit(t.Context(), workload, held, lease("one"), nil)
	must(t, err)
}

func TestSend(t *testing.T) {
	t.Parallel()
	s, wire := prepared(t)
	must(t, s.Send(t.Context(), QueueApply, "abcdefghij234567klmn", 0))
	must(t, s.Send(t.Context(), QueueApply, "later", maxDelay))
	client, err := azqueue.NewQueueClientFromConnectionString(trimmed(connection(t, s)), QueueApply, nil)
	must(t, err)
	seen, err := client.DequeueMessages(t.Context(), &azqueue.DequeueMessagesOptions{NumberOfMessages: to(int32(10))})
	must(t, err)
	if len(seen.Messages) != 1 || *seen.Messages[0].MessageText != "abcdefghij234567klmn" {
		t.Errorf("messages %+v", seen.Messages)
	}
	wire.set(func(*http.Request) fault { return loseAfter })
	wantKind(t, s.Send(t.Context(), QueueNotify, "a", time.Second), KindLost)
	if sent := wire.requests(); len(sent) != 1 {
		t.Errorf("sent %v", sent)
	}
	for _, bad := range []error{
		s.Send(t.Context(), "poison", "a", 0), s.Send(t.Context(), QueueApply, "", 0),
		s.Send(t.Context(), QueueApply, "a", -1), s.Send(t.Context(), QueueApply, "a", maxDelay+1),
	} {
		wantKind(t, bad, KindInvalid)
	}
}

func to[T any](value T) *T { return &value }

func TestPrepareAndPing(t *testing.T) {
	t.Parallel()
	s, wire := unprepared(t)
	wantKind(t, s.Ping(t.Context()), KindUnavailable)
	wantKind(t, s.Send(t.Context(), QueueApply, "a", 0), KindUnavailable)
	wantKind(t, s.DeleteWork(t.Context(), "slot", "1"), KindUnavailable)
	_, err := s.ReadPartition(t.Context(), workload)
	wantKind(t, err, KindUnavailable)
	_, err = s.Commit(t.Context(), workload, Lease{}, lease("one"), nil)
	wantKind(t, err, KindUnavailable)
	wire.set(func(request *http.Request) fault { return busy })
	wantKind(t, s.Prepare(t.Context()), KindLost)
	wire.set(nil)
	must(t, s.Prepare(t.Context()))
	must(t, s.Prepare(t.Context()))
	must(t, s.Ping(t.Context()))
	must(t, s.Send(t.Context(), QueueNotify, "a", 0))
	wire.set(func(request *http.Request) fault { return busy })
	wantKind(t, s.Ping(t.Context()), KindUnavailable)
}

// identity is a credential that a test can break.
type identity struct{ err error }

func (i identity) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, i.err
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	var asked []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("Authorization")+" "+r.URL.Path)
		w.Header().Set("x-ms-error-code", "ResourceNotFound")
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	options := Options{TableEndpoint: server.URL, QueueEndpoint: server.URL, Credential: identity{}, Transport: server.Client()}
	s, err := Open(options)
	must(t, err)
	must(t, s.Ping(t.Context()))
	if len(asked) != 1 || !strings.HasPrefix(asked[0], "Bearer token /ids(") {
		t.Errorf("asked %q", asked)
	}
	options.Credential = identity{errors.New("no identity here")}
	s, err = Open(options)
	must(t, err)
	s.pace.pause = 0
	err = s.InsertClaim(t.Context(), claim("a"))
	var failure *Error
	if !errors.As(err, &failure) || failure.Kind != KindUnavailable || failure.MayHaveActed || len(asked) != 1 {
		t.Errorf("error %v after %d requests", err, len(asked))
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]Options{
		"nothing":       {},
		"both":          {ConnectionString: "AccountName=a;AccountKey=a2V5", TableEndpoint: "https://a", QueueEndpoint: "https://a", Credential: identity{}},
		"no queue":      {TableEndpoint: "https://a", Credential: identity{}},
		"no credential": {TableEndpoint: "https://a", QueueEndpoint: "https://a"},
		"short form":    {ConnectionString: "UseDevelopmentStorage=true"},
	} {
		_, err := Open(options)
		if KindOf(err) != KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Addresses may carry a signature, which has no place in logs.
func TestErrorsKeepAddressesOut(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	server.StartTLS()
	defer server.Close()
	s, err := Open(Options{TableEndpoint: server.URL + "/secret", QueueEndpoint: server.URL, Credential: identity{}})
	must(t, err)
	s.pace.pause = 0
	err = s.Ping(t.Context()) // the certificate is nobody's
	wantKind(t, err, KindUnavailable)
	if strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error %v", err)
	}
}
