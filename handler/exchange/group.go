package exchange

import (
	"context"
)

// The detailed types of groups, as Exchange writes them (cmdlet reference, Get-Group, parameter
// RecipientTypeDetails).
const (
	MailEnabledSecurityGroup = "MailUniversalSecurityGroup"
	DistributionList         = "MailUniversalDistributionGroup"
	RoomList                 = "RoomList"
	Microsoft365Group        = "GroupMailbox"
	DynamicDistributionList  = "DynamicDistributionGroup"
)

// Group is a group that Exchange knows; Type says of which kind.
type Group struct {
	// GUID is the directory's id of the group in Exchange, which never changes; in lower case.
	GUID string
	// ExternalDirectoryObjectID is the object id in the Entra directory, in lower case; "" when there
	// is none, as for dynamic lists.
	ExternalDirectoryObjectID string
	// DistinguishedName changes when the group is renamed or moved; "" for a group so fresh that
	// Exchange does not show it yet.
	DistinguishedName string
	// Name, Alias and DisplayName are for people; the last need not be unique.
	Name, Alias, DisplayName string
	// PrimaryAddress is bare and in lower case; Addresses are all of them, sorted.
	PrimaryAddress string
	Addresses      []string
	// Type is the detailed type, such as MailEnabledSecurityGroup.
	Type string
	// ManagedBy are the owners as Exchange shows them: names, not ids.
	ManagedBy []string
	// JoinRestriction and DepartRestriction say who may join or leave a security group or list by
	// themselves: "Open", "Closed", "ApprovalRequired"; "" for other kinds and when not returned.
	JoinRestriction, DepartRestriction string
	// AccessType says the like of a Microsoft 365 group: anybody may join a "Public" one and asks to
	// join a "Private" one; "" for other kinds and when not returned.
	AccessType string
	// Hidden is true only when the tenant says that the group is in no address list.
	Hidden bool
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

func decodeGroup(properties row, requestID string) Group {
	return Group{
		GUID:                      properties.guid("Guid"),
		ExternalDirectoryObjectID: properties.guid("ExternalDirectoryObjectId"),
		DistinguishedName:         properties.text("DistinguishedName"),
		Name:                      properties.text("Name"),
		Alias:                     properties.text("Alias"),
		DisplayName:               properties.text("DisplayName"),
		PrimaryAddress:            groupAddress(properties),
		Addresses:                 bareAddresses(properties.list("EmailAddresses")),
		Type:                      properties.text("RecipientTypeDetails"),
		ManagedBy:                 properties.list("ManagedBy"),
		JoinRestriction:           properties.text("MemberJoinRestriction"),
		DepartRestriction:         properties.text("MemberDepartRestriction"),
		AccessType:                properties.text("AccessType"),
		Hidden:                    properties.flag("HiddenFromAddressListsEnabled", false),
		RequestID:                 requestID,
	}
}

// groupAddress looks at both names, because Get-Group shows the address under the second.
func groupAddress(properties row) string {
	address := bareAddress(properties.text("PrimarySmtpAddress"))
	if address == "" {
		address = bareAddress(properties.text("WindowsEmailAddress"))
	}
	return address
}

// complete does not ask for the distinguished name: a fresh group lacks it.
func (g Group) complete() bool { return g.GUID != "" && g.Type != "" }

func (g Group) answersTo(identity string) bool {
	names := []string{
		g.GUID, g.ExternalDirectoryObjectID, g.DistinguishedName, g.PrimaryAddress, g.Name, g.Alias, g.DisplayName,
	}
	return sameAsAny(identity, append(names, g.Addresses...)...)
}

// isDistribution says whether the cmdlets with DistributionGroup in their names find the group.
func (g Group) isDistribution() bool {
	return g.Type == MailEnabledSecurityGroup || g.Type == DistributionList || g.Type == RoomList
}

// FindGroup reads the one group that the identity names: a GUID, a distinguished name, an address or
// one of the names; who may join it, and whether it is hidden. Kind NotFound means that Exchange knows no such object (a
// plain security group of the directory is none), Ambiguous that several answer, WrongType that the
// object is no group. A dynamic list is found, with its type, so that it can be refused by it.
func (c *Client) FindGroup(ctx context.Context, identity string) (Group, error) {
	found, err := c.oneGroup(ctx, "Get-Group", identity)
	if KindOf(err) == NotFound {
		return c.dynamicList(ctx, identity, err)
	}
	if err != nil {
		return Group{}, err
	}
	return c.withJoining(ctx, found)
}

func (c *Client) oneGroup(ctx context.Context, cmdlet, identity string) (Group, error) {
	asked := command{
		purpose: "find a group", cmdlet: cmdlet, subject: identity, parameters: map[string]any{"Identity": identity},
	}
	refused := asked.checkIdentity(identity)
	if refused != nil {
		return Group{}, refused
	}
	received, err := c.read(ctx, asked)
	if err != nil {
		return Group{}, err
	}
	return one(asked, received, decodeGroup)
}

// dynamicList asks what else bears the identity, because Get-Group does not show dynamic lists
// (inferred from the types that its parameter RecipientTypeDetails takes).
func (c *Client) dynamicList(ctx context.Context, identity string, absent error) (Group, error) {
	found, err := c.FindRecipient(ctx, identity)
	switch {
	case KindOf(err) == NotFound:
		return Group{}, absent
	case err != nil:
		return Group{}, err
	case found.Type != DynamicDistributionList:
		asked := command{purpose: "find a group", cmdlet: "Get-Group", subject: identity}
		return Group{}, asked.refuse(WrongType, "it is a %s and not a group", found.Type)
	}
	return Group{
		GUID: found.GUID, ExternalDirectoryObjectID: found.ExternalDirectoryObjectID, DistinguishedName: found.DistinguishedName,
		Name: found.Name, Alias: found.Alias, DisplayName: found.DisplayName,
		PrimaryAddress: found.PrimaryAddress, Addresses: found.Addresses, Type: found.Type, RequestID: found.RequestID,
	}, nil
}

// withJoining asks the cmdlet of the group's kind, by GUID, for what Get-Group leaves out.
func (c *Client) withJoining(ctx context.Context, found Group) (Group, error) {
	cmdlet := ""
	switch {
	case found.isDistribution():
		cmdlet = "Get-DistributionGroup"
	case found.Type == Microsoft365Group:
		cmdlet = "Get-UnifiedGroup"
	default:
		return found, nil
	}
	detailed, err := c.oneGroup(ctx, cmdlet, found.GUID)
	if err != nil {
		return Group{}, err
	}
	found.JoinRestriction, found.DepartRestriction = detailed.JoinRestriction, detailed.DepartRestriction
	found.AccessType, found.Hidden = detailed.AccessType, detailed.Hidden
	if found.DistinguishedName == "" {
		found.DistinguishedName = detailed.DistinguishedName
	}
	if len(found.ManagedBy) == 0 {
		found.ManagedBy = detailed.ManagedBy
	}
	return found, nil
}
