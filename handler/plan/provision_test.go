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

// provisionTable says what follows for a step in a state whose object is seen
// absent, present, different or not at all, in the order of sights.
func provisionTable(kind grant.StepKind) map[grant.StepState][4]string {
	stranger := "block NameTaken"
	if kind == grant.PointerStep {
		stranger = "record left"
	}
	return map[grant.StepState][4]string{
		grant.Wanted:   {"create", stranger, "block NameTaken", "wait NotRead"},
		grant.Creating: {"create", "record made", "block Differs", "wait NotRead"},
		grant.Made:     {"block RemovedByOther", "finished", "block Differs", "wait NotRead"},
		grant.Removing: {"create", "record made", "block Differs", "wait NotRead"},
		grant.Gone:     {"create", stranger, "block NameTaken", "wait NotRead"},
		grant.Left:     {"create", "finished", "block Differs", "wait NotRead"},
	}
}

func TestProvisionByStateAndSight(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		table := provisionTable(kind)
		for _, state := range stepStates() {
			for i, seen := range sights() {
				s := made(t)
				under(&s, kind).State = state
				see(&s, kind, seen)
				action := plan.Provision(s, noon())
				if got, want := said(action), table[state][i]; got != want {
					t.Errorf("%s %s seen %s: %s, want %s (%s)", kind, state, seen, got, want, action.Message)
				}
				if action.Verb != plan.Finished && action.Step.Name != under(&s, kind).Name {
					t.Errorf("%s %s seen %s: is about %s", kind, state, seen, action.Step.Name)
				}
				if (action.Verb == plan.Wait || action.Verb == plan.Block) && (action.Reason == "" || action.Message == "") {
					t.Errorf("%s %s seen %s: without a reason: %+v", kind, state, seen, action)
				}
			}
		}
	}
}

// TestProvisionWaitsForARemovalThatMayStillAct to the instant, whatever is seen; a
// stranger's object that is left is not waited for.
func TestProvisionWaitsForARemovalThatMayStillAct(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		for _, state := range stepStates() {
			for _, seen := range []sight{absent, present, differs} {
				if state == grant.Left && seen == present {
					continue
				}
				s := made(t)
				see(&s, kind, seen)
				step := under(&s, kind)
				step.State, step.MayVanishUntil = state, noon().Add(time.Minute)
				action := plan.Provision(s, noon())
				if said(action) != "wait MayStillVanish" || !action.Until.Equal(step.MayVanishUntil) {
					t.Errorf("%s %s seen %s: %s until %s", kind, state, seen, said(action), action.Until)
				}
				after := plan.Provision(s, step.MayVanishUntil)
				if said(after) == "wait MayStillVanish" {
					t.Errorf("%s %s seen %s: waits longer than it has to", kind, state, seen)
				}
			}
		}
	}
}

func TestProvisionRecordsTheIDThatWasRead(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		s := made(t)
		step := under(&s, kind)
		want := step.RemoteID
		if kind == grant.PointerStep {
			want = objectID
		}
		step.State, step.RemoteID, step.Sent, step.MayAppearUntil = grant.Creating, "", 1, noon().Add(time.Minute)
		action := plan.Provision(s, noon())
		if said(action) != "record made" || action.Step.RemoteID != want || !action.Step.MayAppearUntil.IsZero() {
			t.Errorf("%s: %s with id %q, want %q; may appear until %s", kind, said(action), action.Step.RemoteID, want, action.Step.MayAppearUntil)
		}
	}
}

// TestAFailedRemovalForgetsNoCreate: of two creates one made the pointer and the
// other is still on its way; the removal that failed in between settles neither.
func TestAFailedRemovalForgetsNoCreate(t *testing.T) {
	t.Parallel()
	s := made(t)
	s.Pointer.State, s.Pointer.Sent, s.Pointer.MayAppearUntil = grant.Removing, 1, noon().Add(time.Minute)
	action := plan.Provision(s, noon())
	if said(action) != "record made" || action.Step.Sent != 1 || !action.Step.MayAppearUntil.Equal(s.Pointer.MayAppearUntil) {
		t.Errorf("%s with %d open until %s", said(action), action.Step.Sent, action.Step.MayAppearUntil)
	}
}

// TestProvisionInOrder makes everything from nothing: pointer, scope, assignments;
// each only when the one before was seen made.
func TestProvisionInOrder(t *testing.T) {
	t.Parallel()
	whole := made(t)
	s := made(t)
	s.Pointer.State = grant.Wanted
	for i := range s.Steps {
		s.Steps[i].State, s.Steps[i].RemoteID = grant.Wanted, ""
	}
	see(&s, grant.PointerStep, absent)
	see(&s, grant.ScopeStep, absent)
	s.Facts.Assignments.Value = nil
	var order []string
	for range 20 {
		action := plan.Provision(s, noon())
		if action.Verb == plan.Finished {
			break
		}
		order = append(order, said(action)+" "+action.Step.Name)
		keep(&s, action)
		if action.Verb == plan.Create {
			appear(&s, whole, action.Step)
		}
	}
	name := func(n int) string { return grant.RemoteName(installation, s.Grant.ID, n) }
	want := []string{"create " + objectID, "record made " + objectID, "create " + name(0), "record made " + name(0),
		"create " + name(1), "record made " + name(1), "create " + name(2), "record made " + name(2)}
	if !slices.Equal(order, want) {
		t.Errorf("got  %q\nwant %q", order, want)
	}
}

// keep stores the step of an action as the ledger would.
func keep(s *plan.Situation, action plan.Action) {
	step := action.Step
	switch action.Verb {
	case plan.Create:
		step.State = grant.Creating
	case plan.Remove:
		step.State = grant.Removing
	}
	if step.Kind == grant.PointerStep {
		s.Pointer = step
		return
	}
	s.Steps[step.Number] = step
}

// appear puts the step's object of the whole situation among the facts.
func appear(s *plan.Situation, whole plan.Situation, step grant.Step) {
	switch step.Kind {
	case grant.PointerStep:
		s.Facts.Pointer = whole.Facts.Pointer
	case grant.ScopeStep:
		s.Facts.Scopes[step.Name] = whole.Facts.Scopes[step.Name]
	default:
		s.Facts.Assignments.Value = append(s.Facts.Assignments.Value, whole.Facts.Assignments.Value[step.Number-1])
	}
}

// TestNoAssignmentWithoutItsScope: whatever the scope's state and sight, a wanted
// assignment is created only beside a scope that is recorded made and was read with
// the intended filter.
func TestNoAssignmentWithoutItsScope(t *testing.T) {
	t.Parallel()
	for _, state := range stepStates() {
		for _, seen := range sights() {
			s := made(t)
			under(&s, grant.ScopeStep).State = state
			see(&s, grant.ScopeStep, seen)
			under(&s, grant.AssignmentStep).State = grant.Wanted
			see(&s, grant.AssignmentStep, absent)
			action := plan.Provision(s, noon())
			creates := action.Verb == plan.Create && action.Step.Kind == grant.AssignmentStep
			if want := state == grant.Made && seen == present; creates != want && state != grant.Left {
				t.Errorf("scope %s seen %s: %s of a %s", state, seen, said(action), action.Step.Kind)
			}
		}
	}
	never := made(t)
	delete(never.Facts.Scopes, plan.ScopeName(never.Steps))
	if got := said(plan.Provision(never, noon())); got != "wait NotRead" {
		t.Errorf("a scope that nobody asked for: %s", got)
	}
}

func TestWhatDiffersIsNamed(t *testing.T) {
	t.Parallel()
	filter := func(text string, exclusive bool) func(*plan.Situation) {
		return func(s *plan.Situation) {
			name := plan.ScopeName(s.Steps)
			s.Facts.Scopes[name] = access.Known(&access.Scope{Name: name, Filter: text, Exclusive: exclusive})
		}
	}
	assignment := func(edit func(*access.Assignment)) func(*plan.Situation) {
		return func(s *plan.Situation) { edit(&s.Facts.Assignments.Value[0]) }
	}
	both := "Guid -eq '" + firstGUID + "' -or Guid -eq '" + secondGUID + "'"
	cases := map[string]struct {
		edit func(*plan.Situation)
		want string // in the message; empty: as planned
	}{
		"filter, other spelling":      {filter("((guid -EQ '"+strings.ToUpper(secondGUID)+"') -or (Guid -eq "+firstGUID+"))", false), ""},
		"filter of fewer":             {filter("Guid -eq '"+firstGUID+"'", false), "filter"},
		"filter of more":              {filter(both+" -or Guid -eq '"+objectID+"'", false), "filter"},
		"filter of all":               {filter("Guid -ne '0'", false), "filter"},
		"filter is gone":              {filter("", false), "filter"},
		"exclusive scope":             {filter(both, true), "filter"},
		"assignment, other scope":     {assignment(func(a *access.Assignment) { a.Scope = "everybody" }), "everybody"},
		"assignment, scope in caps":   {assignment(func(a *access.Assignment) { a.Scope = strings.ToUpper(a.Scope) }), ""},
		"assignment without scope":    {assignment(func(a *access.Assignment) { a.Scope = "" }), "scope"},
		"assignment, unscoped":        {assignment(func(a *access.Assignment) { a.Unscoped = true }), "scope"},
		"assignment, other role":      {assignment(func(a *access.Assignment) { a.Role = "Application Mail Full Access" }), "Full Access"},
		"assignment, disabled":        {assignment(func(a *access.Assignment) { a.Enabled = false }), "disabled"},
		"assignment, renamed":         {assignment(func(a *access.Assignment) { a.Name = "renamed" }), ""},
		"assignment made anew":        {assignment(func(a *access.Assignment) { a.ID = "another" }), ""},
		"pointer, other application":  {func(s *plan.Situation) { seePointer(s, differs) }, otherApp},
		"pointer, same app, in caps":  {func(s *plan.Situation) { s.Facts.Pointer.Value.AppID = strings.ToUpper(appID) }, ""},
		"a stranger's beside all":     {func(s *plan.Situation) { addStranger(s) }, ""},
		"a stranger's scope of a few": {func(s *plan.Situation) { s.Facts.Scopes["theirs"] = access.Known(&access.Scope{}) }, ""},
	}
	for name, test := range cases {
		s := made(t)
		test.edit(&s)
		action := plan.Provision(s, noon())
		want := "block Differs"
		if test.want == "" {
			want = "finished"
		}
		if said(action) != want || !strings.Contains(action.Message, test.want) {
			t.Errorf("%s: %s, %q; want %s", name, said(action), action.Message, want)
		}
	}
}

func addStranger(s *plan.Situation) {
	s.Facts.Assignments.Value = append(s.Facts.Assignments.Value, access.Assignment{Name: "theirs", ID: "theirs", Role: "Application Mail.Send", Unscoped: true, Enabled: true})
}

func TestStepsAreNamedBeforeTheyAreMade(t *testing.T) {
	t.Parallel()
	s := made(t)
	steps, err := plan.Steps(s.Grant, installation)
	if err != nil || len(steps) != 3 {
		t.Fatalf("%d steps, %v", len(steps), err)
	}
	if !access.SameMailboxes(steps[0].Filter, "Guid -eq '"+secondGUID+"' -or Guid -eq '"+firstGUID+"'") || steps[0].Kind != grant.ScopeStep {
		t.Errorf("the scope is %+v", steps[0])
	}
	for i, step := range steps {
		if step.Number != i || step.State != grant.Wanted || step.Name != grant.RemoteName(installation, s.Grant.ID, i) {
			t.Errorf("step %d is %+v", i, step)
		}
	}
	if steps[1].Role != "Application Mail.Send" || steps[1].Permission != "Mail.Send" || steps[2].Role != "Application Mail.Read" {
		t.Errorf("the assignments are %+v and %+v", steps[1], steps[2])
	}
	for _, edit := range []func(*grant.Grant){
		func(g *grant.Grant) { g.Mailboxes = nil },
		func(g *grant.Grant) { g.Mailboxes = []grant.Mailbox{{GUID: "a' -or Guid -ne '0"}} },
		func(g *grant.Grant) { g.Mailboxes = []grant.Mailbox{{Address: "news@contoso.example"}} },
		func(g *grant.Grant) { g.Permissions = []string{"Mail.Send", "full_access_as_app"} },
		func(g *grant.Grant) { g.Permissions = []string{"Mail.Everything"} },
	} {
		faulty := s.Grant
		edit(&faulty)
		steps, err := plan.Steps(faulty, installation)
		if err == nil || steps != nil {
			t.Errorf("%v on %v was planned as %+v", faulty.Permissions, faulty.Mailboxes, steps)
		}
	}
}
