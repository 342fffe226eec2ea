package tenant

import (
	"slices"
	"strings"
)

// roleGroupAssignments lists what a role group holds and may hand on. The names are made as those of
// the built-in groups are in the original: role, group, and Delegating for the second kind.
func (t *Tenant) roleGroupAssignments(of roleGroup) []row {
	var rows []row
	for _, role := range of.Roles {
		rows = append(rows, t.roleGroupAssignment(of.Name, role, false))
	}
	for _, role := range of.Delegating {
		rows = append(rows, t.roleGroupAssignment(of.Name, role, true))
	}
	return rows
}

func roleGroupAssignmentName(group, role string, delegating bool) string {
	if delegating {
		return cut(role+"-"+group+"-Delegating", longestName)
	}
	return cut(role+"-"+group, longestName)
}

func (t *Tenant) roleGroupAssignment(group, role string, delegating bool) row {
	made := assignment{Name: roleGroupAssignmentName(group, role, delegating), Role: role, Workload: group, Delegating: delegating}
	made.GUID = inventedGUID("roleGroupAssignment", made.Name)
	shown := t.assignmentRow(made)
	shown["RoleAssigneeType"], shown["AssignmentMethod"] = "RoleGroup", "RoleGroup"
	return shown
}

// ofKind keeps the delegating rows, the others, or all, as the call wants them.
func ofKind(rows []row, call *invocation) []row {
	return slices.DeleteFunc(rows, func(each row) bool {
		delegating := each["RoleAssignmentDelegationType"] != "Regular"
		return call.given("Delegating") && call.flag("Delegating") != delegating
	})
}

// assignToRoleGroup gives a role group a role, or the right to hand one on. An application role
// itself cannot be given to a role group (Microsoft Learn, Role Based Access Control for
// Applications, Limitations).
func (t *Tenant) assignToRoleGroup(call *invocation) ([]row, error) {
	found, _, err := t.findRoleGroup(call, call.text("SecurityGroup"))
	if err != nil {
		return nil, err
	}
	delegating := call.flag("Delegating")
	role, known := managementRole(call.text("Role"))
	if application, is := applicationRoleByName(call.text("Role")); is {
		role, known = application.name, !containsFold(t.state.missingRoles, application.name)
		if !delegating || t.state.delegation == delegationRefused {
			return nil, roleGroupRefused(role)
		}
	}
	switch {
	case !known:
		return nil, notFound(call.text("Role"))
	case !t.mayHandOn(role, call.caller):
		return nil, noDelegation(role)
	}
	list := &found.Roles
	if delegating {
		list = &found.Delegating
	}
	name := roleGroupAssignmentName(found.Name, role, delegating)
	if containsFold(*list, role) {
		return nil, alreadyExists(name)
	}
	*list = append(slices.Clone(*list), role)
	t.replaceRoleGroup(found)
	t.state.changed(call.at, call.by, "created", "roleGroupAssignment", name, role+" to "+found.Name)
	return []row{t.roleGroupAssignment(found.Name, role, delegating)}, nil
}

// dropFromRoleGroup removes by name; false when no role group has an assignment of that name.
func (t *Tenant) dropFromRoleGroup(call *invocation, identity string) bool {
	for _, group := range t.state.roleGroups {
		for _, delegating := range []bool{false, true} {
			list := &group.Roles
			if delegating {
				list = &group.Delegating
			}
			index := slices.IndexFunc(*list, func(role string) bool {
				return strings.EqualFold(roleGroupAssignmentName(group.Name, role, delegating), identity)
			})
			if index < 0 {
				continue
			}
			*list = slices.Delete(slices.Clone(*list), index, index+1)
			t.replaceRoleGroup(group)
			t.state.changed(call.at, call.by, "removed", "roleGroupAssignment", identity, "")
			return true
		}
	}
	return false
}
