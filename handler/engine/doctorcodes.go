package engine

import "slices"

// DoctorCode is one kind of finding.
type DoctorCode struct {
	Check, Code string
	Status      DoctorStatus
	// Why it matters, and the remedy with names in braces that the finding fills in; both
	// empty where all is well. What stands in angle brackets is for the reader to fill in.
	Why, Mend string
}

// DoctorChecks lists what is looked at, in the order in which it is told.
func DoctorChecks() []string {
	var checks []string
	for _, one := range DoctorCodes() {
		if !slices.Contains(checks, one.Check) {
			checks = append(checks, one.Check)
		}
	}
	return checks
}

// DoctorCodes lists every kind of finding.
func DoctorCodes() []DoctorCode {
	return slices.Concat(identityCodes(), exchangeCodes(), storageCodes(), serviceCodes())
}

// codeOf finds a code; one that is not listed is a mistake in this package.
func codeOf(code string) DoctorCode {
	for _, one := range DoctorCodes() {
		if one.Code == code {
			return one
		}
	}
	panic("engine: the doctor has no code " + code)
}

const readAgain = "ask again; if it stays, mend what the finding names"

func identityCodes() []DoctorCode {
	return []DoctorCode{
		{"token", "token", Healthy, "", ""},
		{"token", "noToken", Fault, "without a token nothing can be given, proved or taken away",
			"az functionapp identity show --name <app> --resource-group <group> # is the identity assigned, and is AZURE_CLIENT_ID its client id?"},
		{"token", "otherIdentity", Fault, "rights that one identity was given do not help another",
			"az functionapp config appsettings set --name <app> --resource-group <group> --settings AZURE_CLIENT_ID=<client id of the right identity>"},
		{"appRoles", "appRoles", Healthy, "", ""},
		{"appRoles", "appRoleMissing", Fault, "the calls that need it are refused",
			"{bootstrap} # or that role alone: $r = Get-MgServicePrincipal -Filter \"appId eq '{resource}'\"; New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId {objectId} -PrincipalId {objectId} -ResourceId $r.Id -AppRoleId ($r.AppRoles | Where-Object Value -eq '{role}').Id"},
		{"appRoles", "staleToken", Fault, "the role is granted and not in the token that the platform hands out: calls are refused until there is a new one",
			"wait: the platform keeps a managed identity's token for up to 24 hours and a restart does not renew it; a new user-assigned identity, given its roles before it first asks for a token, has them at once"},
		{"appRoles", "appRolesNotCompared", Unseen, "whether what lacks was ever granted is not known", readAgain},
		{"leastPrivilege", "leastPrivilege", Healthy, "", ""},
		{"leastPrivilege", "excessRights", Warning, "whoever steals the identity has that too, and the service never uses it",
			"take away what the finding names: Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId {objectId} -AppRoleAssignmentId (Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId {objectId} | Where-Object AppRoleId -eq <id>).Id; docs/identity.md says what is needed"},
		{"leastPrivilege", "excessNotRead", Unseen, "rights that nobody looks at are not known to be few", readAgain},
		{"others", "othersNotReadable", Unseen, "who can give the identity another credential can act as the service",
			"az identity federated-credential list --identity-name <identity> --resource-group <group> # should be empty; who may write there: az role assignment list --all --scope <id of the identity>"},
		{"others", "othersCanBecome", Fault, "they can act as the service, with all of its rights",
			"az identity federated-credential delete --name <name> --identity-name <identity> --resource-group <group>; Remove-MgServicePrincipalOwnerDirectoryObjectByRef -ServicePrincipalId {objectId} -DirectoryObjectId <owner>"},
	}
}

func exchangeCodes() []DoctorCode {
	return []DoctorCode{
		{"cmdlets", "cmdlets", Healthy, "", ""},
		{"cmdlets", "exchangeRoleMissing", Fault, "Exchange lets the identity run none, or not all, of what the service needs",
			"{bootstrap} # or by hand: New-ServicePrincipal -AppId {appId} -ObjectId {objectId} -DisplayName mailgrant; New-RoleGroup -Name \"mailgrant service\" -Roles {roles} -Members {objectId} # where the group exists: New-ManagementRoleAssignment -SecurityGroup \"mailgrant service\" -Role <each>"},
		{"cmdlets", "cmdletsNotRead", Unseen, "what Exchange lets the identity do is not known", readAgain},
		{"delegation", "delegation", Healthy, "", ""},
		{"delegation", "delegationMissing", Fault, "only who may hand a role on can assign it to an application: such grants stay stuck as NotReady",
			"{bootstrap} # or by hand: {roles} | ForEach-Object { New-ManagementRoleAssignment -SecurityGroup \"<role group of the identity>\" -Role $_ -Delegating }"},
		{"delegation", "delegationPartial", Warning, "grants of these permissions would stay stuck; fine where nobody asks for them",
			"{bootstrap} # or by hand: {roles} | ForEach-Object { New-ManagementRoleAssignment -SecurityGroup \"<role group of the identity>\" -Role $_ -Delegating }"},
		{"delegation", "delegationNotRead", Unseen, "whether application roles may be handed on shows only when a grant is made",
			"Get-ManagementRoleAssignment -Role \"Application*\" -Delegating $true # is a role group of the identity among the assignees?"},
		{"organization", "organization", Healthy, "", ""},
		{"organization", "dehydrated", Fault, "an organization that was never opened for customization takes neither scopes nor assignments",
			"Enable-OrganizationCustomization # cannot be undone; creating works half an hour to two hours later"},
		{"organization", "organizationNotRead", Unseen, "whether scopes can be made at all is not known", readAgain},
	}
}

func storageCodes() []DoctorCode {
	return []DoctorCode{
		{"tables", "tables", Healthy, "", ""},
		{"tables", "tableRoleMissing", Fault, "nothing can be recorded, so nothing is given and nothing ends",
			"az role assignment create --assignee-object-id {objectId} --assignee-principal-type ServicePrincipal --role \"Storage Table Data Contributor\" --scope <id of the storage account>"},
		{"tables", "tablesUnusable", Fault, "nothing can be recorded, so nothing is given and nothing ends",
			"az storage account show --name <account> --query '{state:statusOfPrimary,network:networkRuleSet.defaultAction}'"},
		{"tables", "writesNotConditional", Fault, "two workers could take the same workload: the storage did not refuse a write under an old version",
			"put the account's own address into GrantStorage: what stands before the tables does not keep their rules"},
		{"queue", "queue", Healthy, "", ""},
		{"queue", "queueRoleMissing", Fault, "work is taken up by the sweep alone, minutes late",
			"az role assignment create --assignee-object-id {objectId} --assignee-principal-type ServicePrincipal --role \"Storage Queue Data Contributor\" --scope <id of the storage account>"},
		{"queue", "queueUnusable", Fault, "work is taken up by the sweep alone, minutes late",
			"az storage queue list --account-name <account> --auth-mode login # apply and notify have to be there"},
		{"queue", "queueNotServed", Warning, "a message that is not taken up, or not as it was sent, costs minutes: the sweep does its work",
			"az functionapp function list --name <app> --resource-group <group> --query \"[].name\" # apply has to be there and enabled; host.json has to say messageEncoding: none"},
		{"queue", "poisonMessages", Fault, "the host gave messages up after five tries: their encoding is not what host.json says, or the handler failed on them",
			"az storage message peek --queue-name {queue} --account-name <account> --auth-mode login --num-messages 32 # when mended: az storage message clear with the same options"},
		{"installation", "installation", Healthy, "", ""},
		{"installation", "storageShared", Fault, "two deployments on the same tables would end each other's grants; this one does nothing until it has tables of its own",
			"az functionapp config appsettings set --name <app> --resource-group <group> --settings GrantStorage__tableServiceUri=<another account> GrantStorage__queueServiceUri=<another account>"},
		{"installation", "strangerOnStorage", Warning, "it is kept from working, and takes messages away: this deployment's work comes late",
			"az functionapp config appsettings list --name <the other app> --resource-group <group> --query \"[?starts_with(name,'GrantStorage')]\" # point it to an account of its own"},
		{"installation", "installationNotRead", Unseen, "whether another deployment works on the same tables is not known", readAgain},
		{"rows", "rows", Healthy, "", ""},
		{"rows", "laterRows", Fault, "what these rows owe, ends included, is left undone: grants overstay",
			"deploy the later release again, from its own source: go run ./scripts/deploy -group <group> -parameters <file> -document <file> # an hour after it has worked on the last of them this finding is gone"},
		{"rows", "rowsNotRead", Unseen, "whether work is left to a later release is not known", readAgain},
	}
}

func serviceCodes() []DoctorCode {
	return []DoctorCode{
		{"clock", "clock", Healthy, "", ""},
		{"clock", "clockOff", Fault, "leases, ends and tokens go by the clock: grants would end early or late",
			"az functionapp restart --name <app> --resource-group <group> # moves to a machine whose clock the platform keeps"},
		{"clock", "clockNotCompared", Unseen, "a wrong clock is not noticed", readAgain},
		{"document", "document", Healthy, "", ""},
		{"document", "documentRefused", Fault, "no new access is given; what exists is proved and ended by the last good one",
			"mend what the finding names in the file that MAILGRANT_CONFIG names, and deploy it again; it counts from the next call on"},
		{"canaries", "canaries", Healthy, "", ""},
		{"canaries", "canaryUnusable", Warning, "it proves nothing; others are taken in its place",
			"name another mailbox under canaries in the operator's document"},
		{"canaries", "noCanaryLeft", Fault, "without a mailbox that stays refused nothing can be proved: new grants are refused, Verified becomes Unknown",
			"name mailboxes under canaries in the operator's document that exist in Exchange Online and that nobody is granted"},
		{"canaries", "canariesNotRead", Unseen, "whether refusals can be proved is not known", readAgain},
		{"sweeps", "sweeps", Healthy, "", ""},
		{"sweeps", "sweepsStale", Fault, "what nobody sweeps does not end: grants overstay",
			"az functionapp function show --name <app> --resource-group <group> --function-name {sweep} --query config # at once, by hand: curl -X POST https://<app>/api/run/{sweep} -H \"x-functions-key: $KEY\""},
		{"sweeps", "sweepsLate", Warning, "what was owed was done later than it should be",
			"az functionapp plan list --query \"[].sku\" # an always-ready instance keeps timers on time; GET /api/halts shows what waits"},
		{"sweeps", "sweepsNotRun", Unseen, "a timer that has never fired may never fire", "wait for the next one; then as for sweepsStale"},
		{"sweeps", "sweepsNotRead", Unseen, "whether grants are ended is not known", readAgain},
	}
}

// neverExamined names what nothing here can read.
func neverExamined() []string {
	return []string{
		"federated credentials of a managed identity beyond what Microsoft Graph shows, and who may write them: Azure Resource Manager keeps them",
		"roles that the identity is eligible for and has not activated, or holds by a group",
		"who may publish code to the function app, read its keys or its settings",
		"whether the tenant's tests and caches behave as documented",
	}
}
