package tenant

import "strings"

// applicationRole is one Exchange role that can be assigned to an application (Microsoft Learn,
// Role Based Access Control for Applications, Supported application roles).
type applicationRole struct {
	name        string
	id          string
	permissions []string
}

// applicationRoles carry the ids that public tools publish; the others are invented and stable.
// The names of the permissions are irregular in the original, which is why this is a table.
var applicationRoles = []applicationRole{
	newApplicationRole("Mail.Read", "1f704712-7d46-481f-b2cd-dbcc978c4f2a", "Mail.Read"),
	newApplicationRole("Mail.ReadBasic", "3eca55c8-0e73-4c12-81bf-526549f2e5a3", "Mail.ReadBasic"),
	newApplicationRole("Mail.ReadWrite", "82fd214e-61ca-4dc7-98f6-090700bdb205", "Mail.ReadWrite"),
	newApplicationRole("Mail.Send", "8679f4ff-c91d-40d0-809c-c86d114821a5", "Mail.Send"),
	newApplicationRole("MailboxSettings.Read", "c40299e0-2107-455f-85dd-6e8862c3a0cc", "MailboxSettings.Read"),
	newApplicationRole("MailboxSettings.ReadWrite", "459cb245-07c5-44f1-8133-3da40b4b6197", "MailboxSettings.ReadWrite"),
	newApplicationRole("Calendars.Read", "a3123d4e-4256-4ad0-bef0-205a00807fae", "Calendars.Read"),
	newApplicationRole("Calendars.ReadWrite", "b92761c0-5311-4908-92ca-2c1f8c71aa1c", "Calendars.ReadWrite"),
	newApplicationRole("Contacts.Read", "9b87c446-d3c1-4146-9d39-45ae63b4eeb7", "Contacts.Read"),
	newApplicationRole("Contacts.ReadWrite", "265cabb3-13d9-4e05-b2cd-460cfa7ad3cc", "Contacts.ReadWrite"),
	newApplicationRole("MailboxFolder.Read", "", "MailboxFolder.Read.All"),
	newApplicationRole("MailboxFolder.ReadWrite", "", "MailboxFolder.ReadWrite.All"),
	newApplicationRole("MailboxItem.Read", "", "MailboxItem.Read.All"),
	newApplicationRole("MailboxItem.ReadWrite", "", "MailboxItem.ReadWrite.All"),
	newApplicationRole("MailboxItem.Export", "", "MailboxItem.Export.All"),
	newApplicationRole("MailboxItem.ImportExport", "", "MailboxItem.ImportExport.All"),
	newApplicationRole("Mail Full Access", "b49ae303-7a8f-4ba1-aa37-27b40461aabb", "Mail.ReadWrite", "Mail.Send"),
	newApplicationRole("Exchange Full Access", "48d6a78c-0681-4d73-acec-9f9ffad56ddb",
		"Mail.ReadWrite", "Mail.Send", "MailboxSettings.ReadWrite", "Calendars.ReadWrite", "Contacts.ReadWrite"),
	newApplicationRole("EWS.AccessAsApp", "", "EWS.AccessAsApp"),
	newApplicationRole("SMTP.SendAsApp", "", "SMTP.SendAsApp"),
	newApplicationRole("MailboxConfigItem.Read", "", "MailboxConfigItem.Read"),
	newApplicationRole("MailboxConfigItem.ReadWrite", "", "MailboxConfigItem.ReadWrite"),
	newApplicationRole("MailTips.ReadBasic.All", "", "MailTips.ReadBasic.All"),
	newApplicationRole("Mail-Advanced.ReadWrite.All", "", "Mail-Advanced.ReadWrite.All"),
}

func newApplicationRole(shortName, id string, permissions ...string) applicationRole {
	name := "Application " + shortName
	if id == "" {
		id = inventedGUID("application role", name)
	}
	return applicationRole{name: name, id: id, permissions: permissions}
}

// applicationRoleByName finds by name or by id; false when there is no such role.
func applicationRoleByName(name string) (applicationRole, bool) {
	for _, role := range applicationRoles {
		if strings.EqualFold(role.name, name) || strings.EqualFold(role.id, name) {
			return role, true
		}
	}
	return applicationRole{}, false
}

// impersonationRole is a leftover: assignments of it may stand, and nothing honours them any more
// (Exchange team announcement, retirement of ApplicationImpersonation in Exchange Online, 2025).
const impersonationRole = "ApplicationImpersonation"

// getManagementRole lists application roles only: the tenant's other roles are not played.
func getManagementRole(t *Tenant, call *invocation) ([]row, error) {
	wanted := strings.ToLower(call.text("Identity"))
	var rows []row
	for _, role := range applicationRoles {
		if containsFold(t.state.missingRoles, role.name) {
			continue
		}
		if wanted != "" && !like(strings.ToLower(role.name), wanted) && !strings.EqualFold(role.id, wanted) {
			continue
		}
		rows = append(rows, row{
			"Name": role.name, "Identity": role.name, "Guid": guid(role.id), "RoleType": roleType(role.name),
			"IsRootRole": true, "Description": "Gives an application " + strings.Join(role.permissions, ", "),
		})
	}
	if len(rows) == 0 {
		return nil, notFound(call.text("Identity"))
	}
	return rows, nil
}

// roleType strips what an enumeration name cannot hold, as Exchange's RoleType does (inferred).
func roleType(name string) string {
	return strings.NewReplacer(" ", "", ".", "", "-", "").Replace(name)
}
