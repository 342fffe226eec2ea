package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
	"mailgrant/handler/policy"
	emulated "mailgrant/handler/simulator/storage"
	"mailgrant/handler/simulator/tenant"
	"mailgrant/handler/store"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azure "github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// theatre is an engine on a calm tenant and the real storage emulator, with what it sends
// to both written down.
type theatre struct {
	*Engine
	tenant *tenant.Tenant
	wire   *emulated.Wire
	tape   *tape
	// consentIDs are the ids of consents by resource and permission.
	consentIDs map[string]string
}

// tape is a transport that writes down what passes.
type tape struct {
	*http.Transport
	mutex sync.Mutex
	sent  []sentCall
}

// sentCall is one call in the words of its cmdlet.
type sentCall struct {
	name       string
	parameters map[string]any
}

func (c sentCall) String() string {
	words := []string{c.name}
	for _, name := range slices.Sorted(maps.Keys(c.parameters)) {
		words = append(words, fmt.Sprintf("-%s %v", name, c.parameters[name]))
	}
	return strings.Join(words, " ")
}

func (t *tape) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		body, err = io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	made, err := described(request, body)
	if err != nil {
		return nil, err
	}
	t.mutex.Lock()
	t.sent = append(t.sent, made)
	t.mutex.Unlock()
	return t.Transport.RoundTrip(request)
}

// described puts a call on Microsoft Graph in the words of the cmdlet that sends it
// (Microsoft Graph PowerShell reference, Applications module).
func described(request *http.Request, body []byte) (sentCall, error) {
	var sent struct {
		CmdletInput struct {
			CmdletName string
			Parameters map[string]any
		}
		PrincipalID, ResourceID, AppRoleID string
	}
	if len(body) > 0 {
		err := json.Unmarshal(body, &sent)
		if err != nil {
			return sentCall{}, fmt.Errorf("%s %s: %w", request.Method, request.URL.Path, err)
		}
	}
	parts := strings.Split(request.URL.Path, "/")
	switch {
	case sent.CmdletInput.CmdletName != "":
		return sentCall{sent.CmdletInput.CmdletName, plainly(sent.CmdletInput.Parameters)}, nil
	case request.Method == http.MethodPost && parts[len(parts)-1] == "appRoleAssignedTo":
		return sentCall{"New-MgServicePrincipalAppRoleAssignedTo", map[string]any{"ServicePrincipalId": parts[3], "PrincipalId": sent.PrincipalID, "ResourceId": sent.ResourceID, "AppRoleId": sent.AppRoleID}}, nil
	case request.Method == http.MethodDelete && len(parts) == 6 && parts[4] == "appRoleAssignments":
		return sentCall{"Remove-MgServicePrincipalAppRoleAssignment", map[string]any{"ServicePrincipalId": parts[3], "AppRoleAssignmentId": parts[5]}}, nil
	case request.Method == http.MethodGet:
		return sentCall{"Get " + request.URL.Path, nil}, nil
	}
	return sentCall{}, fmt.Errorf("no cmdlet is known for %s %s", request.Method, request.URL.Path)
}

// plainly takes a list of one for its entry, as PowerShell does.
func plainly(parameters map[string]any) map[string]any {
	for name, value := range parameters {
		switch items := value.(type) {
		case []any:
			if len(items) == 1 {
				parameters[name] = items[0]
			}
		case []string:
			if len(items) == 1 {
				parameters[name] = items[0]
			}
		}
	}
	return parameters
}

// take returns what was sent since the last time, as far as it is wanted.
func (t *tape) take(wanted func(verb string) bool) []sentCall {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	var found []sentCall
	for _, one := range t.sent {
		verb, _, _ := strings.Cut(one.name, "-")
		if wanted(verb) {
			found = append(found, one)
		}
	}
	t.sent = nil
	return found
}

func writes(verb string) bool {
	return slices.Contains([]string{"New", "Set", "Add", "Remove", "Enable", "Disable", "Update"}, verb)
}

func tests(verb string) bool { return verb == "Test" }

// ticket is the service's own token.
type ticket struct {
	tenant   *tenant.Tenant
	resource string
}

func (t ticket) GetToken(context.Context, azure.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: t.tenant.Token(tenant.SampleServiceObjectID, t.resource), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// atOnceOr waits for nothing between the tries of a read.
func atOnceOr(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// opened starts a theatre under the operator's document and directory.
func opened(t *testing.T, document, directory string) *theatre {
	t.Helper()
	running, err := tenant.Start(t.Context(), tenant.Options{Directory: strings.NewReader(directory)})
	if err != nil {
		t.Fatal(err)
	}
	made := &theatre{tenant: running, consentIDs: map[string]string{}, tape: &tape{Transport: running.Transport()}}
	t.Cleanup(func() {
		made.tape.CloseIdleConnections()
		_ = running.Close()
		for _, unknown := range running.Unknown() {
			t.Errorf("the tenant does not play %+v", unknown)
		}
	})
	kept := made.storage(t)
	ceiling := NewCeiling(kept, running.Now, 0)
	admin, err := exchange.New(exchange.Options{Endpoint: running.URL(), Tenant: running.TenantID(), Credential: ticket{running, "exchange"},
		Transport: &http.Client{Transport: made.tape}, Gate: ceiling.Enter, Wait: atOnceOr})
	if err != nil {
		t.Fatal(err)
	}
	people, err := graph.New(graph.Options{Endpoint: running.URL(), Credential: ticket{running, "graph"}, Transport: made.tape, Wait: atOnceOr})
	if err != nil {
		t.Fatal(err)
	}
	parsed, faults := policy.Parse([]byte(document))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	made.Engine = New(Settings{Installation: "demo01", Store: kept, Exchange: admin, Graph: people, Ceiling: ceiling, Now: running.Now,
		OwnAppID: tenant.SampleServiceAppID, Document: func() (policy.Document, error) { return parsed, nil }})
	return made
}

func (p *theatre) storage(t *testing.T) *store.Store {
	t.Helper()
	started, err := emulator()
	if err != nil {
		t.Fatalf("no storage emulator (run: make azurite): %v", err)
	}
	p.wire, err = emulated.StartWire(t.Context(), started.Account(int(nextAccount.Add(1))-1), emulated.WireOptions{Now: p.tenant.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.wire.Close() })
	kept, err := store.Open(store.Options{ConnectionString: p.wire.ConnectionString()})
	if err == nil {
		err = kept.Prepare(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	p.wire.ResetRequests()
	return kept
}

// until works on the grant, an hour at a time, until it is in that state.
func (p *theatre) until(t *testing.T, id string, state grant.State) View {
	t.Helper()
	for range 200 {
		err := p.Apply(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		view, err := p.Show(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if view.State == state {
			return view
		}
		p.tenant.Advance(time.Hour)
	}
	view, _ := p.Show(t.Context(), id)
	t.Fatalf("%s is %s and not %s: %+v %+v", id, view.State, state, view.Conditions, view.Faults)
	return view
}

func (p *theatre) administer(t *testing.T, actions []string) {
	t.Helper()
	for _, text := range actions {
		var action tenant.Action
		err := json.Unmarshal([]byte(text), &action)
		if err == nil {
			err = p.tenant.Administer(action)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// noteConsents remembers by which ids the workload's consents are addressed now.
func (p *theatre) noteConsents(t *testing.T, workload grant.Workload) {
	t.Helper()
	consents, err := p.consents(t.Context(), workload.ObjectID)
	if err != nil {
		t.Fatal(err)
	}
	for _, consent := range consents {
		p.consentIDs[string(consent.Resource)+"/"+consent.Value] = consent.ID
	}
}
