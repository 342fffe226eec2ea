package tenant

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// The two resources that own app roles (Microsoft Graph permissions reference; app-only
// authentication in Exchange Online PowerShell).
const (
	graphAppID    = "00000003-0000-0000-c000-000000000000"
	exchangeAppID = "00000002-0000-0ff1-ce00-000000000000"
	graphName     = "graph"
	exchangeName  = "exchange"
)

// appRole is one app role of one resource. The same value, and even the same id, can stand on both
// resources and then means two different things.
type appRole struct {
	value string
	id    string
}

// graphRoles carry the published ids; those without an id here got an invented, stable one, because
// no published text names theirs. Nothing should depend on an invented id.
var graphRoles = withInventedIDs(graphName, []appRole{
	{"Mail.Read", "810c84a8-4a9e-49e6-bf7d-12d183f40d01"},
	{"Mail.ReadBasic", "6be147d2-ea4f-4b5a-a3fa-3eab6f3c140a"},
	{"Mail.ReadBasic.All", "693c5e45-0940-467d-9b8a-1022fb9d42ef"},
	{"Mail.ReadWrite", "e2a3a72e-5f79-4c64-b1b1-878b674786c9"},
	{"Mail.Send", "b633e1c5-b582-4048-a93e-9f11b44c7e96"},
	{"MailboxSettings.Read", "40f97065-369a-49f4-947c-6a255697ae91"},
	{"MailboxSettings.ReadWrite", "6931bccd-447a-43d1-b442-00a195474933"},
	{"Calendars.Read", "798ee544-9d2d-430c-a058-570e29e34338"},
	{"Calendars.ReadBasic.All", "8ba4a692-bc31-4128-9094-475872af8a53"},
	{"Calendars.ReadWrite", "ef54d2bf-783f-4e0f-bca1-3210c0444d99"},
	{"Contacts.Read", "089fe4d0-434a-44c5-8827-41ba8a0b17f5"},
	{"Contacts.ReadWrite", "6918b873-d17a-4dc1-b314-35f528134491"},
	{"MailboxFolder.Read.All", "99280d24-a782-4793-93cc-0888549957f6"},
	{"MailboxFolder.ReadWrite.All", "fef87b92-8391-4589-9da7-eb93dab7dc8a"},
	{"MailboxItem.Read.All", "7d9f353d-a7bd-4fbb-822a-26d5dd39a3ce"},
	{"MailboxItem.ImportExport.All", "76577085-e73d-4f1d-b26a-85fb33892327"},
	{"AppRoleAssignment.ReadWrite.All", "06b708a9-e830-4db3-a914-8e69da51d44f"},
	{"Application.Read.All", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"},
	{"Application.ReadWrite.All", "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"},
	{"Directory.Read.All", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"},
	{"RoleManagement.Read.Exchange", "c769435f-f061-4d0b-8ff1-3d39870e5f85"},
	{"RoleManagement.ReadWrite.Exchange", "025d3225-3f02-4882-b4c0-cd5b541a4e80"},
	{"RoleManagement.Read.Directory", "483bed4a-2ad3-4361-a73b-c83ccdbdc53c"},
	{"RoleManagement.ReadWrite.Directory", "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"},
	{"AdministrativeUnit.Read.All", "134fd756-38ce-4afd-ba33-e9623dbe66c2"},
	{"AdministrativeUnit.ReadWrite.All", "5eb59dd3-1da2-4329-8733-9dabdc435916"},
	{"Group.Read.All", "5b567255-7703-4780-807c-7be8301ae99b"},
	{"GroupMember.Read.All", "98830695-27a2-44f7-8c18-0c3ebc9698f6"},
	{"GroupMember.ReadWrite.All", "dbaae8cf-10b5-4b86-a4a1-f871c94c6695"},
	{"User.Read.All", "df021288-bdef-4463-88db-98f22de89214"},
	{"User.ReadBasic.All", "97235f07-e226-4f63-ace3-39588e11d3a1"},
	{"MailboxItem.Export.All", ""},
	{"MailboxItem.ReadWrite.All", ""},
	{"MailboxConfigItem.Read", ""},
	{"MailboxConfigItem.ReadWrite", ""},
	{"MailTips.ReadBasic.All", ""},
	{"Mail-Advanced.ReadWrite.All", ""},
})

// exchangeRoles repeat some of Graph's ids on purpose: the real resource does.
var exchangeRoles = withInventedIDs(exchangeName, []appRole{
	{"Exchange.ManageAsApp", "dc50a0fb-09a3-484d-be87-e023b12c6440"},
	{"full_access_as_app", "dc890d15-9560-4a4c-9b7f-a736ec74ec40"},
	{"IMAP.AccessAsApp", "5e5addcd-3e8d-4e90-baf5-964efab2b20a"},
	{"POP.AccessAsApp", "cb842b43-da6e-4506-86fe-bb12199c656d"},
	{"SMTP.SendAsApp", "7146a1f0-8703-45b3-9eae-527a64c00995"},
	{"Mail.Read", "810c84a8-4a9e-49e6-bf7d-12d183f40d01"},
	{"Mail.ReadWrite", "e2a3a72e-5f79-4c64-b1b1-878b674786c9"},
	{"Mail.Send", "b633e1c5-b582-4048-a93e-9f11b44c7e96"},
	{"Calendars.Read", "798ee544-9d2d-430c-a058-570e29e34338"},
	{"Contacts.Read", "089fe4d0-434a-44c5-8827-41ba8a0b17f5"},
	{"Contacts.ReadWrite", "6918b873-d17a-4dc1-b314-35f528134491"},
	{"MailboxSettings.Read", "d45fa9f8-36e5-4cd2-b601-b063c7cf9ac2"},
	{"MailboxSettings.ReadWrite", "f9156939-25cd-4ba8-abfe-7fabcf003749"},
	{"EWS.AccessAsApp", ""},
	{"Exchange.ManageAsAppV2", ""},
	{"Exchange.AdminAPI.ManageAsApp", ""},
})

func withInventedIDs(resource string, roles []appRole) []appRole {
	for index := range roles {
		if roles[index].id == "" {
			roles[index].id = inventedGUID("app role", resource, roles[index].value)
		}
	}
	return roles
}

// inventedGUID is stable: the same words always give the same GUID.
func inventedGUID(words ...string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.Join(words, "\x00"))))
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// appRolesOf returns nil for a resource that owns none.
func appRolesOf(resource string) []appRole {
	switch resource {
	case graphName:
		return graphRoles
	case exchangeName:
		return exchangeRoles
	}
	return nil
}

// appRoleByName finds by value or by id; false when the resource has no such role.
func appRoleByName(resource, name string) (appRole, bool) {
	for _, role := range appRolesOf(resource) {
		if strings.EqualFold(role.value, name) || strings.EqualFold(role.id, name) {
			return role, true
		}
	}
	return appRole{}, false
}

// resourceOfServiceRole looks on Graph first: a directory names the service's roles without a resource.
func resourceOfServiceRole(value string) (string, bool) {
	for _, resource := range []string{graphName, exchangeName} {
		if _, known := appRoleByName(resource, value); known {
			return resource, true
		}
	}
	return "", false
}
