package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// confined is a grant by policy of which everything is in the tenant as planned, long
// since settled.
func confined(t *testing.T) plan.Situation {
	t.Helper()
	g := grant.Grant{ID: grant.NewID("ops", "1"), State: grant.Active, Mechanism: grant.AccessPolicy, Waits: policyWaits(), ConsentBy: grant.Service,
		Workload: grant.Workload{AppID: appID, ObjectID: objectID, DisplayName: "Newsletter"}, Permissions: []string{"Mail.Send"}, Mailboxes: []grant.Mailbox{{GUID: firstGUID}}}
	steps, err := plan.Steps(g, installation)
	if err != nil {
		t.Fatal(err)
	}
	for i := range steps {
		steps[i].State, steps[i].MadeAt = grant.Made, noon().Add(-24*time.Hour)
	}
	consent := plan.ConsentStep("Mail.Send")
	consent.State, consent.RemoteID = grant.Made, "consent"
	return plan.Situation{Grant: g, Steps: steps, Consents: []plan.Shared{{Step: consent}}, Given: []grant.Step{consent},
		Facts:    access.Facts{Consents: access.Known([]access.Consent{{ID: "consent", Resource: access.Graph, Value: "Mail.Send"}})},
		Group:    access.Known(&plan.Group{ID: "group", Name: steps[0].Name, Hidden: true, Members: []string{firstGUID}}),
		Policies: access.Known([]access.Policy{{ID: "policy", Right: access.RestrictAccess, Group: "group", Description: steps[len(steps)-1].Name, Ours: true}}),
	}
}

func group(s *plan.Situation, edit func(*plan.Group)) {
	copied := *s.Group.Value
	edit(&copied)
	s.Group = access.Known(&copied)
}

func TestDriftOfAPolicyGrant(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		edit func(*plan.Situation)
		want []plan.Change
	}{
		"as planned":        {func(*plan.Situation) {}, nil},
		"the group is gone": {func(s *plan.Situation) { s.Group = access.Known[*plan.Group](nil) }, []plan.Change{plan.GroupRemoved, plan.GroupShown, plan.MemberRemoved}},
		"it is shown":       {func(s *plan.Situation) { group(s, func(g *plan.Group) { g.Hidden = false }) }, []plan.Change{plan.GroupShown}},
		"it is open":        {func(s *plan.Situation) { group(s, func(g *plan.Group) { g.Open = true }) }, []plan.Change{plan.GroupOpened}},
		"a member more":     {func(s *plan.Situation) { group(s, func(g *plan.Group) { g.Members = append(g.Members, secondGUID) }) }, []plan.Change{plan.MemberAdded}},
		"a member less":     {func(s *plan.Situation) { group(s, func(g *plan.Group) { g.Members = nil }) }, []plan.Change{plan.MemberRemoved}},
		"the policy is gone": {func(s *plan.Situation) { s.Policies = access.Known[[]access.Policy](nil) },
			[]plan.Change{plan.PolicyRemoved}},
		"the policy denies": {func(s *plan.Situation) { s.Policies.Value[0].Right = access.DenyAccess }, []plan.Change{plan.PolicyChanged}},
		"another policy": {func(s *plan.Situation) {
			s.Policies.Value = append(s.Policies.Value, access.Policy{ID: "theirs", Right: access.RestrictAccess})
		}, []plan.Change{plan.PolicyAdded}},
		"another that denies": {func(s *plan.Situation) {
			s.Policies.Value = append(s.Policies.Value, access.Policy{ID: "theirs", Right: access.DenyAccess})
		}, nil},
		"the consent is gone":     {func(s *plan.Situation) { s.Facts.Consents = access.Known[[]access.Consent](nil) }, []plan.Change{plan.ConsentRemoved}},
		"it is given on Exchange": {func(s *plan.Situation) { s.Facts.Consents.Value[0].Resource = access.Exchange }, []plan.Change{plan.ConsentRemoved}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := confined(t)
			test.edit(&s)
			var found []plan.Change
			for _, action := range plan.Inspect(s, noon()) {
				found = append(found, action.Change)
			}
			if !slices.Equal(found, test.want) {
				t.Errorf("found %v, want %v", found, test.want)
			}
		})
	}
}

// TestNoConsentBeside holds that nothing is consented to while a policy that no grant
// made would open its group, or while it is not known whether there is one.
func TestNoConsentBesideAForeignPolicy(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*plan.Situation){
		"foreign": func(s *plan.Situation) {
			s.Policies.Value = append(s.Policies.Value, access.Policy{ID: "theirs", Right: access.RestrictAccess})
		},
		"of a right that is not known": func(s *plan.Situation) {
			s.Policies.Value = append(s.Policies.Value, access.Policy{ID: "theirs", Right: "Something"})
		},
		"unread": func(s *plan.Situation) { s.Policies = access.NotRead[[]access.Policy]("fault") },
	} {
		s := confined(t)
		s.Grant.State = grant.Provisioning
		s.Consents[0].Step = plan.ConsentStep("Mail.Send")
		s.Facts.Consents = access.Known[[]access.Consent](nil)
		edit(&s)
		action := plan.Provision(s, noon())
		if action.Verb != plan.Block && action.Verb != plan.Wait {
			t.Errorf("%s: %s %s", name, action.Verb, action.Step.Kind)
		}
	}
}

func TestAPersonConsents(t *testing.T) {
	t.Parallel()
	s := confined(t)
	s.Grant.ConsentBy = grant.Person
	s.Consents[0].Step = plan.ConsentStep("Mail.Send")
	s.Facts.Consents = access.Known[[]access.Consent](nil)
	action := plan.Provision(s, noon())
	if action.Verb != plan.Ask || action.Reason != plan.ConsentNeeded {
		t.Errorf("to begin: %s %s", action.Verb, action.Reason)
	}
	// Once asked for, what appears is what was asked for.
	s.Consents[0].Step.State = grant.Creating
	s.Facts.Consents = access.Known([]access.Consent{{ID: "consent", Resource: access.Graph, Value: "Mail.Send"}})
	action = plan.Provision(s, noon())
	if action.Verb != plan.Record || action.Step.State != grant.Made || !action.Step.MadeAt.Equal(noon()) {
		t.Errorf("given: %s %+v", action.Verb, action.Step)
	}
	s = confined(t)
	s.Grant.ConsentBy, s.Grant.State = grant.Person, grant.Revoking
	s.Steps[2].State = grant.Gone
	action = plan.Revoke(s, noon())
	if action.Verb != plan.Ask || action.Reason != plan.ConsentRemovalNeeded || action.Step.RemoteID != "consent" {
		t.Errorf("to end: %s %s %+v", action.Verb, action.Reason, action.Step)
	}
}

// TestAConsentThatAppears: one that nobody asked for is a stranger's, one that was handed
// over becomes the grant's.
func TestAConsentThatAppears(t *testing.T) {
	t.Parallel()
	s := confined(t)
	s.Consents[0].Step = plan.ConsentStep("Mail.Send")
	action := plan.Provision(s, noon())
	if action.Verb != plan.Block || action.Reason != plan.NameTaken {
		t.Errorf("a stranger's: %s %s", action.Verb, action.Reason)
	}
	s.Grant.ConfineExisting = []string{"Mail.Send"}
	action = plan.Provision(s, noon())
	if action.Verb != plan.Record || action.Step.State != grant.Made || action.Step.RemoteID != "consent" {
		t.Errorf("handed over: %s %+v", action.Verb, action.Step)
	}
}

// TestThePolicyStays while a consent stands that no grant answers for, and goes as soon
// as it is gone and its tokens are dead.
func TestThePolicyStays(t *testing.T) {
	t.Parallel()
	s := confined(t)
	s.Grant.State = grant.Revoking
	s.Steps[2].State = grant.Gone
	s.Consents[0].Step.State = grant.Gone
	s.Given = nil
	action := plan.Revoke(s, noon())
	if action.Verb != plan.Block || action.Reason != plan.ConsentRemovalNeeded || !strings.Contains(action.Message, "graph/Mail.Send") {
		t.Errorf("beside a foreign consent: %s %s %s", action.Verb, action.Reason, action.Message)
	}
	held := s
	held.Steps = slices.Clone(s.Steps)
	held.Steps[len(held.Steps)-1] = action.Step
	held.Facts.Consents = access.Known[[]access.Consent](nil)
	action = plan.Revoke(held, noon())
	held.Steps[len(held.Steps)-1] = action.Step
	if action.Verb != plan.Record {
		t.Errorf("when it is gone: %s %s", action.Verb, action.Reason)
	}
	action = plan.Revoke(held, noon().Add(time.Minute))
	if action.Verb != plan.Wait || action.Reason != plan.TokensOutstanding || !action.Until.Equal(noon().Add(policyWaits().Tokens)) {
		t.Errorf("with tokens of a consent that no grant answered for: %s %s %s", action.Verb, action.Reason, action.Until)
	}
	s.Facts.Consents = access.Known([]access.Consent{{ID: "nameless", Resource: access.Graph}})
	action = plan.Revoke(s, noon())
	if action.Verb != plan.Block {
		t.Errorf("beside a consent to an app role that is not listed: %s %s", action.Verb, action.Reason)
	}
	s.Facts.Consents = access.Known([]access.Consent{{ID: "other", Resource: access.Graph, Value: "User.Read.All"}, {ID: "items", Resource: access.Graph, Value: "MailboxItem.Read.All"}})
	action = plan.Revoke(s, noon())
	if action.Verb != plan.Remove || action.Step.Kind != grant.PolicyStep {
		t.Errorf("beside consents that no policy confines: %s %s", action.Verb, action.Step.Kind)
	}
	s.Given = []grant.Step{{Name: "graph/Mail.Send", State: grant.Gone, GoneAt: noon().Add(-time.Hour)}}
	action = plan.Revoke(s, noon())
	if action.Verb != plan.Wait || action.Reason != plan.TokensOutstanding || !action.Until.Equal(noon().Add(time.Hour)) {
		t.Errorf("with a token that may live: %s %s %s", action.Verb, action.Reason, action.Until)
	}
	s.Facts.Consents = access.NotRead[[]access.Consent]("fault")
	s.Given = nil
	action = plan.Revoke(s, noon())
	if action.Verb != plan.Wait || action.Reason != plan.NotRead {
		t.Errorf("with consents that were not read: %s %s", action.Verb, action.Reason)
	}
}

// TestANeighboursPolicy: only one that still restricts lets this one go.
func TestANeighboursPolicy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		other access.Policy
		want  plan.Verb
	}{
		"restricts":                 {access.Policy{ID: "neighbour", Right: access.RestrictAccess, Ours: true}, plan.Remove},
		"denies":                    {access.Policy{ID: "neighbour", Right: access.DenyAccess, Ours: true}, plan.Wait},
		"is another under its name": {access.Policy{ID: "theirs", Right: access.RestrictAccess, Description: "mg-neighbour"}, plan.Wait},
	} {
		s := confined(t)
		s.Grant.State = grant.Revoking
		for i := range s.Steps {
			s.Steps[i].RemoteID = s.Policies.Value[0].ID
		}
		s.Steps[2].State = grant.Gone
		s.Consents[0].Needed = true
		s.Group.Value.Members = nil
		s.Neighbours = []grant.Step{{Kind: grant.PolicyStep, Name: "mg-neighbour", RemoteID: "neighbour", State: grant.Made, MadeAt: noon().Add(-24 * time.Hour)}}
		s.Policies.Value = append(s.Policies.Value, test.other)
		action := plan.Revoke(s, noon())
		if action.Verb != test.want || action.Step.Kind != grant.PolicyStep {
			t.Errorf("%s: %s %s", name, action.Verb, action.Step.Kind)
		}
	}
}

func TestExcess(t *testing.T) {
	t.Parallel()
	first, second := grant.Mailbox{GUID: firstGUID, Address: "a@contoso.example"}, grant.Mailbox{GUID: strings.ToUpper(secondGUID), Address: "b@contoso.example"}
	both := grant.Grant{Mechanism: grant.AccessPolicy, Permissions: []string{"Mail.Send"}, Mailboxes: []grant.Mailbox{first, second}}
	by := func(mechanism grant.Mechanism, mailbox grant.Mailbox, permissions ...string) grant.Grant {
		return grant.Grant{Mechanism: mechanism, Permissions: permissions, Mailboxes: []grant.Mailbox{mailbox}}
	}
	cases := map[string]struct {
		grants []grant.Grant
		want   []string
	}{
		"one":                  {[]grant.Grant{by(grant.AccessPolicy, first, "Mail.Send")}, nil},
		"the same permissions": {[]grant.Grant{by(grant.AccessPolicy, first, "Mail.Send"), by(grant.AccessPolicy, second, "Mail.Send")}, nil},
		"the same mailbox":     {[]grant.Grant{by(grant.AccessPolicy, first, "Mail.Send"), by(grant.AccessPolicy, first, "Calendars.Read")}, nil},
		"both other":           {[]grant.Grant{by(grant.AccessPolicy, first, "Mail.Send"), by(grant.AccessPolicy, second, "Calendars.Read")}, []string{"calendar of a@contoso.example", "send of b@contoso.example"}},
		// The last asks for it and may end before the others, whose group and consent stay.
		"a third asks for it":     {[]grant.Grant{both, by(grant.AccessPolicy, first, "Mail.Send", "Calendars.Read"), by(grant.AccessPolicy, second, "Mail.Send", "Calendars.Read")}, []string{"calendar of a@contoso.example", "calendar of b@contoso.example"}},
		"beside scoped roles":     {[]grant.Grant{by(grant.AccessPolicy, first, "Mail.Send"), by(grant.RBAC, second, "Calendars.Read")}, nil},
		"to read and to write":    {[]grant.Grant{by(grant.AccessPolicy, first, "Calendars.ReadWrite"), by(grant.AccessPolicy, second, "Calendars.Read")}, []string{"calendar of b@contoso.example"}},
		"the same in other words": {[]grant.Grant{by(grant.AccessPolicy, first, "Mail.ReadWrite"), by(grant.AccessPolicy, second, "Mail.ReadWrite", "Mail.Read")}, nil},
	}
	for name, test := range cases {
		if got := plan.Excess(test.grants); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
