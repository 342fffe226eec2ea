package plan_test

import (
	"slices"
	"testing"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// adopted is the same tenant, with everything in it adopted and not made.
func adopted(t *testing.T) plan.Situation {
	t.Helper()
	s := made(t)
	s.Grant.Adoption = &grant.Adoption{}
	s.Grant.Mechanism = grant.RBAC
	s.Pointer.State = grant.Left
	for i := range s.Steps {
		s.Steps[i].Adopted = true
	}
	s.ScopeUsers = access.Known[[]string](nil)
	return s
}

// TestAdoptionWritesNothingBeforeItsEnd: whatever is seen of its objects, and in whatever
// state the pointer is known, nothing is created, removed or asked for.
func TestAdoptionWritesNothingBeforeItsEnd(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds() {
		for _, seen := range sights() {
			for _, state := range stepStates() {
				s := adopted(t)
				see(&s, kind, seen)
				s.Pointer.State = state
				for range 5 {
					action := plan.Provision(s, noon())
					switch action.Verb {
					case plan.Record:
						s.Pointer = action.Step
						continue
					case plan.Create, plan.Remove, plan.Ask, plan.Prove:
						t.Errorf("%s %s, pointer %s: %s %s", kind, seen, state, action.Verb, action.Step.Name)
					case plan.Finished:
						if seen != present {
							t.Errorf("%s %s, pointer %s: nothing was noticed", kind, seen, state)
						}
					}
					break
				}
				for _, action := range plan.Inspect(s, noon()) {
					if action.Verb != plan.Block && action.Verb != plan.Wait {
						t.Errorf("%s %s: a retest wants to %s", kind, seen, action.Verb)
					}
				}
			}
		}
	}
}

// removals plays the end on paper and returns what was removed, in its order.
func removals(t *testing.T, s plan.Situation) []grant.StepKind {
	t.Helper()
	s.Grant.ExpiresAt = noon()
	played := plan.Rehearse(s, noon())
	if played.Removal.Stopped != nil {
		t.Fatalf("the end stops: %+v", played.Removal.Stopped)
	}
	var removed []grant.StepKind
	for _, line := range played.Removal.Lines {
		if line.Verb == plan.Remove {
			removed = append(removed, line.Step.Kind)
		}
	}
	return removed
}

func TestAdoptionsEnd(t *testing.T) {
	t.Parallel()
	all := []grant.StepKind{grant.AssignmentStep, grant.AssignmentStep, grant.ScopeStep}
	if removed := removals(t, adopted(t)); !slices.Equal(removed, all) {
		t.Errorf("removed were %v", removed)
	}
	shared := adopted(t)
	shared.ScopeUsers = access.Known([]string{"another"})
	if removed := removals(t, shared); !slices.Equal(removed, all[:2]) {
		t.Errorf("of a scope that another uses removed were %v", removed)
	}
	unread := adopted(t)
	unread.ScopeUsers = access.NotRead[[]string]("Exchange timed out")
	unread.Grant.ExpiresAt = noon()
	if stopped := plan.Rehearse(unread, noon()).Removal.Stopped; stopped == nil || stopped.Reason != plan.NotRead {
		t.Errorf("a scope goes of which it is not known who uses it: %+v", stopped)
	}
}

// TestAdoptedIsKnownByIDAlone: what bears the name of an adopted object and not its id is a
// stranger's: it is no path of ours, and the end does not touch it.
func TestAdoptedIsKnownByIDAlone(t *testing.T) {
	t.Parallel()
	s := adopted(t)
	ours := plan.OursNames(s.Steps)
	for _, assignment := range s.Facts.Assignments.Value {
		if !ours(assignment) {
			t.Errorf("%s is not ours", assignment.ID)
		}
		assignment.ID = "another"
		if ours(assignment) {
			t.Errorf("%s is ours by its name", assignment.Name)
		}
	}
	for i := range s.Facts.Assignments.Value {
		s.Facts.Assignments.Value[i].ID = "another"
	}
	name := plan.ScopeName(s.Steps)
	scope := *s.Facts.Scopes[name].Value
	scope.ID = "another"
	s.Facts.Scopes[name] = access.Known(&scope)
	if removed := removals(t, s); len(removed) > 0 {
		t.Errorf("removed were %v", removed)
	}
}

// TestUnscopedStaysAPath: to be ended by a grant makes nothing confined.
func TestUnscopedStaysAPath(t *testing.T) {
	t.Parallel()
	step := grant.Step{Kind: grant.AssignmentStep, Name: "wide", RemoteID: "id of wide", State: grant.Made, Adopted: true, Unscoped: true, Role: "Application Mail.Read"}
	wide := access.Assignment{Name: "wide", ID: "id of wide", Role: step.Role, Enabled: true, Unscoped: true}
	if plan.OursNames([]grant.Step{step})(wide) {
		t.Error("an assignment without a scope is called ours")
	}
	s := adopted(t)
	s.Steps, s.Facts.Assignments = []grant.Step{step}, access.Known([]access.Assignment{wide})
	if found := plan.Inspect(s, noon()); len(found) > 0 {
		t.Errorf("it is as it was adopted, and yet: %+v", found)
	}
	wide.Unscoped, wide.Scope = false, "some"
	s.Facts.Assignments = access.Known([]access.Assignment{wide})
	if found := plan.Inspect(s, noon()); len(found) != 1 || found[0].Change != plan.ScopeSwapped {
		t.Errorf("it was narrowed: %+v", found)
	}
}

// adoptedPolicy is an adopted policy with the one consent that it confines.
func adoptedPolicy() plan.Situation {
	consent := plan.ConsentSteps(grant.Grant{Mechanism: grant.AccessPolicy, Permissions: []string{"Mail.Read"}})[0]
	consent.State, consent.RemoteID = grant.Made, "consent"
	return plan.Situation{
		Grant: grant.Grant{Mechanism: grant.AccessPolicy, Permissions: []string{"Mail.Read"}, ConfineExisting: []string{"Mail.Read"}, ConsentBy: grant.Service,
			Waits: policyWaits(), Adoption: &grant.Adoption{Beside: []string{"beside"}}, ExpiresAt: noon()},
		Steps:    []grant.Step{{Kind: grant.PolicyStep, Name: "policy", RemoteID: "policy", State: grant.Made, Adopted: true}},
		Consents: []plan.Shared{{Step: consent}}, Given: []grant.Step{consent},
		Policies: access.Known([]access.Policy{{ID: "policy", Right: access.RestrictAccess, Ours: true}, {ID: "beside", Right: access.RestrictAccess}}),
		Facts:    access.Facts{Consents: access.Known([]access.Consent{{ID: "consent", Resource: access.Graph, Value: "Mail.Read"}})},
	}
}

func TestAdoptedPolicysEnd(t *testing.T) {
	t.Parallel()
	played := plan.Rehearse(adoptedPolicy(), noon())
	if made := played.Making; made.Stopped != nil || len(made.Lines) != 2 || made.Lines[0].Verb != plan.Record {
		t.Errorf("on paper it is made by %+v, stopped %+v", made.Lines, made.Stopped)
	}
	lines := played.Removal.Lines
	if len(lines) != 3 || lines[0].Step.Kind != grant.ConsentStep || lines[1].Reason != plan.TokensOutstanding || lines[2].Step.Kind != grant.PolicyStep {
		t.Fatalf("the end is %+v, stopped %+v", lines, played.Removal.Stopped)
	}
	if waited := lines[2].NotBefore.Sub(lines[0].NotBefore); waited < policyWaits().Tokens {
		t.Errorf("the policy goes %s after the consent", waited)
	}
	held := adoptedPolicy()
	held.Facts.Consents.Value = append(held.Facts.Consents.Value, access.Consent{ID: "later", Resource: access.Graph, Value: "Mail.Send"})
	if stopped := plan.Rehearse(held, noon()).Removal.Stopped; stopped == nil || stopped.Reason != plan.ConsentRemovalNeeded {
		t.Errorf("the policy goes beside a consent that it confines: %+v", stopped)
	}
	person := adoptedPolicy()
	person.Grant.ConsentBy = grant.Person
	if action := plan.Revoke(person, noon()); action.Verb != plan.Ask {
		t.Errorf("a person's consent: %+v", action)
	}
}

func TestAdoptedPolicysDrift(t *testing.T) {
	t.Parallel()
	if found := plan.Inspect(adoptedPolicy(), noon()); len(found) > 0 {
		t.Errorf("it is as it was adopted, and yet: %+v", found)
	}
	further := adoptedPolicy()
	further.Policies.Value = append(further.Policies.Value, access.Policy{ID: "further", Right: access.RestrictAccess})
	gone := adoptedPolicy()
	gone.Policies.Value = gone.Policies.Value[1:]
	withdrawn := adoptedPolicy()
	withdrawn.Facts.Consents = access.Known[[]access.Consent](nil)
	for change, s := range map[plan.Change]plan.Situation{plan.PolicyAdded: further, plan.PolicyRemoved: gone, plan.ConsentRemoved: withdrawn} {
		found := plan.Inspect(s, noon())
		if len(found) != 1 || found[0].Change != change {
			t.Errorf("not %s but %+v", change, found)
		}
		if action := plan.Provision(s, noon().Add(time.Hour)); action.Verb != plan.Block {
			t.Errorf("%s: %+v", change, action)
		}
	}
}
