package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// protocolFaults: only the older protocols go by mailbox permissions.
func protocolFaults(permissions []string) []grant.Fault {
	var faults []grant.Fault
	for i, value := range permissions {
		permission, known := access.LookUp(access.Exchange, value)
		if !known || !permission.NeedsMailboxPermission {
			faults = append(faults, grant.At("permission", value+" does not go by mailbox permissions; those are for IMAP.AccessAsApp, POP.AccessAsApp and SMTP.SendAsApp, and rbac may have a scoped role for this one", "permissions", strconv.Itoa(i)))
		}
	}
	return faults
}

// permissionFaults are what mailbox permissions have against a request: a permission opens
// the mailbox to every protocol that the workload is consented to.
func (h *holding) permissionFaults(g grant.Grant, b binding) []grant.Fault {
	var faults []grant.Fault
	var held []string
	for _, consent := range b.resolved.facts.Consents.Value {
		name := string(access.Exchange) + "/" + consent.Value
		given := slices.ContainsFunc(h.given(), func(step grant.Step) bool { return step.Name == name && step.Exists() })
		if consent.Resource == access.Exchange && !given {
			held = append(held, consent.Value)
		}
	}
	excess := plan.ExcessOfPermissions(h.together(g), held)
	if len(excess) > 0 {
		faults = append(faults, grant.At("excess", "FullAccess opens a mailbox to every older protocol that a workload is consented to: together with its other consents and grants this one would also open "+several(excess), "permissions"))
	}
	for _, live := range h.grants {
		if live.Mechanism == grant.RBAC && slices.Contains(live.Permissions, sendAsApp) && slices.Contains(g.Permissions, sendAsApp) {
			faults = append(faults, grant.At("entraRole", "the grant "+live.ID+" gives "+sendAsApp+" by its scoped role, which stops to work while the workload is consented to it in Entra: revoke that one first", "permissions"))
		}
	}
	return faults
}

const sendAsApp = "SMTP.SendAsApp"

// scopedSendingFaults: with the Entra role in its token a workload is judged by mailbox
// permissions, and its scoped role for SMTP is not looked at. Inferred from a single public
// source, which cites the onboarding guide for SMTP.
func (h *holding) scopedSendingFaults(g grant.Grant, b binding) []grant.Fault {
	if !slices.Contains(g.Permissions, sendAsApp) {
		return nil
	}
	for _, live := range h.grants {
		if live.Mechanism == grant.MailboxPermission && slices.Contains(live.Permissions, sendAsApp) {
			return []grant.Fault{grant.At("entraRole", "the grant "+live.ID+" goes by the consent to "+sendAsApp+", and the scoped role is not looked at while it stands: revoke that one first, or ask for the mechanism mailboxPermission", "permissions")}
		}
	}
	for _, consent := range b.resolved.facts.Consents.Value {
		if consent.Resource == access.Exchange && consent.Value == sendAsApp {
			return []grant.Fault{grant.At("entraRole", "the workload is consented to "+sendAsApp+" in Entra, and its scoped role is not looked at while it is: remove that consent first, or ask for the mechanism mailboxPermission, which gives SendAs on each mailbox", "permissions")}
		}
	}
	return nil
}

// withoutProtocols leaves out the consents to older protocols that grants of the workload,
// apart from one that ends, have given or use: what they open hangs on mailbox permissions,
// which are judged apart.
func (h *holding) withoutProtocols(consents []access.Consent, ends *held) []access.Consent {
	used := map[string]bool{}
	for _, live := range h.grants {
		if live == ends || !live.MayHaveMade() {
			continue // nobody looks yet at what a consent opens beside it
		}
		for _, step := range plan.ConsentSteps(live.Grant) {
			used[step.Name] = used[step.Name] || live.Mechanism == grant.MailboxPermission
		}
	}
	return slices.DeleteFunc(slices.Clone(consents), func(one access.Consent) bool {
		return used[string(one.Resource)+"/"+one.Value]
	})
}

// openStill tells what goes on to open the mailboxes of a grant at its end: rights that were
// there before it, or that other grants need, with consents that stand.
func openStill(live *held, facts access.Facts, rights []access.MailboxPermission) []string {
	if live.Mechanism != grant.MailboxPermission || facts.Pointer.Value == nil {
		return nil
	}
	var open []string
	for _, consent := range facts.Consents.Value {
		for _, one := range rights {
			if consent.Resource == access.Exchange && slices.Contains(live.Permissions, consent.Value) && access.Opens(one.Right, consent.Value) {
				open = append(open, fmt.Sprintf("%s on %s with the consent to %s", one.Right, one.Mailbox, consent.Value))
			}
		}
	}
	return open
}

// besideOurRights are the consents that no grant goes by and to which the rights of the
// grant open its mailboxes as well, beyond what it was to give: a stranger's consent to
// sending makes FullAccess for reading one for sending.
func besideOurRights(live *held, others []access.Consent) []access.Path {
	if live.Mechanism != grant.MailboxPermission {
		return nil
	}
	var rights []access.MailboxRight
	for _, mailbox := range live.Mailboxes {
		rights = append(rights, plan.RightsOn(live.Grant, mailbox.GUID)...)
	}
	slices.Sort(rights)
	rights = slices.Compact(rights)
	var found []access.Path
	for _, one := range others {
		beyond := access.Beyond([]string{one.Value}, live.Permissions)
		for _, right := range rights {
			if one.Resource == access.Exchange && len(beyond) > 0 && access.Opens(right, one.Value) {
				found = append(found, access.Path{Kind: access.ByMailboxPermission, What: "by the " + string(right) + " of this grant the consent to " + one.Value + ", which no grant has given,",
					Scope: "mailbox permissions", Overlap: beyond, Verdict: grant.Allowed})
			}
		}
	}
	return found
}

// judgedApart are the consents that withoutProtocols has left out and that overlap with what
// the grant gives, by their values; those that the grant itself goes by among them.
func judgedApart(live *held, all, left []access.Consent) []string {
	var values []string
	if live.Mechanism == grant.MailboxPermission {
		values = slices.Clone(live.Permissions)
	}
	for _, one := range all {
		overlaps := len(access.Overlap(access.Confers([]string{one.Value}), access.Confers(live.Permissions))) > 0
		if one.Resource == access.Exchange && overlaps && !slices.Contains(values, one.Value) && !slices.Contains(left, one) {
			values = append(values, one.Value)
		}
	}
	return values
}

// judgePermissions tells the mailbox permissions beside those of grants that the consents
// of grants open, as far as they were listed. They can be listed only mailbox by mailbox.
func (h *holding) judgePermissions(ctx context.Context, live *held, consents []string, found *proof) {
	if len(consents) == 0 {
		return
	}
	var state crawlState
	err := h.readWork(ctx, surveyPartition, crawlKey, &state)
	if err != nil {
		found.unread = append(found.unread, "mailbox permissions: "+err.Error())
		return
	}
	crawled, _, err := h.crawledSoFar(ctx)
	if err != nil {
		found.unread = append(found.unread, "mailbox permissions: "+err.Error())
		return
	}
	for _, name := range namesOf(h.oldPermissions(live, consents, crawled.Entries), nil) {
		found.paths = append(found.paths, access.Path{Kind: access.ByMailboxPermission, What: "the permission on " + name + ", which no grant has given,",
			Scope: "mailbox permissions", Overlap: access.Overlap(access.Confers(consents), access.Confers(live.Permissions)), Verdict: grant.Allowed})
	}
	switch {
	case state.FullAt.IsZero():
		found.unread = append(found.unread, fmt.Sprintf("mailbox permissions: those of %d mailboxes were listed so far, and not all yet", len(crawled.Covered)))
	case h.Now().Sub(crawled.OldestRead) >= crawlFresh:
		found.unread = append(found.unread, "mailbox permissions: some were last listed at "+crawled.OldestRead.UTC().Format(time.RFC3339))
	}
}
