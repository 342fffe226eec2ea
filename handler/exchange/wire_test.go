package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const (
	testTenant   = "11111111-aaaa-4bbb-8ccc-222222222222"
	testObjectID = "3a1c0000-0000-4000-8000-0000000000aa"
	testAppID    = "3a1c0000-0000-4000-8000-0000000000ab"
	testMailbox  = "0b7e6c1e-1111-4222-8333-944444444444"
)

// sent is a request as the wire saw it.
type sent struct {
	path       string
	header     http.Header
	body       []byte
	cmdlet     string
	parameters map[string]any
}

// wire plays the tenant: each request is recorded and answered by the next handler, the last of
// which serves all that follow.
type wire struct {
	server *httptest.Server
	client *Client

	mutex sync.Mutex
	seen  []sent
	waits []time.Duration
}

type staticCredential struct{ failure error }

func (c staticCredential) GetToken(_ context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if c.failure != nil {
		return azcore.AccessToken{}, c.failure
	}
	if len(options.Scopes) != 1 || options.Scopes[0] != "https://outlook.office365.com/.default" {
		return azcore.AccessToken{}, errors.New("asked for a token of another resource")
	}
	return azcore.AccessToken{Token: "eyJhbGciOiJub25lIn0.e30.", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func newWire(t *testing.T, handlers ...http.HandlerFunc) *wire {
	t.Helper()
	played := &wire{}
	played.server = httptest.NewUnstartedServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		number := played.record(request)
		handlers[min(number, len(handlers))-1](writer, request)
	}))
	played.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	played.server.StartTLS()
	t.Cleanup(played.server.Close)
	client, err := New(Options{
		Endpoint: played.server.URL, Tenant: testTenant, Credential: staticCredential{},
		Transport: played.server.Client(), Wait: played.wait,
	})
	if err != nil {
		t.Fatal(err)
	}
	played.client = client
	return played
}

func (w *wire) record(request *http.Request) int {
	received := sent{path: request.URL.String(), header: request.Header.Clone()}
	received.body, _ = io.ReadAll(request.Body)
	var body struct {
		CmdletInput struct {
			CmdletName string
			Parameters map[string]any
		}
	}
	_ = json.Unmarshal(received.body, &body)
	received.cmdlet, received.parameters = body.CmdletInput.CmdletName, body.CmdletInput.Parameters
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.seen = append(w.seen, received)
	return len(w.seen)
}

func (w *wire) wait(_ context.Context, duration time.Duration) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.waits = append(w.waits, duration)
	return nil
}

func (w *wire) requests() []sent {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.seen
}

// says answers with a status, headers given as pairs, and a body.
func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(writer http.ResponseWriter, _ *http.Request) {
		writer.Header().Set("request-id", "tenant-request-7")
		for at := 0; at < len(headers); at += 2 {
			writer.Header().Set(headers[at], headers[at+1])
		}
		writer.WriteHeader(status)
		_, _ = io.WriteString(writer, body)
	}
}

func drops(_ http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

// rows is a success as the endpoint composes it.
func rows(objects ...string) string {
	list := ""
	for number, object := range objects {
		if number > 0 {
			list += ","
		}
		list += object
	}
	return `{"@odata.context":"https://outlook.office365.com/adminapi/beta/t/$metadata#Collection(Exchange.GenericHashTable)",` +
		`"adminapi.warnings@odata.type":"#Collection(String)","@adminapi.warnings":[],"value":[` + list + `]}`
}

// refusalBody is an error of a cmdlet with one detail, which is encoded by the caller.
func refusalBody(code, detail string) string {
	quoted, _ := json.Marshal(detail)
	return `{"error":{"code":"` + code + `","message":"Error executing cmdlet","details":[{"code":"Client","target":"","message":` +
		string(quoted) + `}],"innererror":{"message":"Error executing cmdlet",` +
		`"type":"Microsoft.Exchange.Admin.OData.Core.ODataServiceException","internalexception":{"message":"wrapped",` +
		`"type":"Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException","stacktrace":""}}},` +
		`"adminapi.warnings@odata.type":"#Collection(String)","@adminapi.warnings":[]}`
}

func asError(t *testing.T, err error) *Error {
	t.Helper()
	var fault *Error
	if !errors.As(err, &fault) {
		t.Fatalf("got %v, want an *Error", err)
	}
	return fault
}

func wantKind(t *testing.T, err error, kind Kind) *Error {
	t.Helper()
	fault := asError(t, err)
	if fault.Kind != kind {
		t.Fatalf("kind is %q, want %q: %v", fault.Kind, kind, err)
	}
	return fault
}
