package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// adoptPermissions takes the named rights on mailboxes over, with the named consents that
// open mailboxes by them.
func (e *Engine) adoptPermissions(ctx context.Context, b *binding, found *adopting) ([]grant.Fault, error) {
	found.permissions = b.request.Adopt.Permissions
	faults := append(protocolFaults(found.permissions), found.adoptProtocols(b.resolved.facts.Consents.Value)...)
	rights := b.request.Adopt.MailboxPermissions
	mailboxes, unknown, err := e.mailboxesNamed(ctx, rights)
	faults = append(faults, unknown...)
	if err != nil || len(faults) > 0 {
		return faults, err
	}
	held, err := e.heldOnEach(ctx, b, distinctMailboxes(mailboxes))
	if err != nil {
		return nil, err
	}
	for i, one := range rights {
		faults = append(faults, found.adoptRight(i, mailboxes[i], one.Right, held)...)
	}
	if len(faults) > 0 {
		return faults, nil
	}
	b.resolved.mailboxes = distinctMailboxes(mailboxes)
	for _, mailbox := range b.resolved.mailboxes {
		found.scope.Mailboxes = append(found.scope.Mailboxes, mailbox.GUID)
		faults = append(faults, found.openedAlike(mailbox)...)
	}
	found.tellRights(held, b.resolved.mailboxes)
	return faults, nil
}

// adoptProtocols takes the named consents, each of which has to be held, and tells what
// stays beside them.
func (a *adopting) adoptProtocols(consents []access.Consent) []grant.Fault {
	var faults []grant.Fault
	for i, value := range a.permissions {
		place := slices.IndexFunc(consents, func(one access.Consent) bool { return one.Resource == access.Exchange && one.Value == value })
		if place < 0 {
			faults = append(faults, grant.At("noConsent", "the workload holds no consent to "+value+" on "+plan.ResourceTitle(access.Exchange), "permissions", strconv.Itoa(i)))
			continue
		}
		step := plan.ConsentSteps(grant.Grant{Mechanism: grant.MailboxPermission, Permissions: []string{value}})[0]
		step.RemoteID = consents[place].ID
		a.shared = append(a.shared, step)
	}
	for _, one := range consents {
		if one.Resource == access.Exchange && !slices.Contains(a.permissions, one.Value) {
			a.notice("the consent to %s on %s was not named and stays", firstOf(one.Value, one.AppRoleID), one.ResourceName)
		}
	}
	return faults
}

// mailboxesNamed looks the mailboxes up, one for each right in its place.
func (e *Engine) mailboxesNamed(ctx context.Context, rights []grant.AdoptedRight) ([]exchange.Recipient, []grant.Fault, error) {
	names := make([]string, len(rights))
	for i, one := range rights {
		names[i] = one.Mailbox
	}
	distinct := distinctFold(names)
	looks := make([]looked, len(distinct))
	group, groupCtx := readTogether(ctx)
	group.SetLimit(atOnce)
	e.lookUp(groupCtx, group, distinct, looks)
	err := group.Wait()
	if err != nil {
		return nil, nil, err
	}
	mailboxes := make([]exchange.Recipient, len(rights))
	var faults []grant.Fault
	for i, name := range names {
		one := looks[slices.IndexFunc(distinct, func(other string) bool { return strings.EqualFold(other, name) })]
		mailboxes[i] = one.recipient
		switch {
		case one.fault != "":
			faults = append(faults, grant.At("unknownMailbox", one.fault, "mailboxPermissions", strconv.Itoa(i), "mailbox"))
		case !grantable(one.recipient.Type):
			faults = append(faults, grant.At("mailboxType", fmt.Sprintf("%s is a %s, on which no permission can be proved", one.recipient.PrimaryAddress, one.recipient.Type), "mailboxPermissions", strconv.Itoa(i), "mailbox"))
		}
	}
	return mailboxes, faults, nil
}

func distinctMailboxes(mailboxes []exchange.Recipient) []exchange.Recipient {
	var distinct []exchange.Recipient
	for _, one := range mailboxes {
		if !slices.ContainsFunc(distinct, func(other exchange.Recipient) bool { return other.GUID == one.GUID }) {
			distinct = append(distinct, one)
		}
	}
	return distinct
}

// heldOnEach are the workload's rights on the mailboxes. Without a pointer there are none.
func (e *Engine) heldOnEach(ctx context.Context, b *binding, mailboxes []exchange.Recipient) ([]access.MailboxPermission, error) {
	if b.resolved.facts.Pointer.Value == nil {
		return nil, nil
	}
	people := elsewhere{workload: b.resolved.workload, facts: b.resolved.facts}.people()
	found := make([][]access.MailboxPermission, len(mailboxes))
	group, ctx := readTogether(ctx)
	group.SetLimit(atOnce)
	for i, mailbox := range mailboxes {
		group.Go(func() error {
			var err error
			found[i], err = e.readPermissions(ctx, mailbox.GUID, people)
			return err
		})
	}
	err := group.Wait()
	return slices.Concat(found...), err
}

// adoptRight takes one right over. Its faults are those of its name: that the tenant does
// not list it, or that it opens nothing by the named consents.
func (a *adopting) adoptRight(place int, mailbox exchange.Recipient, right string, held []access.MailboxPermission) []grant.Fault {
	one := grant.AdoptedRight{Mailbox: mailbox.GUID, Right: right}
	given := false
	for _, entry := range held {
		if strings.EqualFold(entry.Mailbox, mailbox.GUID) && string(entry.Right) == right {
			given, one.Denied = given || !entry.Deny, one.Denied || entry.Deny
		}
	}
	same := slices.IndexFunc(a.adoption.MailboxPermissions, func(other grant.AdoptedRight) bool {
		return other.Mailbox == one.Mailbox && other.Right == one.Right
	})
	at := func(reason, detail string) []grant.Fault {
		return []grant.Fault{grant.At(reason, detail, "mailboxPermissions", strconv.Itoa(place))}
	}
	switch {
	case !given:
		return at("unknownPermission", fmt.Sprintf("Exchange lists no %s of the workload on %s; %s", right, mailbox.PrimaryAddress, listedOn(mailbox, held)))
	case same >= 0:
		return at("duplicate", fmt.Sprintf("this is the same right as entry %d", same))
	case !opensAny(access.MailboxRight(right), a.permissions):
		return at("noMailAccess", fmt.Sprintf("%s opens nothing to %s", right, strings.Join(a.permissions, ", ")))
	case one.Denied:
		a.notice("%s on %s is denied as well, so that it is not known what it opens", right, mailbox.PrimaryAddress)
	}
	a.adoption.MailboxPermissions = append(a.adoption.MailboxPermissions, one)
	step := plan.PermissionStep(mailbox.GUID, access.MailboxRight(right))
	step.RemoteID = step.Name // no id is shown for such an entry
	a.shared = append(a.shared, step)
	return nil
}

// listedOn names what the workload holds on the mailbox.
func listedOn(mailbox exchange.Recipient, held []access.MailboxPermission) string {
	var rights []string
	for _, entry := range held {
		if strings.EqualFold(entry.Mailbox, mailbox.GUID) && !entry.Deny {
			rights = append(rights, string(entry.Right))
		}
	}
	if len(rights) == 0 {
		return "it lists none"
	}
	return "it lists " + strings.Join(rights, ", ")
}

func opensAny(right access.MailboxRight, permissions []string) bool {
	return slices.ContainsFunc(permissions, func(value string) bool { return access.Opens(right, value) })
}

// openedAlike: the permissions of a grant are those on each of its mailboxes.
func (a *adopting) openedAlike(mailbox exchange.Recipient) []grant.Fault {
	for _, value := range a.permissions {
		opened := slices.ContainsFunc(a.adoption.MailboxPermissions, func(one grant.AdoptedRight) bool {
			return one.Mailbox == mailbox.GUID && access.Opens(access.MailboxRight(one.Right), value)
		})
		if !opened {
			return []grant.Fault{grant.At("severalScopes", fmt.Sprintf("what is named of %s is not opened by %s, and a grant is about the same permissions on each mailbox: adopt those by requests of their own", mailbox.PrimaryAddress, value), "mailboxPermissions")}
		}
	}
	return nil
}

// tellRights tells which other rights the workload keeps on the mailboxes.
func (a *adopting) tellRights(held []access.MailboxPermission, mailboxes []exchange.Recipient) {
	var kept []access.MailboxPermission
	for _, entry := range held {
		taken := slices.ContainsFunc(a.adoption.MailboxPermissions, func(one grant.AdoptedRight) bool {
			return strings.EqualFold(one.Mailbox, entry.Mailbox) && one.Right == string(entry.Right)
		})
		if !taken && !entry.Deny {
			kept = append(kept, entry)
		}
	}
	if len(kept) > 0 {
		a.notice("not named, so that it stays: %s", several(namesOf(kept, mailboxes)))
	}
}

// nothingNew refuses what grants of the workload answer for already, all of it.
func (h *holding) nothingNew(b binding) []grant.Fault {
	stranger := slices.ContainsFunc(b.adoption.shared, func(step grant.Step) bool { return !h.known(step).Exists() })
	if stranger {
		return nil
	}
	return []grant.Fault{grant.At("managed", "each of these permissions and consents is managed already, by the workload's other grants", "mailboxPermissions")}
}

// takeOverShared records what was named as made. What another grant has made stays as it is
// and is needed by both. It tells what else the consents open, as far as the crawl has come.
func (h *holding) takeOverShared(ctx context.Context, live *held, b binding) error {
	if live.Mechanism != grant.MailboxPermission {
		return nil
	}
	for _, found := range b.adoption.shared {
		step := h.known(found)
		if !step.Exists() {
			h.keep(live, plan.TakenOver(step, found.RemoteID, h.Now()))
			continue
		}
		live.Adoption.Notices = append(live.Adoption.Notices, fmt.Sprintf("%s %s is another grant's too and goes with the last of them", step.Kind, step.Name))
	}
	crawled, _, err := h.crawledSoFar(ctx)
	if err != nil {
		return err
	}
	beside := namesOf(h.oldPermissions(live, live.Permissions, crawled.Entries), nil)
	if len(beside) > 0 {
		live.Adoption.Notices = append(live.Adoption.Notices, fmt.Sprintf("the consents open %s too: these permissions were not named and stay, and by the consents that end nothing opens them any more", several(beside)))
	}
	live.Adoption.Notices = append(live.Adoption.Notices, fmt.Sprintf("the permissions of %d mailboxes were listed so far; what is found on others later is told in Confined", len(crawled.Covered)))
	return nil
}
