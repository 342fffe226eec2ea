package plan_test

import (
	"slices"
	"testing"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

const (
	appID        = "11111111-1111-4111-8111-111111111111"
	objectID     = "22222222-2222-4222-8222-222222222222"
	otherApp     = "33333333-3333-4333-8333-333333333333"
	firstGUID    = "6233fba6-0198-4277-892f-9275bf728bcc"
	secondGUID   = "9a1f0c55-77de-4b0e-8d1a-0c2b7d1e44f0"
	installation = "abc123"
)

func noon() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func kinds() []grant.StepKind {
	return []grant.StepKind{grant.PointerStep, grant.ScopeStep, grant.AssignmentStep}
}

func stepStates() []grant.StepState {
	return []grant.StepState{grant.Wanted, grant.Creating, grant.Made, grant.Removing, grant.Gone, grant.Left}
}

// sight is how the object of the step under test is seen.
type sight string

const (
	absent  sight = "absent"
	present sight = "present"
	differs sight = "differs"
	notRead sight = "unread"
)

func sights() []sight { return []sight{absent, present, differs, notRead} }

// made is a grant of two mailboxes and two permissions of which everything is in
// the tenant as planned.
func made(t *testing.T) plan.Situation {
	t.Helper()
	g := grant.Grant{ID: grant.NewID("ops", "1"), State: grant.Provisioning, Workload: grant.Workload{AppID: appID, ObjectID: objectID},
		Permissions: []string{"Mail.Send", "Mail.Read"}, Mailboxes: []grant.Mailbox{{GUID: firstGUID}, {GUID: secondGUID}}}
	steps, err := plan.Steps(g, installation)
	if err != nil {
		t.Fatal(err)
	}
	s := plan.Situation{Grant: g, Steps: steps, Pointer: plan.Pointer(g.Workload)}
	s.Pointer.State = grant.Made
	facts := access.Facts{Consents: access.Known[[]access.Consent](nil), Scopes: map[string]access.Reading[*access.Scope]{},
		Pointer: access.Known(&access.Pointer{ObjectID: objectID, AppID: appID, ID: objectID})}
	var assignments []access.Assignment
	for i := range s.Steps {
		step := &s.Steps[i]
		step.State, step.RemoteID = grant.Made, "id of "+step.Name
		if step.Kind == grant.ScopeStep {
			facts.Scopes[step.Name] = access.Known(&access.Scope{Name: step.Name, ID: step.RemoteID, Filter: "(" + step.Filter + ")"})
			continue
		}
		assignments = append(assignments, access.Assignment{Name: step.Name, ID: step.RemoteID, Role: step.Role, Scope: steps[0].Name, Enabled: true})
	}
	facts.Assignments = access.Known(assignments)
	s.Facts = facts
	return s
}

// under returns the step under test: the pointer, the scope or the first assignment.
func under(s *plan.Situation, kind grant.StepKind) *grant.Step {
	if kind == grant.PointerStep {
		return &s.Pointer
	}
	return &s.Steps[slices.IndexFunc(s.Steps, func(step grant.Step) bool { return step.Kind == kind })]
}

// see changes the facts to how the object of the step under test is seen.
func see(s *plan.Situation, kind grant.StepKind, seen sight) {
	switch kind {
	case grant.PointerStep:
		seePointer(s, seen)
	case grant.ScopeStep:
		seeScope(s, seen)
	default:
		seeAssignment(s, seen)
	}
}

func seePointer(s *plan.Situation, seen sight) {
	switch seen {
	case absent:
		s.Facts.Pointer = access.Known[*access.Pointer](nil)
	case differs:
		s.Facts.Pointer = access.Known(&access.Pointer{ObjectID: objectID, AppID: otherApp, ID: objectID})
	case notRead:
		s.Facts.Pointer = access.NotRead[*access.Pointer]("Exchange timed out")
	}
}

func seeScope(s *plan.Situation, seen sight) {
	name := plan.ScopeName(s.Steps)
	switch seen {
	case absent:
		s.Facts.Scopes[name] = access.Known[*access.Scope](nil)
	case differs:
		s.Facts.Scopes[name] = access.Known(&access.Scope{Name: name, ID: "id of " + name, Filter: "Guid -ne '" + firstGUID + "'"})
	case notRead:
		s.Facts.Scopes[name] = access.NotRead[*access.Scope]("Exchange timed out")
	}
}

func seeAssignment(s *plan.Situation, seen sight) {
	switch seen {
	case absent:
		s.Facts.Assignments.Value = s.Facts.Assignments.Value[1:]
	case differs:
		s.Facts.Assignments.Value[0].Scope = "everybody"
	case notRead:
		s.Facts.Assignments = access.NotRead[[]access.Assignment]("Exchange timed out")
	}
}

// said is an action in one word or two, for tables.
func said(action plan.Action) string {
	switch action.Verb {
	case plan.Record:
		return "record " + string(action.Step.State)
	case plan.Wait, plan.Block:
		return string(action.Verb) + " " + action.Reason
	}
	return string(action.Verb)
}
