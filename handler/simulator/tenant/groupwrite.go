package tenant

import (
	"slices"
	"strings"
)

// newDistributionGroup makes a distribution list, or a mail-enabled security group with the type
// Security. That an application which makes one does not become its owner is inferred: it has no
// mailbox.
func newDistributionGroup(t *Tenant, call *invocation) ([]row, error) {
	name := call.text("Name")
	err := checkName(name)
	if err != nil {
		return nil, err
	}
	made := group{Name: name, DisplayName: name, Kind: kindDistribution}
	if kind := call.text("Type"); kind != "" {
		word, known := oneWord(kind, "Distribution", "Security")
		if !known {
			return nil, badValue("Type '" + kind + "'. The possible values are: Distribution, Security")
		}
		if word == "Security" {
			made.Kind = kindMailEnabledSecurity
		}
	}
	made, err = t.withSettings(made, call)
	if err != nil {
		return nil, err
	}
	made.Members, err = t.recipientIDs(call.list("Members"))
	if err != nil {
		return nil, err
	}
	err = t.checkGroupNames(made)
	if err != nil {
		return nil, err
	}
	made.GUID = t.state.newGUID("group", made.Name)
	made = made.completed()
	made.visibleFrom = hiddenUntil(call.at, call.conditions)
	t.state.groups = append(slices.Clone(t.state.groups), made)
	t.state.changed(call.at, call.by, "created", "group", made.Name, made.Kind)
	return []row{t.groupRow(call, made)}, nil
}

// withSettings reads the parameters that making and changing share. That notes and description are
// one text is inferred.
func (t *Tenant) withSettings(onto group, call *invocation) (group, error) {
	if display := call.text("DisplayName"); display != "" {
		onto.DisplayName = display
	}
	for _, name := range []string{"Notes", "Description"} {
		if given := call.text(name); given != "" {
			onto.Description = given
		}
	}
	onto, err := withSecrecy(onto, call)
	if err != nil {
		return group{}, err
	}
	alias := call.text("Alias")
	if alias == "" {
		alias = addressable(onto.Name)
	}
	if onto.Primary == "" || call.text("Alias") != "" {
		onto.Primary = alias + "@" + t.organization.Domain
	}
	if primary := call.text("PrimarySmtpAddress"); primary != "" {
		onto.Primary = primary
	}
	for name, held := range map[string]*string{"MemberJoinRestriction": &onto.JoinRestriction, "MemberDepartRestriction": &onto.DepartRestriction} {
		if given := call.text(name); given != "" {
			word, known := oneWord(given, restrictions...)
			if !known {
				return group{}, badValue(name + " '" + given + "'. The possible values are: " + strings.Join(restrictions, ", "))
			}
			*held = word
		}
	}
	if call.given("ManagedBy") {
		owners, err := t.recipientIDs(call.list("ManagedBy"))
		if err != nil {
			return group{}, err
		}
		onto.Owners = owners
	}
	return onto, nil
}

// withSecrecy refuses to show members again that were hidden once, which cannot be done (PowerShell
// reference, New-DistributionGroup).
func withSecrecy(onto group, call *invocation) (group, error) {
	if call.given("HiddenFromAddressListsEnabled") {
		onto.Hidden = call.flag("HiddenFromAddressListsEnabled")
	}
	if call.given("HiddenGroupMembershipEnabled") {
		if onto.MembersHidden && !call.flag("HiddenGroupMembershipEnabled") {
			return group{}, badValue("HiddenGroupMembershipEnabled cannot be taken back")
		}
		onto.MembersHidden = call.flag("HiddenGroupMembershipEnabled")
	}
	return onto, nil
}

// addressable keeps what an address can hold of a name.
func addressable(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#%*+-/=?^_~.", r) {
			return r
		}
		return -1
	}, name)
}

func (t *Tenant) recipientIDs(identities []string) ([]string, error) {
	var ids []string
	for _, identity := range identities {
		found, _, err := oneOf(t.state.recipients(), identity, false, func(each mailbox) bool {
			return each.answersTo(identity, t.organization.Domain)
		})
		if err != nil {
			return nil, err
		}
		ids = append(ids, found.GUID)
	}
	return ids, nil
}

// checkGroupNames holds that names and addresses are not taken; display names may be.
func (t *Tenant) checkGroupNames(of group) error {
	for _, each := range t.state.groups {
		if !strings.EqualFold(each.GUID, of.GUID) && strings.EqualFold(each.Name, of.Name) {
			return alreadyExists(of.Name)
		}
	}
	for _, each := range t.state.recipients() {
		if !strings.EqualFold(each.GUID, of.GUID) && containsFold(each.addresses(), of.Primary) {
			return alreadyExists(of.Primary)
		}
	}
	return nil
}

// manages holds that who changes a group owns it, or goes past that check on purpose.
func (t *Tenant) manages(call *invocation, wanted group) error {
	if call.by == administrator || call.flag("BypassSecurityGroupManagerCheck") {
		return nil
	}
	for _, each := range t.state.principals {
		if each.DisplayName == call.by && containsFold(wanted.Owners, each.ObjectID) {
			return nil
		}
	}
	return notManager(wanted.Name)
}

// setDistributionGroup with another name moves the distinguished name: filters that name the old one
// match nothing from then on.
func setDistributionGroup(t *Tenant, call *invocation) ([]row, error) {
	found, index, err := t.findGroup(call, call.text("Identity"), group.isDistribution)
	if err != nil {
		return nil, err
	}
	err = t.manages(call, found)
	if err != nil {
		return nil, err
	}
	if name := call.text("Name"); name != "" {
		err = checkName(name)
		if err != nil {
			return nil, err
		}
		found.Name = name
	}
	found, err = t.withSettings(found, call)
	if err != nil {
		return nil, err
	}
	err = t.checkGroupNames(found)
	if err != nil {
		return nil, err
	}
	t.state.setGroup(index, found)
	t.state.changed(call.at, call.by, "changed", "group", found.Name, found.Kind)
	return nil, nil
}

// removeDistributionGroup has no way back: there is no recycle bin for these groups.
func removeDistributionGroup(t *Tenant, call *invocation) ([]row, error) {
	found, _, err := t.findGroup(call, call.text("Identity"), group.isDistribution)
	if err != nil {
		return nil, err
	}
	err = t.manages(call, found)
	if err != nil {
		return nil, err
	}
	t.dropGroup(found, call)
	return nil, nil
}

// dropGroup also takes it out of the groups and units that hold it.
func (t *Tenant) dropGroup(gone group, call *invocation) {
	t.state.groups = slices.DeleteFunc(slices.Clone(t.state.groups), func(each group) bool { return each.GUID == gone.GUID })
	for index, each := range t.state.groups {
		if each.hasMember(gone.GUID) {
			t.state.groups[index].Members = without(each.Members, gone.GUID)
		}
	}
	t.state.units = slices.Clone(t.state.units)
	for index, each := range t.state.units {
		t.state.units[index].Members = without(each.Members, gone.GUID)
	}
	t.state.changed(call.at, call.by, "removed", "group", gone.Name, gone.Kind)
}

// without copies: lists in the state are shared with earlier states.
func without(list []string, gone string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(each string) bool { return strings.EqualFold(each, gone) })
}

// with copies, too.
func with(list []string, added string) []string { return append(slices.Clone(list), added) }

// groupAndMember finds both ends of a membership that a cmdlet changes.
func (t *Tenant) groupAndMember(call *invocation) (group, int, mailbox, error) {
	found, index, err := t.findGroup(call, call.text("Identity"), group.isDistribution)
	if err != nil {
		return group{}, -1, mailbox{}, err
	}
	err = t.manages(call, found)
	if err != nil {
		return group{}, -1, mailbox{}, err
	}
	member, _, err := oneOf(t.state.recipients(), call.text("Member"), false, func(each mailbox) bool {
		return each.answersTo(call.text("Member"), t.organization.Domain)
	})
	return found, index, member, err
}

func addDistributionGroupMember(t *Tenant, call *invocation) ([]row, error) {
	found, index, member, err := t.groupAndMember(call)
	if err != nil {
		return nil, err
	}
	if found.hasMember(member.GUID) {
		return nil, alreadyMember(member.DisplayName)
	}
	found.Members = with(found.Members, member.GUID)
	t.state.setGroup(index, found)
	t.state.changed(call.at, call.by, "created", "groupMember", found.Name, member.Primary)
	return nil, nil
}

func removeDistributionGroupMember(t *Tenant, call *invocation) ([]row, error) {
	found, index, member, err := t.groupAndMember(call)
	if err != nil {
		return nil, err
	}
	if !found.hasMember(member.GUID) {
		return nil, notMember(member.DisplayName)
	}
	found.Members = without(found.Members, member.GUID)
	t.state.setGroup(index, found)
	t.state.changed(call.at, call.by, "removed", "groupMember", found.Name, member.Primary)
	return nil, nil
}
