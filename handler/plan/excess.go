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
	var consented []string
	asked := map[string][]string{}
	address := map[string]string{}
	for _, g := range grants {
		if g.Mechanism != grant.AccessPolicy {
			continue
		}
		consented = append(consented, g.Permissions...)
		for _, mailbox := range g.Mailboxes {
			guid := strings.ToLower(mailbox.GUID)
			asked[guid] = append(asked[guid], g.Permissions...)
			address[guid] = mailbox.Address
		}
	}
	var excess []string
	for guid, permissions := range asked {
		var beyond []string
		for _, capability := range access.Beyond(consented, permissions) {
			beyond = append(beyond, string(capability))
		}
		if len(beyond) > 0 {
			excess = append(excess, fmt.Sprintf("%s of %s", strings.Join(beyond, ", "), address[guid]))
		}
	}
	slices.Sort(excess)
	return excess
}
