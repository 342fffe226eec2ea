package graph_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mailgrant/handler/graph"
)

func consentRow(id string) string {
	return `{"id":"` + id + `","principalId":"` + strings.ToUpper(objectID) + `","principalType":"ServicePrincipal","resourceId":"` + resourceID +
		`","resourceDisplayName":"Microsoft Graph","appRoleId":"` + mailSend + `","createdDateTime":"2026-11-01T08:00:00.1234567Z"}`
}

func consentPage(link string, rows ...string) string {
	tail := "}"
	if link != "" {
		tail = `,"@odata.nextLink":"` + link + `"}`
	}
	return `{"@odata.context":"x","value":[` + strings.Join(rows, ",") + `]` + tail
}

// pages serves one page for each value of $skiptoken; a body may hold SELF where
// the server's own address belongs.
func pages(t *testing.T, bodies map[string]string) *directory {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.URL.Query().Get("$skiptoken")]
		if !ok || r.URL.Path != "/v1.0/servicePrincipals/"+objectID+"/appRoleAssignments" {
			reply(w, 400, `{"error":{"code":"Directory_ExpiredPageToken","message":"expired"}}`)
			return
		}
		self := "https://" + r.Host + "/v1.0/servicePrincipals/" + objectID + "/appRoleAssignments?$skiptoken="
		reply(w, 200, strings.ReplaceAll(body, "SELF", self))
	})
}

func TestListConsentsReadsEveryPage(t *testing.T) {
	t.Parallel()
	d := pages(t, map[string]string{
		"":  consentPage("SELFa", consentRow("one"), consentRow("two")),
		"a": consentPage("SELFb"),
		"b": consentPage("", consentRow("three")),
	})
	consents, err := d.client(t).ListConsents(t.Context(), objectID)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, consent := range consents {
		ids = append(ids, consent.ID)
	}
	if !slices.Equal(ids, []string{"one", "two", "three"}) {
		t.Fatalf("got %q", ids)
	}
	want := graph.Consent{
		ID: "one", PrincipalID: objectID, PrincipalType: "ServicePrincipal", ResourceID: resourceID, ResourceName: "Microsoft Graph",
		AppRoleID: mailSend, CreatedAt: time.Date(2026, 11, 1, 8, 0, 0, 123456700, time.UTC),
	}
	if consents[0] != want {
		t.Fatalf("got %+v, want %+v", consents[0], want)
	}
	for _, request := range d.requests {
		if request.Header.Get("Authorization") != "Bearer opaque" {
			t.Errorf("%s carries no token", request.URL)
		}
	}
}

func TestListConsentsOfNone(t *testing.T) {
	t.Parallel()
	consents, err := serve(t, always(200, consentPage(""))).client(t).ListConsents(t.Context(), objectID)
	if err != nil || consents == nil || len(consents) != 0 {
		t.Fatalf("got %v, %v; want an empty list", consents, err)
	}
}

func TestPartOfAListIsNoList(t *testing.T) {
	t.Parallel()
	first := consentPage("SELFa", consentRow("one"))
	stranger := strings.ReplaceAll(consentRow("two"), strings.ToUpper(objectID), resourceID)
	tests := map[string]struct {
		first, second string
		kind          graph.Kind
	}{
		"second page refused":       {consentPage("SELFgone", consentRow("one")), "", graph.BadRequest},
		"second page has no value":  {first, `{"@odata.count":1}`, graph.Incomplete},
		"value is null":             {first, `{"value":null}`, graph.Incomplete},
		"value is an object":        {first, `{"value":{}}`, graph.Incomplete},
		"row is null":               {first, consentPage("", "null"), graph.Incomplete},
		"row is a number":           {first, consentPage("", "7"), graph.Incomplete},
		"row of someone else":       {first, consentPage("", stranger), graph.Incomplete},
		"row without id":            {first, consentPage("", strings.Replace(consentRow("two"), `"id":"two"`, `"id":""`, 1)), graph.Incomplete},
		"row without resource":      {first, consentPage("", strings.Replace(consentRow("two"), "resourceId", "resource", 1)), graph.Incomplete},
		"row without role":          {first, consentPage("", strings.Replace(consentRow("two"), "appRoleId", "roleId", 1)), graph.Incomplete},
		"row without principal":     {first, consentPage("", strings.Replace(consentRow("two"), "principalId", "who", 1)), graph.Incomplete},
		"row with a broken date":    {first, consentPage("", strings.Replace(consentRow("two"), "2026-11", "2026-13", 1)), graph.Incomplete},
		"row twice":                 {first, consentPage("", consentRow("one")), graph.Incomplete},
		"two values":                {first, `{"value":[` + consentRow("two") + `],"value":[]}`, graph.Incomplete},
		"link to itself":            {first, consentPage("SELFa"), graph.Incomplete},
		"empty link":                {first, `{"value":[],"@odata.nextLink":""}`, graph.Incomplete},
		"link is a number":          {first, `{"value":[],"@odata.nextLink":3}`, graph.Incomplete},
		"link without host":         {first, consentPage("/v1.0/servicePrincipals"), graph.Incomplete},
		"link with a user":          {first, consentPage("https://eve@127.0.0.1/v1.0/x"), graph.Incomplete},
		"link without encryption":   {consentPage("http://127.0.0.1/x", consentRow("one")), "", graph.Incomplete},
		"link that is no address":   {consentPage("https://%zz/", consentRow("one")), "", graph.Incomplete},
		"second page is cut":        {first, `{"value":[`, graph.Incomplete},
		"second page is not there ": {first, ``, graph.Incomplete},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := pages(t, map[string]string{"": test.first, "a": test.second}).client(t)
			consents, err := client.ListConsents(t.Context(), objectID)
			wantKind(t, err, test.kind)
			if consents != nil {
				t.Errorf("an error came with %d rows", len(consents))
			}
		})
	}
}

// The other server differs from the endpoint by its port only, which the
// library's own list of allowed hosts does not see.
func TestTokenStaysAtTheEndpoint(t *testing.T) {
	t.Parallel()
	other := serve(t, always(200, consentPage("")))
	d := serve(t, always(200, consentPage(other.URL+"/v1.0/x", consentRow("one"))))
	_, err := d.client(t).ListConsents(t.Context(), objectID)
	wantKind(t, err, graph.Incomplete)
	if other.asked() != 0 || len(d.tokens.scopes) != 1 {
		t.Errorf("%d requests went elsewhere, %d tokens were asked for", other.asked(), len(d.tokens.scopes))
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, always(200, principalBody))
	d := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	_, err := d.client(t).FindServicePrincipal(t.Context(), objectID)
	wantKind(t, err, graph.Unknown)
	if elsewhere.asked() != 0 || d.asked() != 1 {
		t.Errorf("%d requests here, %d at the redirect's target", d.asked(), elsewhere.asked())
	}
}

func TestEndlessListIsGivenUp(t *testing.T) {
	t.Parallel()
	var count atomic.Int32
	d := serve(t, func(w http.ResponseWriter, r *http.Request) {
		number := count.Add(1)
		link := fmt.Sprintf("https://%s%s?$skiptoken=%d", r.Host, r.URL.Path, number)
		reply(w, 200, consentPage(link, consentRow(fmt.Sprint(number))))
	})
	consents, err := d.client(t).ListConsents(t.Context(), objectID)
	failure := wantKind(t, err, graph.Incomplete)
	if consents != nil || d.asked() != 100 || !strings.Contains(failure.Message, "100 pages") {
		t.Errorf("%d rows after %d requests: %v", len(consents), d.asked(), err)
	}
}
