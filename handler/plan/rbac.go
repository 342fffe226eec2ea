package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// roleSteps are those of a grant by RBAC for Applications: one management scope over all
// its mailboxes and one role assignment a permission; an administrative unit limits the
// assignments itself, without a management scope.
func roleSteps(g grant.Grant, installation string) ([]grant.Step, error) {
	var steps []grant.Step
	unit := ""
	if g.Scope.Kind() == grant.ByAdministrativeUnit {
		if g.Target == nil || g.Target.ID == "" {
			return nil, errors.New("the administrative unit was not resolved")
		}
		unit = g.Target.ID
	} else {
		filter, err := recipientFilter(g)
		if err != nil {
			return nil, err
		}
		steps = append(steps, grant.Step{Number: 0, Kind: grant.ScopeStep, Name: grant.RemoteName(installation, g.ID, 0), State: grant.Wanted, Filter: filter})
	}
	for i, value := range g.Permissions {
		permission, refusal := access.Scopable(value)
		if refusal != "" {
			return nil, fmt.Errorf("planning %s: %s", value, refusal)
		}
		steps = append(steps, grant.Step{Number: i + 1, Kind: grant.AssignmentStep, Name: grant.RemoteName(installation, g.ID, i+1),
			State: grant.Wanted, Permission: value, Role: permission.Role, Unit: unit})
	}
	return steps, nil
}

// recipientFilter is the filter of the grant's management scope. A group is matched by
// its distinguished name in a scope of our own, and not by Exchange's own parameter for
// groups, for which Exchange makes a scope that bears no name of ours.
func recipientFilter(g grant.Grant) (string, error) {
	switch g.Scope.Kind() {
	case grant.ByGroup, grant.ByGroups:
		var names []string
		for _, target := range g.GroupTargets() {
			names = append(names, target.DistinguishedName)
		}
		return access.GroupFilter(names)
	case grant.ByFilter:
		filter, faults := access.OperatorFilter(g.Scope.Filter)
		if len(faults) > 0 {
			return "", fmt.Errorf("the filter cannot be used: %w", faults[0])
		}
		return filter.String(), nil
	}
	guids := make([]string, len(g.Mailboxes))
	for i, mailbox := range g.Mailboxes {
		guids[i] = mailbox.GUID
	}
	return access.MailboxFilter(guids)
}

// Pointer is the shared step of a workload's pointer in Exchange, before anything
// is known of it.
func Pointer(workload grant.Workload) grant.Step {
	return grant.Step{Kind: grant.PointerStep, Name: workload.ObjectID, State: grant.Wanted}
}

// ScopeName returns the name of the grant's management scope, empty when the steps
// have none.
func ScopeName(steps []grant.Step) string {
	for _, step := range steps {
		if step.Kind == grant.ScopeStep {
			return step.Name
		}
	}
	return ""
}

// provisionRoles makes pointer, scope, assignments. An assignment is never planned before
// its scope was read back with the intended filter.
func (s Situation) provisionRoles(now time.Time) Action {
	for _, step := range append([]grant.Step{s.Pointer}, ownSteps(s.Steps)...) {
		action := makeStep(step, s.seen(step), now)
		if action != nil {
			return *action
		}
	}
	next := s.migrate(now)
	if next != nil {
		return *next
	}
	return Action{Verb: Finished}
}

// ownSteps are those that a grant makes, without the policies that a migration found.
func ownSteps(steps []grant.Step) []grant.Step {
	return slices.DeleteFunc(slices.Clone(steps), func(step grant.Step) bool { return step.Kind == grant.PolicyStep })
}

// revokeRoles removes assignments first, because they are the access; then the scope,
// which Exchange does not remove while an assignment names it; the pointer last, and only
// where nothing else needs it.
func (s Situation) revokeRoles(now time.Time) Action {
	for _, kind := range []grant.StepKind{grant.AssignmentStep, grant.ScopeStep} {
		for _, step := range s.Steps {
			if step.Kind != kind {
				continue
			}
			action := removeStep(step, s.seen(step), now)
			if action != nil {
				return *action
			}
		}
	}
	next := s.rollBack(now)
	if next != nil {
		return *next
	}
	return s.revokePointer(now)
}

func (s Situation) revokePointer(now time.Time) Action {
	if s.PointerNeeded || !s.Pointer.Exists() {
		return Action{Verb: Finished}
	}
	if s.pointerPresent() {
		if !s.Facts.Assignments.Read {
			return *unread(s.Pointer, s.Facts.Assignments.Why, now)
		}
		if !s.Facts.Consents.Read {
			return *unread(s.Pointer, s.Facts.Consents.Why, now)
		}
		if len(s.Facts.Assignments.Value) > 0 || s.mailProtocolConsent() {
			// Somebody else relies on the pointer: it stays, and stays recorded as ours
			// for the next grant that ends.
			return Action{Verb: Finished}
		}
	}
	action := removeStep(s.Pointer, s.seen(s.Pointer), now)
	if action != nil {
		return *action
	}
	return Action{Verb: Finished}
}

func (s Situation) pointerPresent() bool {
	return !s.Facts.Pointer.Read || s.Facts.Pointer.Value != nil
}

// mailProtocolConsent reports whether the workload holds any consent on Office 365
// Exchange Online: IMAP, POP and SMTP need the pointer, and a role that is not
// known might.
func (s Situation) mailProtocolConsent() bool {
	for _, consent := range s.Facts.Consents.Value {
		if consent.Resource == access.Exchange {
			return true
		}
	}
	return false
}

func (s Situation) seen(step grant.Step) object {
	switch step.Kind {
	case grant.PointerStep:
		return s.seenPointer()
	case grant.ScopeStep:
		return s.seenScope(step)
	case grant.AssignmentStep:
		return s.seenAssignment(step)
	case grant.MailboxPermissionStep:
		return s.seenPermission(step)
	case grant.MailboxStep:
		return s.seenMailbox(step)
	}
	return s.seenOfPolicy(step)
}

func (s Situation) seenPointer() object {
	reading := s.Facts.Pointer
	seen := object{read: reading.Read, why: reading.Why, present: reading.Value != nil,
		title: "the service principal pointer of " + s.Grant.Workload.ObjectID}
	if !seen.present {
		return seen
	}
	seen.id = reading.Value.ID
	if !strings.EqualFold(reading.Value.AppID, s.Grant.Workload.AppID) {
		seen.change = PointerReplaced
		seen.differs = fmt.Sprintf("names the application %s and not %s; Exchange can only be corrected by removing and making it anew", reading.Value.AppID, s.Grant.Workload.AppID)
	}
	return seen
}

func (s Situation) seenScope(step grant.Step) object {
	reading, asked := s.Facts.Scopes[step.Name]
	if !asked {
		reading = access.NotRead[*access.Scope]("the management scope was not asked for")
	}
	seen := object{read: reading.Read, why: reading.Why, present: reading.Value != nil, title: "the management scope " + step.Name}
	if !seen.present {
		return seen
	}
	seen.id = reading.Value.ID
	if step.Adopted && !strings.EqualFold(seen.id, step.RemoteID) {
		seen.present = false
		return seen
	}
	same := access.SameMailboxes(reading.Value.Filter, step.Filter) || access.SameFilter(reading.Value.Filter, step.Filter) ||
		step.Adopted && reading.Value.Filter == step.Filter
	if reading.Value.Exclusive || !same {
		seen.change = FilterChanged
		seen.differs = fmt.Sprintf("has the filter %q and not %q", reading.Value.Filter, step.Filter)
	}
	return seen
}

// seenAssignment finds the assignment by the id that was recorded, or by our name.
// Without a pointer there can be no assignment.
func (s Situation) seenAssignment(step grant.Step) object {
	reading := s.Facts.Assignments
	seen := object{read: reading.Read, why: reading.Why, title: "the role assignment " + step.Name}
	for _, assignment := range reading.Value {
		byID := step.RemoteID != "" && strings.EqualFold(assignment.ID, step.RemoteID)
		if !byID && (step.Adopted || !strings.EqualFold(assignment.Name, step.Name)) {
			continue
		}
		seen.present = true
		seen.id = assignment.ID
		differs := assignmentDiffers
		if step.Adopted {
			differs = adoptedDiffers
		}
		seen.change, seen.differs = differs(assignment, step, ScopeName(s.Steps))
	}
	return seen
}

func assignmentDiffers(assignment access.Assignment, step grant.Step, scope string) (Change, string) {
	switch {
	case assignment.Unscoped:
		return AssignmentWidened, fmt.Sprintf("has no scope any more and reaches every mailbox; it had %q", firstOf(step.Unit, scope))
	case step.Unit != "" && !strings.EqualFold(assignment.Unit, step.Unit):
		return ScopeSwapped, fmt.Sprintf("is limited by %q and not by the administrative unit %s", firstOf(assignment.Unit, assignment.Scope, assignment.Group), step.Unit)
	case step.Unit == "" && !strings.EqualFold(assignment.Scope, scope):
		return ScopeSwapped, fmt.Sprintf("has the scope %q and not %q", assignment.Scope, scope)
	case assignment.Role != step.Role:
		return RoleChanged, fmt.Sprintf("has the role %q and not %q", assignment.Role, step.Role)
	case !assignment.Enabled:
		return AssignmentDisabled, "was disabled"
	}
	return "", ""
}

// OursNames returns a test for the assignments that these steps made: by name, because
// the name is the mark, or by id where they were adopted, and by the scope of the same
// grant, whose step comes before its assignments. What bears our name with a wider scope or
// none is a path that we did not make, whoever gave it the name; and one that was adopted
// without a scope defeats every scope, whoever is to end it.
func OursNames(steps []grant.Step) func(access.Assignment) bool {
	made, adopted := map[string]access.Assignment{}, map[string]access.Assignment{}
	scope := ""
	for _, step := range steps {
		limit := access.Assignment{Scope: scope, Unit: step.Unit, Group: step.Group}
		if step.Unit != "" || step.Group != "" {
			limit.Scope = ""
		}
		switch {
		case step.Kind == grant.ScopeStep:
			scope = step.Name
		case step.Kind != grant.AssignmentStep || step.State == grant.Gone || step.Unscoped:
		case step.Adopted:
			adopted[strings.ToLower(step.RemoteID)] = limit
		default:
			made[strings.ToLower(step.Name)] = limit
		}
	}
	return func(assignment access.Assignment) bool {
		limit, known := made[strings.ToLower(assignment.Name)]
		if !known {
			limit, known = adopted[strings.ToLower(assignment.ID)]
		}
		return known && !assignment.Unscoped && strings.EqualFold(assignment.Scope, limit.Scope) && strings.EqualFold(assignment.Unit, limit.Unit) &&
			(limit.Group == "" || strings.EqualFold(assignment.Group, limit.Group))
	}
}

func (s Situation) inspectRoles(now time.Time) []Action {
	var found []Action
	for _, step := range append([]grant.Step{s.Pointer}, ownSteps(s.Steps)...) {
		action := s.inspect(step, now)
		if action != nil {
			found = append(found, *action)
		}
	}
	return found
}

// inspect says how the step's object differs from one that was made, or was there and left;
// nil where it does not.
func (s Situation) inspect(step grant.Step, now time.Time) *Action {
	seen := s.seen(step)
	if step.State == grant.Left && seen.read && !seen.present {
		return changed(block(step, RemovedByOther, seen.title+" was removed by someone else"), removal(step.Kind))
	}
	return makeStep(step, seen, now)
}

func firstOf(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
