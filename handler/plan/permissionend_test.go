package plan_test

import (
	"strings"
	"testing"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// endingSend is a grant of sending by SendAs that is being revoked: its own right is gone.
func endingSend(right access.MailboxRight, consent grant.StepState) plan.Situation {
	g := grant.Grant{State: grant.Revoking, Mechanism: grant.MailboxPermission, ConsentBy: grant.Person, Permissions: []string{"SMTP.SendAsApp"},
		Workload: grant.Workload{AppID: appID, ObjectID: objectID}, Mailboxes: []grant.Mailbox{{GUID: firstGUID}}}
	step := plan.ConsentSteps(g)[0]
	step.State, step.MadeAt = consent, noon()
	permission := plan.PermissionSteps(g)[0]
	permission.State = grant.Gone
	s := plan.Situation{Grant: g, Consents: []plan.Shared{{Step: step}}, Permissions: []plan.Shared{{Step: permission}}, Held: access.Known[[]access.MailboxPermission](nil)}
	s.Facts.Consents = access.Known([]access.Consent{{ID: "consent", Resource: access.Exchange, Value: "SMTP.SendAsApp"}})
	if right != "" {
		s.Held.Value = []access.MailboxPermission{{Workload: objectID, Mailbox: firstGUID, Right: right}}
	}
	return s
}

// TestWhatStaysOpenAtTheEnd: with its own right gone a grant still opens its mailbox by
// another's right for as long as its consent stands, and by tokens for as long as they live.
func TestWhatStaysOpenAtTheEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		s                  plan.Situation
		byConsent, byToken bool
	}{
		"nothing else":                   {endingSend("", grant.Made), false, false},
		"FullAccess of another":          {endingSend(access.FullAccess, grant.Made), true, false},
		"a stranger's consent":           {endingSend(access.FullAccess, grant.Left), false, false},
		"its consent is gone":            {endingSend(access.FullAccess, grant.Gone), false, true},
		"its consent is gone, and all":   {endingSend("", grant.Gone), false, false},
		"a removal that has no word yet": {endingSend(access.SendAs, grant.Removing), true, false},
	} {
		if got := test.s.OpenByConsent(); got != test.byConsent {
			t.Errorf("%s: open by consent %v", name, got)
		}
		if got := test.s.OpenByToken(); got != test.byToken {
			t.Errorf("%s: open by token %v", name, got)
		}
		action := plan.Revoke(test.s, noon())
		if action.Verb == plan.Ask && strings.Contains(action.Message, "no mailbox is open") == test.byConsent {
			t.Errorf("%s: %s", name, action.Message)
		}
	}
}

// TestAPointerThatOthersHadBefore: a pointer that was made while the grant waited for its
// time may be named by mailboxes as any older one.
func TestAPointerThatOthersHadBefore(t *testing.T) {
	t.Parallel()
	g := grant.Grant{State: grant.Provisioning, Mechanism: grant.MailboxPermission, ConsentBy: grant.Service, Waits: grant.WaitsOf(grant.MailboxPermission), Permissions: []string{"IMAP.AccessAsApp"},
		Workload: grant.Workload{AppID: appID, ObjectID: objectID}, ReceivedAt: noon(), StartsAt: noon().Add(30 * 24 * time.Hour)}
	for made, verb := range map[time.Time]plan.Verb{noon().Add(time.Hour): plan.Survey, g.ProvisionAt(): plan.Create, g.ProvisionAt().Add(time.Minute): plan.Create} {
		s := plan.Situation{Grant: g, Pointer: plan.Pointer(g.Workload), Consents: []plan.Shared{{Step: plan.ConsentSteps(g)[0]}}, Held: access.Known[[]access.MailboxPermission](nil)}
		s.Pointer.State, s.Pointer.ReadAbsentAt = grant.Made, made
		s.Facts = access.Facts{Consents: access.Known[[]access.Consent](nil), Pointer: access.Known(&access.Pointer{ObjectID: objectID, AppID: appID})}
		if got := plan.Provision(s, g.StartsAt); got.Verb != verb {
			t.Errorf("made at %s: %+v", made, got)
		}
	}
}
