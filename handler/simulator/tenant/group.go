package tenant

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// The kinds of group. Exchange knows all but the last, which lives in Entra ID alone; Entra ID
// knows all but dynamic lists, which live in Exchange alone.
const (
	kindMailEnabledSecurity = "MailEnabledSecurity"
	kindDistribution        = "Distribution"
	kindMicrosoft365        = "Microsoft365"
	kindDynamic             = "Dynamic"
	kindSecurity            = "Security"
)

var groupKinds = []string{kindMailEnabledSecurity, kindDistribution, kindMicrosoft365, kindDynamic, kindSecurity}

// restrictions say who may join or leave by themselves.
var restrictions = []string{"Open", "Closed", "ApprovalRequired"}

// group is one group. Members and owners are ids of mailboxes, groups, service principals or of
// somebody else that only Entra ID knows.
type group struct {
	GUID        string   `json:"guid"`
	EntraID     string   `json:"entraId"`
	Name        string   `json:"name"`
	DisplayName string   `json:"displayName"`
	Kind        string   `json:"kind"`
	Primary     string   `json:"primary,omitempty"`
	Aliases     []string `json:"aliases,omitempty"`
	Members     []string `json:"members,omitempty"`
	Owners      []string `json:"owners,omitempty"`
	// JoinRestriction and DepartRestriction are Open, Closed or ApprovalRequired.
	JoinRestriction   string `json:"joinRestriction,omitempty"`
	DepartRestriction string `json:"departRestriction,omitempty"`
	// Filter is what makes the members of a dynamic list.
	Filter string `json:"filter,omitempty"`
	// Container is an organizational unit below the organization's own: a move changes it.
	Container   string `json:"container,omitempty"`
	Description string `json:"description,omitempty"`
	// Hidden keeps the group out of address lists; MembersHidden keeps its members from those outside.
	Hidden        bool `json:"hidden,omitempty"`
	MembersHidden bool `json:"membersHidden,omitempty"`

	visibleFrom time.Time
}

// completed fills what a directory may leave out. That security groups are closed and lists open by
// themselves is inferred.
func (g group) completed() group {
	if g.EntraID == "" {
		g.EntraID = inventedGUID("entraId", g.GUID)
	}
	if g.Name == "" {
		g.Name = g.DisplayName
	}
	open := "Closed"
	if g.Kind == kindDistribution {
		open = "Open"
	}
	if g.JoinRestriction == "" {
		g.JoinRestriction = open
	}
	if g.DepartRestriction == "" {
		g.DepartRestriction = open
	}
	if g.Filter != "" {
		// The document was checked before.
		parsed, _ := parseFilter(g.Filter)
		g.Filter = parsed.text()
	}
	return g
}

// inExchange is false for plain security groups, which Exchange finds by no name.
func (g group) inExchange() bool { return g.Kind != kindSecurity }

// inEntra is false for dynamic lists, which Graph does not show.
func (g group) inEntra() bool { return g.Kind != kindDynamic }

// isDistribution holds for the kinds that the cmdlets with DistributionGroup in their names find.
func (g group) isDistribution() bool {
	return g.Kind == kindMailEnabledSecurity || g.Kind == kindDistribution
}

// recipientType is the group's RecipientTypeDetails.
func (g group) recipientType() string {
	switch g.Kind {
	case kindMailEnabledSecurity:
		return "MailUniversalSecurityGroup"
	case kindMicrosoft365:
		return "GroupMailbox"
	case kindDynamic:
		return "DynamicDistributionGroup"
	}
	return "MailUniversalDistributionGroup"
}

// recipient is the group as the cmdlets for recipients see it.
func (g group) recipient() mailbox {
	return mailbox{
		GUID: g.GUID, ExchangeGUID: "00000000-0000-0000-0000-000000000000", EntraID: g.EntraID, DisplayName: g.DisplayName,
		Primary: g.Primary, Aliases: g.Aliases, Type: g.recipientType(), commonName: g.Name, container: g.Container,
	}
}

func (g group) distinguishedName(domain string) string {
	return g.recipient().distinguishedName(domain)
}

// answersTo is how an identity finds a group: like a recipient, and by its unique name.
func (g group) answersTo(identity, domain string) bool {
	return identity != "" && (strings.EqualFold(g.Name, identity) || g.recipient().answersTo(identity, domain))
}

// hasMember looks at direct members only.
func (g group) hasMember(id string) bool {
	return slices.ContainsFunc(g.Members, func(each string) bool { return strings.EqualFold(each, id) })
}

// SecurityID has the look of a Windows security identifier; it is stable for the GUID of a recipient.
func SecurityID(of string) string {
	sum := strings.ReplaceAll(inventedGUID("sid", of), "-", "")
	parts := []string{"S-1-5-21"}
	for _, piece := range []string{sum[0:7], sum[7:14], sum[14:21], sum[21:26]} {
		number := 0
		for _, digit := range piece {
			number = number*16 + strings.IndexRune("0123456789abcdef", digit)
		}
		parts = append(parts, strconv.Itoa(number))
	}
	return strings.Join(parts, "-")
}

// findGroup finds among the groups that Exchange knows and that is accepts; nil accepts all.
func (t *Tenant) findGroup(call *invocation, identity string, is func(group) bool) (group, int, error) {
	return oneOf(t.state.groups, identity, call.conditions.other && !isWriteVerb(call.cmdlet), func(each group) bool {
		hidden := !isWriteVerb(call.cmdlet) && each.visibleFrom.After(call.at)
		return each.inExchange() && !hidden && (is == nil || is(each)) && each.answersTo(identity, t.organization.Domain)
	})
}

// setGroup replaces one group; callers have cloned what they changed.
func (s *state) setGroup(index int, changed group) {
	s.groups = slices.Clone(s.groups)
	s.groups[index] = changed
}

// groupByGUID is false when there is none.
func (s *state) groupByGUID(id string) (group, int, bool) {
	index := slices.IndexFunc(s.groups, func(each group) bool { return strings.EqualFold(each.GUID, id) })
	if index < 0 {
		return group{}, -1, false
	}
	return s.groups[index], index, true
}
