package access

import (
	"fmt"
	"strings"

	"mailgrant/handler/grant"
)

// assignmentWays judges every role assignment of a workload. A pointer that Exchange
// does not have makes them worth nothing, whatever a list still shows.
func (x *Index) assignmentWays(subject Subject) []way {
	facts := subject.Facts
	if facts.Pointer.Read && facts.Pointer.Value == nil {
		return nil
	}
	var doubts []string
	switch {
	case !facts.Pointer.Read:
		doubts = append(doubts, "pointer in Exchange: "+facts.Pointer.Why)
	case strays(*facts.Pointer.Value, subject.Workload):
		doubts = append(doubts, "pointer in Exchange: its ids are not those of the workload")
	}
	var ways []way
	if !facts.Assignments.Read {
		ways = append(ways, x.unreadWay(ByAssignment, "role assignments", facts.Assignments.Why))
	}
	for _, assignment := range facts.Assignments.Value {
		made, reaches := x.assignmentWay(assignment, subject, doubts)
		if reaches {
			ways = append(ways, made)
		}
	}
	return ways
}

// strays: a pointer with the ids of an app registration never matches its workload.
// That is inferred; so is what follows from it, and it is only taken for a doubt.
func strays(pointer Pointer, workload grant.Workload) bool {
	other := func(a, b string) bool { return a != "" && b != "" && !strings.EqualFold(a, b) }
	return other(pointer.ObjectID, workload.ObjectID) || other(pointer.AppID, workload.AppID)
}

// assignmentWay judges one role assignment; false when its role opens no mailbox.
func (x *Index) assignmentWay(assignment Assignment, subject Subject, doubts []string) (way, bool) {
	role, known := LookUpRole(assignment.Role)
	if assignment.Delegating || !known && !mayBeApplicationRole(assignment.Role) {
		return way{}, false
	}
	made := way{kind: ByAssignment, id: assignment.ID, ours: assignment.Ours, powers: role.powers, role: assignment.Role,
		what: fmt.Sprintf("the role assignment %q of %s", assignment.Name, assignment.Role)}
	scope := x.scopeOf(assignment)
	made.span, made.scope = scope.span, assignment.limits()
	made.unknown = scope.unknown
	made.organization = x.unlimited(assignment, scope)
	for _, value := range role.Permissions {
		permission, _ := named(value)
		made.values = append(made.values, permissionKey{permission.Resource, permission.Value})
	}
	if !known {
		made.powers = allPowers
		doubts = append(doubts[:len(doubts):len(doubts)], fmt.Sprintf("role %q: what it opens is not known here", assignment.Role))
	}
	made.weaken(x, append(doubts[:len(doubts):len(doubts)], assignmentDoubts(assignment, role, subject)...))
	return made, true
}

// unlimited says whether an assignment reaches every mailbox. A scope of which nothing
// is known is never taken for a limit.
func (x *Index) unlimited(assignment Assignment, scope scopeSpan) grant.Verdict {
	switch {
	case assignment.Unscoped:
		return grant.Allowed
	case len(scope.unknown) > 0 && scope.possible.equal(x.mailboxes.all):
		return grant.Unsure
	}
	return grant.Refused
}

// weaken makes the way a possible one for every doubt there is.
func (w *way) weaken(x *Index, doubts []string) {
	if len(doubts) == 0 {
		return
	}
	w.span = span{x.mailboxes.none, w.span.possible}
	w.unknown = append(w.unknown[:len(w.unknown):len(w.unknown)], doubts...)
	if w.organization == grant.Allowed {
		w.organization = grant.Unsure
	}
}

// assignmentDoubts are the facts about an assignment whose effect is not documented:
// a disabled one, and SMTP's role beside a consent, whose presence is said to call for
// a mailbox permission instead.
func assignmentDoubts(assignment Assignment, role ApplicationRole, subject Subject) []string {
	var doubts []string
	if !assignment.Enabled {
		doubts = append(doubts, fmt.Sprintf("role assignment %q: it is disabled, and whether that counts for applications is not documented", assignment.Name))
	}
	if role.Protocol == OverSMTP && mayHoldSMTP(subject.Facts.Consents) {
		doubts = append(doubts, fmt.Sprintf("role assignment %q: beside a consent to SMTP.SendAsApp the role may not count", assignment.Name))
	}
	return doubts
}

func mayHoldSMTP(consents Reading[[]Consent]) bool {
	if !consents.Read {
		return true
	}
	for _, consent := range consents.Value {
		if consent.Resource == Exchange && consent.Value == "SMTP.SendAsApp" {
			return true
		}
	}
	return false
}

// limits names what an assignment is limited to; empty when nothing limits it.
func (a Assignment) limits() string {
	switch {
	case a.Unscoped:
		return ""
	case a.Unit != "":
		return "administrative unit " + a.Unit
	case a.Group != "":
		return "direct members of group " + a.Group
	}
	return a.Scope
}
