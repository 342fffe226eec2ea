package exchange

import (
	"context"
	"regexp"
	"strings"
)

// NewGroup is what NewDistributionGroup makes.
type NewGroup struct {
	// Name is unique in the tenant, at most 64 characters, and the group's alias and display name too:
	// letters and digits, with single hyphens, dots and underscores between them.
	Name string
	// Owners are the GUIDs of the recipients that manage the group; they do not become members. None
	// leaves it to the tenant, which names whoever makes the group: nobody, for a caller that is an
	// application (inferred: it has no mailbox).
	Owners []string
}

// aliasShape is narrower than what the reference allows (New-DistributionGroup, parameter Alias): none
// of these characters means anything to PowerShell, OPATH or an address.
var aliasShape = regexp.MustCompile(`^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$`)

// NewDistributionGroup makes a mail-enabled security group that nobody can join or leave by themselves
// and that has no members. The tenant's naming policy is passed over, because the name is how the group
// is found again. The group can still lack its distinguished name, and FindGroup may not see it yet.
//
// A name or an address that is taken gives kind AlreadyExists, an owner that Exchange does not know
// NotFound; a group of another type than was asked for, Incomplete.
func (c *Client) NewDistributionGroup(ctx context.Context, wanted NewGroup) (Group, error) {
	asked := command{
		purpose: "make a group", cmdlet: "New-DistributionGroup", subject: wanted.Name, write: true,
		parameters: map[string]any{
			"Name": wanted.Name, "Alias": wanted.Name, "Type": "Security", "IgnoreNamingPolicy": true,
			"MemberJoinRestriction": "Closed", "MemberDepartRestriction": "Closed",
		},
	}
	refused := asked.checkGroup(wanted)
	if refused != nil {
		return Group{}, refused
	}
	if len(wanted.Owners) > 0 {
		asked.parameters["ManagedBy"] = wanted.Owners
	}
	received, err := c.write(ctx, asked)
	if err != nil {
		return Group{}, err
	}
	made, err := one(asked, received, decodeGroup)
	if err != nil {
		return Group{}, err
	}
	if made.Type != MailEnabledSecurityGroup {
		return Group{}, asked.doubt(received, Incomplete, "a %q was made, not a %s", made.Type, MailEnabledSecurityGroup)
	}
	return made, nil
}

func (c command) checkGroup(wanted NewGroup) *Error {
	refused := c.checkName("the group's name", wanted.Name)
	if refused == nil && !aliasShape.MatchString(wanted.Name) {
		refused = c.refuse(BadParameter, "the group's name %q cannot be its alias too", wanted.Name)
	}
	for _, owner := range wanted.Owners {
		if refused == nil {
			refused = c.checkGUID("the owner", owner)
		}
	}
	return refused
}

// HideDistributionGroup takes the group with this GUID out of all address lists; hidden or not before,
// the outcome is the same. Kind NotFound means that there is no such list or mail-enabled security group.
func (c *Client) HideDistributionGroup(ctx context.Context, groupGUID string) error {
	return c.changeGroup(ctx, command{
		purpose: "hide a group", cmdlet: "Set-DistributionGroup", subject: normalGUID(groupGUID), write: true,
		parameters: map[string]any{"HiddenFromAddressListsEnabled": true},
	})
}

// RemoveDistributionGroup removes the group with this GUID, for good: there is no recycle bin for such
// groups. A missing one gives kind NotFound.
func (c *Client) RemoveDistributionGroup(ctx context.Context, groupGUID string) error {
	return c.changeGroup(ctx, command{
		purpose: "remove a group", cmdlet: "Remove-DistributionGroup", subject: normalGUID(groupGUID), write: true,
		parameters: map[string]any{},
	})
}

// AddDistributionGroupMember makes the recipient with the second GUID a direct member of the group with
// the first. Kind AlreadyExists means that it is one already, NotFound that Exchange knows no such group
// or no such recipient.
func (c *Client) AddDistributionGroupMember(ctx context.Context, groupGUID, memberGUID string) error {
	return c.changeMember(ctx, "add a member to a group", "Add-DistributionGroupMember", groupGUID, memberGUID)
}

// RemoveDistributionGroupMember takes the recipient with the second GUID out of the group with the
// first. Kind NotFound means that it is not there to be taken out: it is no member, or it or the group
// does not exist. The first of these is known by the wording alone; read the members to be sure.
func (c *Client) RemoveDistributionGroupMember(ctx context.Context, groupGUID, memberGUID string) error {
	return c.changeMember(ctx, "remove a member from a group", removeMember, groupGUID, memberGUID)
}

func (c *Client) changeMember(ctx context.Context, purpose, cmdlet, groupGUID, memberGUID string) error {
	asked := command{
		purpose: purpose, cmdlet: cmdlet, subject: normalGUID(groupGUID), write: true,
		parameters: map[string]any{"Member": normalGUID(memberGUID)},
	}
	refused := asked.checkGUID("the member", memberGUID)
	if refused != nil {
		return refused
	}
	return c.changeGroup(ctx, asked)
}

// changeGroup names the group by its GUID alone, since Exchange would take any group's display name for
// an identity too, and passes over the check that the caller is an owner, which an application is not.
func (c *Client) changeGroup(ctx context.Context, asked command) error {
	refused := asked.checkGUID("the group's id", asked.subject)
	if refused != nil {
		return refused
	}
	asked.parameters["Identity"] = asked.subject
	asked.parameters["BypassSecurityGroupManagerCheck"] = true
	if !strings.HasPrefix(asked.cmdlet, "Add-") {
		asked.parameters["Confirm"] = false
	}
	_, err := c.write(ctx, asked)
	return err
}
