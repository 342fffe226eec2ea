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

func TestInspectByKindAndSight(t *testing.T) {
	t.Parallel()
	want := map[sight][]string{absent: {"block RemovedByOther"}, present: nil, differs: {"block Differs"}, notRead: {"wait NotRead"}}
	for _, kind := range kinds() {
		for _, seen := range sights() {
			expected := want[seen]
			if kind == grant.AssignmentStep && seen == notRead {
				expected = []string{"wait NotRead", "wait NotRead"} // both, because they are read as one
			}
			s := made(t)
			see(&s, kind, seen)
			if got := inspected(s); !slices.Equal(got, expected) {
				t.Errorf("%s seen %s: %q, want %q", kind, seen, got, expected)
			}
		}
	}
}

func inspected(s plan.Situation) []string {
	var found []string
	for _, action := range plan.Inspect(s, noon()) {
		found = append(found, said(action))
	}
	return found
}

func TestInspectNamesEverythingAtOnce(t *testing.T) {
	t.Parallel()
	s := made(t)
	see(&s, grant.PointerStep, differs)
	see(&s, grant.ScopeStep, notRead)
	s.Facts.Assignments.Value[1].Enabled = false
	see(&s, grant.AssignmentStep, absent)
	if got := inspected(s); !slices.Equal(got, []string{"block Differs", "wait NotRead", "block RemovedByOther", "block Differs"}) {
		t.Errorf("got %q", got)
	}
}

// TestInspectOfAStrangersPointer: it is used and was never ours, and access ends
// with it all the same.
func TestInspectOfAStrangersPointer(t *testing.T) {
	t.Parallel()
	want := map[sight][]string{absent: {"block RemovedByOther"}, present: nil, differs: {"block Differs"}, notRead: {"wait NotRead"}}
	for _, seen := range sights() {
		s := made(t)
		s.Pointer.State = grant.Left
		see(&s, grant.PointerStep, seen)
		if got := inspected(s); !slices.Equal(got, want[seen]) {
			t.Errorf("seen %s: %q, want %q", seen, got, want[seen])
		}
	}
}

// TestNothingIsGivenBack: whatever is seen of a grant that was completely made,
// neither provisioning nor inspecting plans to create anything.
func TestNothingIsGivenBack(t *testing.T) {
	t.Parallel()
	for _, pointer := range sights() {
		for _, scope := range sights() {
			for _, assignment := range sights() {
				s := made(t)
				see(&s, grant.PointerStep, pointer)
				see(&s, grant.ScopeStep, scope)
				see(&s, grant.AssignmentStep, assignment)
				for _, action := range append(plan.Inspect(s, noon()), plan.Provision(s, noon())) {
					if action.Verb == plan.Create || action.Verb == plan.Remove {
						t.Errorf("pointer %s, scope %s, assignment %s: %s %s", pointer, scope, assignment, action.Verb, action.Step.Kind)
					}
				}
			}
		}
	}
}

// TestNoWriteOnWhatIsNotRead: of a step whose object was not read nothing is ever
// created or removed, and the wait has an end.
func TestNoWriteOnWhatIsNotRead(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		for _, state := range stepStates() {
			s := made(t)
			under(&s, kind).State = state
			see(&s, kind, notRead)
			for _, action := range append(plan.Inspect(s, noon()), plan.Provision(s, noon()), plan.Revoke(s, noon())) {
				writes := action.Verb == plan.Create || action.Verb == plan.Remove
				if writes && action.Step.Name == under(&s, kind).Name {
					t.Errorf("%s %s: %s", kind, state, action.Verb)
				}
				if action.Reason == plan.NotRead && !action.Until.After(noon()) {
					t.Errorf("%s %s: waits until %s", kind, state, action.Until)
				}
			}
		}
	}
}

func TestInspectWaitsForARemovalThatMayStillAct(t *testing.T) {
	t.Parallel()
	s := made(t)
	s.Pointer.MayVanishUntil = noon().Add(time.Minute)
	if got := inspected(s); !slices.Equal(got, []string{"wait MayStillVanish"}) {
		t.Errorf("got %q", got)
	}
}

// TestOursNames: a name of ours counts only with the scope of its own grant.
func TestOursNames(t *testing.T) {
	t.Parallel()
	s := made(t)
	s.Steps[2].State = grant.Gone
	scope, name, gone := s.Steps[0].Name, s.Steps[1].Name, s.Steps[2].Name
	ours := plan.OursNames(s.Steps)
	cases := map[string]struct {
		assignment access.Assignment
		want       bool
	}{
		"ours":               {access.Assignment{Name: name, Scope: scope}, true},
		"ours in capitals":   {access.Assignment{Name: strings.ToUpper(name), Scope: strings.ToUpper(scope)}, true},
		"ours and disabled":  {access.Assignment{Name: name, Scope: scope, Enabled: false}, true},
		"with another scope": {access.Assignment{Name: name, Scope: "everybody"}, false},
		"without a scope":    {access.Assignment{Name: name}, false},
		"unscoped":           {access.Assignment{Name: name, Scope: scope, Unscoped: true}, false},
		"of a gone step":     {access.Assignment{Name: gone, Scope: scope}, false},
		"named as our scope": {access.Assignment{Name: scope, Scope: scope}, false},
		"a stranger's":       {access.Assignment{Name: "theirs", Scope: scope}, false},
		"without a name":     {access.Assignment{Scope: scope}, false},
	}
	for about, test := range cases {
		if ours(test.assignment) != test.want {
			t.Errorf("%s: ours is %t", about, !test.want)
		}
	}
}
