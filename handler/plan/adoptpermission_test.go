package plan_test

import (
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// adoptedPermission is FullAccess on a mailbox with the consent that opens it, both as they
// were adopted, and the pointer, which is nobody's.
func adoptedPermission() plan.Situation {
	s := byPermission()
	s.Grant.Adoption = &grant.Adoption{MailboxPermissions: []grant.AdoptedRight{{Mailbox: firstGUID, Right: "FullAccess"}}}
	s.Grant.ExpiresAt = noon()
	s.Pointer = plan.Pointer(s.Grant.Workload)
	s.Permissions = []plan.Shared{{Step: plan.TakenOver(plan.PermissionSteps(s.Grant)[0], "", noon())}}
	s.Consents = []plan.Shared{{Step: plan.TakenOver(plan.ConsentSteps(s.Grant)[0], "consent", noon())}}
	s.Given = []grant.Step{s.Consents[0].Step}
	return s
}

// TestAdoptedRightsAreThoseNamed: not those that the permissions would need.
func TestAdoptedRightsAreThoseNamed(t *testing.T) {
	t.Parallel()
	g := byPermission().Grant
	g.Permissions = []string{"SMTP.SendAsApp"}
	g.Adoption = &grant.Adoption{MailboxPermissions: []grant.AdoptedRight{{Mailbox: strings.ToUpper(firstGUID), Right: "FullAccess"}}}
	if steps := plan.PermissionSteps(g); len(steps) != 1 || steps[0].Name != firstGUID+"/FullAccess" {
		t.Errorf("%+v", steps)
	}
}

func TestAdoptedPermissionsEnd(t *testing.T) {
	t.Parallel()
	s := adoptedPermission()
	s.Grant.State = grant.Provisioning
	played := plan.Rehearse(s, noon())
	for _, line := range played.Making.Lines {
		if line.Verb != plan.Record && line.Verb != plan.Prove {
			t.Errorf("before the end: %s %s", line.Verb, line.Step.Name)
		}
	}
	if len(played.Making.Lines) != 4 || played.Making.Stopped != nil {
		t.Errorf("on paper it is made by %+v", played.Making)
	}
	want := []grant.StepKind{grant.MailboxPermissionStep, grant.ConsentStep}
	if removed := removals(t, s); !slices.Equal(removed, want) {
		t.Errorf("removed were %v", removed)
	}
	shared := adoptedPermission()
	shared.Permissions[0].Needed, shared.Consents[0].Needed = true, true
	if removed := removals(t, shared); len(removed) > 0 {
		t.Errorf("another grant needs them, and removed were %v", removed)
	}
	person := adoptedPermission()
	person.Permissions, person.Held.Value = nil, nil
	person.Grant.ConsentBy, person.Grant.State, person.Pointer.State = grant.Person, grant.Revoking, grant.Left
	action := plan.Revoke(person, noon())
	if action.Verb != plan.Ask || action.Reason != plan.ConsentRemovalNeeded || strings.Contains(action.Message, "policy") {
		t.Errorf("a person's consent: %+v", action)
	}
}

func TestAdoptedPermissionsDrift(t *testing.T) {
	t.Parallel()
	asAdopted := adoptedPermission()
	asAdopted.Pointer.State = grant.Left
	if found := plan.Inspect(asAdopted, noon()); len(found) > 0 {
		t.Errorf("it is as it was adopted, and yet: %+v", found)
	}
	taken, withdrawn, anew, denied := asAdopted, asAdopted, asAdopted, asAdopted
	taken.Held = access.Known[[]access.MailboxPermission](nil)
	withdrawn.Facts.Consents = access.Known[[]access.Consent](nil)
	anew.Facts.Consents = access.Known([]access.Consent{{ID: "another", Resource: access.Exchange, Value: "IMAP.AccessAsApp"}})
	denied.Held.Value = append(slices.Clone(denied.Held.Value), access.MailboxPermission{Workload: objectID, Mailbox: firstGUID, Right: access.FullAccess, Deny: true})
	for name, one := range map[string]struct {
		s    plan.Situation
		want plan.Change
	}{"taken": {taken, plan.MailboxPermissionRemoved}, "withdrawn": {withdrawn, plan.ConsentRemoved}, "anew": {anew, plan.ConsentRemoved}, "denied": {denied, plan.MailboxPermissionDenied}} {
		found := plan.Inspect(one.s, noon())
		if len(found) != 1 || found[0].Change != one.want {
			t.Errorf("%s: not %s but %+v", name, one.want, found)
		}
		if action := plan.Provision(one.s, noon()); action.Verb != plan.Block {
			t.Errorf("%s: %+v", name, action)
		}
	}
	denied.Grant.Adoption = &grant.Adoption{MailboxPermissions: []grant.AdoptedRight{{Mailbox: firstGUID, Right: "FullAccess", Denied: true}}}
	if found := plan.Inspect(denied, noon()); len(found) > 0 {
		t.Errorf("it was denied when it was adopted: %+v", found)
	}
	if removed := removals(t, anew); !slices.Equal(removed, []grant.StepKind{grant.MailboxPermissionStep}) {
		t.Errorf("a consent that was given anew is another one, and removed were %v", removed)
	}
}

// TestAdoptedRightsExcess: FullAccess that was adopted for sending opens the mailbox to the
// consent for reading that another grant asks for.
func TestAdoptedRightsExcess(t *testing.T) {
	t.Parallel()
	sends := grant.Grant{Mechanism: grant.MailboxPermission, Permissions: []string{"SMTP.SendAsApp"}, Mailboxes: []grant.Mailbox{{GUID: firstGUID, Address: "first"}}}
	reads := grant.Grant{Mechanism: grant.MailboxPermission, Permissions: []string{"IMAP.AccessAsApp"}, Mailboxes: []grant.Mailbox{{GUID: secondGUID, Address: "second"}}}
	onFirst := func(excess []string) bool {
		return slices.ContainsFunc(excess, func(one string) bool { return strings.HasSuffix(one, "of first") })
	}
	if onFirst(plan.ExcessOfPermissions([]grant.Grant{reads, sends}, nil)) {
		t.Error("SendAs opens nothing to IMAP")
	}
	sends.Adoption = &grant.Adoption{MailboxPermissions: []grant.AdoptedRight{{Mailbox: strings.ToUpper(firstGUID), Right: "FullAccess"}}}
	if !onFirst(plan.ExcessOfPermissions([]grant.Grant{reads, sends}, nil)) {
		t.Error("FullAccess that was adopted opens nothing to IMAP")
	}
}
