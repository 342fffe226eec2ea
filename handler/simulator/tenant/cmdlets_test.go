package tenant

import (
	"strings"
	"testing"
	"time"
)

func TestEmptyIdentityReturnsEverything(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	for cmdlet, name := range map[string]string{
		"Get-ServicePrincipal": "Identity", "Get-ManagementScope": "Identity",
		"Get-ManagementRoleAssignment": "RoleAssignee", "Get-Recipient": "Identity", "Get-ManagementRole": "Identity",
	} {
		for _, empty := range []any{"", nil} {
			if rows := runFine(t, to, cmdlet, parameters{name: empty}); len(rows) < 2 {
				t.Errorf("%s with %s=%v answers %d rows", cmdlet, name, empty, len(rows))
			}
		}
		wantRefusal(t, run(t, to, cmdlet, parameters{name: "absent"}), "ManagementObjectNotFoundException")
	}
}

func TestNewServicePrincipalRefusesWhatIsNotAPrincipal(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	for _, objectID := range []string{SampleNewsletterRegistrationID, SampleArchiveObjectID, SampleNewsGUID} {
		got := run(t, to, "New-ServicePrincipal", parameters{"AppId": SampleNewsletterAppID, "ObjectId": objectID})
		wantRefusal(t, got, "RecipientTaskException")
	}
	rows := runFine(t, to, "New-ServicePrincipal", parameters{"AppId": SampleNewsletterAppID, "ObjectId": strings.ToUpper(SampleNewsletterObjectID)})
	if rows[0]["ObjectId"] != SampleNewsletterObjectID {
		t.Errorf("got %v", rows)
	}
	for _, identity := range []string{SampleNewsletterAppID, SampleNewsletterObjectID, rows[0]["Guid"].(string), rows[0]["DistinguishedName"].(string)} {
		if found := runFine(t, to, "Get-ServicePrincipal", parameters{"Identity": identity}); len(found) != 1 {
			t.Errorf("%s finds %v", identity, found)
		}
	}
}

func TestDuplicatesAreRefused(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	for cmdlet, with := range map[string]parameters{
		"New-ServicePrincipal":         {"AppId": SampleNewsletterAppID, "ObjectId": SampleNewsletterObjectID},
		"New-ManagementScope":          {"Name": "MG-1", "RecipientRestrictionFilter": "Alias -eq 'x'"},
		"New-ManagementRoleAssignment": {"Name": "mg-1-SEND", "Role": "Application Mail.Read", "App": SampleNewsletterAppID, "CustomResourceScope": "mg-1"},
	} {
		got := run(t, to, cmdlet, with)
		wantRefusal(t, got, "ADObjectAlreadyExistsException")
		wantStatus(t, got, 400)
	}
}

func TestScopeInUseStays(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	wantStatus(t, run(t, to, "Remove-ManagementScope", parameters{"Identity": "mg-1"}), 400)
	if orphans := runFine(t, to, "Get-ManagementScope", parameters{"Orphan": true}); len(orphans) != 0 {
		t.Errorf("orphans: %v", orphans)
	}
	runFine(t, to, "Remove-ManagementRoleAssignment", parameters{"Identity": "mg-1-send"})
	if orphans := runFine(t, to, "Get-ManagementScope", parameters{"Orphan": true}); len(orphans) != 1 || orphans[0]["Name"] != "mg-1" {
		t.Errorf("orphans: %v", orphans)
	}
	runFine(t, to, "Remove-ManagementScope", parameters{"Identity": "mg-1"})
}

func TestAutomaticNamesAreCut(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	with := parameters{"Role": "Application MailboxSettings.ReadWrite", "App": SampleNewsletterAppID, "CustomResourceScope": "mg-1"}
	first := runFine(t, to, "New-ManagementRoleAssignment", with)[0]["Name"].(string)
	want := "Application MailboxSettings.ReadWrite-" + SampleNewsletterObjectID
	if first != want[:64] {
		t.Errorf("the automatic name is %q", first)
	}
	if second := runFine(t, to, "New-ManagementRoleAssignment", with)[0]["Name"]; second != want[:61]+"-1" {
		t.Errorf("the second automatic name is %q", second)
	}
}

func TestFiltersAreShownNormalized(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	row := runFine(t, to, "New-ManagementScope", parameters{
		"Name": "mg-2", "RecipientRestrictionFilter": "guid -EQ 'A'   -or (Alias -like 'o''neil*')",
	})[0]
	if row["RecipientFilter"] != "((Guid -eq 'A') -or (Alias -like 'o''neil*'))" || row["RecipientRestrictionFilter"] != nil {
		t.Errorf("got %v", row)
	}
}

func TestChangedScopeChangesEveryAssignment(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	rows := runFine(t, to, "Set-ManagementScope", parameters{
		"Identity": "mg-1", "Name": "mg-renamed", "RecipientRestrictionFilter": "Guid -eq '" + SampleCEOGUID + "'",
	})
	if len(rows) != 0 {
		t.Errorf("a change answered %v", rows)
	}
	row := authorization(t, to, SampleNewsletterAppID, SampleCEOGUID)[0]
	if row["AllowedResourceScope"] != "mg-renamed" || !isTrue(row["InScope"]) {
		t.Errorf("got %v", row)
	}
}

func authorization(t *testing.T, to *Tenant, workload, resource string) []map[string]any {
	t.Helper()
	return runFine(t, to, "Test-ServicePrincipalAuthorization", parameters{"Identity": workload, "Resource": resource})
}

func isTrue(inScope any) bool { return inScope == "True" || inScope == true }

func TestInScopeComesAsTextAndAsBoolean(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	seen := map[any]bool{}
	for range 2 {
		seen[authorization(t, to, SampleNewsletterAppID, SampleNewsGUID)[0]["InScope"]] = true
		seen[authorization(t, to, SampleNewsletterAppID, "news@contoso.example")[0]["InScope"]] = true
		seen[authorization(t, to, SampleNewsletterAppID, SampleCEOGUID)[0]["InScope"]] = true
	}
	if !seen["True"] || !seen[true] || !seen["False"] || !seen[false] {
		t.Errorf("seen: %v", seen)
	}
	if row := authorization(t, to, SampleNewsletterAppID, "")[0]; row["InScope"] != "Not Run" {
		t.Errorf("without a resource: %v", row)
	}
}

func TestAuthorizationSeesRolesAndNotConsents(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	wantRefusal(t, run(t, to, "Test-ServicePrincipalAuthorization", parameters{"Identity": SampleArchiveAppID}), "ManagementObjectNotFoundException")
	runFine(t, to, "New-ServicePrincipal", parameters{"AppId": SampleArchiveAppID, "ObjectId": SampleArchiveObjectID})
	if rows := authorization(t, to, SampleArchiveAppID, SampleNewsGUID); len(rows) != 0 {
		t.Errorf("a consent shows as %v", rows)
	}
	runFine(t, to, "New-ManagementRoleAssignment", parameters{"Role": "Application Mail Full Access", "App": SampleArchiveAppID})
	row := authorization(t, to, SampleArchiveAppID, SampleNewsGUID)[0]
	if row["GrantedPermissions"] != "Mail.ReadWrite,Mail.Send" || row["ScopeType"] != "Organization" || !isTrue(row["InScope"]) {
		t.Errorf("an unscoped composite role shows as %v", row)
	}
}

func TestRecipientsAreFoundByEveryName(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	for _, identity := range []string{
		SampleNewsGUID, "e0000000-0000-4000-8000-000000000001", "f0000000-0000-4000-8000-000000000001",
		"news@contoso.example", "NEWSLETTER@contoso.example", "news", "News",
	} {
		rows := runFine(t, to, "Get-Recipient", parameters{"Identity": identity})
		if len(rows) != 1 || rows[0]["Guid"] != SampleNewsGUID {
			t.Errorf("%s finds %v", identity, rows)
		}
	}
	administer(t, to, Action{Do: "setMailbox", Mailbox: map[string]any{"guid": SampleCEOGUID, "displayName": "News"}})
	wantRefusal(t, run(t, to, "Get-Recipient", parameters{"Identity": "news"}), "ManagementObjectAmbiguousException")
	wantRefusal(t, run(t, to, "Get-Mailbox", parameters{"Identity": SamplePartnerGUID}), "ManagementObjectNotFoundException")
	if rows := runFine(t, to, "Get-Mailbox", parameters{"ResultSize": "Unlimited"}); len(rows) != 16 {
		t.Errorf("there are %d mailboxes", len(rows))
	}
	if rows := runFine(t, to, "Get-Recipient", parameters{"RecipientTypeDetails": "Room"}); len(rows) != 1 {
		t.Errorf("an enumeration's prefix finds %v", rows)
	}
	if rows := runFine(t, to, "Get-Recipient", parameters{"ResultSize": "3"}); len(rows) != 3 {
		t.Errorf("got %d rows of 3", len(rows))
	}
}

func TestAdministrativeUnitAndGroupScopes(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	team, _ := to.state.dataMailbox("nobody")
	for _, each := range to.state.mailboxes {
		if each.GUID == SampleTeamGUID {
			team = each
		}
	}
	administer(t, to, Action{Do: "setMailbox", Mailbox: map[string]any{
		"guid": SampleNewsGUID, "administrativeUnits": []string{"unit-1"}, "memberOf": []string{team.distinguishedName(SampleDomain)},
	}})
	runFine(t, to, "New-ServicePrincipal", parameters{"AppId": SampleNewsletterAppID, "ObjectId": SampleNewsletterObjectID})
	for name, with := range map[string]parameters{
		"AdministrativeUnit":   {"Role": "Application Mail.Send", "App": SampleNewsletterAppID, "RecipientAdministrativeUnitScope": "unit-1"},
		"CustomRecipientScope": {"Role": "Application Mail.Read", "App": SampleNewsletterAppID, "RecipientGroupScope": "Team"},
	} {
		row := runFine(t, to, "New-ManagementRoleAssignment", with)[0]
		if row["RecipientWriteScope"] != name {
			t.Errorf("got %v, want %s", row, name)
		}
	}
	for _, row := range authorization(t, to, SampleNewsletterAppID, SampleNewsGUID) {
		if !isTrue(row["InScope"]) {
			t.Errorf("a member is outside: %v", row)
		}
	}
	for _, row := range authorization(t, to, SampleNewsletterAppID, SampleCEOGUID) {
		if isTrue(row["InScope"]) {
			t.Errorf("a stranger is inside: %v", row)
		}
	}
	got := run(t, to, "New-ManagementRoleAssignment", parameters{
		"Role": "Application Mail.Send", "App": SampleNewsletterAppID, "RecipientAdministrativeUnitScope": "u", "CustomResourceScope": "s",
	})
	wantRefusal(t, got, "AmbiguousParameterSetException")
}

func TestAssignmentsAreListedByAssignee(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	for _, assignee := range []string{SampleNewsletterAppID, SampleNewsletterObjectID} {
		rows := runFine(t, to, "Get-ManagementRoleAssignment", parameters{"RoleAssignee": assignee})
		if len(rows) != 1 || rows[0]["Name"] != "mg-1-send" || rows[0]["CustomResourceScope"] != "mg-1" {
			t.Errorf("%s has %v", assignee, rows)
		}
	}
	runFine(t, to, "Set-ManagementRoleAssignment", parameters{"Identity": "mg-1-send", "Enabled": false})
	if rows := runFine(t, to, "Get-ManagementRoleAssignment", parameters{"Enabled": true}); len(rows) != 1 {
		t.Errorf("enabled: %v", rows)
	}
	runFine(t, to, "Remove-ServicePrincipal", parameters{"Identity": SampleNewsletterAppID})
	if rows := runFine(t, to, "Get-ManagementRoleAssignment", nil); len(rows) != 1 {
		t.Errorf("after the pointer went: %v", rows)
	}
}

func TestDehydratedTenantComesToLifeInSteps(t *testing.T) {
	t.Parallel()
	to := started(t, Options{Directory: strings.NewReader(strings.Replace(sampleText, `"hydrated": true`, `"hydrated": false`, 1))})
	scope := parameters{"Name": "mg-1", "RecipientRestrictionFilter": "Alias -eq 'a'"}
	assignment := parameters{"Role": "Application Mail.Send", "App": SampleHelpdeskAppID, "CustomResourceScope": SampleHelpdeskScope}
	const dehydrated = "InvalidOperationInDehydratedContextException"
	wantRefusal(t, run(t, to, "New-ManagementScope", scope), dehydrated)
	if row := runFine(t, to, "Get-OrganizationConfig", nil)[0]; row["IsDehydrated"] != true {
		t.Errorf("got %v", row)
	}
	wantStatus(t, run(t, to, "Enable-OrganizationCustomization", nil), 403)
	administer(t, to, Action{Do: "cmdlet", Cmdlet: "Enable-OrganizationCustomization"})
	if row := runFine(t, to, "Get-OrganizationConfig", nil)[0]; row["IsDehydrated"] != false {
		t.Errorf("got %v", row)
	}
	wantRefusal(t, run(t, to, "New-ManagementScope", scope), dehydrated)
	to.Advance(hydrationSpan)
	runFine(t, to, "New-ManagementScope", scope)
	wantRefusal(t, run(t, to, "New-ManagementRoleAssignment", assignment), "TaskInvalidOperationException")
	to.Advance(time.Hour)
	runFine(t, to, "New-ManagementRoleAssignment", assignment)
}

func TestAssigningNeedsDelegation(t *testing.T) {
	t.Parallel()
	text := strings.Replace(sampleText, `"roles": [`, `"delegating": ["Application Mail.Read"], "roles": [`, 1)
	to := started(t, Options{Directory: strings.NewReader(text)})
	with := parameters{"Role": "Application Mail.Send", "App": SampleHelpdeskAppID, "CustomResourceScope": SampleHelpdeskScope}
	wantRefusal(t, run(t, to, "New-ManagementRoleAssignment", with), "TaskInvalidOperationException")
	with["Role"] = "Application Mail.Read"
	runFine(t, to, "New-ManagementRoleAssignment", with)
}

func TestWhatIfChangesNothing(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	before := string(to.Dump())
	runFine(t, to, "Remove-ManagementRoleAssignment", parameters{"Identity": SampleHelpdeskAssignment, "WhatIf": true})
	if string(to.Dump()) != before {
		t.Error("a rehearsal changed the tenant")
	}
}
