package graph_test

import (
	"net/http"
	"strings"
	"testing"

	"mailgrant/handler/graph"
)

const principalBody = `{"@odata.context":"x","id":"` + objectID + `","appId":"` + appID + `","displayName":"Newsletter",
	"servicePrincipalType":"Application","appOwnerOrganizationId":"` + ownTenant + `","accountEnabled":true}`

var newsletter = graph.ServicePrincipal{
	ObjectID: objectID, AppID: appID, DisplayName: "Newsletter",
	Type: "Application", OwnerTenant: ownTenant, Enabled: true,
}

func TestFindServicePrincipal(t *testing.T) {
	t.Parallel()
	d := serve(t, always(200, principalBody))
	client := d.client(t)

	byApp, err := client.FindServicePrincipalByAppID(t.Context(), strings.ToUpper(appID))
	if err != nil {
		t.Fatal(err)
	}
	byObject, err := client.FindServicePrincipal(t.Context(), strings.ToUpper(objectID))
	if err != nil {
		t.Fatal(err)
	}
	if byApp != newsletter || byObject != newsletter {
		t.Fatalf("got %+v and %+v, want %+v", byApp, byObject, newsletter)
	}

	query := "?$select=id,appId,displayName,servicePrincipalType,appOwnerOrganizationId,accountEnabled"
	wantRequest(t, d.requests[0], "/v1.0/servicePrincipals(appId='"+appID+"')"+query)
	wantRequest(t, d.requests[1], "/v1.0/servicePrincipals/"+objectID+query)
	if len(d.tokens.scopes) != 2 || d.tokens.scopes[0] != "https://graph.microsoft.com/.default" || d.tokens.dayLong {
		t.Fatalf("tokens were asked for %q, day-long: %v", d.tokens.scopes, d.tokens.dayLong)
	}
}

func wantRequest(t *testing.T, request *http.Request, want string) {
	t.Helper()
	got := request.URL.Path + "?" + strings.ReplaceAll(request.URL.RawQuery, "%2C", ",")
	got = strings.TrimSuffix(got, "?")
	if got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	if request.Header.Get("Authorization") != "Bearer opaque" {
		t.Errorf("%s was sent with authorization %q", want, request.Header.Get("Authorization"))
	}
}

func TestManagedIdentityIsSparse(t *testing.T) {
	t.Parallel()
	d := serve(t, always(200, `{"id":"`+objectID+`","appId":"`+appID+`","displayName":null,"servicePrincipalType":"ManagedIdentity","appOwnerOrganizationId":null}`))
	got, err := d.client(t).FindServicePrincipal(t.Context(), objectID)
	want := graph.ServicePrincipal{ObjectID: objectID, AppID: appID, Type: "ManagedIdentity"}
	if err != nil || got != want {
		t.Fatalf("got %+v, %v; want %+v", got, err, want)
	}
}

// A caller who sends the id of the registration gets a not-found from the
// service principals, and the registration tells which application was meant.
func TestRegistrationIsNotAnEnterpriseApplication(t *testing.T) {
	t.Parallel()
	registrationID := "1e500000-0000-4000-8000-0000000000ee"
	d := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1.0/applications/"+registrationID {
			reply(w, 200, `{"id":"`+registrationID+`","appId":"`+appID+`","displayName":"Newsletter"}`)
			return
		}
		reply(w, 404, absent)
	})
	client := d.client(t)

	principal, err := client.FindServicePrincipal(t.Context(), registrationID)
	wantKind(t, err, graph.NotFound)
	if principal != (graph.ServicePrincipal{}) {
		t.Fatalf("an absent principal has contents: %+v", principal)
	}
	application, err := client.FindApplication(t.Context(), registrationID)
	want := graph.Application{ObjectID: registrationID, AppID: appID, DisplayName: "Newsletter"}
	if err != nil || application != want {
		t.Fatalf("got %+v, %v; want %+v", application, err, want)
	}
	wantRequest(t, d.requests[1], "/v1.0/applications/"+registrationID+"?$select=id,appId,displayName")

	_, err = client.FindApplication(t.Context(), objectID)
	wantKind(t, err, graph.NotFound)
}

func TestFindResource(t *testing.T) {
	t.Parallel()
	d := serve(t, always(200, `{"id":"`+resourceID+`","appId":"`+graph.GraphAppID+`","displayName":"Microsoft Graph","appRoles":[
		{"id":"`+strings.ToUpper(mailSend)+`","value":"Mail.Send","displayName":"Send mail","isEnabled":true,"allowedMemberTypes":["Application"]},
		{"id":"810c84a8-4a9e-49e6-bf7d-12d183f40d01","value":null}]}`))
	resource, err := d.client(t).FindResource(t.Context(), graph.GraphAppID)
	if err != nil {
		t.Fatal(err)
	}
	if resource.ObjectID != resourceID || resource.AppID != graph.GraphAppID || len(resource.AppRoles) != 2 {
		t.Fatalf("got %+v", resource)
	}
	want := graph.AppRole{ID: mailSend, Value: "Mail.Send", DisplayName: "Send mail"}
	if resource.AppRoles[0] != want || resource.AppRoles[1].Value != "" {
		t.Fatalf("got roles %+v", resource.AppRoles)
	}
	wantRequest(t, d.requests[0], "/v1.0/servicePrincipals(appId='"+graph.GraphAppID+"')?$select=id,appId,displayName,appRoles")
}

// Answers with status 200 from which nothing may be concluded.
func TestAnswersAboutSomethingElse(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"another object":         strings.ReplaceAll(strings.ReplaceAll(principalBody, objectID, resourceID), appID, mailSend),
		"no ids":                 `{"displayName":"Newsletter"}`,
		"an empty object":        `{}`,
		"only the app id":        `{"appId":"` + appID + `"}`,
		"an array":               `[]`,
		"null":                   `null`,
		"nothing":                ``,
		"a cut document":         principalBody[:60],
		"two ids":                `{"id":"` + objectID + `",` + principalBody[1:],
		"two documents":          principalBody + principalBody,
		"an app id with a quote": strings.ReplaceAll(principalBody, appID, "x')"),
		"ids that are numbers":   `{"id":7,"appId":8}`,
		"an error despite 200":   absent,
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, always(200, body)).client(t)
			for _, find := range []func() error{
				func() error { _, err := client.FindServicePrincipal(t.Context(), objectID); return err },
				func() error { _, err := client.FindServicePrincipalByAppID(t.Context(), appID); return err },
				func() error { _, err := client.FindApplication(t.Context(), objectID); return err },
				func() error { _, err := client.FindResource(t.Context(), appID); return err },
				func() error { _, err := client.ListConsents(t.Context(), objectID); return err },
			} {
				wantKind(t, find(), graph.Incomplete)
			}
		})
	}
}

func TestResourceWithoutRoleList(t *testing.T) {
	t.Parallel()
	head := `{"id":"` + resourceID + `","appId":"` + appID + `"`
	for _, rest := range []string{`}`, `,"appRoles":null}`, `,"appRoles":[null]}`, `,"appRoles":[{"value":"Mail.Send"}]}`, `,"appRoles":[{"id":"x"}]}`, `,"appRoles":{}}`} {
		_, err := serve(t, always(200, head+rest)).client(t).FindResource(t.Context(), appID)
		wantKind(t, err, graph.Incomplete)
	}
	resource, err := serve(t, always(200, head+`,"appRoles":[]}`)).client(t).FindResource(t.Context(), appID)
	if err != nil || len(resource.AppRoles) != 0 {
		t.Fatalf("a resource without roles: %+v, %v", resource, err)
	}
}

func TestOddIdsAreNotSent(t *testing.T) {
	t.Parallel()
	d := serve(t, always(200, principalBody))
	client := d.client(t)
	for _, id := range []string{"", " ", "me", "../users", objectID + "/owners", "{" + objectID + "}", "urn:uuid:" + objectID,
		strings.ReplaceAll(objectID, "-", ""), "a' or appId ne '0", objectID[:35] + "\n", strings.Repeat("é", 18)} {
		for _, find := range []func() error{
			func() error { _, err := client.FindServicePrincipal(t.Context(), id); return err },
			func() error { _, err := client.FindServicePrincipalByAppID(t.Context(), id); return err },
			func() error { _, err := client.FindApplication(t.Context(), id); return err },
			func() error { _, err := client.FindResource(t.Context(), id); return err },
			func() error { _, err := client.ListConsents(t.Context(), id); return err },
		} {
			failure := wantKind(t, find(), graph.BadRequest)
			if failure.Status != 0 || strings.ContainsAny(failure.Error(), "\r\n") {
				t.Errorf("%q: status %d, %q", id, failure.Status, failure.Error())
			}
		}
	}
	if d.asked() != 0 || len(d.tokens.scopes) != 0 {
		t.Errorf("%d requests and %d tokens for ids that are none", d.asked(), len(d.tokens.scopes))
	}
}
