package tenant

import (
	"slices"
	"strings"
	"time"
)

// The application permissions that open groups, units, users and directory roles (Microsoft Graph
// reference, permissions of each call); any one of a line is enough.
var (
	rolesForGroups  = []string{"Group.Read.All", "GroupMember.Read.All", "GroupMember.ReadWrite.All", "Directory.Read.All"}
	rolesForUnits   = []string{"AdministrativeUnit.Read.All", "AdministrativeUnit.ReadWrite.All", "Directory.Read.All"}
	rolesForUsers   = []string{"User.Read.All", "User.ReadBasic.All", "Directory.Read.All"}
	rolesForHolders = []string{"RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory", "Directory.Read.All"}
)

// membersOnly is a cast that Graph allows at the end of a list of members.
const membersOnly = `(?:/(?:microsoft\.)?graph\.(user|group|servicePrincipal))?`

// graphDirectoryRoutes lists the played paths around groups and roles. Only directory roles
// are written: Graph cannot change a mail-enabled group.
var graphDirectoryRoutes = []graphRoute{
	graphRead(`/groups`, listOptions, rolesForGroups, (*Tenant).listGroups),
	graphRead(`/groups/([^/]+)`, selectOnly, rolesForGroups, (*Tenant).groupByID),
	graphRead(`/groups/([^/]+)/(members|owners|transitiveMembers)`+membersOnly, listOptions, rolesForGroups, (*Tenant).listGroupMembers),
	graphRead(`/directory/administrativeUnits`, listOptions, rolesForUnits, (*Tenant).listUnits),
	graphRead(`/directory/administrativeUnits/([^/]+)`, selectOnly, rolesForUnits, (*Tenant).unitByID),
	graphRead(`/directory/administrativeUnits/([^/]+)/members`+membersOnly, listOptions, rolesForUnits, (*Tenant).listUnitMembers),
	graphRead(`/roleManagement/directory/roleAssignments`, listOptions, rolesForHolders, (*Tenant).listDirectoryRoles),
	graphRoleWrite("POST", `/roleManagement/directory/roleAssignments`, (*Tenant).postDirectoryRole),
	graphRoleWrite("DELETE", `/roleManagement/directory/roleAssignments/([^/]+)`, (*Tenant).deleteDirectoryRole),
	graphRead(`/roleManagement/directory/roleDefinitions`, listOptions, rolesForHolders, (*Tenant).listRoleDefinitions),
	graphRead(`/roleManagement/directory/roleDefinitions/([^/]+)`, selectOnly, rolesForHolders, (*Tenant).roleDefinitionByID),
	graphRead(`/users/([^/]+)`, selectOnly, rolesForUsers, (*Tenant).userByID),
}

func graphRead(pattern string, options, roles []string, serve func(*Tenant, *call, time.Time, []string) answer) graphRoute {
	made := graphPath("GET", pattern, options, serve)
	made.roles = roles
	return made
}

// graphRoleWrite is a change of directory roles.
func graphRoleWrite(method, pattern string, serve func(*Tenant, *call, time.Time, []string) answer) graphRoute {
	made := graphPath(method, pattern, nil, serve)
	made.roles, made.writers = rolesForHolders, []string{"RoleManagement.ReadWrite.Directory"}
	return made
}

// listed answers the objects that the filter lets through, which may name one of the properties only.
func (t *Tenant) listed(c *call, kind string, objects []map[string]any, filterable ...string) answer {
	property, value, fine := filterOf(c)
	if !fine || property != "" && !slices.Contains(filterable, property) {
		return unknownAnswer(c, "the filter "+c.query("$filter")+" is not played")
	}
	var found []map[string]any
	for _, each := range objects {
		if property == "" || sameText(each[property], value) {
			found = append(found, each)
		}
	}
	return t.list(c, kind, found)
}

// groupObject shows a plain security group as one, which Exchange would not find.
func groupObject(from group) map[string]any {
	object := map[string]any{
		"id": from.EntraID, "displayName": from.DisplayName, "description": from.Description, "mail": nil, "mailNickname": from.recipient().alias(),
		"mailEnabled": from.Kind != kindSecurity, "securityEnabled": from.Kind == kindSecurity || from.Kind == kindMailEnabledSecurity,
		"groupTypes": []string{}, "visibility": nil, "proxyAddresses": []string{}, "membershipRule": nil, "isAssignableToRole": nil,
	}
	if from.Primary != "" {
		object["mail"], object["proxyAddresses"] = from.Primary, from.recipient().proxies()
	}
	if from.Kind == kindMicrosoft365 {
		object["groupTypes"], object["visibility"] = []string{"Unified"}, accessType(from)
	}
	return object
}

func (t *Tenant) listGroups(c *call, _ time.Time, _ []string) answer {
	var objects []map[string]any
	for _, each := range t.state.groups {
		if each.inEntra() {
			objects = append(objects, groupObject(each))
		}
	}
	return t.listed(c, "groups", objects, "displayName", "mail", "mailNickname", "id")
}

// entraGroup finds by the id in Entra ID, which is not the one that Exchange's cmdlets print as Guid.
func (s *state) entraGroup(id string) (group, int, bool) {
	index := slices.IndexFunc(s.groups, func(each group) bool { return each.inEntra() && strings.EqualFold(each.EntraID, id) })
	if index < 0 {
		return group{}, -1, false
	}
	return s.groups[index], index, true
}

func (t *Tenant) groupByID(c *call, _ time.Time, keys []string) answer {
	found, index, is := t.state.entraGroup(keys[0])
	if !is {
		return graphNotFound(keys[0])
	}
	if c.conditions.other {
		found = t.state.groups[(index+1)%len(t.state.groups)]
	}
	return t.entity(c, "groups", groupObject(found))
}

func (t *Tenant) listGroupMembers(c *call, _ time.Time, keys []string) answer {
	found, _, is := t.state.entraGroup(keys[0])
	if !is {
		return graphNotFound(keys[0])
	}
	ids := found.Members
	switch keys[1] {
	case "owners":
		ids = found.Owners
	case "transitiveMembers":
		ids = nil
		for id := range t.state.memberships().below(found.GUID) {
			ids = append(ids, id)
		}
		slices.Sort(ids)
	}
	return t.memberObjects(c, ids, keys[2])
}

// memberObjects answers each with its type; cast keeps one type only.
func (t *Tenant) memberObjects(c *call, ids []string, cast string) answer {
	var objects []map[string]any
	for _, id := range ids {
		object := t.memberObject(id)
		if cast == "" || object["@odata.type"] == "#microsoft.graph."+cast {
			objects = append(objects, object)
		}
	}
	return t.listed(c, "directoryObjects", objects, "id")
}

// memberObject takes who is neither a group nor a principal nor a mailbox for a user without mail.
func (t *Tenant) memberObject(id string) map[string]any {
	if found, _, is := t.state.groupByGUID(id); is {
		return typed("group", groupObject(found))
	}
	for _, each := range t.state.mailboxes {
		if strings.EqualFold(each.GUID, id) {
			return t.recipientObject(each)
		}
	}
	if found, is := t.state.principal(id); is {
		return typed("servicePrincipal", map[string]any{"id": found.ObjectID, "appId": found.AppID, "displayName": found.DisplayName})
	}
	return typed("user", map[string]any{"id": id, "displayName": id, "mail": nil, "userPrincipalName": id, "accountEnabled": true})
}

func (t *Tenant) recipientObject(from mailbox) map[string]any {
	switch from.Type {
	case "MailContact":
		return typed("orgContact", map[string]any{"id": from.EntraID, "displayName": from.DisplayName, "mail": from.Primary})
	case "GroupMailbox":
		return typed("group", map[string]any{"id": from.EntraID, "displayName": from.DisplayName, "mail": from.Primary, "groupTypes": []string{"Unified"}})
	}
	return typed("user", userObject(from))
}

// typed tells the kind of an object in a list of several kinds. Selecting properties keeps it.
func typed(kind string, object map[string]any) map[string]any {
	object["@odata.type"] = "#microsoft.graph." + kind
	return object
}

func userObject(from mailbox) map[string]any {
	return map[string]any{
		"id": from.EntraID, "displayName": from.DisplayName, "mail": from.Primary, "userPrincipalName": from.UPN,
		"proxyAddresses": from.proxies(), "accountEnabled": from.Type == "UserMailbox", "userType": "Member",
		"department": from.Attributes["Department"], "companyName": from.Attributes["Company"],
	}
}

// userByID takes the id or the sign-in name, and no other address.
func (t *Tenant) userByID(c *call, _ time.Time, keys []string) answer {
	for index, each := range t.state.mailboxes {
		found := strings.EqualFold(each.EntraID, keys[0]) || strings.EqualFold(each.UPN, keys[0])
		if !found || each.Type == "MailContact" || each.Type == "GroupMailbox" {
			continue
		}
		if c.conditions.other {
			each = t.state.mailboxes[(index+1)%len(t.state.mailboxes)]
		}
		return t.entity(c, "users", userObject(each))
	}
	return graphNotFound(keys[0])
}

func unitObject(from unit) map[string]any {
	return map[string]any{"id": from.ID, "displayName": from.DisplayName, "description": nil, "visibility": nil, "isMemberManagementRestricted": false}
}

func (t *Tenant) listUnits(c *call, _ time.Time, _ []string) answer {
	var objects []map[string]any
	for _, each := range t.state.units {
		objects = append(objects, unitObject(each))
	}
	return t.listed(c, "administrativeUnits", objects, "displayName", "id")
}

func (t *Tenant) unitByID(c *call, _ time.Time, keys []string) answer {
	found, index, is := t.state.unit(keys[0])
	if !is {
		return graphNotFound(keys[0])
	}
	if c.conditions.other {
		found = t.state.units[(index+1)%len(t.state.units)]
	}
	return t.entity(c, "administrativeUnits", unitObject(found))
}

// listUnitMembers shows groups as groups: their members are not in the unit.
func (t *Tenant) listUnitMembers(c *call, _ time.Time, keys []string) answer {
	found, _, is := t.state.unit(keys[0])
	if !is {
		return graphNotFound(keys[0])
	}
	ids := slices.Clone(found.Members)
	for _, each := range t.state.mailboxes {
		if containsFold(each.AdministrativeUnits, found.ID) && !containsFold(ids, each.GUID) {
			ids = append(ids, each.GUID)
		}
	}
	return t.memberObjects(c, ids, keys[1])
}

func (t *Tenant) listDirectoryRoles(c *call, _ time.Time, _ []string) answer {
	var objects []map[string]any
	for _, each := range t.state.directoryRoles {
		template, _ := roleTemplateByName(each.Role)
		objects = append(objects, map[string]any{
			"id": each.ID, "principalId": each.Principal, "roleDefinitionId": template.id, "directoryScopeId": each.Scope,
		})
	}
	return t.listed(c, "roleManagement/directory/roleAssignments", objects, "principalId", "roleDefinitionId")
}

func roleDefinitionObject(from roleTemplate) map[string]any {
	return map[string]any{"id": from.id, "templateId": from.id, "displayName": from.name, "isBuiltIn": true, "isEnabled": true}
}

func (t *Tenant) listRoleDefinitions(c *call, _ time.Time, _ []string) answer {
	var objects []map[string]any
	for _, each := range roleTemplates {
		objects = append(objects, roleDefinitionObject(each))
	}
	return t.listed(c, "roleManagement/directory/roleDefinitions", objects, "displayName", "id")
}

func (t *Tenant) roleDefinitionByID(c *call, _ time.Time, keys []string) answer {
	template, known := roleTemplateByName(keys[0])
	if !known || !strings.EqualFold(template.id, keys[0]) {
		return graphNotFound(keys[0])
	}
	return t.entity(c, "roleManagement/directory/roleDefinitions", roleDefinitionObject(template))
}
