package access

import (
	"fmt"
	"slices"
	"strings"
)

// rightIndex holds mailbox permissions by workload.
type rightIndex struct {
	byWorkload map[string]*rightSpans
	// uncovered are the mailboxes whose permissions were never listed.
	uncovered set
	unknown   []string
}

// rightSpans are the mailboxes that give one workload each right. Where a permission
// is denied too, the right is not sure.
type rightSpans struct {
	full, sendAs, contested set
	foreign                 bool
}

func newRightIndex(u *universe, found Reading[MailboxPermissions]) *rightIndex {
	r := &rightIndex{byWorkload: map[string]*rightSpans{}}
	switch {
	case !found.Read:
		r.uncovered = u.all
		r.unknown = []string{"mailbox permissions: " + found.Why}
	case found.Value.Complete:
		r.uncovered = u.none
	default:
		r.uncovered = u.everybody().sure.clone()
		r.uncovered.subtract(u.of(found.Value.Covered).sure)
	}
	if found.Read && !r.uncovered.empty() {
		r.unknown = []string{fmt.Sprintf("mailbox permissions: those of %d of %d mailboxes were not listed yet", r.uncovered.count(), len(u.mailboxes))}
	}
	for _, entry := range found.Value.Entries {
		r.add(u, entry)
	}
	return r
}

// add sorts one permission by what it gives. One on a mailbox outside the universe
// opens nothing that anybody asks about.
func (r *rightIndex) add(u *universe, entry MailboxPermission) {
	place := u.place(entry.Mailbox)
	if place < 0 {
		return
	}
	key := strings.ToLower(entry.Workload)
	spans, known := r.byWorkload[key]
	if !known {
		spans = &rightSpans{full: u.none.clone(), sendAs: u.none.clone(), contested: u.none.clone()}
		r.byWorkload[key] = spans
	}
	spans.foreign = spans.foreign || !entry.Ours
	switch {
	case entry.Deny:
		spans.contested.add(place)
	case entry.Right == FullAccess:
		spans.full.add(place)
	case entry.Right == SendAs:
		spans.sendAs.add(place)
	}
}

// openTo is the span of mailboxes that a consent over a legacy protocol opens to a
// workload: FullAccess for all of them, and SendAs for sending.
func (r *rightIndex) openTo(u *universe, workload string, protocol Protocol) (span, bool) {
	spans, known := r.byWorkload[strings.ToLower(workload)]
	if !known {
		return span{u.none, r.uncovered}, false
	}
	// Every legacy protocol takes FullAccess; only SMTP is content with SendAs.
	sure := spans.full.clone()
	if protocol == OverSMTP {
		sure.unite(spans.sendAs)
	}
	possible := sure.clone()
	possible.unite(r.uncovered)
	sure.subtract(spans.contested)
	return span{sure, possible}, !spans.foreign
}

// RightsFor are the rights on a mailbox that consents to these permissions need there, in
// a fixed order: reading takes FullAccess, sending SendAs. Others need none.
func RightsFor(values []string) []MailboxRight {
	var rights []MailboxRight
	for _, right := range []MailboxRight{FullAccess, SendAs} {
		needed := slices.ContainsFunc(values, func(value string) bool {
			permission, known := LookUp(Exchange, value)
			sends := permission.Protocol == OverSMTP
			return known && permission.NeedsMailboxPermission && sends == (right == SendAs)
		})
		if needed {
			rights = append(rights, right)
		}
	}
	return rights
}

// Opens reports whether the right opens a mailbox to a consent to this permission of
// Office 365 Exchange Online: FullAccess to every older protocol, SendAs to sending only.
func Opens(right MailboxRight, value string) bool {
	permission, known := LookUp(Exchange, value)
	if !known || !permission.NeedsMailboxPermission {
		return false
	}
	return right == FullAccess || right == SendAs && permission.Protocol == OverSMTP
}
