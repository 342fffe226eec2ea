package engine

import (
	"testing"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

const sharedMailbox = "d0000000-0000-4000-8000-000000000001"

// permissionScene is a workload with grants on one mailbox, by these protocols and in these
// states, of which everything is made.
func permissionScene(states []grant.State, permissions ...string) *holding {
	h := &holding{shared: map[string]grant.Step{}, sharedChanged: map[string]bool{}}
	for i, permission := range permissions {
		live := &held{Grant: grant.Grant{ID: permission, State: states[i], Mechanism: grant.MailboxPermission, ConsentBy: grant.Person,
			Permissions: []string{permission}, Mailboxes: []grant.Mailbox{{GUID: sharedMailbox}}}}
		h.grants = append(h.grants, live)
		for _, step := range append(plan.ConsentSteps(live.Grant), plan.PermissionSteps(live.Grant)...) {
			step.State = grant.Made
			h.shared[sharedKey(step)] = step
		}
	}
	return h
}

// TestNoPermissionIsKeptForAnEnd: what two grants share goes with the first that ends when
// both do, and stays while one of them does not.
func TestNoPermissionIsKeptForAnEnd(t *testing.T) {
	t.Parallel()
	for other, needed := range map[grant.State]bool{grant.Bound: false, grant.Scheduled: false, grant.Provisioning: true, grant.Active: true, grant.Revoking: false} {
		h := permissionScene([]grant.State{grant.Revoking, other}, "IMAP.AccessAsApp", "POP.AccessAsApp")
		if got := h.permissionsFor(h.grants[0])[0].Needed; got != needed {
			t.Errorf("beside one that is %s: needed %v", other, got)
		}
	}
}

// TestWhoStillEndsAnswers: what a dropped grant shared with another that is being revoked
// is that one's to remove.
func TestWhoStillEndsAnswers(t *testing.T) {
	t.Parallel()
	for other, exists := range map[grant.State]bool{grant.Scheduled: false, grant.Active: true, grant.Revoking: true} {
		h := permissionScene([]grant.State{grant.Revoking, other}, "IMAP.AccessAsApp", "IMAP.AccessAsApp")
		permission := plan.PermissionSteps(h.grants[0].Grant)[0]
		permission.State = grant.Gone
		h.shared[sharedKey(permission)] = permission
		h.giveUpShared(h.grants[0])
		if got := h.known(plan.ConsentSteps(h.grants[0].Grant)[0]).Exists(); got != exists {
			t.Errorf("beside one that is %s: the consent is ours %v", other, got)
		}
	}
}

// TestUnbegunJudgesNothing: a consent is judged with the mailbox permissions only by a
// grant that has begun.
func TestUnbegunJudgesNothing(t *testing.T) {
	t.Parallel()
	consents := []access.Consent{{Resource: access.Exchange, Value: "IMAP.AccessAsApp"}}
	for state, left := range map[grant.State]int{grant.Scheduled: 1, grant.Provisioning: 0, grant.Active: 0, grant.Revoking: 0} {
		h := permissionScene([]grant.State{state}, "IMAP.AccessAsApp")
		if got := h.withoutProtocols(consents, nil); len(got) != left {
			t.Errorf("beside one that is %s: %d", state, len(got))
		}
	}
}

// TestScopedSendingBesideMailboxes: also while the other's consent has yet to be given.
func TestScopedSendingBesideMailboxes(t *testing.T) {
	t.Parallel()
	for permission, faults := range map[string]int{"SMTP.SendAsApp": 1, "IMAP.AccessAsApp": 0} {
		h := permissionScene([]grant.State{grant.Scheduled}, permission)
		if got := h.scopedSendingFaults(grant.Grant{Mechanism: grant.RBAC, Permissions: []string{"SMTP.SendAsApp"}}, binding{}); len(got) != faults {
			t.Errorf("beside %s: %+v", permission, got)
		}
	}
}

// TestReplacedInTurn: a grant that takes another's place also takes over what that one was
// to end, and the farthest ends first.
func TestReplacedInTurn(t *testing.T) {
	t.Parallel()
	h := permissionScene([]grant.State{grant.Active, grant.Provisioning, grant.Active}, "a", "b", "c")
	h.grants[1].Replaces, h.grants[2].Replaces = "a", "b"
	for _, want := range []string{"a", "b", ""} {
		got := h.replaced(h.grants[2])
		if got == nil && want != "" || got != nil && got.ID != want {
			t.Fatalf("%+v ends, want %q", got, want)
		}
		if got != nil {
			got.State = grant.Revoking
		}
	}
}

// TestOpenAtTheEnd: a stranger's permission with a consent that another grant needs.
func TestOpenAtTheEnd(t *testing.T) {
	t.Parallel()
	live := permissionScene([]grant.State{grant.Revoking}, "SMTP.SendAsApp").grants[0]
	for name, test := range map[string]struct {
		consent, pointer string
		right            access.MailboxRight
		open             int
	}{
		"FullAccess":           {"SMTP.SendAsApp", "id", access.FullAccess, 1},
		"another's permission": {"IMAP.AccessAsApp", "id", access.FullAccess, 0},
		"without a pointer":    {"SMTP.SendAsApp", "", access.FullAccess, 0},
	} {
		facts := access.Facts{Consents: access.Known([]access.Consent{{Resource: access.Exchange, Value: test.consent}})}
		if test.pointer != "" {
			facts.Pointer = access.Known(&access.Pointer{ID: test.pointer})
		}
		if got := openStill(live, facts, []access.MailboxPermission{{Mailbox: sharedMailbox, Right: test.right}}); len(got) != test.open {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestJudgedApart: what a grant by scoped roles would not be told of, because another grant
// goes by that consent, is looked for among the mailbox permissions.
func TestJudgedApart(t *testing.T) {
	t.Parallel()
	h := permissionScene([]grant.State{grant.Active}, "IMAP.AccessAsApp")
	consents := []access.Consent{{Resource: access.Exchange, Value: "IMAP.AccessAsApp"}, {Resource: access.Exchange, Value: "POP.AccessAsApp"}}
	for permission, want := range map[string]int{"Mail.Read": 1, "Mail.Send": 0} {
		roles := &held{Grant: grant.Grant{Mechanism: grant.RBAC, Permissions: []string{permission}}}
		if got := judgedApart(roles, consents, h.withoutProtocols(consents, nil)); len(got) != want {
			t.Errorf("%s: %q", permission, got)
		}
	}
}

// TestListedSince: a list that was made before the grant began tells nothing of what was
// added after it.
func TestListedSince(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	h := &holding{Engine: New(Settings{Now: func() time.Time { return noon }})}
	for began, since := range map[time.Time]time.Time{noon.Add(-time.Minute): noon.Add(-time.Minute), noon.Add(-30 * 24 * time.Hour): noon.Add(-crawlFresh)} {
		live := &held{Grant: grant.Grant{Mechanism: grant.MailboxPermission, ReceivedAt: began, StartsAt: began}}
		if got := h.listedSince(live); !got.Equal(since) {
			t.Errorf("began at %s: since %s, want %s", began, got, since)
		}
	}
}

// TestBesideOurRights: FullAccess for reading opens the mailbox to a stranger's consent to
// sending, SendAs to nothing else.
func TestBesideOurRights(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		permission, consent string
		mechanism           grant.Mechanism
		want                int
	}{
		{"IMAP.AccessAsApp", "SMTP.SendAsApp", grant.MailboxPermission, 1},
		{"IMAP.AccessAsApp", "POP.AccessAsApp", grant.MailboxPermission, 0},
		{"SMTP.SendAsApp", "IMAP.AccessAsApp", grant.MailboxPermission, 0},
		{"IMAP.AccessAsApp", "SMTP.SendAsApp", grant.RBAC, 0},
	} {
		live := &held{Grant: grant.Grant{Mechanism: test.mechanism, Permissions: []string{test.permission}, Mailboxes: []grant.Mailbox{{GUID: mailbox1}}}}
		if got := besideOurRights(live, []access.Consent{{Resource: access.Exchange, Value: test.consent}}); len(got) != test.want {
			t.Errorf("%+v: %+v", test, got)
		}
	}
}
