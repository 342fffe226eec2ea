package access

import (
	"slices"

	"mailgrant/handler/grant"
)

// Answer says whether one workload reaches one mailbox with everything that was asked.
type Answer struct {
	Workload, Mailbox string
	// Verdict is allowed only when every permission is allowed on this same mailbox, and
	// denied as soon as one is denied.
	Verdict  grant.Verdict
	Findings []Finding
	// CanGrantItself: whatever the verdict is, the workload can give itself access.
	CanGrantItself grant.Verdict
	// SelfGrants are the paths by which it can, or may.
	SelfGrants []Path
	// Unknown says by name what was missing wherever the verdict is not known.
	Unknown []string
}

// Finding is the answer for one permission.
type Finding struct {
	// Permission is as it was asked; empty where any access at all was asked about.
	Permission string
	// Verdict is about what the permission does: allowed when a path does all of it, by
	// whatever name. ByName is about the permission itself, as an endpoint that asks for
	// this very name would find it.
	Verdict, ByName grant.Verdict
	// Paths are those that reach the mailbox, or may, with any of its capabilities.
	Paths   []Path
	Unknown []string
}

// Reach answers one question about facts that are asked only once. For several
// questions make an Index and ask it.
func Reach(tenant Tenant, workload string, permissions []string, mailbox string) Answer {
	return NewIndex(tenant).Reach(workload, permissions, mailbox)
}

// Reach answers whether a workload (object id or application id) reaches a mailbox
// (GUID or address) with all of these permissions; with none given, with anything at
// all. A workload that the facts do not have is unknown.
func (x *Index) Reach(workload string, permissions []string, mailbox string) Answer {
	answer := Answer{Workload: workload, Mailbox: mailbox, Verdict: grant.Unsure, CanGrantItself: grant.Unsure}
	subject, known := x.subject(workload)
	if !known {
		answer.Unknown = []string{"workload " + workload + ": it was not read"}
		return answer
	}
	place := x.mailboxes.place(mailbox)
	ways := x.ways(subject)
	if len(permissions) == 0 {
		answer.Findings = []Finding{findAnything(ways, place)}
	}
	for _, value := range permissions {
		answer.Findings = append(answer.Findings, findPermission(ways, value, place))
	}
	answer.conclude()
	answer.SelfGrants, answer.CanGrantItself = selfGrants(ways)
	if answer.Verdict == grant.Unsure && place < 0 {
		answer.Unknown = distinct(append(answer.Unknown, x.outside(mailbox)))
	}
	return answer
}

// outside says why nothing firm is said of a mailbox that is not in the universe.
func (x *Index) outside(mailbox string) string {
	if !x.mailboxes.read {
		return x.mailboxes.missing()
	}
	return x.mailboxes.stranger(mailbox)
}

// conclude folds the findings into one verdict and names what is missing.
func (a *Answer) conclude() {
	verdicts := make([]grant.Verdict, len(a.Findings))
	for i, finding := range a.Findings {
		verdicts[i] = finding.Verdict
		if finding.Verdict == grant.Unsure {
			a.Unknown = append(a.Unknown, finding.Unknown...)
		}
	}
	a.Unknown = distinct(a.Unknown)
	switch {
	case slices.Contains(verdicts, grant.Refused):
		a.Verdict, a.Unknown = grant.Refused, nil
	case slices.Contains(verdicts, grant.Unsure):
		a.Verdict = grant.Unsure
	default:
		a.Verdict = grant.Allowed
	}
}

// findPermission judges one permission. A path that does only part of what it does is
// told, because it overlaps, and decides nothing.
func findPermission(ways []way, value string, place int) Finding {
	permission, known := named(value)
	if !known {
		return Finding{Permission: value, Verdict: grant.Unsure, ByName: grant.Unsure, Unknown: []string{"permission " + value + ": it is not known here"}}
	}
	made := Finding{Permission: value, Verdict: grant.Refused, ByName: grant.Refused}
	for _, way := range ways {
		overlap := Overlap(permission.Confers, way.powers.capabilities())
		verdict := way.at(place)
		if len(overlap) == 0 || verdict == grant.Refused {
			continue
		}
		made.Paths = append(made.Paths, way.path(overlap, verdict))
		if way.powers.includes(permission.powers) {
			made.Verdict = stronger(made.Verdict, verdict)
			made.Unknown = append(made.Unknown, way.openReasons(verdict)...)
		}
		// A way without names is one of which it is not known what it confers.
		if way.confers(permission) || len(way.values) == 0 {
			made.ByName = stronger(made.ByName, verdict)
		}
	}
	made.close()
	return made
}

// findAnything asks whether the workload reaches the mailbox at all.
func findAnything(ways []way, place int) Finding {
	made := Finding{Verdict: grant.Refused}
	for _, way := range ways {
		verdict := way.at(place)
		if verdict == grant.Refused {
			continue
		}
		made.Paths = append(made.Paths, way.path(way.powers.capabilities(), verdict))
		made.Verdict = stronger(made.Verdict, verdict)
		made.Unknown = append(made.Unknown, way.openReasons(verdict)...)
	}
	made.ByName = made.Verdict
	made.close()
	return made
}

// close keeps reasons only where the finding is open.
func (f *Finding) close() {
	f.Unknown = distinct(f.Unknown)
	if f.Verdict != grant.Unsure {
		f.Unknown = nil
	}
}

// openReasons are why the way leaves this mailbox open; none where it does not.
func (w way) openReasons(verdict grant.Verdict) []string {
	if verdict == grant.Unsure {
		return w.unknown
	}
	return nil
}

// selfGrants are the ways of giving oneself access, and whether there is one.
func selfGrants(ways []way) ([]Path, grant.Verdict) {
	verdict := grant.Refused
	var paths []Path
	for _, way := range ways {
		if way.selfGrant == "" {
			continue
		}
		verdict = stronger(verdict, way.selfGrant)
		paths = append(paths, way.path([]Capability{Full}, way.selfGrant))
	}
	for _, way := range ways {
		if way.unreadConsents() {
			verdict = stronger(verdict, grant.Unsure)
		}
	}
	return paths, verdict
}

// stronger is what two paths to the same thing amount to: one that is sure is enough.
func stronger(a, b grant.Verdict) grant.Verdict {
	switch {
	case a == grant.Allowed || b == grant.Allowed:
		return grant.Allowed
	case a == grant.Unsure || b == grant.Unsure:
		return grant.Unsure
	}
	return grant.Refused
}

// distinct sorts the reasons, each once; nil when there is none.
func distinct(reasons []string) []string {
	if len(reasons) == 0 {
		return nil
	}
	sorted := slices.Clone(reasons)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
