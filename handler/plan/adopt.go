package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// provisionAdopted never plans a write: what was adopted is there, and what is not there
// any more is not given back. The consents that an adopted policy confines become the
// grant's to end.
func (s Situation) provisionAdopted(now time.Time) Action {
	for _, consent := range s.Consents {
		seen := s.seen(consent.Step)
		if seen.read && seen.present && !consent.Step.Exists() {
			return *record(dated(consent.Step, now), grant.Made, seen.id)
		}
	}
	if pointer := s.seen(s.Pointer); s.byPointer() && pointer.present && s.Pointer.State == grant.Wanted && pointer.differs == "" {
		return *record(s.Pointer, grant.Left, pointer.id)
	}
	found := s.inspectAdopted(now)
	if len(found) > 0 {
		return found[0]
	}
	return Action{Verb: Finished}
}

// byPointer reports whether what was adopted hangs on the workload's pointer.
func (s Situation) byPointer() bool { return s.Grant.Mechanism != grant.AccessPolicy }

// TakenOver is the step of an object that was there before and is a grant's from now on, by
// the id that the tenant shows. Consents and policies are dated with now.
func TakenOver(step grant.Step, id string, now time.Time) grant.Step {
	step.State, step.RemoteID, step.Adopted = grant.Made, id, true
	return dated(step, now)
}

// inspectAdopted compares the tenant with what was adopted, which need not be what a grant
// of ours would have.
func (s Situation) inspectAdopted(now time.Time) []Action {
	steps := slices.Clone(s.Steps)
	for _, shared := range slices.Concat(s.Permissions, s.Consents) {
		steps = append(steps, shared.Step)
	}
	if s.byPointer() {
		steps = append([]grant.Step{s.Pointer}, steps...)
	}
	var found []Action
	for _, step := range steps {
		action := stillAdopted(step, s.seen(step), now)
		if action != nil && !s.wasDenied(*action) {
			found = append(found, *action)
		}
	}
	if s.Grant.Mechanism == grant.AccessPolicy {
		for _, action := range s.foreignPolicies() {
			found = append(found, *action)
		}
	}
	return found
}

// wasDenied reports whether all that differs was so when it was adopted.
func (s Situation) wasDenied(action Action) bool {
	mailbox, right := PermissionOf(action.Step)
	return action.Change == MailboxPermissionDenied && s.Grant.Adoption.WasDenied(mailbox, string(right))
}

// stillAdopted says how the object differs from what was adopted; nil where it does not.
func stillAdopted(step grant.Step, seen object, now time.Time) *Action {
	switch {
	case !seen.read:
		return unread(step, seen.why, now)
	case !seen.present:
		return changed(block(step, RemovedByOther, seen.title+" was removed by someone else; nothing is made in its place"), removal(step.Kind))
	case seen.differs != "":
		return changed(block(step, Differs, seen.title+" "+seen.differs), seen.change)
	}
	return nil
}

// revokeAdopted ends what was adopted in the order of its mechanism. The groups of policies
// are not the grant's, and stay.
func (s Situation) revokeAdopted(now time.Time) Action {
	order := []func(time.Time) *Action{s.removeAssignments, s.removeAdoptedScope}
	switch s.Grant.Mechanism {
	case grant.MailboxPermission:
		return s.revokePermissions(now)
	case grant.AccessPolicy:
		order = []func(time.Time) *Action{s.removeConsents, s.removeAdoptedPolicies}
	}
	for _, action := range order {
		next := action(now)
		if next != nil {
			return *next
		}
	}
	if s.byPointer() {
		return s.revokePointer(now)
	}
	return Action{Verb: Finished}
}

func (s Situation) removeAssignments(now time.Time) *Action {
	return s.removeKind(grant.AssignmentStep, now)
}

// removeAdoptedScope leaves a scope that anybody else's assignment names.
func (s Situation) removeAdoptedScope(now time.Time) *Action {
	for _, step := range s.Steps {
		if step.Kind != grant.ScopeStep || !step.Exists() {
			continue
		}
		seen := s.seen(step)
		switch {
		case seen.read && !seen.present:
		case !s.ScopeUsers.Read:
			return unread(step, s.ScopeUsers.Why, now)
		case len(s.ScopeUsers.Value) > 0:
			left := record(step, grant.Left, "")
			left.Message = fmt.Sprintf("%s stays: it is also used by %s", seen.title, strings.Join(s.ScopeUsers.Value, ", "))
			return left
		}
		return removeStep(step, seen, now)
	}
	return nil
}

// removeAdoptedPolicies holds each policy as long as one that we made: while a consent
// stands that it confines, and while a token lives that was minted under one.
func (s Situation) removeAdoptedPolicies(now time.Time) *Action {
	for _, step := range s.Steps {
		if step.Kind != grant.PolicyStep || !step.Exists() {
			continue
		}
		held := s.policyHeld(step, now)
		if held != nil {
			return held
		}
		action := removeStep(step, s.seen(step), now)
		if action != nil {
			return action
		}
	}
	return nil
}

// adoptedDiffers says how a role assignment is not what it was when it was adopted.
func adoptedDiffers(assignment access.Assignment, step grant.Step, scope string) (Change, string) {
	switch {
	case step.Unscoped && !assignment.Unscoped:
		return ScopeSwapped, fmt.Sprintf("is limited by %q by now; it reached every mailbox", firstOf(assignment.Scope, assignment.Unit, assignment.Group))
	case step.Unscoped && assignment.Role != step.Role:
		return RoleChanged, fmt.Sprintf("has the role %q and not %q", assignment.Role, step.Role)
	case step.Unscoped && !assignment.Enabled:
		return AssignmentDisabled, "was disabled"
	case step.Unscoped:
		return "", ""
	case step.Group != "" && !strings.EqualFold(assignment.Group, step.Group):
		return ScopeSwapped, fmt.Sprintf("is limited by %q and not by the group %s", firstOf(assignment.Scope, assignment.Unit, assignment.Group), step.Group)
	}
	return assignmentDiffers(assignment, step, scope)
}

// takeOver writes a line for what is taken over as it is: no action is needed for it.
func (p *sheet) takeOver() {
	if p.Grant.Adoption == nil {
		return
	}
	for _, step := range p.Steps {
		p.write(Line{Verb: Record, Step: step})
	}
	if p.Grant.Mechanism != grant.MailboxPermission {
		return // the consents that a policy confines are recorded when it is begun
	}
	for _, shared := range slices.Concat(p.Permissions, p.Consents) {
		p.write(Line{Verb: Record, Step: shared.Step})
	}
}
