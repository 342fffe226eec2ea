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
// of every grant. Empty when any two of the grants open nothing more than those two asked
// for: a third that asked for it may end before them.
func Excess(grants []grant.Grant) []string {
	return excessOfPairs(grants, func(pair []grant.Grant) []string {
		asked := askedBy(pair, grant.AccessPolicy)
		return asked.excess(func(string) []string { return asked.consented })
	})
}

// ExcessOfPermissions does the same for mailbox permissions: FullAccess opens a mailbox to
// every older protocol that the workload is consented to, and SendAs to sending. held are
// the workload's consents on Office 365 Exchange Online that no grant takes away at its
// end, because no grant has given them.
func ExcessOfPermissions(grants []grant.Grant, held []string) []string {
	return excessOfPairs(grants, func(pair []grant.Grant) []string {
		asked := askedBy(pair, grant.MailboxPermission)
		consented := append(slices.Clone(held), asked.consented...)
		return asked.excess(func(mailbox string) []string { return openedBy(asked.rights[mailbox], consented) })
	})
}

// openedBy are those of the consents that open a mailbox on which somebody has the rights.
func openedBy(rights []access.MailboxRight, consented []string) []string {
	var opened []string
	for _, value := range consented {
		if slices.ContainsFunc(rights, func(right access.MailboxRight) bool { return access.Opens(right, value) }) {
			opened = append(opened, value)
		}
	}
	return opened
}

// excessOfPairs is the excess of each grant alone and of any two, each named once.
func excessOfPairs(grants []grant.Grant, of func([]grant.Grant) []string) []string {
	var excess []string
	for i := range grants {
		excess = append(excess, of(grants[i:i+1])...)
		for _, other := range grants[i+1:] {
			excess = append(excess, of([]grant.Grant{grants[i], other})...)
		}
	}
	slices.Sort(excess)
	return slices.Compact(excess)
}

// asking is what grants of one mechanism ask for: their permissions in all, and those of
// each mailbox by its GUID.
type asking struct {
	consented []string
	asked     map[string][]string
	address   map[string]string
	// rights are those that the grants have on each mailbox, by the mechanism that has any.
	rights map[string][]access.MailboxRight
}

func askedBy(grants []grant.Grant, mechanism grant.Mechanism) asking {
	a := asking{asked: map[string][]string{}, address: map[string]string{}, rights: map[string][]access.MailboxRight{}}
	for _, g := range grants {
		if g.Mechanism != mechanism {
			continue
		}
		a.consented = append(a.consented, g.Permissions...)
		for _, mailbox := range g.Mailboxes {
			guid := strings.ToLower(mailbox.GUID)
			a.asked[guid] = append(a.asked[guid], g.Permissions...)
			a.address[guid] = mailbox.Address
			a.rights[guid] = append(a.rights[guid], RightsOn(g, guid)...)
		}
		if g.Scope.Counted() {
			// Of a policy that was adopted: its group's members are taken for others than anybody
			// names, because they may change at any time.
			members := g.Scope.String()
			a.asked[members] = append(a.asked[members], g.Permissions...)
			a.address[members] = members
		}
	}
	return a
}

// excess names what is open beyond what was asked, where opened says which permissions
// open a mailbox.
func (a asking) excess(opened func(mailbox string) []string) []string {
	var excess []string
	for guid, permissions := range a.asked {
		var beyond []string
		for _, capability := range access.Beyond(opened(guid), permissions) {
			beyond = append(beyond, string(capability))
		}
		if len(beyond) > 0 {
			excess = append(excess, fmt.Sprintf("%s of %s", strings.Join(beyond, ", "), a.address[guid]))
		}
	}
	slices.Sort(excess)
	return excess
}
