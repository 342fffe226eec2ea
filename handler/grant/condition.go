package grant

import (
	"slices"
	"time"
)

// Status is a condition's answer. Unknown is never proof of anything.
type Status string

// The three answers.
const (
	True    Status = "True"
	False   Status = "False"
	Unknown Status = "Unknown"
)

// ConditionType names what a condition speaks about.
type ConditionType string

// The conditions of a grant.
const (
	// Provisioned: every object of the grant is in the tenant as it was planned.
	Provisioned ConditionType = "Provisioned"
	// Verified: every mailbox was seen allowed and every canary refused.
	Verified ConditionType = "Verified"
	// Confined: no other path gives the workload an overlapping capability.
	Confined ConditionType = "Confined"
	// Effective: by the published limit, data access follows the configuration; reason
	// Observed where a report says so.
	Effective ConditionType = "Effective"
	// Expiring: the end is less than seven days away.
	Expiring ConditionType = "Expiring"
	// StillReachable: after the end, another path still reaches a mailbox.
	StillReachable ConditionType = "StillReachable"
	// MailboxesHeld: the granted mailboxes are the ones that were bound, and none of
	// them has come under protection since.
	MailboxesHeld ConditionType = "MailboxesHeld"
	// EditedByOther: somebody else has changed our objects. It never clears by itself.
	EditedByOther ConditionType = "EditedByOther"
	// ConsentDeclared: the workload's app registration asks for permissions on every mailbox
	// that nobody has consented to now. It is no fault; the next consent gives them.
	ConsentDeclared ConditionType = "ConsentDeclared"
	// Observed: calls that the workload's owner reports were answered as they should be.
	// It is set by reports only, and is a caller's claim.
	Observed ConditionType = "Observed"
	// ProtocolsOpen: the older protocols that the grant goes by are switched on for its
	// mailboxes. The service tells what is off and changes nothing.
	ProtocolsOpen ConditionType = "ProtocolsOpen"
	// Stuck: work on the grant fails; seen from the first miss.
	Stuck ConditionType = "Stuck"
)

// ForeignAssignment is the reason of Confined while a role assignment of somebody
// else's gives an overlapping capability within a scope of its own.
const ForeignAssignment = "ForeignAssignment"

// ConfinedConsent is the reason of Confined while a consent that an application access
// policy confines gives an overlapping capability.
const ConfinedConsent = "ConfinedConsent"

// ForeignMailboxPermission is the reason of Confined while a mailbox permission that no
// grant has given opens a mailbox to the workload by an older protocol.
const ForeignMailboxPermission = "ForeignMailboxPermission"

// Condition is one statement about a grant.
type Condition struct {
	Type    ConditionType `json:"type"`
	Status  Status        `json:"status"`
	Reason  string        `json:"reason"`
	Message string        `json:"message,omitempty"`
	// Since moves only when status or reason change.
	Since time.Time `json:"since"`
}

// Condition returns the grant's condition of that type; a type that was never
// set is Unknown with reason NotYet.
func (g *Grant) Condition(kind ConditionType) Condition {
	for _, c := range g.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return Condition{Type: kind, Status: Unknown, Reason: "NotYet"}
}

// Set states a condition and reports whether its status or reason changed. Its
// Since is taken from c only in that case.
func (g *Grant) Set(c Condition) bool {
	index := slices.IndexFunc(g.Conditions, func(old Condition) bool { return old.Type == c.Type })
	if index < 0 {
		g.Conditions = append(g.Conditions, c)
		return true
	}
	old := g.Conditions[index]
	changed := old.Status != c.Status || old.Reason != c.Reason
	if !changed {
		c.Since = old.Since
	}
	g.Conditions[index] = c
	return changed
}

// expiringWithin is how long before its end a grant is called expiring.
const expiringWithin = 7 * 24 * time.Hour

// ConditionsAt returns the grant's conditions with those that follow from the
// clock alone (Effective, Expiring) as they stand at now.
func (g *Grant) ConditionsAt(now time.Time) []Condition {
	shown := slices.Clone(g.Conditions)
	if !g.EffectiveBy.IsZero() && !g.State.Ended() {
		shown = append(shown, g.effectiveAt(now))
	}
	if g.State == Active {
		shown = append(shown, g.expiringAt(now))
	}
	return shown
}

func (g *Grant) effectiveAt(now time.Time) Condition {
	if now.Before(g.EffectiveBy) {
		return Condition{Type: Effective, Status: Unknown, Reason: "WithinPublishedLimit", Since: g.VerifiedAt,
			Message: "Data access may still follow the earlier configuration; do not call before effectiveBy, because early calls keep a denial cached."}
	}
	if !g.Work.ObservedAt.IsZero() && !g.Work.ObservedAt.Before(g.EffectiveBy) {
		return Condition{Type: Effective, Status: True, Reason: "Observed", Since: g.Work.ObservedAt,
			Message: "The workload's owner reports that every call which the grant should allow was answered."}
	}
	return Condition{Type: Effective, Status: True, Reason: "ByPublishedLimit", Since: g.EffectiveBy,
		Message: "The published limit has passed; this was not observed by a call."}
}

func (g *Grant) expiringAt(now time.Time) Condition {
	begins := g.ExpiresAt.Add(-expiringWithin)
	if now.Before(begins) {
		return Condition{Type: Expiring, Status: False, Reason: "EndIsFar", Since: g.StartsAt}
	}
	return Condition{Type: Expiring, Status: True, Reason: "EndIsNear", Since: later(begins, g.StartsAt)}
}

// NeedsAttention reports whether the condition says something that a person should
// see. What is not known to be confined is not.
func (c Condition) NeedsAttention() bool {
	switch c.Type {
	case Provisioned, Verified, Confined, MailboxesHeld:
		return c.Status != True && c.Reason != "Removed"
	case Observed, ProtocolsOpen:
		return c.Status == False
	case StillReachable, Stuck:
		return c.Status == True
	}
	return false
}
