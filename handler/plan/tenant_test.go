package plan_test

import (
	"slices"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// tenant is Exchange as far as a plan can tell, in memory: names are unique, an
// assignment needs its scope and the pointer, a scope stays while an assignment
// names it. A write may take effect later than it was sent.
type tenant struct {
	now         time.Time
	pointer     bool
	scopes      map[string]string // name to filter
	assignments map[string]access.Assignment
	consents    []access.Consent
	late        []lateWrite
	// cut is what was wrongly taken away: a pointer under standing assignments.
	cut string
}

type lateWrite struct {
	at    time.Time
	write func()
}

func newTenant(now time.Time) *tenant {
	return &tenant{now: now, scopes: map[string]string{}, assignments: map[string]access.Assignment{}}
}

// pass moves the clock on and lets late writes take effect in their order.
func (t *tenant) pass(to time.Time) {
	slices.SortStableFunc(t.late, func(a, b lateWrite) int { return a.at.Compare(b.at) })
	for len(t.late) > 0 && !t.late[0].at.After(to) {
		t.late[0].write()
		t.late = t.late[1:]
	}
	t.now = to
}

// create takes effect, or is refused; it reports which.
func (t *tenant) create(step grant.Step, scope string) bool {
	switch step.Kind {
	case grant.PointerStep:
		if t.pointer {
			return false
		}
		t.pointer = true
	case grant.ScopeStep:
		if _, taken := t.scopes[step.Name]; taken {
			return false
		}
		t.scopes[step.Name] = step.Filter
	default:
		_, taken := t.assignments[step.Name]
		_, known := t.scopes[scope]
		if taken || !known || !t.pointer {
			return false
		}
		t.assignments[step.Name] = access.Assignment{Name: step.Name, ID: "id of " + step.Name, Role: step.Role, Scope: scope, Enabled: true}
	}
	return true
}

// remove is create's counterpart.
func (t *tenant) remove(step grant.Step) bool {
	switch step.Kind {
	case grant.PointerStep:
		if t.pointer && len(t.assignments) > 0 {
			t.cut = "the pointer was removed under standing assignments"
		}
		there := t.pointer
		t.pointer = false
		return there
	case grant.ScopeStep:
		for _, assignment := range t.assignments {
			if assignment.Scope == step.Name {
				return false
			}
		}
		_, there := t.scopes[step.Name]
		delete(t.scopes, step.Name)
		return there
	}
	_, there := t.assignments[step.Name]
	delete(t.assignments, step.Name)
	return there
}

// facts is what a reader of everything sees now.
func (t *tenant) facts(scope string) access.Facts {
	facts := access.Facts{Consents: access.Known(t.consents), Scopes: map[string]access.Reading[*access.Scope]{scope: access.Known[*access.Scope](nil)},
		Pointer: access.Known[*access.Pointer](nil)}
	if t.pointer {
		facts.Pointer = access.Known(&access.Pointer{ObjectID: objectID, AppID: appID, ID: objectID})
	}
	if filter, there := t.scopes[scope]; there {
		facts.Scopes[scope] = access.Known(&access.Scope{Name: scope, ID: "id of " + scope, Filter: filter})
	}
	assignments := make([]access.Assignment, 0, len(t.assignments))
	for _, assignment := range t.assignments {
		assignments = append(assignments, assignment)
	}
	facts.Assignments = access.Known(assignments)
	return facts
}
