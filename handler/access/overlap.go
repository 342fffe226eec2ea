package access

import "mailgrant/handler/grant"

// Paths returns every path of a workload, apart from our own objects, that overlaps
// with what the wanted permissions confer: organization-wide or not, certain or
// possible. It is the question of binding and of every retest. ours says of a role
// assignment whether a grant made it; a consent or mailbox permission that is ours
// says so itself. The second result names what could not be read; while it is not
// empty, the absence of paths proves nothing.
func (x *Index) Paths(workload string, wanted []string, ours func(Assignment) bool) ([]Path, []string) {
	subject, known := x.subject(workload)
	if !known {
		return nil, []string{"workload " + workload + ": it was not read"}
	}
	subject = withoutOurs(subject, ours)
	confers := Confers(wanted)
	var paths []Path
	var unread []string
	for _, way := range x.ways(subject) {
		overlap := Overlap(confers, way.powers.capabilities())
		if len(overlap) == 0 || way.ours && !way.escaped() {
			continue
		}
		unread = append(unread, way.unknown...)
		verdict := way.anywhere(x)
		if verdict != grant.Refused && !way.unreadPart() {
			paths = append(paths, way.path(overlap, verdict))
		}
	}
	return paths, distinct(unread)
}

// escaped: it is a consent of ours that no policy of ours confines any more, or that a
// policy of somebody else's opens further.
func (w way) escaped() bool {
	return w.kind == ByConsent && (w.organization != grant.Refused || !w.confined || w.opened)
}

// withoutOurs leaves the shared facts as they are.
func withoutOurs(subject Subject, ours func(Assignment) bool) Subject {
	var others []Assignment
	for _, assignment := range subject.Facts.Assignments.Value {
		if !assignment.Ours && !ours(assignment) {
			others = append(others, assignment)
		}
	}
	subject.Facts.Assignments.Value = others
	return subject
}

// anywhere is whether the way reaches any mailbox at all, or gives itself to.
func (w way) anywhere(x *Index) grant.Verdict {
	switch {
	case w.selfGrant != "":
		return w.selfGrant
	case w.organization != grant.Refused:
		return w.organization
	case !x.mailboxes.read:
		return grant.Unsure
	case !w.span.sure.empty():
		return grant.Allowed
	case !w.span.possible.empty():
		return grant.Unsure
	}
	return grant.Refused
}
