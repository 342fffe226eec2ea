package plan

import (
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// Excess names what would be open although no grant asked for it: policies restrict an
// application and not a permission, so every consent of the workload reaches the mailboxes
// of every grant. Empty when the grants together open nothing more than each asked for.
func Excess(grants []grant.Grant) []string {
	asked := askedBy(grants, grant.AccessPolicy)
	return asked.excess(func([]string) []string { return asked.consented })
}

// ExcessOfPermissions does the same for mailbox permissions: FullAccess opens a mailbox to
// every older protocol that the workload is consented to, and SendAs to sending. held are
// the workload's consents on Office 365 Exchange Online, whoever gave them.
func ExcessOfPermissions(grants []grant.Grant, held []string) []string {
	asked := askedBy(grants, grant.MailboxPermission)
	consented := append(slices.Clone(held), asked.consented...)
	return asked.excess(func(permissions []string) []string {
		rights := access.RightsFor(permissions)
		var opened []string
		for _, value := range consented {
			if slices.ContainsFunc(rights, func(right access.MailboxRight) bool { return access.Opens(right, value) }) {
				opened = append(opened, value)
			}
		}
		return opened
	})
}

// asking is what grants of one mechanism ask for: their permissions in all, and those of
// each mailbox by its GUID.
type asking struct {
	consented []string
	asked     map[string][]string
	address   map[string]string
}

func askedBy(grants []grant.Grant, mechanism grant.Mechanism) asking {
	a := asking{asked: map[string][]string{}, address: map[string]string{}}
	for _, g := range grants {
		if g.Mechanism != mechanism {
			continue
		}
		a.consented = append(a.consented, g.Permissions...)
		for _, mailbox := range g.Mailboxes {
			guid := strings.ToLower(mailbox.GUID)
			a.asked[guid] = append(a.asked[guid], g.Permissions...)
			a.address[guid] = mailbox.Address
		}
	}
	return a
}

// excess names what is open beyond what was asked, where opened says which permissions
// open a mailbox on which these were asked.
func (a asking) excess(opened func([]string) []string) []string {
	var excess []string
	for guid, permissions := range a.asked {
		var beyond []string
		for _, capability := range access.Beyond(opened(permissions), permissions) {
			beyond = append(beyond, string(capability))
		}
		if len(beyond) > 0 {
			excess = append(excess, fmt.Sprintf("%s of %s", strings.Join(beyond, ", "), a.address[guid]))
		}
	}
	slices.Sort(excess)
	return excess
}
