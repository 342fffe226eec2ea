package tenant

import (
	"slices"
	"strconv"
	"strings"
)

// scopeParameters exclude each other; without any of them an assignment is organization-wide.
var scopeParameters = []string{"CustomResourceScope", "RecipientAdministrativeUnitScope", "RecipientGroupScope"}

func (a assignment) named(t *Tenant, identity string) bool {
	return strings.EqualFold(a.Name, identity) || strings.EqualFold(a.GUID, identity) ||
		strings.EqualFold(t.configurationName(a.Name, "Role Assignments,CN=RBAC"), identity)
}

// assignmentRow shows the assignee by the pointer's name, which is the object id (inferred).
func (t *Tenant) assignmentRow(from assignment) row {
	kind, shown := from.writeScope()
	delegation := "Regular"
	if from.Delegating {
		delegation = "DelegatingOrgWide"
	}
	var custom any
	if shown != "" {
		custom = shown
	}
	return row{
		"Name": from.Name, "Identity": from.Name, "Guid": guid(from.GUID),
		"DistinguishedName": t.configurationName(from.Name, "Role Assignments,CN=RBAC"),
		"Role":              from.Role, "RoleAssignee": from.Workload, "RoleAssigneeName": from.Workload,
		"RoleAssigneeType": "ServicePrincipal", "AssignmentMethod": "Direct", "Enabled": !from.Disabled,
		"CustomResourceScope": custom, "RecipientWriteScope": kind, "CustomRecipientWriteScope": nil,
		"RoleAssignmentDelegationType": delegation,
	}
}

// writeScope is the kind of scope and what it is, in the words of the output.
func (a assignment) writeScope() (string, string) {
	switch {
	case a.AdministrativeUnit != "":
		return "AdministrativeUnit", a.AdministrativeUnit
	case a.Scope != "":
		return "CustomRecipientScope", a.Scope
	}
	return "Organization", ""
}

func (t *Tenant) findAssignment(call *invocation, identity string, reading bool) (assignment, int, error) {
	return oneOf(t.state.assignments, identity, reading && call.conditions.other, func(each assignment) bool {
		return each.named(t, identity) && !(reading && each.visibleFrom.After(call.at))
	})
}

// getManagementRoleAssignment shows assignments of applications only; those of role groups are played
// where a group is asked for, or the service by its object id.
func getManagementRoleAssignment(t *Tenant, call *invocation) ([]row, error) {
	if call.text("Identity") != "" && call.text("RoleAssignee") != "" {
		return nil, badParameters("Identity and RoleAssignee")
	}
	if identity := call.text("Identity"); identity != "" {
		found, _, err := t.findAssignment(call, identity, true)
		if err != nil {
			return nil, err
		}
		return []row{t.assignmentRow(found)}, nil
	}
	assignee := ""
	if name := call.text("RoleAssignee"); name != "" {
		if t.isService(name) {
			return t.serviceAssignments(call)
		}
		group, _, err := t.findRoleGroup(call, name)
		if err == nil {
			return ofKind(t.roleGroupAssignments(group), call), nil
		}
		// That an assignee without a pointer is not found, and not an empty list, is inferred.
		found, _, err := t.findPointer(call, name, true)
		if err != nil {
			return nil, err
		}
		assignee = found.ObjectID
	}
	var rows []row
	for _, each := range t.state.assignments {
		if !each.visibleFrom.After(call.at) && each.listed(call, assignee) {
			rows = append(rows, t.assignmentRow(each))
		}
	}
	return rows, nil
}

func (a assignment) listed(call *invocation, assignee string) bool {
	switch {
	case assignee != "" && !strings.EqualFold(a.Workload, assignee):
		return false
	case call.text("RecipientAdministrativeUnitScope") != "" && !strings.EqualFold(a.AdministrativeUnit, call.text("RecipientAdministrativeUnitScope")):
		return false
	case call.text("Role") != "" && !strings.EqualFold(a.Role, call.text("Role")):
		return false
	case call.given("Enabled") && call.flag("Enabled") == a.Disabled:
		return false
	case call.given("Delegating") && call.flag("Delegating") != a.Delegating:
		return false
	}
	return true
}

// newManagementRoleAssignment lets the same role be given twice with different scopes: reach is the
// union. Without a scope parameter it gives the whole organization, as the original does.
func newManagementRoleAssignment(t *Tenant, call *invocation) ([]row, error) {
	err := t.readyForCustomization(call)
	if err != nil {
		return nil, err
	}
	switch app, group := call.text("App") != "", call.text("SecurityGroup") != ""; {
	case app == group:
		return nil, badParameters("App, SecurityGroup")
	case group:
		return t.assignToRoleGroup(call)
	}
	role, known := applicationRoleByName(call.text("Role"))
	if !known || containsFold(t.state.missingRoles, role.name) {
		return nil, notFound(call.text("Role"))
	}
	err = t.mayDelegate(role.name, call)
	if err != nil {
		return nil, err
	}
	holder, err := t.assignee(call)
	if err != nil {
		return nil, err
	}
	made := assignment{Role: role.name, Workload: holder.ObjectID, Delegating: call.flag("Delegating")}
	made.Name, err = t.assignmentName(call.text("Name"), role.name, holder.ObjectID)
	if err != nil {
		return nil, err
	}
	err = t.setScope(&made, call)
	if err != nil {
		return nil, err
	}
	made.GUID = t.state.newGUID("assignment", made.Name)
	made.visibleFrom = hiddenUntil(call.at, call.conditions)
	t.state.assignments = append(t.state.assignments, made)
	t.state.recordReach(made.Workload, call.at)
	t.state.changed(call.at, call.by, "created", "roleAssignment", made.Name, t.assignmentDetail(made))
	return []row{t.assignmentRow(made)}, nil
}

func (t *Tenant) assignmentDetail(of assignment) string {
	kind, shown := of.writeScope()
	return strings.TrimSpace(of.Role + " to " + of.Workload + " in " + kind + " " + shown)
}

// assignee does not find a fresh pointer the first time when creation lags, as operators report.
func (t *Tenant) assignee(call *invocation) (pointer, error) {
	found, index, err := t.findPointer(call, call.text("App"), false)
	if err != nil {
		return pointer{}, err
	}
	if found.unripe {
		found.unripe = false
		t.state.pointers = slices.Clone(t.state.pointers)
		t.state.pointers[index] = found
		return pointer{}, notFound(call.text("App"))
	}
	return found, nil
}

// mayDelegate holds that who assigns a role has to hold a delegating assignment of it.
func (t *Tenant) mayDelegate(role string, call *invocation) error {
	if call.by == administrator || t.mayHandOn(role, call.caller) {
		return nil
	}
	return noDelegation(role)
}

// assignmentName makes the automatic name where none is given: role and assignee, cut at the limit,
// and on a collision cut further and numbered. The numbering is inferred.
func (t *Tenant) assignmentName(wanted, role, assignee string) (string, error) {
	taken := func(name string) bool {
		return slices.ContainsFunc(t.state.assignments, func(each assignment) bool { return strings.EqualFold(each.Name, name) })
	}
	if wanted != "" {
		err := checkName(wanted)
		if err != nil {
			return "", err
		}
		if taken(wanted) {
			return "", alreadyExists(wanted)
		}
		return wanted, nil
	}
	automatic := cut(role+"-"+assignee, longestName)
	if !taken(automatic) {
		return automatic, nil
	}
	const longestStem = 61
	for number := 1; number <= 99; number++ {
		name := cut(automatic, longestStem) + "-" + strconv.Itoa(number)
		if !taken(name) {
			return name, nil
		}
	}
	return "", alreadyExists(automatic)
}

func cut(text string, length int) string {
	if len(text) <= length {
		return text
	}
	return text[:length]
}

// setScope reads the scope parameters into an assignment. A group becomes a scope that Exchange
// makes itself, named after the group.
func (t *Tenant) setScope(of *assignment, call *invocation) error {
	given := 0
	for _, name := range scopeParameters {
		if call.text(name) != "" {
			given++
		}
	}
	if given > 1 {
		return badParameters(strings.Join(scopeParameters, ", "))
	}
	if name := call.text("CustomResourceScope"); name != "" {
		found, _, err := t.findScope(call, name, false)
		if err != nil {
			return err
		}
		of.Scope, of.AdministrativeUnit = found.Name, ""
	}
	if unit := call.text("RecipientAdministrativeUnitScope"); unit != "" {
		id, err := t.unitID(call, unit)
		if err != nil {
			return err
		}
		of.Scope, of.AdministrativeUnit = "", id
	}
	if group := call.text("RecipientGroupScope"); group != "" {
		name, err := t.groupScope(call, group)
		if err != nil {
			return err
		}
		of.Scope, of.AdministrativeUnit = name, ""
	}
	return nil
}

// groupScope makes a management scope for the direct members of a group, named after it, or takes
// the one that an earlier assignment left (inferred: Exchange does not remove it with the
// assignment). That a dynamic list is not found is inferred.
func (t *Tenant) groupScope(call *invocation, identity string) (string, error) {
	found, _, err := oneOf(t.state.recipients(), identity, false, func(each mailbox) bool {
		return isGroupType(each.Type) && each.answersTo(identity, t.organization.Domain)
	})
	if err != nil {
		return "", err
	}
	member := comparison{property: "MemberOfGroup", operator: "-eq", value: found.distinguishedName(t.organization.Domain)}
	wanted := scope{Name: cut(found.DisplayName, 27) + "_" + found.GUID, Filter: member.text()}
	for index, each := range t.state.scopes {
		if !strings.EqualFold(each.Name, wanted.Name) {
			continue
		}
		if each.Filter != wanted.Filter {
			each.Filter = wanted.Filter
			t.state.scopes = slices.Clone(t.state.scopes)
			t.state.scopes[index] = each
			t.state.changed(call.at, call.by, "changed", "managementScope", each.Name, each.Filter)
			for _, user := range t.scopeUsers(each.Name) {
				t.state.recordReach(user.Workload, call.at)
			}
		}
		return each.Name, nil
	}
	return t.addScope(wanted, call).Name, nil
}

// isGroupType holds for the groups that an assignment can be scoped to (Microsoft Learn, Role Based
// Access Control for Applications, Limitations).
func isGroupType(details string) bool {
	return details == "GroupMailbox" || details == "MailUniversalSecurityGroup" || details == "MailUniversalDistributionGroup"
}

// setManagementRoleAssignment cannot change the role or the application, as in the original.
func setManagementRoleAssignment(t *Tenant, call *invocation) ([]row, error) {
	found, index, err := t.findAssignment(call, call.text("Identity"), false)
	if err != nil {
		return nil, err
	}
	err = t.setScope(&found, call)
	if err != nil {
		return nil, err
	}
	if call.given("Enabled") {
		found.Disabled = !call.flag("Enabled")
	}
	t.state.assignments = slices.Clone(t.state.assignments)
	t.state.assignments[index] = found
	t.state.recordReach(found.Workload, call.at)
	t.state.changed(call.at, call.by, "changed", "roleAssignment", found.Name, t.assignmentDetail(found))
	return nil, nil
}

func removeManagementRoleAssignment(t *Tenant, call *invocation) ([]row, error) {
	if t.dropFromRoleGroup(call, call.text("Identity")) {
		return nil, nil
	}
	found, _, err := t.findAssignment(call, call.text("Identity"), false)
	if err != nil {
		return nil, err
	}
	t.dropAssignment(found, call)
	return nil, nil
}

func (t *Tenant) dropAssignment(gone assignment, call *invocation) {
	t.state.assignments = slices.DeleteFunc(slices.Clone(t.state.assignments), func(each assignment) bool { return each.GUID == gone.GUID })
	t.state.recordReach(gone.Workload, call.at)
	t.state.changed(call.at, call.by, "removed", "roleAssignment", gone.Name, t.assignmentDetail(gone))
}
