package tenant

import (
	"net/url"
	"strings"
	"testing"
)

func TestServicePrincipalsAreFoundEveryWay(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	for _, path := range []string{
		"/v1.0/servicePrincipals/" + SampleNewsletterObjectID,
		"/v1.0/servicePrincipals(appId='" + SampleNewsletterAppID + "')",
		"/v1.0/servicePrincipals%28appId%3D%27" + SampleNewsletterAppID + "%27%29?%24select=id,displayName",
	} {
		got := graph(t, to, "GET", path, "")
		if got.Status != 200 || got.Body["id"] != SampleNewsletterObjectID || got.Body["displayName"] != "Newsletter" {
			t.Errorf("%s: %d %s", path, got.Status, got.Text)
		}
		if _, shown := got.Body["appId"]; shown == strings.Contains(path, "select") {
			t.Errorf("%s shows %v", path, got.Body)
		}
	}
	for _, filter := range []string{"appId eq '" + SampleNewsletterAppID + "'", "displayName eq 'Newsletter'", "id eq '" + SampleNewsletterObjectID + "'"} {
		rows := graph(t, to, "GET", "/v1.0/servicePrincipals?$filter="+url.QueryEscape(filter), "").rows(t)
		if len(rows) != 1 || rows[0]["id"] != SampleNewsletterObjectID {
			t.Errorf("%s finds %v", filter, rows)
		}
	}
	missing := graph(t, to, "GET", "/v1.0/servicePrincipals/"+SampleNewsletterRegistrationID, "")
	wantStatus(t, missing, 404)
	if missing.Body["error"].(map[string]any)["code"] != "Request_ResourceNotFound" {
		t.Errorf("got %s", missing.Text)
	}
}

func TestApplicationsAreFoundByTheirOwnObjectID(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	for _, path := range []string{"/v1.0/applications/" + SampleNewsletterRegistrationID, "/v1.0/applications(appId='" + SampleNewsletterAppID + "')"} {
		got := graph(t, to, "GET", path, "")
		if got.Body["id"] != SampleNewsletterRegistrationID || got.Body["appId"] != SampleNewsletterAppID {
			t.Errorf("%s: %s", path, got.Text)
		}
	}
	wantStatus(t, graph(t, to, "GET", "/v1.0/applications/"+SampleNewsletterObjectID, ""), 404)
}

func TestGraphListsComeInPages(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	seen := map[any]bool{}
	pages := 0
	for link := "/v1.0/servicePrincipals?$top=3&$select=id"; link != ""; pages++ {
		got := graph(t, to, "GET", link, "")
		wantStatus(t, got, 200)
		for _, row := range got.rows(t) {
			seen[row["id"]] = true
		}
		link, _ = got.Body["@odata.nextLink"].(string)
	}
	if pages != 3 || len(seen) != 7 {
		t.Errorf("%d pages with %d principals", pages, len(seen))
	}
	wantStatus(t, graph(t, to, "GET", "/v1.0/servicePrincipals?$top=1000", ""), 400)
}

func TestResourcesShowTheirAppRoles(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	ids := map[string]string{}
	for appID, resource := range map[string]string{graphAppID: "graph", exchangeAppID: "exchange"} {
		got := graph(t, to, "GET", "/v1.0/servicePrincipals(appId='"+appID+"')", "")
		for _, each := range got.Body["appRoles"].([]any) {
			role := each.(map[string]any)
			ids[resource+" "+role["value"].(string)] = role["id"].(string)
			if !guidShape.MatchString(role["id"].(string)) {
				t.Errorf("%v has no GUID", role)
			}
		}
	}
	for name, want := range map[string]string{
		"graph Mail.Send": "b633e1c5-b582-4048-a93e-9f11b44c7e96", "exchange Mail.Send": "b633e1c5-b582-4048-a93e-9f11b44c7e96",
		"exchange full_access_as_app": "dc890d15-9560-4a4c-9b7f-a736ec74ec40",
	} {
		if ids[name] != want {
			t.Errorf("%s is %s, want %s", name, ids[name], want)
		}
	}
}

func TestGraphNeedsTheAppRole(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	got := send(t, to, "GET", "/v1.0/servicePrincipals", "", to.Token(SampleArchiveAppID, "graph"))
	wantStatus(t, got, 403)
	if got.Body["error"].(map[string]any)["code"] != "Authorization_RequestDenied" {
		t.Errorf("got %s", got.Text)
	}
	wantStatus(t, graph(t, to, "POST", "/v1.0/servicePrincipals/"+SampleNewsletterObjectID+"/appRoleAssignments", "{}"), 403)
}

func consentBody(role string) string {
	return `{"principalId":"` + SampleNewsletterObjectID + `","resourceId":"` + SampleGraphObjectID + `","appRoleId":"` + role + `"}`
}

func TestConsentsAreWrittenOnceAndRemovedOnce(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	administer(t, to, Action{Do: "addConsent", Workload: SampleServiceAppID, Resource: "graph", Permission: "AppRoleAssignment.ReadWrite.All"})
	list := "/v1.0/servicePrincipals/" + SampleNewsletterObjectID + "/appRoleAssignments"
	before := string(to.Dump())
	body := consentBody("b633e1c5-b582-4048-a93e-9f11b44c7e96")
	made := graph(t, to, "POST", "/v1.0/servicePrincipals/"+SampleGraphObjectID+"/appRoleAssignedTo", body)
	wantStatus(t, made, 201)
	if made.Body["principalType"] != "ServicePrincipal" || made.Body["resourceDisplayName"] != "Microsoft Graph" {
		t.Errorf("got %v", made.Body)
	}
	again := graph(t, to, "POST", list, body)
	wantStatus(t, again, 400)
	if !strings.Contains(again.Text, "Permission being assigned already exists on the object") {
		t.Errorf("got %s", again.Text)
	}
	wantStatus(t, graph(t, to, "POST", list, consentBody(SampleNewsGUID)), 400)
	rows := graph(t, to, "GET", list, "").rows(t)
	if len(rows) != 1 || rows[0]["id"] != made.Body["id"] || rows[0]["principalId"] != SampleNewsletterObjectID {
		t.Errorf("listed: %v", rows)
	}
	if to := graph(t, to, "GET", "/v1.0/servicePrincipals/"+SampleGraphObjectID+"/appRoleAssignedTo", "").rows(t); len(to) != 6 {
		t.Errorf("assigned to Graph: %v", to)
	}
	wantStatus(t, graph(t, to, "DELETE", list+"/"+made.Body["id"].(string), ""), 204)
	wantStatus(t, graph(t, to, "DELETE", list+"/"+made.Body["id"].(string), ""), 404)
	if string(to.Dump()) != before {
		t.Error("a consent made and removed leaves a trace in the dump")
	}
}

func TestDeletedPrincipalLosesItsAccessAndLeavesScopes(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	administer(t, to, Action{Do: "removeServicePrincipal", Workload: SampleNewsletterAppID})
	wantStatus(t, graph(t, to, "GET", "/v1.0/servicePrincipals/"+SampleNewsletterObjectID, ""), 404)
	wantStatus(t, graph(t, to, "GET", "/v1.0/directory/deletedItems/"+SampleNewsletterObjectID, ""), 200)
	wantRefusal(t, run(t, to, "Get-ServicePrincipal", parameters{"Identity": SampleNewsletterAppID}), "ManagementObjectNotFoundException")
	wantRefusal(t, run(t, to, "Get-ManagementRoleAssignment", parameters{"Identity": "mg-1-send"}), "ManagementObjectNotFoundException")
	if orphans := runFine(t, to, "Get-ManagementScope", parameters{"Orphan": true}); len(orphans) != 1 {
		t.Errorf("orphans: %v", orphans)
	}
	if to.Token(SampleNewsletterAppID, "graph") != "" {
		t.Error("a deleted principal gets a token")
	}
	deleted := graph(t, to, "GET", "/v1.0/directory/deletedItems/microsoft.graph.servicePrincipal", "").rows(t)
	if len(deleted) != 1 || deleted[0]["id"] != SampleNewsletterObjectID {
		t.Errorf("deleted: %v", deleted)
	}
	administer(t, to, Action{Do: "restoreServicePrincipal", Workload: SampleNewsletterObjectID})
	wantStatus(t, graph(t, to, "GET", "/v1.0/servicePrincipals/"+SampleNewsletterObjectID, ""), 200)
	wantRefusal(t, run(t, to, "Get-ServicePrincipal", parameters{"Identity": SampleNewsletterAppID}), "ManagementObjectNotFoundException")
}
