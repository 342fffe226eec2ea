package tenant

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// The older protocols, by the names that SignIn and the control port take.
const (
	ProtocolIMAP = "imap"
	ProtocolPOP  = "pop"
	ProtocolSMTP = "smtp"
)

// protocolPermissions are the consents, on Exchange's own resource, that open the protocols.
var protocolPermissions = map[string]string{
	ProtocolIMAP: "IMAP.AccessAsApp", ProtocolPOP: "POP.AccessAsApp", ProtocolSMTP: "SMTP.SendAsApp",
}

// entry is how far a sign-in gets.
type entry int

const (
	// entryRefused: the token, the mailbox or the consent is missing, or the protocol is switched off.
	entryRefused entry = iota
	// entryUnconnected: the application is known, and the mailbox is not opened to it.
	entryUnconnected
	entryOpen
)

// enter judges a sign-in to one mailbox. A consent counts by the token as it was minted, and then asks
// for a right of the application's pointer on the mailbox. SMTP goes without a consent where a scoped
// role covers the mailbox; beside one the role does not count, which a single public source says.
// It needs the lock.
func (t *Tenant) enter(protocol string, caller claims, target mailbox) entry {
	now := t.clock.now()
	permission := protocolPermissions[protocol]
	byRole := t.roleCovers(caller, permission, target, now)
	switch {
	case t.state.switchedOff(protocol, target):
		return entryRefused
	case slices.Contains(caller.Roles, permission):
		if t.state.mayOpen(caller.ObjectID, protocols[permission], target, now) {
			return entryOpen
		}
		return entryUnconnected
	case protocol == ProtocolSMTP && byRole:
		return entryOpen
	}
	return entryRefused
}

// roleCovers asks the same cache as the other calls of the data plane, and so keeps it alive.
func (t *Tenant) roleCovers(caller claims, permission string, target mailbox, now time.Time) bool {
	among := t.state.memberships()
	covered := false
	for _, each := range t.cachedReach(caller.ObjectID, now) {
		if slices.Contains(each.permissions, permission) && each.covers(target, among) {
			covered = true
		}
	}
	return covered
}

// mayOpen looks for one of the rights, given to the pointer that Exchange has now.
func (s *state) mayOpen(objectID string, rights []string, target mailbox, now time.Time) bool {
	index := slices.IndexFunc(s.pointers, func(each pointer) bool { return strings.EqualFold(each.ObjectID, objectID) })
	if index < 0 {
		return false
	}
	return slices.ContainsFunc(s.permissionsSeen(now), func(each permission) bool {
		here := strings.EqualFold(each.Mailbox, target.GUID) && strings.EqualFold(each.Trustee, s.pointers[index].GUID)
		return here && slices.Contains(rights, each.Right)
	})
}

// switchedOff: for SMTP the mailbox's own switch goes before the organization's (Microsoft Learn,
// Enable or disable authenticated client SMTP submission in Exchange Online).
func (s *state) switchedOff(protocol string, target mailbox) bool {
	switch protocol {
	case ProtocolIMAP:
		return target.IMAPDisabled
	case ProtocolPOP:
		return target.POPDisabled
	}
	if target.SMTPDisabled != nil {
		return *target.SMTPDisabled
	}
	return s.organization.SMTPDisabled
}

// readXOAUTH2 takes a sign-in apart: the mailbox, and the token that speaks for the application
// (Microsoft Learn, Authenticate an IMAP, POP or SMTP connection using OAuth, SASL XOAUTH2). It is
// false for anything else.
func readXOAUTH2(text string) (mailbox, token string, is bool) {
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", "", false
	}
	parts := strings.Split(string(decoded), "\x01")
	if len(parts) != 4 || parts[2] != "" || parts[3] != "" {
		return "", "", false
	}
	mailbox, named := strings.CutPrefix(parts[0], "user=")
	token, bears := strings.CutPrefix(parts[1], "auth=Bearer ")
	return mailbox, token, named && bears && mailbox != "" && token != ""
}

func writeXOAUTH2(mailbox, token string) string {
	return "user=" + mailbox + "\x01auth=Bearer " + token + "\x01\x01"
}
