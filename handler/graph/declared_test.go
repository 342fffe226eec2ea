package graph_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/graph"
)

const (
	imap     = "5e5addcd-3e8d-4e90-baf5-964efab2b20a"
	mailRead = "810c84a8-4a9e-49e6-bf7d-12d183f40d01"
)

// registration serves one app registration with this list, and the resources that it may name.
func registration(t testing.TB, required string) *directory {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1.0/applications(appId='" + appID + "')":
			reply(w, 200, `{"id":"`+objectID+`","appId":"`+strings.ToUpper(appID)+`"`+required+`}`)
		case "/v1.0/servicePrincipals(appId='" + graph.GraphAppID + "')":
			reply(w, 200, resourceBody)
		case "/v1.0/servicePrincipals(appId='" + graph.ExchangeAppID + "')":
			reply(w, 200, `{"id":"`+ownTenant+`","appId":"`+graph.ExchangeAppID+`","appRoles":[{"id":"`+imap+`","value":"IMAP.AccessAsApp"},{"id":"`+mailRead+`","value":"Mail.Read"}]}`)
		default:
			reply(w, 404, absent)
		}
	})
}

func requires(resource string, access ...string) string {
	return `{"resourceAppId":"` + resource + `","resourceAccess":[` + strings.Join(access, ",") + `]}`
}

func access(id, kind string) string { return `{"id":"` + id + `","type":"` + kind + `"}` }

func TestDeclaredPermissions(t *testing.T) {
	t.Parallel()
	const unknownRole = "00000000-1111-4222-8333-000000000000"
	graphRoles := requires(graph.GraphAppID, access(strings.ToUpper(mailSend), "Role"), access(mailRead, "Scope"), access(unknownRole, "Role"), access(mailSend, "Role"))
	exchangeRoles := requires(graph.ExchangeAppID, access(imap, "role"), access(mailRead, "Role"))
	foreign := requires(ownTenant, access(mailSend, "Role"))
	tests := map[string]struct {
		required string
		want     []graph.DeclaredPermission
		requests int
	}{
		"none":           {`,"requiredResourceAccess":[]`, []graph.DeclaredPermission{}, 1},
		"foreign":        {`,"requiredResourceAccess":[` + foreign + `]`, []graph.DeclaredPermission{}, 1},
		"delegated only": {`,"requiredResourceAccess":[` + requires(graph.GraphAppID, access(mailRead, "Scope")) + `]`, []graph.DeclaredPermission{}, 1},
		"both resources": {`,"requiredResourceAccess":[` + foreign + `,` + graphRoles + `,` + exchangeRoles + `]`, []graph.DeclaredPermission{
			{ResourceAppID: graph.GraphAppID, AppRoleID: mailSend, Value: "Mail.Send"},
			{ResourceAppID: graph.GraphAppID, AppRoleID: unknownRole},
			{ResourceAppID: graph.ExchangeAppID, AppRoleID: imap, Value: "IMAP.AccessAsApp"},
			{ResourceAppID: graph.ExchangeAppID, AppRoleID: mailRead, Value: "Mail.Read"},
		}, 3},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := registration(t, test.required)
			declared, err := d.client(t).DeclaredPermissions(t.Context(), appID)
			if err != nil || declared == nil || !slices.Equal(declared, test.want) || d.asked() != test.requests {
				t.Errorf("got %+v, %v after %d requests", declared, err, d.asked())
			}
		})
	}
}

func TestDeclarationsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	list := func(text string) string { return `,"requiredResourceAccess":` + text }
	for name, required := range map[string]string{
		"nothing said":       "",
		"null":               list("null"),
		"no list":            list("{}"),
		"null in the list":   list("[null]"),
		"resource by name":   list("[" + requires("graph") + "]"),
		"nothing on a role":  list("[" + requires(graph.GraphAppID, "{}") + "]"),
		"role without id":    list("[" + requires(graph.GraphAppID, access("", "Role")) + "]"),
		"no list of roles":   list(`[{"resourceAppId":"` + graph.GraphAppID + `"}]`),
		"null list of roles": list(`[{"resourceAppId":"` + graph.GraphAppID + `","resourceAccess":null}]`),
		"number for a type":  list(`[{"resourceAppId":"` + graph.GraphAppID + `","resourceAccess":[{"id":"` + mailSend + `","type":1}]}]`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			declared, err := registration(t, required).client(t).DeclaredPermissions(t.Context(), appID)
			wantKind(t, err, graph.Incomplete)
			if declared != nil {
				t.Errorf("%+v came with the error", declared)
			}
		})
	}
}

// Only the absence of the registration itself is an absence.
func TestDeclarationsOfNobody(t *testing.T) {
	t.Parallel()
	declared, err := registration(t, "").client(t).DeclaredPermissions(t.Context(), objectID)
	wantKind(t, err, graph.NotFound)
	if declared != nil {
		t.Errorf("%+v came with the error", declared)
	}
	_, err = registration(t, "").client(t).DeclaredPermissions(t.Context(), "x')")
	wantKind(t, err, graph.BadRequest)
	other := serve(t, always(200, `{"appId":"`+objectID+`","requiredResourceAccess":[]}`))
	_, err = other.client(t).DeclaredPermissions(t.Context(), appID)
	wantKind(t, err, graph.Incomplete)
	d := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1.0/applications") {
			reply(w, 200, `{"appId":"`+appID+`","requiredResourceAccess":[`+requires(graph.GraphAppID, access(mailSend, "Role"))+`]}`)
			return
		}
		reply(w, 404, absent)
	})
	_, err = d.client(t).DeclaredPermissions(t.Context(), appID)
	wantKind(t, err, graph.Incomplete)
}
