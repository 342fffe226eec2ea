package tenant

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestInvokeCommandAnswersOnlyUnderBeta(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	token := to.Token(SampleServiceAppID, "exchange")
	body := commandBody(t, "Get-OrganizationConfig", nil)
	wantStatus(t, send(t, to, "POST", "/adminapi/v1.0/"+SampleTenantID+"/InvokeCommand", body, token), 405)
	wantStatus(t, send(t, to, "POST", "/adminapi/beta/"+SampleDomain+"/InvokeCommand", body, token), 200)
	wantStatus(t, send(t, to, "POST", "/adminapi/beta/"+SampleNewsGUID+"/InvokeCommand", body, token), 401)
}

func TestAuthorizationComesInTwoSteps(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	body := commandBody(t, "Get-ManagementScope", nil)
	wantStatus(t, send(t, to, "POST", exchangePath, body, ""), 401)
	wantStatus(t, send(t, to, "POST", exchangePath, body, to.Token(SampleServiceAppID, "graph")), 401)
	wantStatus(t, send(t, to, "POST", exchangePath, body, to.Token(SampleNewsletterAppID, "exchange")), 401)
	administer(t, to, Action{Do: "addConsent", Workload: SampleNewsletterAppID, Resource: "exchange", Permission: "Exchange.ManageAsApp"})
	roleOnly := send(t, to, "POST", exchangePath, body, to.Token(SampleNewsletterAppID, "exchange"))
	wantStatus(t, roleOnly, 403)
	if roleOnly.Header.Get("Content-Encoding") != "gzip" || strings.Trim(roleOnly.Text, "\x00") != "" || roleOnly.Text == "" {
		t.Errorf("the first refusal has to be NUL bytes labelled gzip, got %q %q", roleOnly.Header, roleOnly.Text)
	}
	again := send(t, to, "POST", exchangePath, body, to.Token(SampleNewsletterAppID, "exchange"))
	wantStatus(t, again, 403)
	if again.Text != "" || again.Header.Get("x-ms-diagnostics") == "" {
		t.Errorf("the second refusal has to be empty with diagnostics, got %q %q", again.Header, again.Text)
	}
	wantStatus(t, send(t, to, "POST", exchangePath, body, to.Token(SampleServiceAppID, "exchange")), 200)
}

func TestErrorDetailsComeInThreeEncodings(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	seen := map[string]bool{}
	for range 3 {
		got := run(t, to, "Get-ManagementScope", parameters{"Identity": "absent"})
		wantRefusal(t, got, "ManagementObjectNotFoundException")
		wantStatus(t, got, 404)
		detail := got.Body["error"].(map[string]any)["details"].([]any)[0].(map[string]any)["message"].(string)
		seen[detail[:1]] = true
	}
	if !seen["E"] || !seen["|"] || !seen["{"] {
		t.Errorf("encodings seen by first letter: %v", seen)
	}
}

func TestAnswersCarryAnnotationsBesideProperties(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	got := run(t, to, "Get-Recipient", parameters{"Identity": SampleNewsGUID})
	row := got.rows(t)[0]
	for name, want := range map[string]string{
		"Guid@data.type": "System.Guid", "Guid@odata.type": "#Guid", "EmailAddresses@odata.type": "#Collection(String)",
	} {
		if row[name] != want {
			t.Errorf("%s is %v, want %s", name, row[name], want)
		}
	}
	if warnings, is := got.Body["@adminapi.warnings"].([]any); !is || len(warnings) != 0 {
		t.Errorf("warnings have to be there and empty: %s", got.Text)
	}
	trimmed := send(t, to, "POST", exchangePath+"?$select=Guid", commandBody(t, "Get-Recipient", parameters{"Identity": SampleNewsGUID}),
		to.Token(SampleServiceAppID, "exchange"))
	if row := trimmed.rows(t)[0]; len(row) != 3 {
		t.Errorf("$select kept %v", row)
	}
}

func TestVoidCmdletsAnswerAnEmptyList(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	rows := runFine(t, to, "Remove-ManagementRoleAssignment", parameters{"Identity": SampleHelpdeskAssignment, "Confirm": false})
	if len(rows) != 0 {
		t.Errorf("a removal answered %v", rows)
	}
}

func TestBindingIsStrict(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	cases := []struct {
		cmdlet    string
		with      parameters
		exception string
	}{
		{"Get-ServicePrincipal", parameters{"ResultSize": "Unlimited"}, "AmbiguousParameterSetException"},
		{"New-ManagementScope", parameters{"Name": "mg-1"}, "AmbiguousParameterSetException"},
		{"Remove-ManagementScope", parameters{"Identity": ""}, "AmbiguousParameterSetException"},
		{"Remove-ManagementScope", parameters{"Identity": "x", "Confirm": "no"}, "ParameterTransformationException"},
		{"Get-Recipient", parameters{"Identity": []string{"a", "b"}}, "ParameterTransformationException"},
		{"Get-Recipient", parameters{"ResultSize": "many"}, "ParameterTransformationException"},
		{"Get-Recipient", parameters{"Filter": "Guid -eq"}, "ParameterTransformationException"},
		{"Test-ServicePrincipalAuthorization", parameters{"Identity": SampleHelpdeskAppID, "Role": "Application Mail.Read"}, "AmbiguousParameterSetException"},
		{"New-ManagementScope", parameters{"Name": strings.Repeat("n", 65), "RecipientRestrictionFilter": "Alias -eq 'a'"}, "ParameterTransformationException"},
	}
	for _, each := range cases {
		wantRefusal(t, run(t, to, each.cmdlet, each.with), each.exception)
	}
	body := `{"CmdletInput":{"CmdletName":"Get-ManagementScope","Parameters":null}}`
	wantStatus(t, send(t, to, "POST", exchangePath, body, to.Token(SampleServiceAppID, "exchange")), 400)
	runFine(t, to, "new-managementscope", parameters{"name": strings.Repeat("n", 64), "RECIPIENTRESTRICTIONFILTER": "Alias -eq 'a'"})
}

func TestFurtherPagesAreFetchedByTheSamePost(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	plant(t, to, Fault{Name: "smallPages", Match: "Get-Recipient", Size: 7})
	token := to.Token(SampleServiceAppID, "exchange")
	body := commandBody(t, "Get-Recipient", parameters{"ResultSize": "Unlimited"})
	got := send(t, to, "POST", exchangePath, body, token)
	seen := len(got.rows(t))
	first, is := got.Body["@odata.nextLink"].(string)
	if !is || seen != 7 {
		t.Fatalf("the first page has %d rows and the link %q", seen, first)
	}
	wantStatus(t, send(t, to, "GET", first, "", token), 405)
	wantStatus(t, send(t, to, "POST", first, commandBody(t, "Get-Recipient", nil), token), 400)
	for link := first; link != ""; {
		got = send(t, to, "POST", link, body, token)
		wantStatus(t, got, 200)
		seen += len(got.rows(t))
		link, _ = got.Body["@odata.nextLink"].(string)
	}
	if seen != 23 {
		t.Errorf("all pages together have %d rows", seen)
	}
	to.Advance(31 * time.Minute)
	wantStatus(t, send(t, to, "POST", first, body, token), 400)
}

func TestPageSizeFollowsPrefer(t *testing.T) {
	t.Parallel()
	if size := preferredPageSize("odata.continue-on-error, odata.maxpagesize=3"); size != 3 {
		t.Errorf("got %d", size)
	}
	for _, text := range []string{"", "odata.maxpagesize=x", "odata.maxpagesize=-1"} {
		if size := preferredPageSize(text); size != 0 {
			t.Errorf("%q gives %d", text, size)
		}
	}
}

func TestPartialPagesBreakOffTheList(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	plant(t, to, Fault{Name: "partialPages", Match: "*"})
	token := to.Token(SampleServiceAppID, "exchange")
	body := commandBody(t, "Get-Recipient", nil)
	link, is := send(t, to, "POST", exchangePath, body, token).Body["@odata.nextLink"].(string)
	if !is {
		t.Fatal("there is no further page")
	}
	wantRefusal(t, send(t, to, "POST", link, body, token), "ODataServiceException")
	link, is = graph(t, to, "GET", "/v1.0/servicePrincipals", "").Body["@odata.nextLink"].(string)
	if !is {
		t.Fatal("there is no further page on Graph")
	}
	wantStatus(t, graph(t, to, "GET", link, ""), 400)
}

func TestModuleFileListsWhatTheCallerMayRun(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	names := exported(t, to)
	if !slices.Contains(names, "New-ManagementScope") || slices.Contains(names, "Enable-OrganizationCustomization") {
		t.Errorf("got %v", names)
	}
	administer(t, to, Action{Do: "removeExchangeRole", Role: "Role Management"}, Action{Do: "addExchangeRole", Role: "Organization Configuration"})
	names = exported(t, to)
	if slices.Contains(names, "New-ManagementScope") || !slices.Contains(names, "Enable-OrganizationCustomization") {
		t.Errorf("after the change, got %v", names)
	}
}

func exported(t *testing.T, to *Tenant) []string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", to.URL()+"/adminapi/v1.0/"+SampleTenantID+"/EXOModuleFile?Version=3.9.2", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+to.Token(SampleServiceAppID, "exchange"))
	request.Header.Set("CommandName", "*")
	response, err := (&http.Client{Transport: to.Transport()}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var list struct {
		Value []struct{ ExportedCmdlets string }
	}
	err = json.NewDecoder(response.Body).Decode(&list)
	if err != nil || response.StatusCode != http.StatusOK || len(list.Value) != 1 {
		t.Fatalf("got %d, %+v, %v", response.StatusCode, list, err)
	}
	return strings.Split(list.Value[0].ExportedCmdlets, ",")
}

// TestServiceHoldsRolesByItsGroup: what it may hand on is listed with what it holds, and follows what
// an administrator takes from it.
func TestServiceHoldsRolesByItsGroup(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	delegating := parameters{"RoleAssignee": SampleServiceObjectID, "Delegating": true}
	all := run(t, to, "Get-ManagementRoleAssignment", delegating).rows(t)
	administer(t, to, Action{Do: "removeDelegation", Role: "Application Mail.Send"})
	left := run(t, to, "Get-ManagementRoleAssignment", delegating).rows(t)
	both := run(t, to, "Get-ManagementRoleAssignment", parameters{"RoleAssignee": SampleServiceObjectID}).rows(t)
	if len(all) != len(applicationRoles) || len(left) != len(all)-1 || len(both) != len(left)+3 {
		t.Errorf("%d, then %d, with those held %d", len(all), len(left), len(both))
	}
	wantRefusal(t, run(t, to, "New-ManagementRoleAssignment", parameters{"Role": "Application Mail.Send", "App": SampleHelpdeskObjectID}), "TaskInvalidOperationException")
}

func TestWhatIsNotPlayedIsAnswered501AndKept(t *testing.T) {
	t.Parallel()
	to, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = to.Close() }()
	wantStatus(t, run(t, to, "Get-TransportRule", nil), 501)
	wantStatus(t, graph(t, to, "GET", "/v1.0/devices", ""), 501)
	wantStatus(t, graph(t, to, "GET", "/v1.0/servicePrincipals?$orderby=displayName", ""), 501)
	wantStatus(t, graph(t, to, "GET", "/v1.0/users/"+SampleNewsGUID+"/drive", ""), 501)
	wantStatus(t, send(t, to, "GET", "/nothing", "", ""), 501)
	to.ResetRequests()
	if unknown := to.Unknown(); len(unknown) != 5 || unknown[0].Name != "Get-TransportRule" {
		t.Errorf("kept %v", unknown)
	}
}
