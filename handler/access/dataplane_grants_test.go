package access_test

import (
	"fmt"
	"slices"

	"mailgrant/handler/access"
)

// grants adds what grants by policies and by mailbox permissions make for some of the
// workloads, beside whatever else those hold.
func (d *drawing) grants() {
	for _, who := range d.made.ServicePrincipals {
		switch d.random.IntN(6) {
		case 0:
			d.policyGrant(who)
		case 1:
			d.permissionGrant(who)
		}
	}
}

// policyGrant is a group of mailboxes, a policy that restricts the workload to it, and
// consents that the policy confines.
func (d *drawing) policyGrant(who playedPrincipal) {
	number := len(d.made.Groups)
	made := playedGroup{GUID: numbered(2, number), DisplayName: fmt.Sprintf("Group %d", number), Kind: "MailEnabledSecurity", Primary: fmt.Sprintf("g%d@%s", number, playedDomain)}
	made.Members = d.granted()
	d.made.Groups = append(d.made.Groups, made)
	d.made.Policies = append(d.made.Policies, playedPolicy{AppID: who.AppID, Scope: made.GUID, Right: "RestrictAccess", ours: true})
	d.given(who, "graph", "Mail.Read", "Mail.Send", "Calendars.ReadWrite", "Contacts.Read", "MailboxSettings.Read")
}

// permissionGrant is a pointer, a right on some mailboxes, and consents to older protocols.
func (d *drawing) permissionGrant(who playedPrincipal) {
	if !d.made.pointed(who.ObjectID) {
		d.made.Pointers = append(d.made.Pointers, who)
	}
	right := pick(d.random, "FullAccess", "FullAccess", "SendAs")
	for _, mailbox := range d.granted() {
		made := playedRight{Mailbox: mailbox, Trustee: who.ObjectID, Right: right}
		if !slices.Contains(d.made.MailboxPermissions, made) {
			made.ours = true
			d.made.MailboxPermissions = append(d.made.MailboxPermissions, made)
		}
	}
	if right == "SendAs" {
		d.given(who, "exchange", "SMTP.SendAsApp")
		return
	}
	d.given(who, "exchange", "IMAP.AccessAsApp", "POP.AccessAsApp", "SMTP.SendAsApp")
}

// granted are some of the mailboxes, each once.
func (d *drawing) granted() []string {
	var some []string
	for _, each := range d.made.everybody() {
		if len(some) < 3 && d.once(2) {
			some = append(some, each)
		}
	}
	return some
}

// given adds consents to some of the permissions that the workload does not hold already.
func (d *drawing) given(who playedPrincipal, resource string, permissions ...string) {
	for _, permission := range permissions {
		made := playedConsent{Workload: who.ObjectID, Resource: resource, Permission: permission}
		if d.once(2) && !slices.Contains(d.made.Consents, made) {
			made.ours = true
			d.made.Consents = append(d.made.Consents, made)
		}
	}
}

// owner says where a path is called a grant's and is not, or the other way round. What
// opens a mailbox to an older protocol is the right on it, and not the consent.
func (h held) owner(objectID string, path access.Path) string {
	foreign := slices.ContainsFunc(h.played.MailboxPermissions, func(each playedRight) bool { return each.Trustee == objectID && !each.ours })
	given := slices.ContainsFunc(h.played.Consents, func(each playedConsent) bool {
		return each.Workload == objectID && each.Resource+"/"+each.Permission == path.ID && each.ours
	})
	switch {
	case path.Kind == access.ByConsent && path.Ours != given:
		return fmt.Sprintf("%s is called ours: %t, and is: %t", path, path.Ours, given)
	case path.Kind == access.ByMailboxPermission && path.Ours && foreign && h.crawled():
		return fmt.Sprintf("%s is called ours, and a stranger's right is among those of the workload", path)
	}
	return ""
}

// crawled: the rights on every mailbox are known.
func (h held) crawled() bool {
	return !slices.ContainsFunc(h.played.Mailboxes, func(each playedMailbox) bool { return each.uncrawled || !each.inExchange() })
}
