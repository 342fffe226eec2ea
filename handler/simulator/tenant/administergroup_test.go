package tenant

import (
	"testing"
)

func TestAdministratorChangesGroupsAndAccessAndBack(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	before := string(to.Dump())
	group := map[string]any{"guid": SampleEmptyGroupGUID}
	unit := map[string]any{"id": SampleParisUnitID}
	policy := map[string]any{"appId": SampleArchiveAppID, "scope": "sales-group@contoso.example", "accessRight": "RestrictAccess"}
	permission := map[string]any{"mailbox": SampleNewsGUID, "trustee": SampleHelpdeskAppID, "right": "SendAs"}
	role := map[string]any{"principal": SampleArchiveAppID, "role": "Exchange Administrator"}
	made := map[string]any{"id": "92000000-0000-4000-8000-000000000009", "displayName": "Lyon"}
	forth := []Action{
		{Do: "addGroupMember", Group: group, Member: "ceo@contoso.example"}, {Do: "addGroupMember", Group: group, Member: SampleSalesGUID},
		{Do: "addAdministrativeUnit", AdministrativeUnit: made}, {Do: "addAdministrativeUnitMember", AdministrativeUnit: unit, Member: SampleCEOGUID},
		{Do: "addAccessPolicy", AccessPolicy: policy}, {Do: "addMailboxPermission", MailboxPermission: permission},
		{Do: "addDirectoryRole", DirectoryRole: role}, {Do: "addRoleGroupMember", RoleGroup: "Organization Management", Member: SampleArchiveAppID},
		{Do: "removeManagementRole", Role: "Application Mail.Read"},
	}
	back := []Action{
		{Do: "addManagementRole", Role: "Application Mail.Read"}, {Do: "removeRoleGroupMember", RoleGroup: "Organization Management", Member: SampleArchiveAppID},
		{Do: "removeDirectoryRole", DirectoryRole: role}, {Do: "removeMailboxPermission", MailboxPermission: permission}, {Do: "removeAccessPolicy", AccessPolicy: policy},
		{Do: "removeAdministrativeUnitMember", AdministrativeUnit: unit, Member: "ceo@contoso.example"}, {Do: "removeAdministrativeUnit", AdministrativeUnit: made},
		{Do: "removeGroupMember", Group: group, Member: SampleSalesGUID}, {Do: "removeGroupMember", Group: group, Member: SampleCEOGUID},
	}
	for index, each := range back {
		err := to.Administer(each)
		if err == nil {
			t.Errorf("%s was done where there was nothing to undo", each.Do)
		}
		if string(to.Dump()) != before {
			t.Fatalf("action %d, %s, left something behind", index, each.Do)
		}
	}
	administer(t, to, forth...)
	for _, each := range forth {
		err := to.Administer(each)
		if err == nil {
			t.Errorf("%s was done twice", each.Do)
		}
	}
	if changes := to.Changes(); len(changes) != len(forth) || changes[0].Object != "groupMember" || changes[0].By != administrator {
		t.Errorf("logged %v", changes)
	}
	administer(t, to, back...)
	if string(to.Dump()) != before {
		t.Errorf("after the way back: %s", to.Dump())
	}
}

func TestAdministratorMakesAndRemovesGroups(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	before := string(to.Dump())
	made := map[string]any{"guid": "90000000-0000-4000-8000-000000000099", "displayName": "New", "kind": "MailEnabledSecurity", "primary": "new@contoso.example", "members": []string{"ceo@contoso.example"}}
	administer(t, to, Action{Do: "addGroup", Group: made})
	if got := names(runFine(t, to, "Get-DistributionGroupMember", parameters{"Identity": "New"})); got != "Chief Executive" {
		t.Errorf("members: %s", got)
	}
	administer(t, to, cmdletAction("Add-DistributionGroupMember", parameters{"Identity": "New", "Member": "cfo@contoso.example"}))
	administer(t, to, Action{Do: "removeGroup", Group: made})
	if string(to.Dump()) != before {
		t.Error("a group that came and went leaves a trace")
	}
	for _, wrong := range []map[string]any{
		{"guid": SampleSalesGUID, "displayName": "New", "kind": "Distribution", "primary": "n@contoso.example"},
		{"guid": "90000000-0000-4000-8000-000000000099", "displayName": "Sales", "kind": "Distribution", "primary": "n@contoso.example"},
		{"guid": "90000000-0000-4000-8000-000000000099", "displayName": "New", "kind": "Distribution", "primary": "ceo@contoso.example"},
		{"guid": "90000000-0000-4000-8000-000000000099", "displayName": "New", "kind": "Club", "primary": "n@contoso.example"},
		{"guid": "90000000-0000-4000-8000-000000000099", "displayName": "New", "kind": "Distribution", "colour": "red"},
	} {
		err := to.Administer(Action{Do: "addGroup", Group: wrong})
		if err == nil || string(to.Dump()) != before {
			t.Errorf("%v was taken", wrong)
		}
	}
	err := to.Administer(Action{Do: "setGroup", Group: map[string]any{"guid": "none"}})
	if err == nil {
		t.Error("a group that is not there was changed")
	}
}

func TestUndoneActionsLeaveSharedListsAlone(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	before := string(to.Dump())
	for _, first := range []Action{
		{Do: "removeGroup", Group: map[string]any{"guid": SampleSalesSouthGUID}},
		{Do: "setGroup", Group: map[string]any{"guid": SampleSalesGUID, "members": []string{SampleCEOGUID}, "owners": []string{}}},
		{Do: "removeGroupMember", Group: map[string]any{"guid": SampleSalesGUID}, Member: SampleAliceGUID},
		{Do: "setAdministrativeUnit", AdministrativeUnit: map[string]any{"id": SampleParisUnitID, "members": []string{SampleCEOGUID}}},
		{Do: "removeAdministrativeUnitMember", AdministrativeUnit: map[string]any{"id": SampleParisUnitID}, Member: SampleSalesSouthGUID},
		{Do: "setMailbox", Mailbox: map[string]any{"guid": SampleAliceGUID, "attributes": map[string]string{"Department": "Law"}}},
	} {
		err := to.Administer(first, Action{Do: "dance"})
		if err == nil || string(to.Dump()) != before {
			t.Errorf("%s was not undone", first.Do)
		}
	}
}
