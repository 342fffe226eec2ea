package tenant

// The management roles that hold the cmdlets for groups, policies, mailboxes and their permissions; any one
// of a line is enough (PowerShell reference, Find the permissions required to run any Exchange
// cmdlet). Which of them read units and role groups is inferred.
var (
	groupReaders     = []string{"View-Only Recipients", "Mail Recipients", "Distribution Groups"}
	groupWriters     = []string{"Distribution Groups"}
	unitReaders      = []string{"View-Only Recipients", "View-Only Configuration", "Mail Recipients", "Role Management"}
	policyReaders    = []string{"View-Only Configuration", "Organization Configuration"}
	policyWriters    = []string{"Organization Configuration"}
	permissionReader = []string{"View-Only Recipients", "Mail Recipients"}
	permissionWriter = []string{"Mail Recipients"}
	roleGroupReaders = []string{"Role Management", "View-Only Configuration"}
	mailboxMakers    = []string{"Mail Recipient Creation"}
)

// identityAlone is the parameter of cmdlets that find one object or list all.
var identityAlone = []string{"Identity"}

// groupCmdlets are those for groups and administrative units.
func groupCmdlets() []cmdlet {
	found := []string{"Identity", "Filter", "ResultSize"}
	members := []string{"Identity", "ResultSize"}
	types := []string{"RecipientTypeDetails"}
	member := []string{"Identity", "Member"}
	settings := []string{"Alias", "DisplayName", "PrimarySmtpAddress", "MemberJoinRestriction", "MemberDepartRestriction"}
	// A new group has no manager yet whose check could be passed by, and is hidden from address lists
	// only afterwards (PowerShell reference, New-DistributionGroup). What naming policy and senders are
	// about is not played.
	bypass := []string{"BypassSecurityGroupManagerCheck"}
	made := []string{"HiddenGroupMembershipEnabled", "IgnoreNamingPolicy", "RequireSenderAuthenticationEnabled"}
	changed := append([]string{"BypassSecurityGroupManagerCheck", "HiddenFromAddressListsEnabled"}, made...)
	return []cmdlet{
		{name: "Get-Group", roles: groupReaders, texts: found, lists: types, run: getGroup},
		{name: "Get-DistributionGroup", roles: groupReaders, texts: found, lists: types, run: getDistributionGroup},
		{name: "Get-DistributionGroupMember", roles: groupReaders, required: identityAlone, texts: members, run: getDistributionGroupMember},
		{name: "Get-UnifiedGroup", roles: groupReaders, texts: found, run: getUnifiedGroup},
		{name: "Get-UnifiedGroupLinks", roles: groupReaders, required: []string{"Identity", "LinkType"}, texts: []string{"Identity", "LinkType", "ResultSize"}, run: getUnifiedGroupLinks},
		{name: "Get-DynamicDistributionGroup", roles: groupReaders, texts: found, run: getDynamicDistributionGroup},
		{name: "Get-DynamicDistributionGroupMember", roles: groupReaders, required: identityAlone, texts: members, run: getDynamicDistributionGroupMember},
		{name: "New-DistributionGroup", roles: groupWriters, required: []string{"Name"}, texts: append([]string{"Name", "Type", "Notes", "Description"}, settings...),
			flags: made, lists: []string{"ManagedBy", "Members"}, run: newDistributionGroup},
		{name: "Set-DistributionGroup", roles: groupWriters, required: identityAlone, texts: append([]string{"Identity", "Name", "Description"}, settings...),
			flags: changed, lists: []string{"ManagedBy"}, run: setDistributionGroup},
		{name: "Remove-DistributionGroup", roles: groupWriters, required: identityAlone, texts: identityAlone, flags: bypass, run: removeDistributionGroup},
		{name: "Add-DistributionGroupMember", roles: groupWriters, required: member, texts: member, flags: bypass, run: addDistributionGroupMember},
		{name: "Remove-DistributionGroupMember", roles: groupWriters, required: member, texts: member, flags: bypass, run: removeDistributionGroupMember},
		{name: "Get-AdministrativeUnit", roles: unitReaders, texts: identityAlone, run: getAdministrativeUnit},
	}
}

// accessCmdlets are those for policies, mailbox permissions and role groups.
func accessCmdlets() []cmdlet {
	return []cmdlet{
		{name: "Get-ApplicationAccessPolicy", roles: policyReaders, texts: identityAlone, run: getApplicationAccessPolicy},
		{name: "New-ApplicationAccessPolicy", roles: policyWriters, required: []string{"AppId", "AccessRight", "PolicyScopeGroupId"},
			texts: []string{"AccessRight", "PolicyScopeGroupId", "Description"}, lists: []string{"AppId"}, run: newApplicationAccessPolicy},
		{name: "Set-ApplicationAccessPolicy", roles: policyWriters, required: identityAlone, texts: []string{"Identity", "Description"}, run: setApplicationAccessPolicy},
		{name: "Remove-ApplicationAccessPolicy", roles: policyWriters, required: identityAlone, texts: identityAlone, run: removeApplicationAccessPolicy},
		{name: "Test-ApplicationAccessPolicy", roles: policyReaders, required: []string{"Identity", "AppId"}, texts: []string{"Identity", "AppId"}, run: testApplicationAccessPolicy},
		{name: "Get-MailboxPermission", roles: permissionReader, required: identityAlone, texts: []string{"Identity", "User", "ResultSize"}, run: getMailboxPermission},
		{name: "Add-MailboxPermission", roles: permissionWriter, required: []string{"Identity", "User", "AccessRights"}, texts: []string{"Identity", "User", "InheritanceType"},
			flags: []string{"AutoMapping"}, lists: []string{"AccessRights"}, run: addMailboxPermission},
		{name: "Remove-MailboxPermission", roles: permissionWriter, required: []string{"Identity", "User", "AccessRights"}, texts: []string{"Identity", "User", "InheritanceType"},
			lists: []string{"AccessRights"}, run: removeMailboxPermission},
		{name: "Get-RecipientPermission", roles: permissionReader, texts: []string{"Identity", "Trustee", "ResultSize"}, lists: []string{"AccessRights"}, run: getRecipientPermission},
		{name: "Add-RecipientPermission", roles: permissionWriter, required: []string{"Identity", "Trustee", "AccessRights"}, texts: []string{"Identity", "Trustee"},
			lists: []string{"AccessRights"}, run: addRecipientPermission},
		{name: "Remove-RecipientPermission", roles: permissionWriter, required: []string{"Identity", "Trustee", "AccessRights"}, texts: []string{"Identity", "Trustee"},
			lists: []string{"AccessRights"}, run: removeRecipientPermission},
		{name: "Get-RoleGroup", roles: roleGroupReaders, texts: identityAlone, run: getRoleGroup},
		{name: "Get-RoleGroupMember", roles: roleGroupReaders, required: identityAlone, texts: []string{"Identity", "ResultSize"}, run: getRoleGroupMember},
	}
}

// mailboxCmdlets are those for shared mailboxes and for the switches of older protocols. Which role
// holds the organization's transport settings is inferred.
func mailboxCmdlets() []cmdlet {
	found := []string{"Identity", "Filter", "ResultSize"}
	types := []string{"RecipientTypeDetails"}
	return []cmdlet{
		{name: "New-Mailbox", roles: mailboxMakers, required: []string{"Name"}, texts: []string{"Name", "Alias", "DisplayName", "PrimarySmtpAddress"},
			flags: []string{"Shared", "Force"}, run: newMailbox},
		{name: "Remove-Mailbox", roles: mailboxMakers, required: identityAlone, texts: identityAlone, flags: []string{"Force"}, run: removeMailbox},
		{name: "Get-CASMailbox", roles: permissionReader, texts: found, lists: types, run: getCASMailbox},
		{name: "Set-CASMailbox", roles: permissionWriter, required: identityAlone, texts: identityAlone, flags: clientAccessSwitches, run: setCASMailbox},
		{name: "Get-TransportConfig", roles: policyReaders, run: getTransportConfig},
		{name: "Set-TransportConfig", roles: policyWriters, flags: []string{"SmtpClientAuthenticationDisabled"}, run: setTransportConfig},
	}
}
