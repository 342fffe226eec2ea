package graph_test

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/graph"
)

const (
	userRow      = `{"@odata.type":"#microsoft.graph.user","id":"3A1C0000-0000-4000-8000-0000000000A1","displayName":"Ann","mail":"ann@contoso.example","userPrincipalName":"ann@contoso.example"}`
	hiddenRow    = `{"@odata.type":"#microsoft.graph.group","id":"3a1c0000-0000-4000-8000-0000000000a2","displayName":null,"mail":null}`
	workloadRow  = `{"@odata.type":"#microsoft.graph.servicePrincipal","id":"3a1c0000-0000-4000-8000-0000000000a3","appId":"5B2D0000-0000-4000-8000-0000000000BB","displayName":"Newsletter","keyCredentials":[{}]}`
	roleRow      = `{"id":"lAPpYv-1","principalId":"3A1C0000-0000-4000-8000-0000000000AA","roleDefinitionId":"29232CDF-9323-42fd-ade2-1d097af3e4de","directoryScopeId":"/"}`
	definition   = `{"id":"29232cdf-9323-42fd-ade2-1d097af3e4de","templateId":"29232cdf-9323-42fd-ade2-1d097af3e4de","displayName":"Exchange Administrator","isBuiltIn":true}`
	principalRow = `{"id":"3A1C0000-0000-4000-8000-0000000000AA","appId":"5b2d0000-0000-4000-8000-0000000000bb","displayName":"Newsletter","servicePrincipalType":"Application","appOwnerOrganizationId":"9c3e0000-0000-4000-8000-0000000000cc","accountEnabled":true}`
)

// lists are all lists that go through the same pages: what one page is, where it
// is asked for, and what comes of it.
func lists() map[string]struct {
	rows    []string
	address string
	list    func(context.Context, *graph.Client) (any, error)
	want    any
} {
	members := []graph.Member{
		{ObjectID: "3a1c0000-0000-4000-8000-0000000000a1", Type: graph.MemberUser, DisplayName: "Ann", Mail: "ann@contoso.example", UserPrincipalName: "ann@contoso.example"},
		{ObjectID: "3a1c0000-0000-4000-8000-0000000000a2", Type: graph.MemberGroup},
		{ObjectID: "3a1c0000-0000-4000-8000-0000000000a3", Type: graph.MemberServicePrincipal, DisplayName: "Newsletter", AppID: appID},
	}
	memberRows := []string{userRow, hiddenRow, workloadRow}
	role := graph.DirectoryRoleAssignment{ID: "lAPpYv-1", PrincipalID: objectID, RoleDefinitionID: "29232cdf-9323-42fd-ade2-1d097af3e4de", Scope: "/"}
	return map[string]struct {
		rows    []string
		address string
		list    func(context.Context, *graph.Client) (any, error)
		want    any
	}{
		"unit members": {memberRows, "/v1.0/directory/administrativeUnits/" + objectID + "/members?$top=999",
			func(ctx context.Context, c *graph.Client) (any, error) {
				return c.ListAdministrativeUnitMembers(ctx, objectID)
			}, members},
		"roles of one": {[]string{roleRow}, "/v1.0/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20%27" + objectID + "%27",
			func(ctx context.Context, c *graph.Client) (any, error) {
				return c.ListDirectoryRoleAssignments(ctx, strings.ToUpper(objectID))
			}, []graph.DirectoryRoleAssignment{role}},
		"roles of all": {[]string{roleRow}, "/v1.0/roleManagement/directory/roleAssignments",
			func(ctx context.Context, c *graph.Client) (any, error) { return c.ListAllDirectoryRoleAssignments(ctx) },
			[]graph.DirectoryRoleAssignment{role}},
		"role definitions": {[]string{definition}, "/v1.0/roleManagement/directory/roleDefinitions?$select=id%2CtemplateId%2CdisplayName%2CisBuiltIn",
			func(ctx context.Context, c *graph.Client) (any, error) { return c.ListDirectoryRoles(ctx) },
			[]graph.DirectoryRole{{ID: role.RoleDefinitionID, TemplateID: role.RoleDefinitionID, Name: "Exchange Administrator", BuiltIn: true}}},
		"service principals": {[]string{principalRow},
			"/v1.0/servicePrincipals?$select=id%2CappId%2CdisplayName%2CservicePrincipalType%2CappOwnerOrganizationId%2CaccountEnabled&$top=999",
			func(ctx context.Context, c *graph.Client) (any, error) { return c.ListServicePrincipals(ctx) },
			[]graph.ServicePrincipal{{ObjectID: objectID, AppID: appID, DisplayName: "Newsletter", Type: "Application", OwnerTenant: ownTenant, Enabled: true}}},
		"consents to": {[]string{consentRow("one")}, "/v1.0/servicePrincipals/" + resourceID + "/appRoleAssignedTo?$top=999",
			func(ctx context.Context, c *graph.Client) (any, error) { return c.ListConsentsTo(ctx, resourceID) },
			[]graph.Consent{{ID: "one", PrincipalID: objectID, PrincipalType: "ServicePrincipal", ResourceID: resourceID, ResourceName: "Microsoft Graph",
				AppRoleID: mailSend, CreatedAt: time.Date(2026, 11, 1, 8, 0, 0, 123456700, time.UTC)}}},
	}
}

// Each list comes in three pages: its first row, nothing, and the rest.
func TestEveryListReadsEveryPage(t *testing.T) {
	t.Parallel()
	for name, test := range lists() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := serve(t, func(w http.ResponseWriter, r *http.Request) {
				self := "https://" + r.Host + r.URL.Path + "?$skiptoken="
				switch r.URL.Query().Get("$skiptoken") {
				case "":
					reply(w, 200, consentPage(self+"empty", test.rows[0]))
				case "empty":
					reply(w, 200, consentPage(self+"rest"))
				default:
					reply(w, 200, consentPage("", test.rows[1:]...))
				}
			})
			got, err := test.list(t.Context(), d.client(t))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			if asked := d.requests[0].URL.String(); asked != test.address || d.asked() != 3 {
				t.Errorf("asked %d times, for %q, want %q", d.asked(), asked, test.address)
			}
			for _, request := range d.requests {
				if request.Header.Get("Authorization") != "Bearer opaque" || request.Header.Get("Accept") != "application/json" {
					t.Errorf("%s: headers %v", request.URL, request.Header)
				}
			}
		})
	}
}

// Whatever is wrong with a page or a row, no list comes with the error.
func TestPartOfAnyListIsNoList(t *testing.T) {
	t.Parallel()
	for name, test := range lists() {
		row := test.rows[len(test.rows)-1]
		broken := map[string]string{
			"no value": `{"@odata.count":1}`, "null value": `{"value":null}`, "value is an object": `{"value":{}}`, "value in capitals": `{"Value":[]}`,
			"null row": consentPage("", "null"), "number": consentPage("", "7"), "list": consentPage("", "[]"), "empty row": consentPage("", "{}"),
			"twice": consentPage("", row, row), "no id": consentPage("", strings.Replace(row, `"id"`, `"ID"`, 1)),
			"number as id": consentPage("", strings.Replace(row, `"id":"`, `"id":7,"x":"`, 1)), "link away": consentPage("https://attacker.example/", row),
			"link is a number": `{"value":[],"@odata.nextLink":3}`, "empty link": `{"value":[],"@odata.nextLink":""}`,
			"two values": `{"value":[],"value":[` + row + `]}`, "cut": `{"value":[`,
		}
		for fault, body := range broken {
			t.Run(name+"/"+fault, func(t *testing.T) {
				t.Parallel()
				d := serve(t, always(200, body))
				got, err := test.list(t.Context(), d.client(t))
				wantKind(t, err, graph.Incomplete)
				if !reflect.ValueOf(got).IsNil() || d.asked() != 1 {
					t.Errorf("%v came with the error, after %d requests", got, d.asked())
				}
			})
		}
	}
}

func TestRowsOfSomethingElse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		row  string
		list func(context.Context, *graph.Client) (any, error)
	}{
		"role of another": {strings.Replace(roleRow, "AA", "AB", 1), func(ctx context.Context, c *graph.Client) (any, error) {
			return c.ListDirectoryRoleAssignments(ctx, objectID)
		}},
		"role without a scope": {strings.Replace(roleRow, "directoryScopeId", "scope", 1), func(ctx context.Context, c *graph.Client) (any, error) {
			return c.ListAllDirectoryRoleAssignments(ctx)
		}},
		"consent to another": {strings.Replace(consentRow("one"), resourceID, objectID, 1), func(ctx context.Context, c *graph.Client) (any, error) {
			return c.ListConsentsTo(ctx, resourceID)
		}},
		"consent of no time": {strings.Replace(consentRow("one"), "2026-11", "2026-13", 1), func(ctx context.Context, c *graph.Client) (any, error) {
			return c.ListConsentsTo(ctx, resourceID)
		}},
		"member of no type": {strings.Replace(userRow, "@odata.type", "type", 1), func(ctx context.Context, c *graph.Client) (any, error) {
			return c.ListAdministrativeUnitMembers(ctx, objectID)
		}},
		"workload with a broken app": {strings.Replace(workloadRow, "5B2D0000", "5B2D", 1), func(ctx context.Context, c *graph.Client) (any, error) {
			return c.ListAdministrativeUnitMembers(ctx, objectID)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := test.list(t.Context(), serve(t, always(200, consentPage("", test.row))).client(t))
			wantKind(t, err, graph.Incomplete)
		})
	}
}

func TestEmptyListsAreLists(t *testing.T) {
	t.Parallel()
	for name, test := range lists() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := test.list(t.Context(), serve(t, always(200, consentPage(""))).client(t))
			if err != nil || reflect.ValueOf(got).IsNil() || reflect.ValueOf(got).Len() != 0 {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// Every read by id refuses what is no id before it sends anything.
func TestReachObjects(t *testing.T) {
	t.Parallel()
	finds := map[string]func(context.Context, *graph.Client, string) (any, error){
		"unit": func(ctx context.Context, c *graph.Client, id string) (any, error) {
			return c.FindAdministrativeUnit(ctx, id)
		},
	}
	upper := strings.ToUpper(objectID)
	bodies := map[string]struct {
		body string
		want any
	}{
		"unit": {`{"id":"` + upper + `","displayName":"Paris","visibility":null}`, graph.AdministrativeUnit{ObjectID: objectID, DisplayName: "Paris"}},
	}
	for name, find := range finds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := serve(t, always(200, bodies[name].body))
			got, err := find(t.Context(), d.client(t), upper)
			if err != nil || !reflect.DeepEqual(got, bodies[name].want) {
				t.Errorf("got %+v, %v", got, err)
			}
			_, err = find(t.Context(), serve(t, always(404, absent)).client(t), objectID)
			wantKind(t, err, graph.NotFound)
			_, err = find(t.Context(), d.client(t), resourceID)
			wantKind(t, err, graph.Incomplete)
			_, err = find(t.Context(), serve(t, always(200, `{"id":7}`)).client(t), objectID)
			wantKind(t, err, graph.Incomplete)
			before := d.asked()
			for _, id := range []string{"", "../users", "ann@contoso.example", objectID + "/members", "{" + objectID + "}"} {
				_, err = find(t.Context(), d.client(t), id)
				wantKind(t, err, graph.BadRequest)
			}
			if d.asked() != before {
				t.Error("an id that is none was sent")
			}
		})
	}
}

// Who lacks an app role is told which one.
func TestTheMissingAppRoleIsNamed(t *testing.T) {
	t.Parallel()
	client := serve(t, always(403, `{"error":{"code":"Authorization_RequestDenied","message":"no"}}`)).client(t)
	for role, ask := range map[string]func() error{
		"Application.Read.All":          func() error { _, err := client.ListServicePrincipals(t.Context()); return err },
		"AdministrativeUnit.Read.All":   func() error { _, err := client.FindAdministrativeUnit(t.Context(), objectID); return err },
		"RoleManagement.Read.Directory": func() error { _, err := client.ListDirectoryRoles(t.Context()); return err },
	} {
		failure := wantKind(t, ask(), graph.Forbidden)
		if !strings.Contains(failure.Error(), role) {
			t.Errorf("%v does not name %s", failure, role)
		}
	}
}
