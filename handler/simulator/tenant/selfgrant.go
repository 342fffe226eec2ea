package tenant

import "slices"

// What lets a workload give itself access, whatever it was given (Microsoft Graph permissions
// reference; Microsoft Entra built-in roles). Exchange.ManageAsApp is not among them: alone it opens
// nothing.
var (
	selfGrantingPermissions = []string{
		"AppRoleAssignment.ReadWrite.All", "Application.ReadWrite.All", "RoleManagement.ReadWrite.Directory", "RoleManagement.ReadWrite.Exchange",
	}
	selfGrantingRoles = []string{"Global Administrator", "Privileged Role Administrator", "Exchange Administrator"}
)

// CanGrantItself reports whether the workload could give itself access to every mailbox, which the
// acts do not count: by a consent, by a role of Entra ID over the whole tenant, or by a role group
// that holds Role Management.
func (r *Reached) CanGrantItself(workload string) bool { return containsFold(r.selfGranting, workload) }

// canGrantItself does not ask whether the principal could sign in to Exchange at all.
func (s *state) canGrantItself(holder principal) bool {
	byConsent := slices.ContainsFunc(s.consentsOf(holder.ObjectID), func(each consent) bool {
		return each.Resource == graphName && slices.Contains(selfGrantingPermissions, each.Permission)
	})
	byRole := slices.ContainsFunc(s.directoryRoles, func(each directoryRole) bool {
		return each.Scope == "/" && holder.named(each.Principal) && slices.Contains(selfGrantingRoles, each.Role)
	})
	byGroup := slices.ContainsFunc(s.roleGroups, func(each roleGroup) bool {
		return slices.Contains(each.Roles, "Role Management") && containsFold(each.Members, holder.ObjectID)
	})
	return byConsent || byRole || byGroup
}
