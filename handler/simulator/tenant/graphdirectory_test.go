package tenant

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// idsAt follows every page of a list and keeps the ids.
func idsAt(t *testing.T, to *Tenant, link string) []string {
	t.Helper()
	var ids []string
	for link != "" {
		got := graph(t, to, "GET", link, "")
		wantStatus(t, got, 200)
		for _, row := range got.rows(t) {
			ids = append(ids, fmt.Sprint(row["id"]))
		}
		link, _ = got.Body["@odata.nextLink"].(string)
	}
	return ids
}

func TestGroupsAndTheirMembersOnGraph(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	readsPeople(t, to)
	alice, bob, carol := "f0000000-0000-4000-8000-000000000011", "f0000000-0000-4000-8000-000000000012", "f0000000-0000-4000-8000-000000000013"
	south := "91000000-0000-4000-8000-000000000002"
	for path, want := range map[string][]string{
		"/members": {alice, bob, south}, "/members?$top=1": {alice, bob, south}, "/owners": {alice}, "/members/microsoft.graph.user": {alice, bob},
		"/members/microsoft.graph.group?$select=id": {south},
		"/transitiveMembers":                        {south, alice, bob, carol},
	} {
		got := idsAt(t, to, "/v1.0/groups/"+SampleSalesEntraID+path)
		if !slices.Equal(got, want) {
			t.Errorf("%s lists %v, want %v", path, got, want)
		}
	}
	for id, want := range map[string]string{SampleSalesEntraID: "true true", SampleBuildingEntraID: "false true", SampleTeamEntraID: "true false"} {
		got := graph(t, to, "GET", "/v1.0/groups/"+id, "")
		if kind := fmt.Sprint(got.Body["mailEnabled"], got.Body["securityEnabled"]); kind != want {
			t.Errorf("%s is %s: %s", id, kind, got.Text)
		}
	}
	for _, id := range []string{SampleSalesGUID, SampleEuropeGUID, "nobody"} {
		wantStatus(t, graph(t, to, "GET", "/v1.0/groups/"+id, ""), 404)
		wantStatus(t, graph(t, to, "GET", "/v1.0/groups/"+id+"/members", ""), 404)
	}
	if rows := graph(t, to, "GET", "/v1.0/groups?$filter=displayName%20eq%20'Sales'", "").rows(t); len(rows) != 1 || rows[0]["id"] != SampleSalesEntraID {
		t.Errorf("got %v", rows)
	}
	member := graph(t, to, "GET", "/v1.0/groups/"+SampleSalesEntraID+"/members?$select=id", "").rows(t)[0]
	if member["@odata.type"] != "#microsoft.graph.user" || member["displayName"] != nil {
		t.Errorf("a selected member is %v", member)
	}
}

func TestGroupsThatHoldEachOtherEnd(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	readsPeople(t, to)
	administer(t, to, Action{Do: "addGroupMember", Group: map[string]any{"guid": SampleSalesSouthGUID}, Member: SampleSalesGUID})
	if ids := idsAt(t, to, "/v1.0/groups/"+SampleSalesEntraID+"/transitiveMembers"); len(ids) != 5 {
		t.Errorf("got %v", ids)
	}
}

func TestUnitsOnGraph(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	path := "/v1.0/directory/administrativeUnits"
	if ids := idsAt(t, to, path); !slices.Equal(ids, []string{SampleParisUnitID}) {
		t.Errorf("got %v", ids)
	}
	wantStatus(t, graph(t, to, "GET", path+"/"+SampleParisUnitID, ""), 200)
	wantStatus(t, graph(t, to, "GET", path+"/nowhere", ""), 404)
	rows := graph(t, to, "GET", path+"/"+SampleParisUnitID+"/members", "").rows(t)
	if len(rows) != 3 || rows[0]["@odata.type"] != "#microsoft.graph.user" || rows[2]["@odata.type"] != "#microsoft.graph.group" {
		t.Errorf("got %v", rows)
	}
}

func TestDirectoryRolesOnGraph(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	administer(t, to, Action{Do: "addDirectoryRole", DirectoryRole: map[string]any{"principal": SampleHelpdeskAppID, "role": "Exchange Administrator"}},
		Action{Do: "addDirectoryRole", DirectoryRole: map[string]any{"principal": SampleHelpdeskObjectID, "role": "62e90394-69f5-4237-9190-012177145e10"}},
		Action{Do: "addDirectoryRole", DirectoryRole: map[string]any{"principal": SampleArchiveObjectID, "role": "Global Reader"}})
	path := "/v1.0/roleManagement/directory/roleAssignments"
	rows := graph(t, to, "GET", path+"?$filter=principalId%20eq%20'"+SampleHelpdeskObjectID+"'", "").rows(t)
	if len(rows) != 2 || rows[0]["roleDefinitionId"] != "29232cdf-9323-42fd-ade2-1d097af3e4de" || rows[0]["directoryScopeId"] != "/" {
		t.Errorf("got %v", rows)
	}
	if ids := idsAt(t, to, path+"?$top=1"); len(ids) != 3 {
		t.Errorf("all: %v", ids)
	}
	if got := graph(t, to, "GET", "/v1.0/roleManagement/directory/roleDefinitions/29232cdf-9323-42fd-ade2-1d097af3e4de", ""); got.Body["displayName"] != "Exchange Administrator" {
		t.Errorf("got %s", got.Text)
	}
	administer(t, to, Action{Do: "removeServicePrincipal", Workload: SampleHelpdeskAppID})
	if ids := idsAt(t, to, path); len(ids) != 1 {
		t.Errorf("after the principal went: %v", ids)
	}
}

func TestUsersOnGraph(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	readsPeople(t, to)
	for _, key := range []string{"f0000000-0000-4000-8000-000000000003", "CEO@contoso.example"} {
		if got := graph(t, to, "GET", "/v1.0/users/"+key+"?$select=id,mail", ""); got.Body["mail"] != "ceo@contoso.example" || got.Body["displayName"] != nil {
			t.Errorf("%s: %s", key, got.Text)
		}
	}
	for _, key := range []string{SampleCEOGUID, "boss@contoso.example", SampleTeamEntraID} {
		wantStatus(t, graph(t, to, "GET", "/v1.0/users/"+key, ""), 404)
	}
}

// readsPeople gives the service what it does not have in the sample, because it never reads
// groups and users on Graph.
func readsPeople(t *testing.T, to *Tenant) {
	t.Helper()
	for _, permission := range []string{"GroupMember.Read.All", "User.ReadBasic.All"} {
		administer(t, to, Action{Do: "addConsent", Workload: SampleServiceAppID, Resource: "graph", Permission: permission})
	}
}

func TestEachPartOfTheDirectoryNeedsItsOwnPermission(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	paths := map[string]string{
		"GroupMember.Read.All": "/v1.0/groups/" + SampleSalesEntraID + "/members", "AdministrativeUnit.Read.All": "/v1.0/directory/administrativeUnits",
		"RoleManagement.Read.Directory": "/v1.0/roleManagement/directory/roleAssignments", "User.ReadBasic.All": "/v1.0/users/ceo@contoso.example",
	}
	readsPeople(t, to)
	for permission, path := range paths {
		wantStatus(t, graph(t, to, "GET", path, ""), 200)
		administer(t, to, Action{Do: "removeConsent", Workload: SampleServiceAppID, Resource: "graph", Permission: permission})
		got := graph(t, to, "GET", path, "")
		wantStatus(t, got, 403)
		if !strings.Contains(got.Text, "Authorization_RequestDenied") {
			t.Errorf("%s: %s", path, got.Text)
		}
	}
}
