package tenant

import (
	"strings"
	"testing"
)

const everyExchangeRole = `"exchangeRoles": ["Organization Management"]`

// mighty runs a tenant whose service may run every cmdlet.
func mighty(t *testing.T) *Tenant {
	t.Helper()
	text := strings.Replace(sampleText, `"exchangeRoles": ["Role Management", "View-Only Recipients", "View-Only Configuration"]`, everyExchangeRole, 1)
	return started(t, Options{Directory: strings.NewReader(text)})
}

func names(rows []map[string]any) string {
	var list []string
	for _, row := range rows {
		list = append(list, row["DisplayName"].(string))
	}
	return strings.Join(list, ",")
}

func TestGroupsAreFoundByTheirOwnCmdletsOnly(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	for cmdlet, want := range map[string]string{
		"Get-Group": "Sales,Sales South,All Staff,Team,Empty Group", "Get-DistributionGroup": "Sales,Sales South,All Staff,Empty Group",
		"Get-UnifiedGroup": "Team", "Get-DynamicDistributionGroup": "Europe",
	} {
		if got := names(runFine(t, to, cmdlet, nil)); got != want {
			t.Errorf("%s lists %s, want %s", cmdlet, got, want)
		}
	}
	for _, identity := range []string{SampleSalesGUID, SampleSalesEntraID, "sales-group@contoso.example", "Sales", "sales-group"} {
		row := runFine(t, to, "Get-Group", parameters{"Identity": identity})[0]
		if row["Guid"] != SampleSalesGUID || !strings.HasPrefix(row["DistinguishedName"].(string), "CN=Sales,OU=contoso.example,") {
			t.Errorf("%s finds %v", identity, row)
		}
	}
	for cmdlet, identity := range map[string]string{
		"Get-Group": SampleBuildingEntraID, "Get-Recipient": "Building Access", "Get-DistributionGroup": "Team", "Get-UnifiedGroup": "Sales", "Get-DynamicDistributionGroup": "Sales",
	} {
		wantRefusal(t, run(t, to, cmdlet, parameters{"Identity": identity}), "ManagementObjectNotFoundException")
	}
	if row := runFine(t, to, "Get-Recipient", parameters{"Identity": "sales-group@contoso.example"})[0]; row["RecipientTypeDetails"] != "MailUniversalSecurityGroup" {
		t.Errorf("got %v", row)
	}
	if rows := runFine(t, to, "Get-Recipient", parameters{"RecipientTypeDetails": []string{"GroupMailbox", "DynamicDistributionGroup"}}); names(rows) != "Team,Europe" {
		t.Errorf("got %s", names(rows))
	}
}

func TestDisplayNamesOfGroupsCanBeAmbiguous(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	administer(t, to, Action{Do: "addGroup", Group: map[string]any{
		"guid": "90000000-0000-4000-8000-000000000099", "name": "Sales-2", "displayName": "Sales", "kind": "Distribution", "primary": "sales2@contoso.example",
	}})
	administer(t, to, Action{Do: "setGroup", Group: map[string]any{"guid": SampleSalesGUID, "name": "Sales-1"}})
	wantRefusal(t, run(t, to, "Get-Group", parameters{"Identity": "Sales"}), "ManagementObjectAmbiguousException")
	runFine(t, to, "Get-Group", parameters{"Identity": "Sales-2"})
}

func TestMembersAreListedByTheRightCmdlet(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	for _, each := range []struct {
		cmdlet string
		with   parameters
		want   string
	}{
		{"Get-DistributionGroupMember", parameters{"Identity": SampleSalesGUID}, "Alice,Bob,Sales South"},
		{"Get-DistributionGroupMember", parameters{"Identity": SampleSalesGUID, "ResultSize": "1"}, "Alice"},
		{"Get-DistributionGroupMember", parameters{"Identity": "Team"}, ""},
		{"Get-DistributionGroupMember", parameters{"Identity": "Empty Group"}, ""},
		{"Get-UnifiedGroupLinks", parameters{"Identity": "Team", "LinkType": "members"}, "Erin,Frank"},
		{"Get-UnifiedGroupLinks", parameters{"Identity": "Team", "LinkType": "Owners"}, "Erin"},
		{"Get-DynamicDistributionGroupMember", parameters{"Identity": "Europe"}, "Alice,Carol,Erin,Grace,Ivan"},
		{"Get-Recipient", parameters{"RecipientPreviewFilter": "CustomAttribute1 -eq 'emea'"}, "Alice,Carol,Erin,Grace,Ivan"},
	} {
		if got := names(runFine(t, to, each.cmdlet, each.with)); got != each.want {
			t.Errorf("%s %v lists %s, want %s", each.cmdlet, each.with, got, each.want)
		}
	}
	wantRefusal(t, run(t, to, "Get-UnifiedGroupLinks", parameters{"Identity": "Team", "LinkType": "Friends"}), "ParameterTransformationException")
}

func memberFilter(t *testing.T, to *Tenant, group string) string {
	t.Helper()
	name := runFine(t, to, "Get-Group", parameters{"Identity": group})[0]["DistinguishedName"].(string)
	return "MemberOfGroup -eq '" + name + "'"
}

func preview(t *testing.T, to *Tenant, filter string) string {
	t.Helper()
	return names(runFine(t, to, "Get-Recipient", parameters{"Filter": filter}))
}

func TestMemberOfGroupTakesTheDistinguishedNameAndDirectMembers(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	filter := memberFilter(t, to, "Sales")
	if got := preview(t, to, filter); got != "Alice,Bob,Sales South" {
		t.Errorf("the filter finds %s", got)
	}
	if got := preview(t, to, memberFilter(t, to, "Team")); got != "Erin,Frank" {
		t.Errorf("a Microsoft 365 group holds %s", got)
	}
	building := strings.Replace(filter, "CN=Sales,", "CN=Building Access,", 1)
	if got := preview(t, to, building); got != "" {
		t.Errorf("a group that Exchange does not know holds %s", got)
	}
	for _, wrong := range []string{"Sales", "sales-group@contoso.example", SampleSalesGUID} {
		if got := preview(t, to, "MemberOfGroup -eq '"+wrong+"'"); got != "" {
			t.Errorf("%s finds %s", wrong, got)
		}
	}
	administer(t, to, Action{Do: "setGroup", Group: map[string]any{"guid": SampleSalesGUID, "name": "Vendors"}})
	if got := preview(t, to, filter); got != "" {
		t.Errorf("after the rename the old name finds %s", got)
	}
	filter = memberFilter(t, to, "Vendors")
	administer(t, to, Action{Do: "setGroup", Group: map[string]any{"guid": SampleSalesGUID, "container": "Moved"}})
	if got := preview(t, to, filter); got != "" {
		t.Errorf("after the move the old name finds %s", got)
	}
	if got := preview(t, to, memberFilter(t, to, "Vendors")); got != "Alice,Bob,Sales South" {
		t.Errorf("the new name finds %s", got)
	}
}

func TestAttributesAndAbsenceInFilters(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	administer(t, to, Action{Do: "setMailbox", Mailbox: map[string]any{"guid": SampleAliceGUID, "attributes": map[string]string{"Department": "Law"}}})
	for filter, want := range map[string]string{
		"Department -eq 'law'": "Alice", "Department -ne $null": "Alice", "department -like 'l*' -and Company -eq $null": "Alice",
		"CustomAttribute1 -ne $null -and CustomAttribute1 -notlike 'a*' -and Department -eq $null": "Carol,Erin,Grace,Ivan",
	} {
		if got := preview(t, to, filter); got != want {
			t.Errorf("%s finds %s, want %s", filter, got, want)
		}
	}
	for _, wrong := range []string{"Department -eq $true", "Department -like $null"} {
		wantRefusal(t, run(t, to, "Get-Recipient", parameters{"Filter": wrong}), "ParameterTransformationException")
	}
}

func TestGroupsAreMadeChangedAndRemoved(t *testing.T) {
	t.Parallel()
	to := mighty(t)
	before := string(to.Dump())
	row := runFine(t, to, "New-DistributionGroup", parameters{
		"Name": "mg-1", "Type": "Security", "IgnoreNamingPolicy": true, "ManagedBy": []string{SampleAliceGUID}, "Members": SampleNewsGUID,
	})[0]
	if row["RecipientTypeDetails"] != "MailUniversalSecurityGroup" || row["PrimarySmtpAddress"] != "mg-1@contoso.example" || row["MemberJoinRestriction"] != "Closed" {
		t.Errorf("made %v", row)
	}
	wantRefusal(t, run(t, to, "New-DistributionGroup", parameters{"Name": "MG-1"}), "ADObjectAlreadyExistsException")
	wantRefusal(t, run(t, to, "New-DistributionGroup", parameters{"Name": "x", "PrimarySmtpAddress": "boss@contoso.example"}), "ADObjectAlreadyExistsException")
	wantRefusal(t, run(t, to, "New-DistributionGroup", parameters{"Name": strings.Repeat("x", 65)}), "ParameterTransformationException")
	member := parameters{"Identity": "mg-1", "Member": SampleCEOGUID}
	wantRefusal(t, run(t, to, "Add-DistributionGroupMember", member), "OperationRequiresGroupManagerException")
	member["BypassSecurityGroupManagerCheck"] = true
	if rows := runFine(t, to, "Add-DistributionGroupMember", member); len(rows) != 0 {
		t.Errorf("adding answers %v", rows)
	}
	wantRefusal(t, run(t, to, "Add-DistributionGroupMember", member), "MemberAlreadyExistsException")
	if got := names(runFine(t, to, "Get-DistributionGroupMember", parameters{"Identity": "mg-1"})); got != "News,Chief Executive" {
		t.Errorf("members: %s", got)
	}
	runFine(t, to, "Remove-DistributionGroupMember", member)
	wantRefusal(t, run(t, to, "Remove-DistributionGroupMember", member), "MemberNotFoundException")
	runFine(t, to, "Set-DistributionGroup", parameters{"Identity": "mg-1", "Name": "mg-2", "MemberJoinRestriction": "open", "BypassSecurityGroupManagerCheck": true})
	if row := runFine(t, to, "Get-Group", parameters{"Identity": "mg-2"})[0]; row["MemberJoinRestriction"] != "Open" {
		t.Errorf("changed: %v", row)
	}
	runFine(t, to, "Remove-DistributionGroup", parameters{"Identity": "mg-2", "BypassSecurityGroupManagerCheck": true, "Confirm": false})
	if string(to.Dump()) != before {
		t.Error("a group that came and went leaves a trace")
	}
}

func TestFreshGroupCanLackItsDistinguishedName(t *testing.T) {
	t.Parallel()
	to := mighty(t)
	plant(t, to, Fault{Name: "lag", Match: "New-DistributionGroup", Delay: "10s"})
	if row := runFine(t, to, "New-DistributionGroup", parameters{"Name": "mg-1"})[0]; row["DistinguishedName"] != nil {
		t.Errorf("made %v", row)
	}
	wantRefusal(t, run(t, to, "Get-Group", parameters{"Identity": "mg-1"}), "ManagementObjectNotFoundException")
	to.Advance(longestLag * 5)
	if row := runFine(t, to, "Get-Group", parameters{"Identity": "mg-1"})[0]; row["DistinguishedName"] == nil {
		t.Errorf("found %v", row)
	}
}

func TestAssignmentByGroupLeavesItsScopeBehind(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	runFine(t, to, "New-ServicePrincipal", parameters{"AppId": SampleNewsletterAppID, "ObjectId": SampleNewsletterObjectID})
	made := runFine(t, to, "New-ManagementRoleAssignment", parameters{
		"Name": "mg-1", "Role": "Application Mail.Send", "App": SampleNewsletterAppID, "RecipientGroupScope": "Sales",
	})[0]
	scope := made["CustomResourceScope"].(string)
	if !strings.HasPrefix(scope, "Sales") {
		t.Errorf("the scope is called %s", scope)
	}
	for mailbox, want := range map[string]bool{SampleAliceGUID: true, "carol@contoso.example": false, SampleCEOGUID: false} {
		if row := authorization(t, to, SampleNewsletterAppID, mailbox)[0]; isTrue(row["InScope"]) != want {
			t.Errorf("%s: %v", mailbox, row)
		}
	}
	runFine(t, to, "Remove-ManagementRoleAssignment", parameters{"Identity": "mg-1"})
	if rows := runFine(t, to, "Get-ManagementScope", parameters{"Orphan": true}); len(rows) != 1 || rows[0]["Name"] != scope {
		t.Errorf("orphans: %v", rows)
	}
	again := runFine(t, to, "New-ManagementRoleAssignment", parameters{"Role": "Application Mail.Read", "App": SampleNewsletterAppID, "RecipientGroupScope": SampleSalesGUID})[0]
	if again["CustomResourceScope"] != scope {
		t.Errorf("a second scope was made: %v", again)
	}
	administer(t, to, Action{Do: "setGroup", Group: map[string]any{"guid": SampleSalesGUID, "container": "Moved"}})
	if row := authorization(t, to, SampleNewsletterAppID, SampleAliceGUID)[0]; isTrue(row["InScope"]) {
		t.Errorf("the scope of a moved group holds %v", row)
	}
	runFine(t, to, "New-ManagementRoleAssignment", parameters{"Role": "Application Contacts.Read", "App": SampleNewsletterAppID, "RecipientGroupScope": SampleSalesGUID})
	for _, row := range authorization(t, to, SampleNewsletterAppID, SampleAliceGUID) {
		if !isTrue(row["InScope"]) {
			t.Errorf("a new assignment renews the scope: %v", row)
		}
	}
	for _, group := range []string{"Europe", "Building Access", SampleAliceGUID, "nobody"} {
		got := run(t, to, "New-ManagementRoleAssignment", parameters{"Role": "Application Mail.Read", "App": SampleNewsletterAppID, "RecipientGroupScope": group})
		wantRefusal(t, got, "ManagementObjectNotFoundException")
	}
}

func TestUnitHoldsItsMembersInPerson(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	runFine(t, to, "New-ServicePrincipal", parameters{"AppId": SampleNewsletterAppID, "ObjectId": SampleNewsletterObjectID})
	with := parameters{"Name": "mg-1", "Role": "Application Mail.Send", "App": SampleNewsletterAppID, "RecipientAdministrativeUnitScope": SampleParisUnitID}
	if row := runFine(t, to, "New-ManagementRoleAssignment", with)[0]; row["RecipientWriteScope"] != "AdministrativeUnit" || row["CustomResourceScope"] != SampleParisUnitID {
		t.Errorf("made %v", row)
	}
	for mailbox, want := range map[string]bool{"heidi@contoso.example": true, "carol@contoso.example": false} {
		if row := authorization(t, to, SampleNewsletterAppID, mailbox)[0]; isTrue(row["InScope"]) != want {
			t.Errorf("%s: %v", mailbox, row)
		}
	}
	if row := runFine(t, to, "Get-Mailbox", parameters{"Identity": "heidi@contoso.example"})[0]; row["AdministrativeUnits"].([]any)[0] != SampleParisUnitID {
		t.Errorf("got %v", row)
	}
}

func TestExchangeSeesANewUnitLate(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	const late = "92000000-0000-4000-8000-000000000009"
	administer(t, to, Action{Do: "addAdministrativeUnit", AdministrativeUnit: map[string]any{"id": late, "displayName": "Late", "exchangeLag": "40m", "members": []string{SampleNewsGUID}}})
	wantStatus(t, graph(t, to, "GET", "/v1.0/directory/administrativeUnits/"+late, ""), 200)
	wantRefusal(t, run(t, to, "Get-AdministrativeUnit", parameters{"Identity": late}), "ManagementObjectNotFoundException")
	with := parameters{"Role": "Application Mail.Send", "App": SampleHelpdeskAppID, "RecipientAdministrativeUnitScope": late}
	wantRefusal(t, run(t, to, "New-ManagementRoleAssignment", with), "ManagementObjectNotFoundException")
	if rows := runFine(t, to, "Get-AdministrativeUnit", nil); names(rows) != "Paris" {
		t.Errorf("got %v", rows)
	}
	to.Advance(longestLag * 60 * 20)
	runFine(t, to, "New-ManagementRoleAssignment", with)
	if rows := runFine(t, to, "Get-AdministrativeUnit", nil); names(rows) != "Paris,Late" {
		t.Errorf("got %v", rows)
	}
}
