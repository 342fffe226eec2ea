package access

import (
	"slices"

	"mailgrant/handler/grant"
)

// way is one path of one workload over all mailboxes: what it opens, and where.
type way struct {
	kind     PathKind
	what, id string
	// role is the management role of a role assignment.
	role string
	ours bool
	// values are the permissions that it confers by name; powers what it can do.
	values []permissionKey
	powers power
	// span is where it holds; unknown says by name why that is not certain.
	span    span
	unknown []string
	// organization: it reaches every mailbox, now and in future.
	organization grant.Verdict
	// confined: a policy narrows it.
	confined bool
	// opened: among the policies that narrow it is one that no grant made, which lets it
	// reach that policy's group as well.
	opened bool
	// selfGrant: its holder can give itself access. Empty where the way is of another kind.
	selfGrant grant.Verdict
	// scope names what limits it, for people; empty where nothing does.
	scope string
	// unread: it stands for a part of the facts that was not read.
	unread bool
}

// unreadPart: the way is no path that was found, but a gap where one may be.
func (w way) unreadPart() bool { return w.unread }

// unreadConsents: not knowing the consents is not knowing whether one of them gives
// its holder everything.
func (w way) unreadConsents() bool { return w.unread && w.kind == ByConsent }

// at is the verdict of the way on a mailbox. Of a mailbox outside the universe only
// one thing is known: what reaches all of them reaches it too.
func (w way) at(place int) grant.Verdict {
	switch {
	case w.selfGrant != "":
		return grant.Refused
	case place >= 0:
		return w.span.at(place)
	case w.organization == grant.Allowed && w.scope == "":
		return grant.Allowed
	}
	return grant.Unsure
}

// confers reports whether the way carries the permission by its own name.
func (w way) confers(permission Permission) bool {
	return slices.Contains(w.values, permissionKey{permission.Resource, permission.Value})
}

// path tells the way to others, with what of it overlaps and its verdict.
func (w way) path(overlap []Capability, verdict grant.Verdict) Path {
	told := Path{Kind: w.kind, What: w.what, ID: w.id, Ours: w.ours, Scope: w.scope, Organization: w.organization == grant.Allowed,
		MayBeOrganization: w.organization == grant.Unsure, Confined: w.confined, SelfGrant: w.selfGrant != "" && w.selfGrant != grant.Refused, Overlap: overlap, Verdict: verdict}
	for _, value := range w.values {
		told.Values = append(told.Values, value.value)
	}
	if verdict == grant.Unsure || told.MayBeOrganization {
		told.Unknown = w.unknown
	}
	return told
}

// ways are all ways of a workload: by its consents, its role assignments, the mailbox
// permissions that its protocol consents bring alive, and its roles. A part that was
// not read is a way of its own that may open anything anywhere.
func (x *Index) ways(subject Subject) []way {
	facts := subject.Facts
	var ways []way
	if !facts.Consents.Read {
		ways = append(ways, x.unreadWay(ByConsent, "consents", facts.Consents.Why))
	}
	ways = append(ways, x.consentWays(subject)...)
	ways = append(ways, x.assignmentWays(subject)...)
	return append(ways, x.roleWays(facts.Roles)...)
}

// unreadWay stands for a part of the facts that was not read.
func (x *Index) unreadWay(kind PathKind, part, why string) way {
	return way{kind: kind, what: "the workload's " + part, unread: true, powers: allPowers, span: x.mailboxes.anybody(), organization: grant.Unsure,
		unknown: []string{part + ": " + why}}
}
