package tenant

import (
	"fmt"
	"strings"
	"testing"
)

func TestMailboxPermissionsAreGivenAndTaken(t *testing.T) {
	t.Parallel()
	to := mighty(t)
	before := string(to.Dump())
	full := parameters{"Identity": SampleNewsGUID, "User": SampleHelpdeskObjectID, "AccessRights": []string{"fullaccess"}, "InheritanceType": "All", "AutoMapping": false}
	if row := runFine(t, to, "Add-MailboxPermission", full)[0]; row["User"] != SampleHelpdeskObjectID || row["AccessRights"].([]any)[0] != "FullAccess" {
		t.Errorf("given %v", row)
	}
	again := run(t, to, "Add-MailboxPermission", full)
	if warnings := again.Body["@adminapi.warnings"].([]any); len(warnings) != 1 || again.Status != 200 {
		t.Errorf("given again: %d %s", again.Status, again.Text)
	}
	rows := runFine(t, to, "Get-MailboxPermission", parameters{"Identity": "news@contoso.example"})
	if len(rows) != 2 || rows[0]["User"] != `NT AUTHORITY\SELF` || rows[1]["User"] != SampleHelpdeskObjectID {
		t.Errorf("listed %v", rows)
	}
	as := parameters{"Identity": SampleNewsGUID, "Trustee": SampleAliceGUID, "AccessRights": "SendAs", "Confirm": false}
	runFine(t, to, "Add-RecipientPermission", as)
	if rows := runFine(t, to, "Get-RecipientPermission", parameters{"Identity": SampleNewsGUID}); len(rows) != 2 || rows[1]["Trustee"] != "alice@contoso.example" {
		t.Errorf("listed %v", rows)
	}
	if rows := runFine(t, to, "Get-RecipientPermission", parameters{"Identity": SampleNewsGUID, "Trustee": SampleHelpdeskAppID}); len(rows) != 0 {
		t.Errorf("another trustee has %v", rows)
	}
	if rows := runFine(t, to, "Get-MailboxPermission", parameters{"Identity": SampleNewsGUID, "User": SampleAliceGUID}); len(rows) != 0 {
		t.Errorf("Send As is no permission of the mailbox: %v", rows)
	}
	delete(full, "AutoMapping")
	runFine(t, to, "Remove-MailboxPermission", full)
	runFine(t, to, "Remove-RecipientPermission", as)
	if got := run(t, to, "Remove-MailboxPermission", full); got.Status != 200 || len(got.Body["@adminapi.warnings"].([]any)) != 1 {
		t.Errorf("taken again: %d %s", got.Status, got.Text)
	}
	if string(to.Dump()) != before {
		t.Error("permissions that came and went leave a trace")
	}
	wantRefusal(t, run(t, to, "Add-MailboxPermission", parameters{"Identity": SampleNewsGUID, "User": SampleArchiveObjectID, "AccessRights": "FullAccess"}), "ManagementObjectNotFoundException")
	wantRefusal(t, run(t, to, "Add-MailboxPermission", parameters{"Identity": SampleNewsGUID, "User": SampleAliceGUID, "AccessRights": "Everything"}), "ParameterTransformationException")
}

func TestPermissionOfARemovedPointerStaysDead(t *testing.T) {
	t.Parallel()
	to := mighty(t)
	administer(t, to, Action{Do: "addConsent", Workload: SampleHelpdeskAppID, Resource: "exchange", Permission: "IMAP.AccessAsApp"},
		Action{Do: "addMailboxPermission", MailboxPermission: map[string]any{"mailbox": SampleNewsGUID, "trustee": SampleHelpdeskAppID, "right": "FullAccess"}})
	if !to.Reaches(SampleHelpdeskAppID, "IMAP.AccessAsApp", SampleNewsGUID) || to.Reaches(SampleHelpdeskAppID, "IMAP.AccessAsApp", SampleCEOGUID) {
		t.Error("consent, pointer and permission together open one mailbox")
	}
	runFine(t, to, "Remove-ServicePrincipal", parameters{"Identity": SampleHelpdeskAppID})
	runFine(t, to, "New-ServicePrincipal", parameters{"AppId": SampleHelpdeskAppID, "ObjectId": SampleHelpdeskObjectID})
	if to.Reaches(SampleHelpdeskAppID, "IMAP.AccessAsApp", SampleNewsGUID) {
		t.Error("another pointer is another trustee")
	}
	user := runFine(t, to, "Get-MailboxPermission", parameters{"Identity": SampleNewsGUID})[1]["User"].(string)
	if !strings.HasPrefix(user, "S-1-5-21-") {
		t.Errorf("the dead entry shows %s", user)
	}
	runFine(t, to, "Remove-MailboxPermission", parameters{"Identity": SampleNewsGUID, "User": user, "AccessRights": "FullAccess"})
	if rows := runFine(t, to, "Get-MailboxPermission", parameters{"Identity": SampleNewsGUID}); len(rows) != 1 {
		t.Errorf("listed %v", rows)
	}
}

func TestAccessControlListHasAnEnd(t *testing.T) {
	t.Parallel()
	var entries []string
	for number := range mostEntries - 1 {
		entries = append(entries, fmt.Sprintf(`{"mailbox":"news@contoso.example","trustee":"S-1-5-21-%d","right":"ReadPermission"}`, number))
	}
	text := strings.Replace(sampleText, `"hydrated": true`, `"hydrated": true, "mailboxPermissions": [`+strings.Join(entries, ",")+`]`, 1)
	to := started(t, Options{Directory: strings.NewReader(text)})
	give := func(to *Tenant, mailbox, right string) error {
		return to.Administer(Action{Do: "addMailboxPermission", MailboxPermission: map[string]any{"mailbox": mailbox, "trustee": SampleAliceGUID, "right": right}})
	}
	err := give(to, SampleNewsGUID, "FullAccess")
	if err != nil {
		t.Error(err)
	}
	err = give(to, SampleNewsGUID, "SendAs")
	if err == nil {
		t.Error("an entry too many was taken")
	}
	err = give(to, SampleCEOGUID, "SendAs")
	if err != nil {
		t.Error(err)
	}
}

func TestRoleGroupsAndTheirMembers(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	administer(t, to, Action{Do: "addRoleGroupMember", RoleGroup: "organization management", Member: SampleHelpdeskAppID},
		Action{Do: "addRoleGroupMember", RoleGroup: "Recipient Management", Member: "alice@contoso.example"})
	rows := runFine(t, to, "Get-RoleGroupMember", parameters{"Identity": "Organization Management"})
	if len(rows) != 1 || rows[0]["ExternalDirectoryObjectId"] != SampleHelpdeskObjectID || rows[0]["RecipientTypeDetails"] != "ServicePrincipal" {
		t.Errorf("members: %v", rows)
	}
	if got := names(runFine(t, to, "Get-RoleGroupMember", parameters{"Identity": "Recipient Management"})); got != "Alice" {
		t.Errorf("members: %s", got)
	}
	if row := runFine(t, to, "Get-RoleGroup", parameters{"Identity": "Recipient Management"})[0]; row["Members"].([]any)[0] != "Alice" {
		t.Errorf("got %v", row)
	}
	administer(t, to, Action{Do: "removeServicePrincipal", Workload: SampleHelpdeskAppID})
	if rows := runFine(t, to, "Get-RoleGroupMember", parameters{"Identity": "Organization Management"}); len(rows) != 0 {
		t.Errorf("after the principal went: %v", rows)
	}
	if rows := runFine(t, to, "Get-RoleGroup", nil); len(rows) != 3 {
		t.Errorf("groups: %v", rows)
	}
}

func TestTenantCanLackARole(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	list := parameters{"Identity": "Application*"}
	if rows := runFine(t, to, "Get-ManagementRole", list); len(rows) != 24 {
		t.Errorf("there are %d roles", len(rows))
	}
	administer(t, to, Action{Do: "removeManagementRole", Role: "Application Mail.Send"})
	if rows := runFine(t, to, "Get-ManagementRole", list); len(rows) != 23 {
		t.Errorf("there are %d roles", len(rows))
	}
	with := parameters{"Role": "Application Mail.Send", "App": SampleHelpdeskAppID, "CustomResourceScope": SampleHelpdeskScope}
	wantRefusal(t, run(t, to, "New-ManagementRoleAssignment", with), "ManagementObjectNotFoundException")
	administer(t, to, Action{Do: "addManagementRole", Role: "Application Mail.Send"})
	runFine(t, to, "New-ManagementRoleAssignment", with)
}
