package tenant

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// completeGroups resolves the members and owners of groups and units, once all of them are known.
func (s *state) completeGroups(from directory, now time.Time) {
	for _, each := range from.Groups {
		s.groups = append(s.groups, each.completed())
	}
	known := s.references()
	for index, each := range s.groups {
		s.groups[index].Members = resolved(each.Members, known)
		s.groups[index].Owners = resolved(each.Owners, known)
	}
	for _, each := range from.AdministrativeUnits {
		each.Members = resolved(each.Members, known)
		s.units = append(s.units, each.born(now))
	}
}

// completeAccess resolves the scopes of policies, the trustees of mailbox permissions and the holders
// of roles.
func (s *state) completeAccess(from directory) {
	known := s.references()
	for _, each := range from.AccessPolicies {
		each.Scope = resolved([]string{each.Scope}, known)[0]
		if each.GUID == "" {
			each.GUID = s.newGUID("policy", each.AppID+" "+each.Scope)
		}
		s.policies = append(s.policies, each)
	}
	for _, each := range s.pointers {
		for _, name := range []string{each.AppID, each.ObjectID, each.GUID} {
			known[strings.ToLower(name)] = each.GUID
		}
	}
	for _, each := range from.MailboxPermissions {
		each.Mailbox = resolved([]string{each.Mailbox}, known)[0]
		each.Trustee = resolved([]string{each.Trustee}, known)[0]
		s.permissions = append(s.permissions, each)
	}
	for _, each := range from.DirectoryRoles {
		s.directoryRoles = append(s.directoryRoles, each.completed(s))
	}
	members := s.references()
	for _, each := range s.principals {
		members[strings.ToLower(each.AppID)] = each.ObjectID
	}
	s.completeRoleGroups(from.RoleGroups, members)
	for _, name := range from.MissingRoles {
		role, _ := applicationRoleByName(name)
		s.missingRoles = append(s.missingRoles, role.name)
	}
}

// checkGroups holds what a start and an action have in common.
func (d directory) checkGroups(check *directoryCheck) {
	for index, each := range d.Groups {
		check.group(fmt.Sprintf("groups[%d]", index), each, each.standsAmong(d.Mailboxes))
	}
	for index, each := range d.AdministrativeUnits {
		check.unit(fmt.Sprintf("administrativeUnits[%d]", index), each)
	}
}

// group lets a Microsoft 365 group stand among the mailboxes, too: its address is then no second one.
func (c *directoryCheck) group(where string, each group, doubled bool) {
	c.guid(where+".guid", each.GUID)
	c.unique("group guid", where, each.GUID)
	if each.EntraID != "" {
		c.guid(where+".entraId", each.EntraID)
	}
	if each.DisplayName == "" {
		c.fault(where+".displayName", "is missing")
	}
	c.unique("group name", where, each.completedName())
	if !slices.Contains(groupKinds, each.Kind) {
		c.fault(where+".kind", "%q is not one of %s", each.Kind, strings.Join(groupKinds, ", "))
	}
	if each.Primary == "" && each.inExchange() {
		c.fault(where+".primary", "a group that Exchange knows has an address")
	}
	for _, address := range append([]string{each.Primary}, each.Aliases...) {
		if address != "" && !doubled {
			c.unique("address", where, address)
		}
	}
	for _, word := range []string{each.JoinRestriction, each.DepartRestriction} {
		if word != "" && !slices.Contains(restrictions, word) {
			c.fault(where, "%q is not one of %s", word, strings.Join(restrictions, ", "))
		}
	}
	if (each.Kind == kindDynamic) != (each.Filter != "") {
		c.fault(where+".filter", "dynamic lists have a filter, and no other group has")
	}
	if each.Filter != "" {
		_, err := parseFilter(each.Filter)
		if err != nil {
			c.fault(where+".filter", "%v", err)
		}
	}
}

// standsAmong holds for a Microsoft 365 group whose mailbox is in the list, too.
func (g group) standsAmong(mailboxes []mailbox) bool {
	return g.Kind == kindMicrosoft365 && slices.ContainsFunc(mailboxes, func(each mailbox) bool { return strings.EqualFold(each.GUID, g.GUID) })
}

// completedName is the name that the group will have.
func (g group) completedName() string {
	if g.Name == "" {
		return g.DisplayName
	}
	return g.Name
}

func (c *directoryCheck) unit(where string, each unit) {
	c.guid(where+".id", each.ID)
	c.unique("administrative unit", where, each.ID)
	if each.DisplayName == "" {
		c.fault(where+".displayName", "is missing")
	}
	if each.ExchangeLag != "" {
		_, err := time.ParseDuration(each.ExchangeLag)
		if err != nil {
			c.fault(where+".exchangeLag", "%v", err)
		}
	}
}

func (d directory) checkAccess(check *directoryCheck) {
	for index, each := range d.AccessPolicies {
		where := fmt.Sprintf("accessPolicies[%d]", index)
		if each.AppID != everyApplication {
			check.guid(where+".appId", each.AppID)
		}
		if each.AccessRight != restrictAccess && each.AccessRight != denyAccess {
			check.fault(where+".accessRight", "%q is neither %s nor %s", each.AccessRight, restrictAccess, denyAccess)
		}
		check.unique("access policy", where, each.AppID+" "+each.Scope)
	}
	for index, each := range d.MailboxPermissions {
		if each.Right != sendAs && !slices.Contains(mailboxRights, each.Right) {
			check.fault(fmt.Sprintf("mailboxPermissions[%d].right", index), "%q is not a right", each.Right)
		}
	}
	for index, each := range d.DirectoryRoles {
		if _, known := roleTemplateByName(each.Role); !known {
			check.fault(fmt.Sprintf("directoryRoles[%d].role", index), "%q is not a role of Entra ID that is known here", each.Role)
		}
	}
	for index, each := range d.RoleGroups {
		check.unique("role group", fmt.Sprintf("roleGroups[%d]", index), each.Name)
	}
	for index, each := range d.MissingRoles {
		if _, known := applicationRoleByName(each); !known {
			check.fault(fmt.Sprintf("missingRoles[%d]", index), "%q is not an application role", each)
		}
	}
}
