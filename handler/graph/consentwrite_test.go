package graph_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mailgrant/handler/graph"
)

const (
	consentID    = "AaBb_-0123456789"
	resourceBody = `{"id":"` + resourceID + `","appId":"` + graph.GraphAppID + `","displayName":"Microsoft Graph","appRoles":[` +
		`{"id":"` + mailSend + `","value":"Mail.Send"},{"id":"810c84a8-4a9e-49e6-bf7d-12d183f40d01","value":"Mail.Read"},` +
		`{"id":"1b7e6c1e-1111-4222-8333-944444444444","value":"Twice"},{"id":"2b7e6c1e-1111-4222-8333-944444444444","value":"Twice"},` +
		`{"id":"3b7e6c1e-1111-4222-8333-944444444444","value":""}]}`
	duplicate = `{"error":{"code":"Request_BadRequest","message":"Permission being assigned already exists on the object","innerError":{"request-id":"inner-request"}}}`
)

// consenting answers reads with the resource, and every write with the handler.
func consenting(t testing.TB, write http.HandlerFunc) (*directory, *atomic.Int32) {
	t.Helper()
	var writes atomic.Int32
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			reply(w, 200, resourceBody)
			return
		}
		writes.Add(1)
		write(w, r)
	}), &writes
}

func TestAddConsent(t *testing.T) {
	t.Parallel()
	var path string
	var sent map[string]any
	d, _ := consenting(t, func(w http.ResponseWriter, r *http.Request) {
		path = r.Method + " " + r.URL.RequestURI() + " " + r.Header.Get("Authorization")
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &sent)
		reply(w, 201, consentRow(consentID))
	})
	made, err := d.client(t).AddConsent(t.Context(), strings.ToUpper(objectID), graph.GraphAppID, "Mail.Send")
	want := graph.Consent{
		ID: consentID, PrincipalID: objectID, PrincipalType: "ServicePrincipal", ResourceID: resourceID, ResourceName: "Microsoft Graph",
		AppRoleID: mailSend, CreatedAt: time.Date(2026, 11, 1, 8, 0, 0, 123456700, time.UTC),
	}
	if err != nil || made != want {
		t.Fatalf("got %+v, %v", made, err)
	}
	if path != "POST /v1.0/servicePrincipals/"+resourceID+"/appRoleAssignedTo Bearer opaque" {
		t.Errorf("sent %q", path)
	}
	if wanted := map[string]any{"principalId": objectID, "resourceId": resourceID, "appRoleId": mailSend}; !reflect.DeepEqual(sent, wanted) {
		t.Errorf("sent %v, want %v", sent, wanted)
	}
}

func TestRemoveConsent(t *testing.T) {
	t.Parallel()
	d, writes := consenting(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodDelete || r.URL.RequestURI() != "/v1.0/servicePrincipals/"+objectID+"/appRoleAssignments/"+consentID {
			t.Errorf("sent %s %s", r.Method, r.URL.RequestURI())
		}
		w.WriteHeader(http.StatusNoContent)
	})
	err := d.client(t).RemoveConsent(t.Context(), objectID, consentID)
	if err != nil || writes.Load() != 1 || d.asked() != 1 {
		t.Errorf("%d requests, %v", d.asked(), err)
	}
}

func TestRefusalsOfWrites(t *testing.T) {
	t.Parallel()
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	odd := func(old, new string) http.HandlerFunc {
		return always(201, strings.Replace(consentRow(consentID), old, new, 1))
	}
	type refusal struct {
		answer http.HandlerFunc
		kind   graph.Kind
		open   bool
	}
	shared := map[string]refusal{
		"absent":             {always(404, absent), graph.NotFound, false},
		"absent, says who":   {always(404, "no route"), graph.Unknown, false},
		"may not":            {always(403, `{"error":{"code":"Authorization_RequestDenied"}}`), graph.Forbidden, false},
		"refused":            {always(400, `{"error":{"code":"Request_BadRequest","message":"no"}}`), graph.BadRequest, false},
		"throttled":          {always(429, ""), graph.Throttled, false},
		"failed":             {always(500, ""), graph.Transient, true},
		"away":               {always(503, ""), graph.Transient, true},
		"too slow":           {always(408, ""), graph.Transient, true},
		"hung up":            {hangUp, graph.Lost, true},
		"moved":              {always(307, ""), graph.Unknown, true},
		"promised":           {always(202, "{}"), graph.Incomplete, true},
		"success of a read ": {always(200, consentRow(consentID)), graph.Incomplete, true},
	}
	adding := map[string]refusal{
		"there already":       {always(400, duplicate), graph.AlreadyExists, false},
		"no body":             {always(201, ""), graph.Incomplete, true},
		"not an object":       {always(201, "[]"), graph.Incomplete, true},
		"of another":          {odd(strings.ToUpper(objectID), resourceID), graph.Incomplete, true},
		"to another resource": {odd(`"resourceId":"`+resourceID, `"resourceId":"`+objectID), graph.Incomplete, true},
		"of another role":     {odd(mailSend, "810c84a8-4a9e-49e6-bf7d-12d183f40d01"), graph.Incomplete, true},
		"without id":          {odd(`"id":"`+consentID, `"id":"`), graph.Incomplete, true},
		"without role":        {odd("appRoleId", "roleId"), graph.Incomplete, true},
	}
	try := func(name string, test refusal, call func(*graph.Client) error) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, writes := consenting(t, test.answer)
			err := call(d.client(t))
			failure := wantKind(t, err, test.kind)
			if failure.MayHaveActed != test.open || graph.MayHaveActed(err) != test.open || writes.Load() != 1 {
				t.Errorf("%d writes, effect open: %v: %v", writes.Load(), failure.MayHaveActed, err)
			}
			if test.open != strings.Contains(err.Error(), "may have taken effect") {
				t.Errorf("the text is %q", err)
			}
		})
	}
	add := func(client *graph.Client) error {
		made, err := client.AddConsent(t.Context(), objectID, graph.GraphAppID, "Mail.Send")
		if made != (graph.Consent{}) {
			t.Errorf("%+v came with %v", made, err)
		}
		return err
	}
	for name, test := range shared {
		try("add, "+name, test, add)
		try("remove, "+name, test, func(client *graph.Client) error { return client.RemoveConsent(t.Context(), objectID, consentID) })
	}
	for name, test := range adding {
		try("add, "+name, test, add)
	}
}

// A duplicate is one of adding alone: nothing else is known by its text.
func TestOnlyAddingFindsADuplicate(t *testing.T) {
	t.Parallel()
	d, _ := consenting(t, always(400, duplicate))
	wantKind(t, d.client(t).RemoveConsent(t.Context(), objectID, consentID), graph.BadRequest)
}

func TestOddConsentsAreNotSent(t *testing.T) {
	t.Parallel()
	add := func(object, resource, value string) func(*graph.Client) error {
		return func(client *graph.Client) error {
			_, err := client.AddConsent(t.Context(), object, resource, value)
			return err
		}
	}
	remove := func(object, consent string) func(*graph.Client) error {
		return func(client *graph.Client) error { return client.RemoveConsent(t.Context(), object, consent) }
	}
	for name, test := range map[string]struct {
		call func(*graph.Client) error
		kind graph.Kind
	}{
		"no principal":            {add("", graph.GraphAppID, "Mail.Send"), graph.BadRequest},
		"principal by name":       {add("newsletter", graph.GraphAppID, "Mail.Send"), graph.BadRequest},
		"resource by name":        {add(objectID, "graph", "Mail.Send"), graph.BadRequest},
		"another resource":        {add(objectID, graph.ExchangeAppID, "Mail.Send"), graph.Incomplete},
		"no role":                 {add(objectID, graph.GraphAppID, ""), graph.BadRequest},
		"unknown role":            {add(objectID, graph.GraphAppID, "Mail.Fly"), graph.BadRequest},
		"role in another case":    {add(objectID, graph.GraphAppID, "mail.send"), graph.BadRequest},
		"role by id":              {add(objectID, graph.GraphAppID, mailSend), graph.BadRequest},
		"two roles":               {add(objectID, graph.GraphAppID, "Twice"), graph.Incomplete},
		"remove from nobody":      {remove("", consentID), graph.BadRequest},
		"remove nothing":          {remove(objectID, ""), graph.BadRequest},
		"remove another path":     {remove(objectID, "a/../b"), graph.BadRequest},
		"remove with a query":     {remove(objectID, "a?b"), graph.BadRequest},
		"remove a long id":        {remove(objectID, strings.Repeat("a", 129)), graph.BadRequest},
		"remove with a line feed": {remove(objectID, "a\n"), graph.BadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, writes := consenting(t, always(500, ""))
			failure := wantKind(t, test.call(d.client(t)), test.kind)
			if writes.Load() != 0 || failure.MayHaveActed {
				t.Errorf("%d writes were sent: %v", writes.Load(), failure)
			}
		})
	}
}

func TestTheRoleForConsentsIsNamed(t *testing.T) {
	t.Parallel()
	d, _ := consenting(t, always(403, ""))
	err := d.client(t).RemoveConsent(t.Context(), objectID, consentID)
	if !strings.Contains(err.Error(), "AppRoleAssignment.ReadWrite.All") {
		t.Errorf("the text is %q", err)
	}
}

// A write that found no connection, or no token, did nothing; one whose caller gave up may have.
func TestWritesThatNeverLeft(t *testing.T) {
	t.Parallel()
	gone := httptest.NewTLSServer(http.NotFoundHandler())
	gone.Close()
	client, err := graph.New(graph.Options{Endpoint: gone.URL, Credential: &tokens{}, Transport: gone.Client().Transport})
	if err != nil {
		t.Fatal(err)
	}
	failure := wantKind(t, client.RemoveConsent(t.Context(), objectID, consentID), graph.Lost)
	if failure.MayHaveActed {
		t.Errorf("without a connection: %v", failure)
	}
	d, writes := consenting(t, always(500, ""))
	d.tokens.fault = errors.New("no key")
	failure = wantKind(t, d.client(t).RemoveConsent(t.Context(), objectID, consentID), graph.Unauthorized)
	if failure.MayHaveActed || writes.Load() != 0 {
		t.Errorf("without a token: %v", failure)
	}
}

func TestMayHaveActedOfAnyError(t *testing.T) {
	t.Parallel()
	if graph.MayHaveActed(nil) || !graph.MayHaveActed(io.EOF) {
		t.Error("nil must not and a stranger's error must leave the effect open")
	}
}
