package tenant

import (
	"strings"
	"testing"
)

// writing runs a tenant whose service holds what the older mechanisms take, role by role.
func writing(t *testing.T, options Options) *Tenant {
	t.Helper()
	options.Directory = strings.NewReader(SampleWritingDirectory())
	return started(t, options)
}

func TestSharedMailboxesAreMadeAndRemoved(t *testing.T) {
	t.Parallel()
	to := writing(t, Options{})
	before := string(to.Dump())
	row := runFine(t, to, "New-Mailbox", parameters{"Shared": true, "Name": "Invoices 2027", "DisplayName": "Invoices"})[0]
	if row["RecipientTypeDetails"] != "SharedMailbox" || row["PrimarySmtpAddress"] != "Invoices2027@contoso.example" || row["Name"] != "Invoices 2027" || row["Guid"] == "" {
		t.Errorf("made %v", row)
	}
	if got := runFine(t, to, "Get-Mailbox", parameters{"Identity": "invoices2027@contoso.example"})[0]; got["Guid"] != row["Guid"] || got["DisplayName"] != "Invoices" {
		t.Errorf("found %v", got)
	}
	for _, wrong := range []parameters{
		{"Shared": true, "Name": "invoices 2027"}, {"Shared": true, "Name": "x", "PrimarySmtpAddress": "boss@contoso.example"}, {"Shared": true, "Name": "x", "Alias": "news"},
	} {
		wantRefusal(t, run(t, to, "New-Mailbox", wrong), "ADObjectAlreadyExistsException")
	}
	wantRefusal(t, run(t, to, "New-Mailbox", parameters{"Name": "x"}), "AmbiguousParameterSetException")
	wantRefusal(t, run(t, to, "New-Mailbox", parameters{"Shared": true, "Name": "x", "PrimarySmtpAddress": "x"}), "ParameterTransformationException")
	wantRefusal(t, run(t, to, "New-Mailbox", parameters{"Shared": true, "Name": strings.Repeat("x", 65)}), "ParameterTransformationException")
	runFine(t, to, "Remove-Mailbox", parameters{"Identity": row["Guid"], "Confirm": false})
	wantRefusal(t, run(t, to, "Remove-Mailbox", parameters{"Identity": row["Guid"]}), "ManagementObjectNotFoundException")
	if string(to.Dump()) != before {
		t.Error("a mailbox that came and went leaves a trace")
	}
	changes := to.Changes()
	if len(changes) != 2 || changes[0].Action != "created" || changes[1].Object != "mailbox" || changes[1].By != "mailgrant" {
		t.Errorf("logged %v", changes)
	}
}

func TestNewMailboxHidesFromReads(t *testing.T) {
	t.Parallel()
	to := writing(t, Options{})
	plant(t, to, Fault{Name: "lag", Match: "New-Mailbox", Delay: "10s"})
	guid := runFine(t, to, "New-Mailbox", parameters{"Shared": true, "Name": "New"})[0]["Guid"]
	for _, cmdlet := range []string{"Get-Mailbox", "Get-Recipient", "Get-CASMailbox"} {
		wantRefusal(t, run(t, to, cmdlet, parameters{"Identity": guid}), "ManagementObjectNotFoundException")
	}
	runFine(t, to, "Set-CASMailbox", parameters{"Identity": guid, "PopEnabled": false})
	to.Advance(longestLag * 5)
	if row := runFine(t, to, "Get-CASMailbox", parameters{"Identity": guid})[0]; row["PopEnabled"] != false || row["ImapEnabled"] != true {
		t.Errorf("found %v", row)
	}
}

func TestClientAccessIsShownAndSet(t *testing.T) {
	t.Parallel()
	to := writing(t, Options{})
	before := string(to.Dump())
	if rows := runFine(t, to, "Get-CASMailbox", parameters{"RecipientTypeDetails": "SharedMailbox"}); len(rows) != 2 || rows[0]["ImapEnabled"] != true {
		t.Errorf("listed %v", rows)
	}
	const name = "SmtpClientAuthenticationDisabled"
	for _, value := range []any{true, false, nil} {
		runFine(t, to, "Set-CASMailbox", parameters{"Identity": SampleNewsGUID, name: value})
		if row := runFine(t, to, "Get-CASMailbox", parameters{"Identity": SampleNewsGUID})[0]; row[name] != value {
			t.Errorf("set to %v it is %v", value, row[name])
		}
	}
	if string(to.Dump()) != before {
		t.Error("a switch set and cleared leaves a trace")
	}
	wantRefusal(t, run(t, to, "Set-CASMailbox", parameters{"Identity": SampleNewsGUID, "ImapEnabled": nil}), "ParameterTransformationException")
	wantRefusal(t, run(t, to, "Set-CASMailbox", parameters{"Identity": "Team", "ImapEnabled": true}), "ManagementObjectNotFoundException")
	for _, value := range []bool{true, false} {
		runFine(t, to, "Set-TransportConfig", parameters{name: value})
		runFine(t, to, "Set-TransportConfig", nil)
		if row := runFine(t, to, "Get-TransportConfig", nil)[0]; row[name] != value {
			t.Errorf("set to %v it is %v", value, row)
		}
	}
	if len(to.Changes()) != 5 {
		t.Errorf("logged %v", to.Changes())
	}
	administer(t, to, Action{Do: "setMailbox", Mailbox: map[string]any{"guid": SampleNewsGUID, "smtpClientAuthenticationDisabled": true, "imapDisabled": true}})
	err := to.Administer(Action{Do: "setMailbox", Mailbox: map[string]any{"guid": SampleNewsGUID, "smtpClientAuthenticationDisabled": false}}, Action{Do: "dance"})
	if row := runFine(t, to, "Get-CASMailbox", parameters{"Identity": SampleNewsGUID})[0]; err == nil || row[name] != true || row["ImapEnabled"] != false {
		t.Errorf("%v, %v", row, err)
	}
}

func TestReadersMayLookAtSwitchesOnly(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	runFine(t, to, "Get-CASMailbox", parameters{"Identity": SampleNewsGUID})
	runFine(t, to, "Get-TransportConfig", nil)
	for _, cmdlet := range []string{"Set-CASMailbox", "Set-TransportConfig", "New-Mailbox", "Remove-Mailbox", "New-ApplicationAccessPolicy", "Add-MailboxPermission", "New-DistributionGroup"} {
		wantStatus(t, run(t, to, cmdlet, parameters{"Identity": SampleNewsGUID}), 403)
	}
}

func TestGroupsAreHidden(t *testing.T) {
	t.Parallel()
	to := writing(t, Options{})
	made := parameters{"Name": "mg-1", "Type": "Security", "MemberJoinRestriction": "Closed", "MemberDepartRestriction": "Closed", "HiddenGroupMembershipEnabled": true}
	row := runFine(t, to, "New-DistributionGroup", made)[0]
	if row["HiddenGroupMembershipEnabled"] != true || row["HiddenFromAddressListsEnabled"] != false || row["MemberDepartRestriction"] != "Closed" {
		t.Errorf("made %v", row)
	}
	bypass := parameters{"Identity": "mg-1", "BypassSecurityGroupManagerCheck": true, "HiddenFromAddressListsEnabled": true}
	runFine(t, to, "Set-DistributionGroup", bypass)
	if row := runFine(t, to, "Get-DistributionGroup", parameters{"Identity": "mg-1"})[0]; row["HiddenFromAddressListsEnabled"] != true {
		t.Errorf("hidden: %v", row)
	}
	bypass["HiddenGroupMembershipEnabled"] = false
	wantRefusal(t, run(t, to, "Set-DistributionGroup", bypass), "ParameterTransformationException")
	for _, name := range []string{"HiddenFromAddressListsEnabled", "BypassSecurityGroupManagerCheck"} {
		wantRefusal(t, run(t, to, "New-DistributionGroup", parameters{"Name": "mg-2", name: true}), "AmbiguousParameterSetException")
	}
}

func TestRecipientPermissionsAreListedForAllMailboxes(t *testing.T) {
	t.Parallel()
	to := writing(t, Options{})
	for _, mailbox := range []string{SampleNewsGUID, SampleCEOGUID} {
		runFine(t, to, "Add-RecipientPermission", parameters{"Identity": mailbox, "Trustee": SampleHelpdeskAppID, "AccessRights": "SendAs", "Confirm": false})
	}
	if rows := runFine(t, to, "Get-RecipientPermission", parameters{"Trustee": SampleHelpdeskObjectID, "AccessRights": "SendAs"}); len(rows) != 2 || rows[0]["Identity"] != "News" {
		t.Errorf("listed %v", rows)
	}
	if rows := runFine(t, to, "Get-RecipientPermission", parameters{"ResultSize": "Unlimited"}); len(rows) != 18 {
		t.Errorf("listed %d", len(rows))
	}
	if rows := runFine(t, to, "Get-RecipientPermission", parameters{"ResultSize": "3"}); len(rows) != 3 {
		t.Errorf("listed %d", len(rows))
	}
	if rows := runFine(t, to, "Get-MailboxPermission", parameters{"Identity": SampleNewsGUID, "ResultSize": "Unlimited"}); len(rows) != 1 {
		t.Errorf("listed %v", rows)
	}
}
