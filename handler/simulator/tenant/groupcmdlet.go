package tenant

import (
	"fmt"
)

// groupRow is what Get-Group and its narrower kin show. A group that came into being a moment ago can
// lack its distinguished name, as operators report.
func (t *Tenant) groupRow(call *invocation, from group) row {
	made := t.recipientRow(from.recipient())
	var owners, members []string
	for _, each := range from.Owners {
		owners = append(owners, t.state.memberName(each))
	}
	for _, each := range from.Members {
		members = append(members, t.state.memberName(each))
	}
	made["Name"], made["Identity"], made["ManagedBy"], made["Sid"] = from.Name, from.Name, owners, SecurityID(from.GUID)
	made["Description"], made["Notes"] = from.Description, from.Description
	made["WindowsEmailAddress"], made["GroupType"] = from.Primary, groupTypes[from.Kind]
	if from.visibleFrom.After(call.at) {
		made["DistinguishedName"] = nil
	}
	switch from.Kind {
	case kindMailEnabledSecurity, kindDistribution:
		made["MemberJoinRestriction"], made["MemberDepartRestriction"] = from.JoinRestriction, from.DepartRestriction
		made["HiddenFromAddressListsEnabled"], made["HiddenGroupMembershipEnabled"] = from.Hidden, from.MembersHidden
		if call.cmdlet == "Get-Group" {
			made["Members"] = members
		}
	case kindMicrosoft365:
		made["AccessType"] = accessType(from)
	case kindDynamic:
		made["RecipientFilter"], made["RecipientContainer"] = from.Filter, t.organization.Domain
	}
	return made
}

var groupTypes = map[string]string{
	kindMailEnabledSecurity: "Universal, SecurityEnabled", kindDistribution: "Universal", kindMicrosoft365: "Universal",
}

// accessType is how Microsoft 365 groups say whether others may join.
func accessType(of group) string {
	if of.JoinRestriction == "Open" {
		return "Public"
	}
	return "Private"
}

// groupRows finds one group or lists those of the given kinds.
func (t *Tenant) groupRows(call *invocation, is func(group) bool) ([]row, error) {
	if identity := call.text("Identity"); identity != "" {
		found, _, err := t.findGroup(call, identity, is)
		if err != nil {
			return nil, err
		}
		return []row{t.groupRow(call, found)}, nil
	}
	most, err := resultSize(call.text("ResultSize"))
	if err != nil {
		return nil, err
	}
	wanted, err := t.recipientFilter(call.text("Filter"))
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, each := range t.state.groups {
		hidden := !each.inExchange() || each.visibleFrom.After(call.at)
		typed := isOfTypes(each.recipientType(), call.list("RecipientTypeDetails"))
		if !hidden && is(each) && typed && wanted(each.recipient()) && len(rows) < most {
			rows = append(rows, t.groupRow(call, each))
		}
	}
	return rows, nil
}

// recipientFilter reads a filter over recipients; an empty one lets everybody through.
func (t *Tenant) recipientFilter(text string) (func(mailbox) bool, error) {
	if text == "" {
		return func(mailbox) bool { return true }, nil
	}
	parsed, err := parseFilter(text)
	if err != nil {
		return nil, badValue(fmt.Sprintf("the filter is invalid: %v", err))
	}
	among := t.state.memberships()
	return func(each mailbox) bool { return parsed.matches(among.properties(each)) }, nil
}

// getGroup knows every kind of group that Exchange has, but dynamic lists.
func getGroup(t *Tenant, call *invocation) ([]row, error) {
	return t.groupRows(call, func(each group) bool { return each.Kind != kindDynamic })
}

func getDistributionGroup(t *Tenant, call *invocation) ([]row, error) {
	return t.groupRows(call, group.isDistribution)
}

func getUnifiedGroup(t *Tenant, call *invocation) ([]row, error) {
	return t.groupRows(call, func(each group) bool { return each.Kind == kindMicrosoft365 })
}

func getDynamicDistributionGroup(t *Tenant, call *invocation) ([]row, error) {
	return t.groupRows(call, func(each group) bool { return each.Kind == kindDynamic })
}

// getDistributionGroupMember answers nothing for a Microsoft 365 group, whose members another cmdlet
// lists: no rows are not the same as no members.
func getDistributionGroupMember(t *Tenant, call *invocation) ([]row, error) {
	found, _, err := t.findGroup(call, call.text("Identity"), func(each group) bool { return each.Kind != kindDynamic })
	if err != nil {
		return nil, err
	}
	if found.Kind == kindMicrosoft365 {
		return nil, nil
	}
	return t.memberRows(call, found.Members)
}

func getUnifiedGroupLinks(t *Tenant, call *invocation) ([]row, error) {
	kind, known := oneWord(call.text("LinkType"), "Members", "Owners", "Subscribers", "Aggregators", "EventSubscribers")
	if !known {
		return nil, badValue("LinkType '" + call.text("LinkType") + "'")
	}
	found, _, err := t.findGroup(call, call.text("Identity"), func(each group) bool { return each.Kind == kindMicrosoft365 })
	if err != nil {
		return nil, err
	}
	switch kind {
	case "Members":
		return t.memberRows(call, found.Members)
	case "Owners":
		return t.memberRows(call, found.Owners)
	}
	return nil, nil
}

// memberRows lists the recipients among the ids: who has no mail, Exchange does not show.
func (t *Tenant) memberRows(call *invocation, ids []string) ([]row, error) {
	most, err := resultSize(call.text("ResultSize"))
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, each := range t.state.recipients() {
		if containsFold(ids, each.GUID) && len(rows) < most {
			rows = append(rows, t.recipientRow(each))
		}
	}
	return rows, nil
}

// getDynamicDistributionGroupMember evaluates the list's filter now. The original keeps a list that
// is up to a day old (inferred to be fresh here).
func getDynamicDistributionGroupMember(t *Tenant, call *invocation) ([]row, error) {
	found, _, err := t.findGroup(call, call.text("Identity"), func(each group) bool { return each.Kind == kindDynamic })
	if err != nil {
		return nil, err
	}
	most, err := resultSize(call.text("ResultSize"))
	if err != nil {
		return nil, err
	}
	wanted, err := t.recipientFilter(found.Filter)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, each := range t.state.recipients() {
		if wanted(each) && len(rows) < most {
			rows = append(rows, t.recipientRow(each))
		}
	}
	return rows, nil
}
