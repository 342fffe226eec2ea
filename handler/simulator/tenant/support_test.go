package tenant

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// testStart is the shared clock's first reading in tests.
var testStart = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)

// started runs a tenant for one test and fails the test when something was not played.
func started(t *testing.T, options Options) *Tenant {
	t.Helper()
	if options.Start.IsZero() {
		options.Start = testStart
	}
	running, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := running.Close()
		if err != nil {
			t.Error(err)
		}
		for _, each := range running.Unknown() {
			t.Errorf("the tenant does not play %s", each.Name)
		}
	})
	return running
}

// reply is what came back; Status 0 means that the connection was closed.
type wireReply struct {
	Status int
	Header http.Header
	Text   string
	Body   map[string]any
}

// send is one request as the service, unless token says otherwise.
func send(t *testing.T, to *Tenant, method, address, body, token string) wireReply {
	t.Helper()
	if !strings.HasPrefix(address, "http") {
		address = to.URL() + address
	}
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	transport := to.Transport()
	transport.DisableCompression = true
	client := &http.Client{Transport: transport}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return wireReply{}
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	read := wireReply{Status: response.StatusCode, Header: response.Header, Text: string(text)}
	// Not every answer is JSON; tests of those look at the text.
	_ = json.Unmarshal(text, &read.Body)
	return read
}

const exchangePath = "/adminapi/beta/" + SampleTenantID + "/InvokeCommand"

// parameters are those of a cmdlet.
type parameters = map[string]any

func commandBody(t *testing.T, cmdlet string, with parameters) string {
	t.Helper()
	if with == nil {
		with = parameters{}
	}
	text, err := json.Marshal(map[string]any{"CmdletInput": map[string]any{"CmdletName": cmdlet, "Parameters": with}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// run sends one cmdlet as the service.
func run(t *testing.T, to *Tenant, cmdlet string, with parameters) wireReply {
	t.Helper()
	return send(t, to, "POST", exchangePath, commandBody(t, cmdlet, with), to.Token(SampleServiceAppID, "exchange"))
}

// runFine also holds that it succeeded, and returns the rows.
func runFine(t *testing.T, to *Tenant, cmdlet string, with parameters) []map[string]any {
	t.Helper()
	got := run(t, to, cmdlet, with)
	if got.Status != http.StatusOK {
		t.Fatalf("%s %v: %d %s", cmdlet, with, got.Status, got.Text)
	}
	return got.rows(t)
}

func (r wireReply) rows(t *testing.T) []map[string]any {
	t.Helper()
	list, is := r.Body["value"].([]any)
	if !is {
		t.Fatalf("there is no list in %s", r.Text)
	}
	rows := make([]map[string]any, 0, len(list))
	for _, each := range list {
		rows = append(rows, each.(map[string]any))
	}
	return rows
}

// exception is the type of the refusal, whichever of the three encodings it came in.
func (r wireReply) exception(t *testing.T) string {
	t.Helper()
	failure, is := r.Body["error"].(map[string]any)
	if !is {
		t.Fatalf("there is no error in %d %q", r.Status, r.Text)
	}
	detail := failure["details"].([]any)[0].(map[string]any)["message"].(string)
	var encoded struct{ TypeName string }
	if json.Unmarshal([]byte(detail), &encoded) == nil {
		return encoded.TypeName[strings.LastIndex(encoded.TypeName, ".")+1:]
	}
	name := strings.Split(detail, "|")[1]
	return name[strings.LastIndex(name, ".")+1:]
}

// wantRefusal holds that a cmdlet was refused with this type of exception.
func wantRefusal(t *testing.T, got wireReply, exception string) {
	t.Helper()
	if got.Status < 400 || got.exception(t) != exception {
		t.Errorf("got %d %s, want %s", got.Status, got.Text, exception)
	}
}

// graph sends one call to Graph as the service.
func graph(t *testing.T, to *Tenant, method, path, body string) wireReply {
	t.Helper()
	return send(t, to, method, path, body, to.Token(SampleServiceAppID, "graph"))
}

func wantStatus(t *testing.T, got wireReply, status int) {
	t.Helper()
	if got.Status != status {
		t.Fatalf("got %d %s, want %d", got.Status, got.Text, status)
	}
}

func plant(t *testing.T, to *Tenant, faults ...Fault) {
	t.Helper()
	err := to.Fault(faults...)
	if err != nil {
		t.Fatal(err)
	}
}

func administer(t *testing.T, to *Tenant, actions ...Action) {
	t.Helper()
	err := to.Administer(actions...)
	if err != nil {
		t.Fatal(err)
	}
}

// grantNews gives Newsletter Mail.Send on news@ by a pointer, a scope and an assignment.
func grantNews(t *testing.T, to *Tenant) {
	t.Helper()
	runFine(t, to, "New-ServicePrincipal", parameters{"AppId": SampleNewsletterAppID, "ObjectId": SampleNewsletterObjectID, "DisplayName": "Newsletter"})
	runFine(t, to, "New-ManagementScope", parameters{"Name": "mg-1", "RecipientRestrictionFilter": "Guid -eq '" + SampleNewsGUID + "'"})
	runFine(t, to, "New-ManagementRoleAssignment", parameters{
		"Name": "mg-1-send", "Role": "Application Mail.Send", "App": SampleNewsletterObjectID, "CustomResourceScope": "mg-1",
	})
}
