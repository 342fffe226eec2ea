package identity

import (
	"slices"
	"strings"
)

// RoleCmdlets are the cmdlets of one management role that the service runs.
type RoleCmdlets struct {
	Role    string
	Cmdlets []string
}

// Cmdlets is every cmdlet that the service ever runs, under the least of the roles that
// hold it (PowerShell reference, the permissions of each cmdlet; that the cmdlets of
// application access policies can be read with View-Only Configuration, and those of
// service principals belong to Role Management, is reported by public tools).
func Cmdlets() []RoleCmdlets {
	return []RoleCmdlets{
		{"View-Only Recipients", []string{"Get-Recipient", "Get-Mailbox", "Get-CASMailbox", "Get-MailboxPermission", "Get-RecipientPermission",
			"Get-Group", "Get-DistributionGroup", "Get-DistributionGroupMember", "Get-UnifiedGroup", "Get-UnifiedGroupLinks", "Get-AdministrativeUnit"}},
		{"View-Only Configuration", []string{"Get-OrganizationConfig", "Get-TransportConfig", "Get-ApplicationAccessPolicy",
			"Test-ApplicationAccessPolicy", "Get-RoleGroup", "Get-RoleGroupMember"}},
		{"Role Management", []string{"Get-ServicePrincipal", "New-ServicePrincipal", "Remove-ServicePrincipal", "Get-ManagementScope",
			"New-ManagementScope", "Set-ManagementScope", "Remove-ManagementScope", "Get-ManagementRole", "Get-ManagementRoleAssignment",
			"New-ManagementRoleAssignment", "Remove-ManagementRoleAssignment", "Test-ServicePrincipalAuthorization"}},
		{"Distribution Groups", []string{"New-DistributionGroup", "Set-DistributionGroup", "Remove-DistributionGroup",
			"Add-DistributionGroupMember", "Remove-DistributionGroupMember"}},
		{"Organization Configuration", []string{"New-ApplicationAccessPolicy", "Remove-ApplicationAccessPolicy"}},
		{"Mail Recipients", []string{"Add-MailboxPermission", "Remove-MailboxPermission", "Add-RecipientPermission", "Remove-RecipientPermission"}},
		{"Mail Recipient Creation", []string{"New-Mailbox"}},
	}
}

// Lacking are the cmdlets that an installation needs and may not run, under the roles that
// would allow them; empty when nothing lacks. Allowed are the names that the tenant lists,
// in any case.
func Lacking(use Use, allowed []string) []RoleCmdlets {
	needed := ExchangeRolesFor(use)
	return chosen(func(role, cmdlet string) bool { return slices.Contains(needed, role) && !containsFold(allowed, cmdlet) })
}

// Spare are the cmdlets that may be run and are known to be of a role that the installation
// does not need; empty when there are none. Cmdlets that the service never runs say
// nothing here: a needed role brings some of those.
func Spare(use Use, allowed []string) []RoleCmdlets {
	needed := ExchangeRolesFor(use)
	return chosen(func(role, cmdlet string) bool { return !slices.Contains(needed, role) && containsFold(allowed, cmdlet) })
}

func chosen(is func(role, cmdlet string) bool) []RoleCmdlets {
	var found []RoleCmdlets
	for _, one := range Cmdlets() {
		one.Cmdlets = slices.DeleteFunc(one.Cmdlets, func(cmdlet string) bool { return !is(one.Role, cmdlet) })
		if len(one.Cmdlets) > 0 {
			found = append(found, one)
		}
	}
	return found
}

func containsFold(list []string, wanted string) bool {
	return slices.ContainsFunc(list, func(each string) bool { return strings.EqualFold(each, wanted) })
}
