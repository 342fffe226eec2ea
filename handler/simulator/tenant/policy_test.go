package tenant

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// checked is what the tenant's own test of policies says.
func checked(t *testing.T, to *Tenant, mailbox string) any {
	t.Helper()
	return runFine(t, to, "Test-ApplicationAccessPolicy", parameters{"Identity": mailbox, "AppId": SampleArchiveAppID})[0]["AccessCheckResult"]
}

func newPolicy(t *testing.T, to *Tenant, appID, scope, right string) string {
	t.Helper()
	return runFine(t, to, "New-ApplicationAccessPolicy", parameters{"AppId": appID, "PolicyScopeGroupId": scope, "AccessRight": right})[0]["Identity"].(string)
}

func TestPoliciesAreJudgedInTheDocumentedOrder(t *testing.T) {
	t.Parallel()
	to := mighty(t)
	const carol = "carol@contoso.example"
	if checked(t, to, SampleCEOGUID) != "Granted" {
		t.Error("without any policy the answer is Granted")
	}
	identity := newPolicy(t, to, SampleArchiveAppID, SampleSalesGUID, "restrictaccess")
	if !strings.HasPrefix(identity, SampleTenantID+`\`+SampleArchiveAppID+":S-1-5-21-") || !strings.Contains(identity, ";") {
		t.Errorf("the identity is %s", identity)
	}
	for mailbox, want := range map[string]string{SampleAliceGUID: "Granted", carol: "Granted", SampleCEOGUID: "Denied"} {
		if got := checked(t, to, mailbox); got != want {
			t.Errorf("one Restrict: %s is %v", mailbox, got)
		}
	}
	newPolicy(t, to, SampleArchiveAppID, "ceo@contoso.example", "RestrictAccess")
	newPolicy(t, to, "*", SampleSalesSouthGUID, "DenyAccess")
	for mailbox, want := range map[string]string{SampleAliceGUID: "Granted", carol: "Denied", SampleCEOGUID: "Granted", SampleCFOGUID: "Denied"} {
		if got := checked(t, to, mailbox); got != want {
			t.Errorf("two Restricts and a Deny of all: %s is %v", mailbox, got)
		}
	}
	if rows := runFine(t, to, "Get-ApplicationAccessPolicy", nil); len(rows) != 3 || rows[0]["ScopeName"] != "Sales" {
		t.Errorf("listed %v", rows)
	}
	runFine(t, to, "Set-ApplicationAccessPolicy", parameters{"Identity": identity, "Description": "why"})
	if row := runFine(t, to, "Get-ApplicationAccessPolicy", parameters{"Identity": identity})[0]; row["Description"] != "why" {
		t.Errorf("changed: %v", row)
	}
	administer(t, to, Action{Do: "removeGroup", Group: map[string]any{"guid": SampleSalesGUID}})
	if checked(t, to, SampleAliceGUID) != "Denied" {
		t.Error("a Restrict whose group is gone restricts all the same")
	}
	runFine(t, to, "Remove-ApplicationAccessPolicy", parameters{"Identity": identity, "Confirm": false})
	wantRefusal(t, run(t, to, "Get-ApplicationAccessPolicy", parameters{"Identity": identity}), "ManagementObjectNotFoundException")
}

func TestWhatCannotScopeAPolicyIsRefused(t *testing.T) {
	t.Parallel()
	to := mighty(t)
	for _, scope := range []string{SampleNewsGUID, SampleRoomParisGUID, "All Staff", "Team", "Europe"} {
		got := run(t, to, "New-ApplicationAccessPolicy", parameters{"AppId": SampleArchiveAppID, "PolicyScopeGroupId": scope, "AccessRight": "RestrictAccess"})
		wantRefusal(t, got, "RecipientTaskException")
	}
	for _, scope := range []string{SampleBuildingEntraID, "nobody"} {
		got := run(t, to, "New-ApplicationAccessPolicy", parameters{"AppId": SampleArchiveAppID, "PolicyScopeGroupId": scope, "AccessRight": "RestrictAccess"})
		wantRefusal(t, got, "ManagementObjectNotFoundException")
	}
	got := run(t, to, "New-ApplicationAccessPolicy", parameters{"AppId": SampleArchiveAppID, "PolicyScopeGroupId": "Sales", "AccessRight": "Allow"})
	wantRefusal(t, got, "ParameterTransformationException")
	newPolicy(t, to, SampleArchiveAppID, "Sales", "RestrictAccess")
	got = run(t, to, "New-ApplicationAccessPolicy", parameters{"AppId": SampleArchiveAppID, "PolicyScopeGroupId": "Sales", "AccessRight": "DenyAccess"})
	wantRefusal(t, got, "ADObjectAlreadyExistsException")
}

func TestSpaceForPoliciesEnds(t *testing.T) {
	t.Parallel()
	to := mighty(t)
	var appIDs []string
	for number := range 300 {
		appIDs = append(appIDs, fmt.Sprintf("a1000000-0000-4000-8000-%012d", number))
	}
	with := parameters{"AppId": appIDs, "PolicyScopeGroupId": "Sales", "AccessRight": "RestrictAccess", "Description": "x"}
	if rows := runFine(t, to, "New-ApplicationAccessPolicy", with); len(rows) != 300 {
		t.Errorf("made %d", len(rows))
	}
	with["AppId"], with["Description"] = SampleArchiveAppID, strings.Repeat("x", 200)
	got := run(t, to, "New-ApplicationAccessPolicy", with)
	wantRefusal(t, got, "TaskInvalidOperationException")
	if !strings.Contains(got.Text, "The total size of App Access Policies exceeded the limit.") {
		t.Errorf("got %s", got.Text)
	}
	plant(t, to, Fault{Name: "smallPages", Match: "Get-ApplicationAccessPolicy", Size: 50})
	page := run(t, to, "Get-ApplicationAccessPolicy", nil)
	if link, _ := page.Body["@odata.nextLink"].(string); link == "" || len(page.rows(t)) != 50 {
		t.Errorf("a page has %d rows", len(page.rows(t)))
	}
}

func TestResultOfThePolicyTestIsLocalized(t *testing.T) {
	t.Parallel()
	to := started(t, Options{Mood: Unruly, Seed: 9})
	err := to.Fault(Fault{Name: "localized", Match: "Test-ApplicationAccessPolicy"})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[any]bool{}
	for range 60 {
		got := run(t, to, "Test-ApplicationAccessPolicy", parameters{"Identity": SampleCEOGUID, "AppId": SampleArchiveAppID})
		if got.Status == 200 {
			seen[got.rows(t)[0]["AccessCheckResult"]] = true
		}
	}
	if len(seen) != languages || !seen["Granted"] || !seen["Gewährt"] {
		t.Errorf("seen: %v", seen)
	}
}

func reads(to *Tenant, mailbox string) (int, string) {
	return to.Call("GET", "/v1.0/users/"+mailbox+"/messages", to.Token(SampleArchiveAppID, "graph"))
}

func wantReads(t *testing.T, to *Tenant, mailbox string, want int) {
	t.Helper()
	if got, body := reads(to, mailbox); got != want {
		t.Errorf("at %s %s is answered %d %s, want %d", to.Now().Format(time.TimeOnly), mailbox, got, body, want)
	}
}

func TestPolicyReachesDataLateAndLeavesItLate(t *testing.T) {
	t.Parallel()
	to := mighty(t)
	identity := newPolicy(t, to, SampleArchiveAppID, "Sales", "RestrictAccess")
	wantReads(t, to, SampleCEOGUID, 200)
	to.Advance(61 * time.Minute)
	wantReads(t, to, SampleCEOGUID, 200)
	to.Advance(10 * time.Minute)
	wantReads(t, to, SampleAliceGUID, 200)
	wantReads(t, to, "carol@contoso.example", 200)
	if status, body := reads(to, SampleCEOGUID); status != 403 || !strings.Contains(body, `"Access to OData is disabled."`) {
		t.Errorf("a policy refuses with %d %s", status, body)
	}
	administer(t, to, Action{Do: "addGroupMember", Group: map[string]any{"guid": SampleSalesSouthGUID}, Member: "ceo@contoso.example"})
	wantReads(t, to, SampleCEOGUID, 200)
	runFine(t, to, "Remove-ApplicationAccessPolicy", parameters{"Identity": identity})
	wantReads(t, to, SampleCFOGUID, 403)
	to.Advance(29 * time.Minute)
	wantReads(t, to, SampleCFOGUID, 403)
	to.Advance(2 * time.Minute)
	wantReads(t, to, SampleCFOGUID, 200)
}

func TestPolicyDoesNotConfineRoleAssignments(t *testing.T) {
	t.Parallel()
	to := mighty(t)
	newPolicy(t, to, SampleArchiveAppID, "Sales", "RestrictAccess")
	runFine(t, to, "New-ServicePrincipal", parameters{"AppId": SampleArchiveAppID, "ObjectId": SampleArchiveObjectID})
	runFine(t, to, "New-ManagementScope", parameters{"Name": "not-alice", "RecipientRestrictionFilter": "Alias -ne 'alice'"})
	runFine(t, to, "New-ManagementRoleAssignment", parameters{"Role": "Application Mail.Read", "App": SampleArchiveAppID, "CustomResourceScope": "not-alice"})
	to.Advance(4 * time.Hour)
	wantReads(t, to, SampleAliceGUID, 200)
	wantReads(t, to, SampleCEOGUID, 200)
}
