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

// byPermission is a grant by mailbox permission of which everything is in the tenant as
// planned: IMAP to one mailbox.
func byPermission() plan.Situation {
	g := grant.Grant{ID: grant.NewID("ops", "1"), State: grant.Active, Mechanism: grant.MailboxPermission, Waits: grant.WaitsOf(grant.MailboxPermission), ConsentBy: grant.Service,
		ReceivedAt: noon(), Workload: grant.Workload{AppID: appID, ObjectID: objectID, DisplayName: "Newsletter"}, Permissions: []string{"IMAP.AccessAsApp"}, Mailboxes: []grant.Mailbox{{GUID: firstGUID}}}
	s := plan.Situation{Grant: g, Pointer: plan.Pointer(g.Workload)}
	s.Pointer.State, s.Pointer.ReadAbsentAt = grant.Made, noon()
	for _, step := range plan.ConsentSteps(g) {
		step.State, step.RemoteID = grant.Made, "consent"
		s.Consents, s.Given = append(s.Consents, plan.Shared{Step: step}), append(s.Given, step)
	}
	for _, step := range plan.PermissionSteps(g) {
		step.State = grant.Made
		s.Permissions = append(s.Permissions, plan.Shared{Step: step})
	}
	s.Facts = access.Facts{Assignments: access.Known[[]access.Assignment](nil), Pointer: access.Known(&access.Pointer{ObjectID: objectID, AppID: appID, ID: objectID}),
		Consents: access.Known([]access.Consent{{ID: "consent", Resource: access.Exchange, Value: "IMAP.AccessAsApp"}})}
	s.Held = access.Known([]access.MailboxPermission{{Workload: objectID, Mailbox: strings.ToUpper(firstGUID), Right: access.FullAccess}})
	return s
}

// unconsented is that grant before its consent.
func unconsented() plan.Situation {
	s := byPermission()
	s.Grant.State = grant.Provisioning
	s.Consents, s.Given = []plan.Shared{{Step: plan.ConsentSteps(s.Grant)[0]}}, nil
	s.Facts.Consents.Value = nil
	return s
}

// ungiven is that grant before its permission.
func ungiven() plan.Situation {
	s := unconsented()
	s.Permissions = []plan.Shared{{Step: plan.PermissionSteps(s.Grant)[0]}}
	s.Held.Value = nil
	return s
}

// atItsEnd is that grant when its end has come.
func atItsEnd() plan.Situation {
	s := byPermission()
	s.Grant.State = grant.Revoking
	return s
}

func TestStepsOfAPermissionGrant(t *testing.T) {
	t.Parallel()
	g := grant.Grant{Mechanism: grant.MailboxPermission, Permissions: []string{"SMTP.SendAsApp", "IMAP.AccessAsApp"}, Mailboxes: []grant.Mailbox{{GUID: strings.ToUpper(firstGUID)}, {GUID: secondGUID}}}
	var names []string
	for _, step := range slices.Concat(plan.PermissionSteps(g), plan.ConsentSteps(g)) {
		names = append(names, step.Name)
		if step.State != grant.Wanted || !step.Kind.Shared() {
			t.Errorf("%+v", step)
		}
	}
	want := []string{firstGUID + "/FullAccess", firstGUID + "/SendAs", secondGUID + "/FullAccess", secondGUID + "/SendAs", "exchange/SMTP.SendAsApp", "exchange/IMAP.AccessAsApp"}
	if !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	own, err := plan.Steps(g, installation)
	if len(own) > 0 || err != nil {
		t.Errorf("of its own it has %+v, %v", own, err)
	}
	g.Mechanism = grant.RBAC
	if shared := slices.Concat(plan.PermissionSteps(g), plan.ConsentSteps(g)); len(shared) > 0 {
		t.Errorf("by another mechanism: %+v", shared)
	}
}

func TestDriftOfAPermissionGrant(t *testing.T) {
	t.Parallel()
	deny := access.MailboxPermission{Workload: objectID, Mailbox: firstGUID, Right: access.FullAccess, Deny: true}
	for name, test := range map[string]struct {
		edit func(*plan.Situation)
		want []string
	}{
		"as planned":               {func(*plan.Situation) {}, nil},
		"the permission is gone":   {func(s *plan.Situation) { s.Held.Value = nil }, []string{"block RemovedByOther MailboxPermissionRemoved"}},
		"it is on another mailbox": {func(s *plan.Situation) { s.Held.Value[0].Mailbox = secondGUID }, []string{"block RemovedByOther MailboxPermissionRemoved"}},
		"it is another right":      {func(s *plan.Situation) { s.Held.Value[0].Right = access.SendAs }, []string{"block RemovedByOther MailboxPermissionRemoved"}},
		"it is denied as well":     {func(s *plan.Situation) { s.Held.Value = append(s.Held.Value, deny) }, []string{"block Differs MailboxPermissionDenied"}},
		"it is denied, listed first": {func(s *plan.Situation) { s.Held.Value = append([]access.MailboxPermission{deny}, s.Held.Value...) },
			[]string{"block Differs MailboxPermissionDenied"}},
		"it is denied only": {func(s *plan.Situation) { s.Held.Value[0].Deny = true }, []string{"block RemovedByOther MailboxPermissionRemoved"}},
		"another one is denied": {func(s *plan.Situation) {
			deny := deny
			deny.Right = access.SendAs
			s.Held.Value = append(s.Held.Value, deny)
		}, nil},
		"they were not read":  {func(s *plan.Situation) { s.Held = access.NotRead[[]access.MailboxPermission]("fault") }, []string{"wait NotRead "}},
		"the consent is gone": {func(s *plan.Situation) { s.Facts.Consents.Value = nil }, []string{"block RemovedByOther ConsentRemoved"}},
		"it is on Graph":      {func(s *plan.Situation) { s.Facts.Consents.Value[0].Resource = access.Graph }, []string{"block RemovedByOther ConsentRemoved"}},
		"the pointer is gone": {func(s *plan.Situation) { s.Facts.Pointer.Value = nil }, []string{"block RemovedByOther PointerRemoved"}},
		"it is of another":    {func(s *plan.Situation) { s.Facts.Pointer.Value.AppID = otherApp }, []string{"block Differs PointerReplaced"}},
		"a permission that was left is gone": {func(s *plan.Situation) { s.Permissions[0].Step.State, s.Held.Value = grant.Left, nil },
			[]string{"block RemovedByOther MailboxPermissionRemoved"}},
		"a consent that was left is gone": {func(s *plan.Situation) { s.Consents[0].Step.State, s.Facts.Consents.Value = grant.Left, nil },
			[]string{"block RemovedByOther ConsentRemoved"}},
	} {
		s := byPermission()
		test.edit(&s)
		var found []string
		for _, action := range plan.Inspect(s, noon()) {
			found = append(found, said(action)+" "+string(action.Change))
		}
		if !slices.Equal(found, test.want) {
			t.Errorf("%s: %q, want %q", name, found, test.want)
		}
	}
}

// TestPermissionsAreGivenByState says what follows for the permission's step in a state, seen
// absent and present.
func TestPermissionsAreGivenByState(t *testing.T) {
	t.Parallel()
	there := byPermission().Held.Value
	for state, want := range map[grant.StepState][2]string{
		grant.Wanted: {"create", "record left"}, grant.Creating: {"create", "record made"}, grant.Made: {"block RemovedByOther", "finished"},
		grant.Removing: {"create", "record made"}, grant.Gone: {"create", "record left"}, grant.Left: {"create", "finished"},
	} {
		for i, held := range [][]access.MailboxPermission{nil, there} {
			s := byPermission()
			s.Permissions[0].Step.State, s.Held.Value = state, held
			if got := said(plan.Provision(s, noon())); got != want[i] {
				t.Errorf("%s, there %t: %s, want %s", state, i == 1, got, want[i])
			}
			s.Permissions[0].Step.MayVanishUntil = noon().Add(time.Minute)
			waits := state != grant.Left || i == 0
			if got := said(plan.Provision(s, noon())); (got == "wait MayStillVanish") != waits {
				t.Errorf("%s, there %t, while a removal may still act: %s", state, i == 1, got)
			}
		}
	}
}

func TestPermissionsAreRemovedByState(t *testing.T) {
	t.Parallel()
	there := byPermission().Held.Value
	for state, want := range map[grant.StepState][2]string{
		grant.Wanted: {"record gone", "record gone"}, grant.Creating: {"record gone", "remove"}, grant.Made: {"record gone", "remove"},
		grant.Removing: {"record gone", "remove"}, grant.Gone: {"remove", "remove"}, grant.Left: {"remove", "remove"},
	} {
		for i, held := range [][]access.MailboxPermission{nil, there} {
			s := atItsEnd()
			s.Permissions[0].Step.State, s.Held.Value = state, held
			action := plan.Revoke(s, noon())
			kind := grant.MailboxPermissionStep
			if state == grant.Gone || state == grant.Left {
				kind = grant.ConsentStep // which is next
			}
			if said(action) != want[i] || action.Step.Kind != kind {
				t.Errorf("%s, there %t: %s of a %s, want %s", state, i == 1, said(action), action.Step.Kind, want[i])
			}
			s.Permissions[0].Step.MayAppearUntil = noon().Add(time.Minute)
			waits := i == 0 && (state == grant.Creating || state == grant.Made || state == grant.Removing || state == grant.Wanted)
			if got := said(plan.Revoke(s, noon())); (got == "wait MayStillAppear") != waits {
				t.Errorf("%s, there %t, while a create may still act: %s", state, i == 1, got)
			}
		}
	}
}

// TestOrderOfTheEnd: the permission, which is the access, then the consent, then the
// pointer; each only when the one before was seen gone.
func TestOrderOfTheEnd(t *testing.T) {
	t.Parallel()
	s := atItsEnd()
	step := func() plan.Action { return plan.Revoke(s, noon()) }
	if action := step(); said(action) != "remove" || action.Step.Kind != grant.MailboxPermissionStep {
		t.Fatalf("first %s %s", said(action), action.Step.Kind)
	}
	s.Permissions[0].Step.State, s.Held.Value = grant.Gone, nil
	action := step()
	if said(action) != "remove" || action.Step.Kind != grant.ConsentStep || action.Step.RemoteID != "consent" {
		t.Fatalf("second %s %+v", said(action), action.Step)
	}
	s.Consents[0].Step.State, s.Facts.Consents.Value = grant.Removing, nil
	action = step()
	if said(action) != "record gone" || !action.Step.GoneAt.Equal(noon()) {
		t.Fatalf("when the consent is gone: %s %+v", said(action), action.Step)
	}
	s.Consents[0].Step = action.Step
	if action := step(); said(action) != "remove" || action.Step.Kind != grant.PointerStep {
		t.Fatalf("third %s %s", said(action), action.Step.Kind)
	}
	s.Pointer.State = grant.Gone
	if got := said(step()); got != "finished" {
		t.Fatalf("last %s", got)
	}
}

// TestWhatOthersNeedStays at the end: what another grant needs, what a stranger has made,
// and the pointer as long as anybody has a use for it.
func TestWhatOthersNeedStays(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		edit func(*plan.Situation)
		want []grant.StepKind
	}{
		"nobody else": {func(*plan.Situation) {}, []grant.StepKind{grant.MailboxPermissionStep, grant.ConsentStep, grant.PointerStep}},
		"another grant needs all": {func(s *plan.Situation) {
			s.Permissions[0].Needed, s.Consents[0].Needed, s.PointerNeeded = true, true, true
		}, nil},
		"another needs the consent": {func(s *plan.Situation) { s.Consents[0].Needed, s.PointerNeeded = true, true },
			[]grant.StepKind{grant.MailboxPermissionStep}},
		"a stranger's permission": {func(s *plan.Situation) { s.Permissions[0].Step.State = grant.Left }, []grant.StepKind{grant.ConsentStep, grant.PointerStep}},
		"a stranger's consent":    {func(s *plan.Situation) { s.Consents[0].Step.State = grant.Left }, []grant.StepKind{grant.MailboxPermissionStep}},
		"a stranger's pointer":    {func(s *plan.Situation) { s.Pointer.State = grant.Left }, []grant.StepKind{grant.MailboxPermissionStep, grant.ConsentStep}},
		"a stranger's consent beside": {func(s *plan.Situation) {
			s.Facts.Consents.Value = append(s.Facts.Consents.Value, access.Consent{Resource: access.Exchange, Value: "POP.AccessAsApp"})
		}, []grant.StepKind{grant.MailboxPermissionStep, grant.ConsentStep}},
		"a stranger's assignment": {func(s *plan.Situation) { s.Facts.Assignments.Value = []access.Assignment{{Name: "theirs"}} },
			[]grant.StepKind{grant.MailboxPermissionStep, grant.ConsentStep}},
	} {
		s := atItsEnd()
		test.edit(&s)
		if removed := removedAtTheEnd(t, s); !slices.Equal(removed, test.want) {
			t.Errorf("%s: removed are %v, want %v", name, removed, test.want)
		}
	}
}

// removedAtTheEnd plays the end in a tenant that does what it is asked, and says what went.
func removedAtTheEnd(t *testing.T, s plan.Situation) []grant.StepKind {
	t.Helper()
	var removed []grant.StepKind
	for range 20 {
		action := plan.Revoke(s, noon())
		if action.Verb == plan.Finished {
			return removed
		}
		if action.Verb != plan.Remove {
			t.Fatalf("%s of a %s", said(action), action.Step.Kind)
		}
		removed = append(removed, action.Step.Kind)
		step := action.Step
		step.State = grant.Gone
		switch step.Kind {
		case grant.MailboxPermissionStep:
			s.Permissions[0].Step = step
		case grant.ConsentStep:
			s.Consents[0].Step = step
			s.Facts.Consents.Value = slices.DeleteFunc(slices.Clone(s.Facts.Consents.Value), func(one access.Consent) bool { return one.Value == step.Permission })
		default:
			s.Pointer = step
		}
	}
	t.Fatal("the end does not come")
	return nil
}

// TestTheConsentWaitsForASurvey: a pointer that was not made for this very grant may be
// named by old permissions, which the consent would bring alive.
func TestTheConsentWaitsForASurvey(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		edit func(*plan.Situation)
		want string
	}{
		"its own pointer":                 {func(*plan.Situation) {}, "create"},
		"a stranger's":                    {func(s *plan.Situation) { s.Pointer.State, s.Pointer.ReadAbsentAt = grant.Left, time.Time{} }, "survey"},
		"a stranger's, seen absent since": {func(s *plan.Situation) { s.Pointer.State = grant.Left }, "survey"},
		"one made for an earlier grant":   {func(s *plan.Situation) { s.Pointer.ReadAbsentAt = noon().Add(-time.Second) }, "survey"},
		"surveyed":                        {func(s *plan.Situation) { s.Pointer.State, s.Grant.ClearedAt = grant.Left, noon() }, "create"},
		"the consent is there already": {func(s *plan.Situation) {
			s.Pointer.State, s.Facts.Consents = grant.Left, byPermission().Facts.Consents
		}, "record left"},
		"the consent of another grant": {func(s *plan.Situation) {
			s.Pointer.State, s.Facts.Consents, s.Consents = grant.Left, byPermission().Facts.Consents, byPermission().Consents
		}, "finished"},
	} {
		s := unconsented()
		test.edit(&s)
		if action := plan.Provision(s, noon()); said(action) != test.want {
			t.Errorf("%s: %s %s, want %s", name, said(action), action.Message, test.want)
		}
		s.Grant.ConsentBy = grant.Person
		want := map[string]string{"create": "ask"}[test.want]
		if action := plan.Provision(s, noon()); want != "" && (said(action) != want || action.Reason != plan.ConsentNeeded) {
			t.Errorf("%s, by a person: %s %s", name, said(action), action.Reason)
		} else if test.want == "survey" && said(action) != "survey" {
			t.Errorf("%s, by a person: %s before the survey", name, said(action))
		}
	}
}

// TestTheConsentWaitsForOldLists of other mailboxes, which the consent would open.
func TestTheConsentWaitsForOldLists(t *testing.T) {
	t.Parallel()
	taken := func(mailbox, right string, state grant.StepState, ago time.Duration) grant.Step {
		return grant.Step{Kind: grant.MailboxPermissionStep, Name: mailbox + "/" + right, State: state, GoneAt: noon().Add(-ago)}
	}
	for name, test := range map[string]struct {
		taken grant.Step
		want  string
	}{
		"another mailbox":           {taken(secondGUID, "FullAccess", grant.Gone, time.Minute), "wait MayStillVanish"},
		"two hours ago":             {taken(secondGUID, "FullAccess", grant.Gone, grant.Lead), "create"},
		"its own":                   {taken(firstGUID, "FullAccess", grant.Gone, time.Minute), "create"},
		"a right to send":           {taken(secondGUID, "SendAs", grant.Gone, time.Minute), "create"},
		"what another grant has":    {taken(secondGUID, "FullAccess", grant.Made, time.Minute), "create"},
		"what was there and stayed": {grant.Step{Kind: grant.MailboxPermissionStep, Name: secondGUID + "/FullAccess", State: grant.Left}, "create"},
	} {
		s := unconsented()
		s.Taken = []grant.Step{test.taken}
		action := plan.Provision(s, noon())
		if said(action) != test.want || action.Verb == plan.Wait && !action.Until.Equal(test.taken.GoneAt.Add(grant.Lead)) {
			t.Errorf("%s: %s until %s, want %s", name, said(action), action.Until, test.want)
		}
	}
}

// TestAPersonRemovesTheConsent when the access is cut already.
func TestAPersonRemovesTheConsent(t *testing.T) {
	t.Parallel()
	s := atItsEnd()
	s.Grant.ConsentBy = grant.Person
	if action := plan.Revoke(s, noon()); said(action) != "remove" || action.Step.Kind != grant.MailboxPermissionStep {
		t.Errorf("first %s of a %s", said(action), action.Step.Kind)
	}
	s.Permissions[0].Step.State, s.Held.Value = grant.Gone, nil
	action := plan.Revoke(s, noon())
	if action.Verb != plan.Ask || action.Reason != plan.ConsentRemovalNeeded || action.Step.RemoteID != "consent" {
		t.Errorf("then %s %s %+v", said(action), action.Reason, action.Step)
	}
}

// TestNothingBeside: FullAccess opens the mailbox to every older protocol, and SendAs to
// sending, so neither is given beside a consent that nobody weighed, or while a token may
// live that was minted under one.
func TestNothingBesideAPermission(t *testing.T) {
	t.Parallel()
	consented := func(resource access.Resource, value string) func(*plan.Situation) {
		return func(s *plan.Situation) {
			s.Facts.Consents.Value = append(s.Facts.Consents.Value, access.Consent{Resource: resource, Value: value})
		}
	}
	gave := func(value string, state grant.StepState, goneAt time.Time) func(*plan.Situation) {
		return func(s *plan.Situation) {
			s.Given = append(s.Given, grant.Step{Kind: grant.ConsentStep, Name: "exchange/" + value, Permission: value, State: state, GoneAt: goneAt})
		}
	}
	both := func(edits ...func(*plan.Situation)) func(*plan.Situation) {
		return func(s *plan.Situation) {
			for _, edit := range edits {
				edit(s)
			}
		}
	}
	sends := func(s *plan.Situation) {
		s.Grant.Permissions = []string{"SMTP.SendAsApp"}
		s.Permissions[0].Step, s.Consents[0].Step = plan.PermissionSteps(s.Grant)[0], plan.ConsentSteps(s.Grant)[0]
	}
	hourAgo := noon().Add(-time.Hour)
	for name, test := range map[string]struct {
		edit func(*plan.Situation)
		want string
	}{
		"nothing":                           {func(*plan.Situation) {}, "create"},
		"sending":                           {consented(access.Exchange, "SMTP.SendAsApp"), "block ExistingConsent"},
		"sending, which another grant gave": {both(consented(access.Exchange, "SMTP.SendAsApp"), gave("SMTP.SendAsApp", grant.Made, time.Time{})), "create"},
		"sending, which was left":           {both(consented(access.Exchange, "SMTP.SendAsApp"), gave("SMTP.SendAsApp", grant.Left, time.Time{})), "block ExistingConsent"},
		"the same":                          {consented(access.Exchange, "IMAP.AccessAsApp"), "create"},
		"mail on Graph":                     {consented(access.Graph, "Mail.Send"), "create"},
		"what goes by no permission":        {consented(access.Exchange, "full_access_as_app"), "create"},
		"IMAP, to send":                     {both(sends, consented(access.Exchange, "IMAP.AccessAsApp")), "create"},
		"consents unread":                   {func(s *plan.Situation) { s.Facts.Consents = access.NotRead[[]access.Consent]("fault") }, "wait NotRead"},
		"permissions unread":                {func(s *plan.Situation) { s.Held = access.NotRead[[]access.MailboxPermission]("fault") }, "wait NotRead"},
		"a token to send":                   {gave("SMTP.SendAsApp", grant.Gone, hourAgo), "wait TokensOutstanding"},
		"a dead token to send":              {gave("SMTP.SendAsApp", grant.Gone, noon().Add(-grant.TokensLive)), "create"},
		"a token of the same":               {gave("IMAP.AccessAsApp", grant.Gone, hourAgo), "create"},
		"a token of IMAP, to send":          {both(sends, gave("IMAP.AccessAsApp", grant.Gone, hourAgo)), "create"},
		"what never was given":              {gave("SMTP.SendAsApp", grant.Wanted, time.Time{}), "create"},
	} {
		s := ungiven()
		test.edit(&s)
		action := plan.Provision(s, noon())
		if said(action) != test.want {
			t.Errorf("%s: %s, want %s", name, said(action), test.want)
		}
		if action.Reason == plan.TokensOutstanding && !action.Until.Equal(hourAgo.Add(grant.TokensLive)) {
			t.Errorf("%s: until %s", name, action.Until)
		}
	}
}
