package plan_test

import (
	"slices"
	"testing"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// revokeTable is provisionTable's counterpart; each row also for a create that may
// still act.
func revokeTable(kind grant.StepKind) map[grant.StepState][4]string {
	table := map[grant.StepState][4]string{
		grant.Wanted:   {"record gone", "record gone", "record gone", "record gone"},
		grant.Creating: {"record gone", "remove", "remove", "wait NotRead"},
		grant.Made:     {"record gone", "remove", "remove", "wait NotRead"},
		grant.Removing: {"record gone", "remove", "remove", "wait NotRead"},
		grant.Gone:     {"finished", "finished", "finished", "finished"},
		grant.Left:     {"finished", "finished", "finished", "finished"},
	}
	if kind == grant.PointerStep {
		table[grant.Wanted] = table[grant.Gone]
	}
	return table
}

// ending is a situation of which all but the step under test is gone.
func ending(t *testing.T, kind grant.StepKind) plan.Situation {
	t.Helper()
	s := made(t)
	for i := range s.Steps {
		if kind == grant.PointerStep || s.Steps[i].Kind != kind || s.Steps[i].Number > 1 {
			s.Steps[i].State = grant.Gone
		}
	}
	s.Facts.Assignments.Value = s.Facts.Assignments.Value[:1]
	if kind != grant.AssignmentStep {
		s.Facts.Assignments.Value = nil
	}
	if kind != grant.PointerStep {
		s.Pointer.State = grant.Gone
	}
	return s
}

func TestRevokeByStateAndSight(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		table := revokeTable(kind)
		for _, state := range stepStates() {
			for i, seen := range sights() {
				s := ending(t, kind)
				under(&s, kind).State = state
				see(&s, kind, seen)
				action := plan.Revoke(s, noon())
				if got, want := said(action), table[state][i]; got != want {
					t.Errorf("%s %s seen %s: %s, want %s", kind, state, seen, got, want)
				}
				if action.Verb != plan.Finished && action.Step.Name != under(&s, kind).Name {
					t.Errorf("%s %s seen %s: is about %s", kind, state, seen, action.Step.Name)
				}
			}
		}
	}
}

// TestRevokeWaitsForACreateThatMayStillAct: absence is no proof before that instant,
// and what is there is removed without waiting.
func TestRevokeWaitsForACreateThatMayStillAct(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		for _, state := range []grant.StepState{grant.Creating, grant.Made, grant.Removing} {
			for _, seen := range sights() {
				s := ending(t, kind)
				see(&s, kind, seen)
				step := under(&s, kind)
				step.State, step.MayAppearUntil = state, noon().Add(time.Minute)
				want := map[sight]string{absent: "wait MayStillAppear", present: "remove", differs: "remove", notRead: "wait NotRead"}[seen]
				action := plan.Revoke(s, noon())
				if said(action) != want || seen == absent && !action.Until.Equal(step.MayAppearUntil) {
					t.Errorf("%s %s seen %s: %s until %s, want %s", kind, state, seen, said(action), action.Until, want)
				}
				if got := said(plan.Revoke(s, step.MayAppearUntil)); seen == absent && got != "record gone" {
					t.Errorf("%s %s seen %s, at that instant: %s", kind, state, seen, got)
				}
			}
		}
	}
}

func TestRevokeAddressesByTheIDThatWasRead(t *testing.T) {
	t.Parallel()
	s := ending(t, grant.AssignmentStep)
	s.Facts.Assignments.Value[0].ID = "read now"
	action := plan.Revoke(s, noon())
	if said(action) != "remove" || action.Step.RemoteID != "read now" {
		t.Errorf("%s of %q", said(action), action.Step.RemoteID)
	}
}

// TestRevokeInOrder takes everything away: assignments, scope, pointer; each only
// when the one before was seen gone.
func TestRevokeInOrder(t *testing.T) {
	t.Parallel()
	s := made(t)
	var order []string
	for range 20 {
		action := plan.Revoke(s, noon())
		if action.Verb == plan.Finished {
			break
		}
		order = append(order, said(action)+" "+action.Step.Name)
		keep(&s, action)
		if action.Verb == plan.Remove {
			vanish(&s, action.Step)
		}
		onlyAssignments := slices.ContainsFunc(s.Steps, func(step grant.Step) bool { return step.Kind == grant.AssignmentStep && step.State != grant.Gone })
		if plan.AccessGone(s.Steps) == onlyAssignments {
			t.Errorf("after %q: access gone is %t", order, plan.AccessGone(s.Steps))
		}
	}
	name := func(n int) string { return grant.RemoteName(installation, s.Grant.ID, n) }
	want := []string{"remove " + name(1), "record gone " + name(1), "remove " + name(2), "record gone " + name(2),
		"remove " + name(0), "record gone " + name(0), "remove " + objectID, "record gone " + objectID}
	if !slices.Equal(order, want) {
		t.Errorf("got  %q\nwant %q", order, want)
	}
}

func vanish(s *plan.Situation, step grant.Step) {
	switch step.Kind {
	case grant.PointerStep:
		see(s, grant.PointerStep, absent)
	case grant.ScopeStep:
		see(s, grant.ScopeStep, absent)
	default:
		s.Facts.Assignments.Value = slices.DeleteFunc(s.Facts.Assignments.Value, func(a access.Assignment) bool { return a.Name == step.Name })
	}
}

// TestThePointerGoesByFourConditions: it is ours, no live grant needs it, no
// assignment by anyone is there, no consent on Exchange Online; what is not read
// counts as a reason to stay.
func TestThePointerGoesByFourConditions(t *testing.T) {
	t.Parallel()
	consent := func(resource access.Resource, value string) func(*plan.Situation) {
		return func(s *plan.Situation) {
			s.Facts.Consents = access.Known([]access.Consent{{Resource: resource, Value: value}})
		}
	}
	cases := map[string]struct {
		edit func(*plan.Situation)
		want string
	}{
		"all four":                         {func(*plan.Situation) {}, "remove"},
		"a stranger's":                     {func(s *plan.Situation) { s.Pointer.State = grant.Left }, "finished"},
		"another grant needs it":           {func(s *plan.Situation) { s.PointerNeeded = true }, "finished"},
		"a stranger's assignment":          {addStranger, "finished"},
		"IMAP":                             {consent(access.Exchange, "IMAP.AccessAsApp"), "finished"},
		"POP":                              {consent(access.Exchange, "POP.AccessAsApp"), "finished"},
		"SMTP":                             {consent(access.Exchange, "SMTP.SendAsApp"), "finished"},
		"a role that Exchange lists not":   {consent(access.Exchange, ""), "finished"},
		"a consent on Graph":               {consent(access.Graph, "Mail.Send"), "remove"},
		"a consent elsewhere":              {consent(access.Other, "IMAP.AccessAsApp"), "remove"},
		"assignments not read":             {func(s *plan.Situation) { seeAssignment(s, notRead) }, "wait NotRead"},
		"consents not read":                {func(s *plan.Situation) { s.Facts.Consents = access.NotRead[[]access.Consent]("503") }, "wait NotRead"},
		"pointer not read":                 {func(s *plan.Situation) { seePointer(s, notRead) }, "wait NotRead"},
		"gone, and IMAP":                   {func(s *plan.Situation) { seePointer(s, absent); consent(access.Exchange, "IMAP.AccessAsApp")(s) }, "record gone"},
		"gone, and consents not read":      {func(s *plan.Situation) { seePointer(s, absent); s.Facts.Consents.Read = false }, "record gone"},
		"gone, and assignments not read":   {func(s *plan.Situation) { seePointer(s, absent); seeAssignment(s, notRead) }, "record gone"},
		"not ours, and nothing is read":    {func(s *plan.Situation) { s.Pointer.State, s.Facts = grant.Wanted, access.Facts{} }, "finished"},
		"needed, and nothing else is read": {func(s *plan.Situation) { s.PointerNeeded, s.Facts = true, access.Facts{} }, "finished"},
	}
	for name, test := range cases {
		s := ending(t, grant.PointerStep)
		test.edit(&s)
		if got := said(plan.Revoke(s, noon())); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestRevokeLeavesAStrangersNamesake: an object under our name that was there
// before us was never ours.
func TestRevokeLeavesAStrangersNamesake(t *testing.T) {
	t.Parallel()
	s := made(t)
	for i := range s.Steps {
		s.Steps[i].State = grant.Wanted
	}
	s.Pointer.State = grant.Left
	for range 10 {
		action := plan.Revoke(s, noon())
		if action.Verb == plan.Remove {
			t.Fatalf("%s is removed", action.Step.Name)
		}
		if action.Verb == plan.Finished {
			return
		}
		keep(&s, action)
	}
	t.Error("it does not finish")
}
