package tenant

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What delegating assignments of application roles are worth to a role group is not published:
// Microsoft Learn, Role Based Access Control for Applications, says that Organization Management has
// them, and that application roles cannot be given to role groups. A directory may therefore choose.
const (
	delegationHonoured = "honoured"
	delegationIgnored  = "ignored"
	delegationRefused  = "refused"
)

// roleGroupsOf are those whose member this object id is.
func (s *state) roleGroupsOf(objectID string) []roleGroup {
	var found []roleGroup
	for _, each := range s.roleGroups {
		if objectID != "" && containsFold(each.Members, objectID) {
			found = append(found, each)
		}
	}
	return found
}

// exchangeRolesOf joins what a caller holds: what the directory gives the service, what its role
// groups hold, and what the token says of roles of the directory. It needs the lock.
func (t *Tenant) exchangeRolesOf(caller claims) []string {
	var roles []string
	if t.isService(caller.ObjectID) {
		roles = append(roles, t.state.service.ExchangeRoles...)
	}
	for _, each := range t.state.roleGroupsOf(caller.ObjectID) {
		roles = append(append(roles, each.Name), each.Roles...)
	}
	for _, name := range []string{"Global Administrator", "Exchange Administrator"} {
		template, _ := roleTemplateByName(name)
		if slices.Contains(caller.DirectoryRoles, template.id) {
			roles = append(roles, "Exchange Administrator")
		}
	}
	return roles
}

// directoryRolesOf are the template ids of the roles that are active over the whole directory, as a
// token carries them (Microsoft Learn, Access token claims reference, wids).
func (s *state) directoryRolesOf(objectID string) []string {
	var ids []string
	for _, each := range s.directoryRoles {
		template, known := roleTemplateByName(each.Role)
		if known && each.Scope == "/" && strings.EqualFold(each.Principal, objectID) {
			ids = append(ids, template.id)
		}
	}
	return ids
}

// mayHandOn: who holds everything, and who has a delegating assignment of the role.
func (t *Tenant) mayHandOn(role string, caller claims) bool {
	if t.isService(caller.ObjectID) && t.state.service.delegates(role) {
		return true
	}
	if slices.ContainsFunc(t.exchangeRolesOf(caller), isEverything) {
		return true
	}
	return t.state.delegation != delegationIgnored && slices.ContainsFunc(t.state.roleGroupsOf(caller.ObjectID), func(each roleGroup) bool {
		return containsFold(each.Delegating, role)
	})
}

// roleGroupCmdlets change role groups. The roles of Role Management are all that is asked for.
func roleGroupCmdlets() []cmdlet {
	bypass := []string{"BypassSecurityGroupManagerCheck"}
	member := []string{"Identity", "Member"}
	return []cmdlet{
		{name: "New-RoleGroup", roles: roleManagement, required: []string{"Name"}, texts: []string{"Name", "DisplayName", "Description"},
			lists: []string{"Roles", "Members", "ManagedBy"}, run: newRoleGroup},
		{name: "Remove-RoleGroup", roles: roleManagement, required: identityAlone, texts: identityAlone, flags: bypass, run: removeRoleGroup},
		{name: "Add-RoleGroupMember", roles: roleManagement, required: member, texts: member, flags: bypass, run: changeRoleGroupMember},
		{name: "Remove-RoleGroupMember", roles: roleManagement, required: member, texts: member, flags: bypass, run: changeRoleGroupMember},
	}
}

// roleGroupMember finds a service principal by its pointer, which a member has to have (PowerShell
// reference, App-only authentication), else a recipient.
func (t *Tenant) roleGroupMember(call *invocation, name string) (string, error) {
	for _, each := range t.state.recipients() {
		if each.answersTo(name, t.organization.Domain) {
			return each.GUID, nil
		}
	}
	found, _, err := t.findPointer(call, name, false)
	return found.ObjectID, err
}

func newRoleGroup(t *Tenant, call *invocation) ([]row, error) {
	err := t.readyForCustomization(call)
	if err != nil {
		return nil, err
	}
	made := roleGroup{Name: call.text("Name"), Description: call.text("Description")}
	if slices.ContainsFunc(t.state.roleGroups, func(each roleGroup) bool { return strings.EqualFold(each.Name, made.Name) }) {
		return nil, alreadyExists(made.Name)
	}
	for _, role := range call.list("Roles") {
		known, is := managementRole(role)
		if !is {
			return nil, notFound(role)
		}
		if !t.mayHandOn(known, call.caller) {
			return nil, noDelegation(known)
		}
		made.Roles = append(made.Roles, known)
	}
	for _, name := range call.list("Members") {
		member, err := t.roleGroupMember(call, name)
		if err != nil {
			return nil, err
		}
		made.Members = append(made.Members, member)
	}
	made.GUID = t.state.newGUID("roleGroup", made.Name)
	t.state.roleGroups = append(slices.Clone(t.state.roleGroups), made)
	t.state.changed(call.at, call.by, "created", "roleGroup", made.Name, strings.Join(made.Roles, ", ")+" for "+strings.Join(made.Members, ", "))
	return []row{t.roleGroupRow(made)}, nil
}

// managementRole spells a role that is no application role; those of no cmdlet are not known here.
func managementRole(name string) (string, bool) {
	for _, each := range cmdlets() {
		for _, role := range each.roles {
			if strings.EqualFold(role, name) {
				return role, true
			}
		}
	}
	return "", false
}

func removeRoleGroup(t *Tenant, call *invocation) ([]row, error) {
	found, index, err := t.findRoleGroup(call, call.text("Identity"))
	if err != nil {
		return nil, err
	}
	t.state.roleGroups = slices.Delete(slices.Clone(t.state.roleGroups), index, index+1)
	t.state.changed(call.at, call.by, "removed", "roleGroup", found.Name, "")
	return nil, nil
}

func changeRoleGroupMember(t *Tenant, call *invocation) ([]row, error) {
	found, _, err := t.findRoleGroup(call, call.text("Identity"))
	if err != nil {
		return nil, err
	}
	member, err := t.roleGroupMember(call, call.text("Member"))
	if err != nil {
		return nil, err
	}
	held, did := containsFold(found.Members, member), "added"
	switch adds := strings.HasPrefix(call.cmdlet, "Add-"); {
	case adds && held:
		return nil, alreadyMember(call.text("Member"))
	case adds:
		found.Members = append(slices.Clone(found.Members), member)
	case !held:
		return nil, notMember(call.text("Member"))
	default:
		did = "removed"
		found.Members = slices.DeleteFunc(slices.Clone(found.Members), func(each string) bool { return strings.EqualFold(each, member) })
	}
	t.replaceRoleGroup(found)
	t.state.changed(call.at, call.by, did, "roleGroupMember", found.Name, member)
	return nil, nil
}

func (t *Tenant) replaceRoleGroup(with roleGroup) {
	t.state.roleGroups = slices.Clone(t.state.roleGroups)
	for index, each := range t.state.roleGroups {
		if each.GUID == with.GUID {
			t.state.roleGroups[index] = with
		}
	}
}

// postDirectoryRole and deleteDirectoryRole change the active assignments. That a second one of the
// same role is a conflict is inferred.
func (t *Tenant) postDirectoryRole(c *call, at time.Time, _ []string) answer {
	var wanted struct {
		Principal string `json:"principalId"`
		Role      string `json:"roleDefinitionId"`
		Scope     string `json:"directoryScopeId"`
	}
	err := json.Unmarshal(c.body, &wanted)
	template, known := roleTemplateByName(wanted.Role)
	if err != nil || !known || wanted.Scope == "" {
		return graphError(http.StatusBadRequest, "Request_BadRequest", "The body is not a role assignment.", refusalID)
	}
	holder, found := t.state.principal(wanted.Principal)
	if !found {
		return graphNotFound(wanted.Principal)
	}
	made := directoryRole{Principal: holder.ObjectID, Role: template.name, Scope: wanted.Scope}
	for _, each := range t.state.directoryRoles {
		if strings.EqualFold(each.Principal, made.Principal) && each.Role == made.Role && each.Scope == made.Scope {
			return graphError(http.StatusBadRequest, "RoleAssignmentExists", "The Role assignment already exists.", refusalID)
		}
	}
	made = made.completed(&t.state)
	t.state.directoryRoles = append(slices.Clone(t.state.directoryRoles), made)
	t.state.changed(at, t.nameOf(c.caller), "created", "directoryRole", holder.DisplayName, made.Role)
	return jsonAnswer(http.StatusCreated, map[string]any{
		"id": made.ID, "principalId": made.Principal, "roleDefinitionId": template.id, "directoryScopeId": made.Scope,
	})
}

func (t *Tenant) deleteDirectoryRole(c *call, at time.Time, keys []string) answer {
	for index, each := range t.state.directoryRoles {
		if each.ID != keys[0] {
			continue
		}
		t.state.directoryRoles = slices.Delete(slices.Clone(t.state.directoryRoles), index, index+1)
		t.state.changed(at, t.nameOf(c.caller), "removed", "directoryRole", t.state.memberName(each.Principal), each.Role)
		return emptyAnswer(http.StatusNoContent)
	}
	return graphNotFound(keys[0])
}
