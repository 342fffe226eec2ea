package access

import (
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/grant"
)

// Exposed is everything that one workload reaches.
type Exposed struct {
	Workload grant.Workload
	// The five ways to be exposed, each by itself: every mailbox; what an application
	// access policy leaves of a consent; what a role assignment's scope matches; what
	// mailboxes themselves gave; and whatever it wants, because it can give it to itself.
	OrganizationWide, ConfinedByPolicy, Scoped, ByMailboxPermission, CanGrantItself grant.Verdict
	// Reached mailboxes are certain; Possible are those of which it is not known. Both
	// are counts within the universe and leave out what the workload could give itself.
	Reached, Possible int
	// Capabilities that it has somewhere, certain or possible.
	Capabilities []Capability
	// Paths are all of them, certain and possible. Foreign counts those not ours.
	Paths   []Path
	Foreign int
	// Remedies say what would have to go for the workload to be least privileged.
	Remedies []Remedy
	// Leftovers are assignments of roles that Exchange Online has ended.
	Leftovers []string
	Unknown   []string
}

// Remedy is one thing that would have to go, and why.
type Remedy struct {
	What string
	ID   string
	Why  string
}

// Exposure is the answer for every workload that reaches a mailbox, may reach one,
// can give itself access, or keeps a leftover; sorted by object id. A long run is
// better made workload by workload, with Exposed.
func (x *Index) Exposure() []Exposed {
	var all []Exposed
	for _, subject := range x.subjects {
		exposed := x.expose(subject)
		if exposed.any() {
			all = append(all, exposed)
		}
	}
	return all
}

// Exposed is the answer for one workload, by object id or application id; false when
// the facts do not have it.
func (x *Index) Exposed(workload string) (Exposed, bool) {
	subject, known := x.subject(workload)
	if !known {
		return Exposed{}, false
	}
	return x.expose(subject), true
}

// any: there is something to tell of this workload.
func (e Exposed) any() bool {
	return len(e.Paths) > 0 || len(e.Unknown) > 0 || len(e.Leftovers) > 0
}

// expose takes the union of a workload's ways. What it could give itself is told and
// not counted: it reaches nothing by it today.
func (x *Index) expose(subject Subject) Exposed {
	ways := x.ways(subject)
	made := Exposed{Workload: subject.Workload, OrganizationWide: grant.Refused, ConfinedByPolicy: grant.Refused, Scoped: grant.Refused,
		ByMailboxPermission: grant.Refused, Leftovers: leftovers(subject.Facts.Assignments.Value)}
	_, made.CanGrantItself = selfGrants(ways)
	reached := span{x.mailboxes.none.clone(), x.mailboxes.none.clone()}
	var powers power
	for _, way := range ways {
		made.Unknown = append(made.Unknown, way.unknown...)
		verdict := way.anywhere(x)
		if verdict == grant.Refused {
			continue
		}
		made.sort(way, verdict)
		if !way.unreadPart() {
			made.Paths = append(made.Paths, way.path(way.powers.capabilities(), verdict))
			made.Remedies = append(made.Remedies, way.remedy()...)
		}
		if !way.ours {
			made.Foreign++
		}
		if way.selfGrant == "" {
			powers |= way.powers
			reached.sure.unite(way.span.sure)
			reached.possible.unite(way.span.possible)
		}
	}
	made.Capabilities = powers.capabilities()
	made.Reached = reached.sure.count()
	made.Possible = reached.possible.count() - made.Reached
	made.finish(x)
	return made
}

// sort says of which kind of exposure a way is.
func (e *Exposed) sort(w way, verdict grant.Verdict) {
	e.OrganizationWide = stronger(e.OrganizationWide, wide(w))
	switch {
	case w.selfGrant != "":
	case w.unreadPart() && w.kind == ByConsent:
		e.ConfinedByPolicy = stronger(e.ConfinedByPolicy, grant.Unsure)
		e.ByMailboxPermission = stronger(e.ByMailboxPermission, grant.Unsure)
	case w.confined:
		e.ConfinedByPolicy = stronger(e.ConfinedByPolicy, verdict)
	case w.kind == ByMailboxPermission:
		e.ByMailboxPermission = stronger(e.ByMailboxPermission, verdict)
	case w.kind == ByAssignment && w.organization != grant.Allowed:
		e.Scoped = stronger(e.Scoped, verdict)
	}
}

// wide is whether a way opens every mailbox as things stand.
func wide(w way) grant.Verdict {
	if w.selfGrant != "" {
		return grant.Refused
	}
	return w.organization
}

// finish names the unread universe only where there is something that it would count.
func (e *Exposed) finish(x *Index) {
	if len(e.Paths) == 0 && len(e.Unknown) == 0 {
		return
	}
	if !x.mailboxes.read {
		e.Unknown = append(e.Unknown, x.mailboxes.missing())
	}
	e.Unknown = distinct(e.Unknown)
}

// remedy says what of a way would have to go. A policy is never among it: removing one
// widens the consent that it confines. Of what is only limited in a way that was not
// read, nothing is said.
func (w way) remedy() []Remedy {
	switch {
	case w.selfGrant != "":
		return []Remedy{{What: w.what, ID: w.id, Why: "its holder can give itself access to every mailbox"}}
	case w.organization == grant.Refused:
		return nil
	case w.kind == ByAssignment && w.scope == "":
		return []Remedy{{What: w.what, ID: w.id, Why: "it has no scope; assign the role again with one, then remove this assignment"}}
	case w.kind == ByConsent && (w.organization == grant.Allowed || len(w.values) == 0):
		return []Remedy{{What: w.what, ID: w.id, Why: w.replacement()}}
	}
	return nil
}

// replacement says what takes the place of an organization-wide consent.
func (w way) replacement() string {
	var roles []string
	for _, value := range w.values {
		permission, _ := LookUp(value.resource, value.value)
		if permission.Role == "" {
			return "it reaches every mailbox and has no scoped counterpart: " + permission.Instead
		}
		roles = append(roles, permission.Role)
	}
	if len(roles) == 0 {
		return "it may reach every mailbox, and what it opens is not known here"
	}
	return fmt.Sprintf("it reaches every mailbox; assign %s with a scope, then remove the consent", strings.Join(roles, ", "))
}

// leftovers names assignments of the role that application roles replaced.
func leftovers(assignments []Assignment) []string {
	var names []string
	for _, assignment := range assignments {
		if assignment.Role == impersonation {
			names = append(names, fmt.Sprintf("the role assignment %q of %s", assignment.Name, assignment.Role))
		}
	}
	slices.Sort(names)
	return names
}
