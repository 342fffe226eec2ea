package access

import (
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/grant"
)

// Compare holds the tenant's own test of a workload against one mailbox
// (Test-ServicePrincipalAuthorization) beside our judgement of its role assignments,
// role by role, and names every disagreement; nil when there is none. The tenant's
// test sees no consents, so nothing is compared with those. Where either side does not
// know, the two do not disagree.
func (x *Index) Compare(workload, mailbox string, rows []Authorization) []string {
	subject, known := x.subject(workload)
	place := x.mailboxes.place(mailbox)
	if !known || place < 0 {
		return nil
	}
	ours, theirs := map[string]grant.Verdict{}, map[string]grant.Verdict{}
	gap := false
	for _, way := range x.assignmentWays(subject) {
		gap = gap || way.unread
		if !way.unread {
			merge(ours, way.role, way.at(place))
		}
	}
	for _, row := range rows {
		if mayBeApplicationRole(row.Role) {
			merge(theirs, row.Role, row.InScope)
		}
	}
	return disagreements(ours, theirs, gap)
}

func merge(verdicts map[string]grant.Verdict, role string, verdict grant.Verdict) {
	if verdict != grant.Allowed && verdict != grant.Refused {
		verdict = grant.Unsure
	}
	verdicts[role] = stronger(verdicts[role], verdict)
}

// disagreements compares role by role. A role that only one side has is one as well,
// unless our own list of assignments has a gap.
func disagreements(ours, theirs map[string]grant.Verdict, gap bool) []string {
	var found []string
	for role, verdict := range theirs {
		judged, known := ours[role]
		switch {
		case !known && verdict == grant.Allowed && !gap:
			found = append(found, fmt.Sprintf("%s: the tenant's own test says allowed, and no assignment of it was read", role))
		case known && judged != grant.Unsure && verdict != grant.Unsure && judged != verdict:
			found = append(found, fmt.Sprintf("%s: the tenant's own test says %s, and the assignments that were read say %s", role, verdict, judged))
		}
	}
	for role, judged := range ours {
		_, known := theirs[role]
		if !known && judged == grant.Allowed {
			found = append(found, fmt.Sprintf("%s: the assignments that were read say allowed, and the tenant's own test does not list the role", role))
		}
	}
	slices.SortFunc(found, strings.Compare)
	return found
}
