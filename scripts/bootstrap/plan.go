package main

import (
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/identity"
)

// step is one call that changes the tenant, with what it amounts to in PowerShell.
type step struct {
	made
	says, command string
	// takes is set where something of an earlier run is no longer needed.
	takes bool
}

// missing compares what is there with what is needed. What is too much and was given by an earlier run
// is taken back; what somebody else gave is told and left.
func (b *bootstrap) missing(found seen) ([]step, error) {
	steps, err := b.appRoleSteps(found)
	if err != nil {
		return nil, err
	}
	switch {
	case b.options.administrator && found.administers() == nil:
		steps = append(steps, administratorStep())
		group := made{Kind: kindRoleGroup, Name: b.options.group}
		if b.record.has(group) {
			steps = append(steps, step{made: group, takes: true, says: "take the role group back, which is of no use beside that",
				command: fmt.Sprintf("Remove-RoleGroup -Identity %q", b.options.group)})
		}
		return steps, nil
	case found.administers() != nil:
		return steps, nil
	}
	if !found.pointer {
		steps = append(steps, step{made: made{Kind: kindPointer, Name: found.name}, says: "make the identity known to Exchange",
			command: fmt.Sprintf("New-ServicePrincipal -AppId %s -ObjectId %s -DisplayName %q", found.appID, b.options.identity, found.name)})
	}
	group, err := b.groupSteps(found)
	return append(steps, group...), err
}

func (b *bootstrap) appRoleSteps(found seen) ([]step, error) {
	needed := identity.AppRolesFor(b.options.use)
	var steps []step
	for _, role := range needed {
		if found.resources[role.Resource].roleID(role.Value) == "" {
			return nil, fmt.Errorf("this tenant's %s offers no app role %s", role.Resource, role.Value)
		}
		if found.holds(role) != nil {
			continue
		}
		steps = append(steps, step{made: made{Kind: kindAppRole, Name: role.Value, Resource: role.Resource},
			says: "app role " + role.Value + " on " + role.Resource,
			command: fmt.Sprintf("New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId %s -PrincipalId %s -ResourceId %s -AppRoleId %s",
				b.options.identity, b.options.identity, found.resources[role.Resource].ID, found.resources[role.Resource].roleID(role.Value))})
	}
	for _, each := range b.record.Made {
		role := identity.AppRole{Resource: each.Resource, Value: each.Name}
		if each.Kind != kindAppRole || slices.Contains(needed, role) || found.holds(role) == nil {
			continue
		}
		steps = append(steps, step{made: each, takes: true, says: "take back the app role " + each.Name + ", which is no longer needed",
			command: fmt.Sprintf("Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId %s -AppRoleAssignmentId %s", b.options.identity, found.holds(role).ID)})
	}
	return steps, nil
}

func administratorStep() step {
	return step{made: made{Kind: kindDirectoryRole, Name: "Exchange Administrator"}, says: "directory role Exchange Administrator",
		command: "New-MgRoleManagementDirectoryRoleAssignment -PrincipalId <identity> -RoleDefinitionId " + exchangeAdministrator + " -DirectoryScopeId /"}
}

// groupSteps refuses a group that gives its roles to somebody else, too.
func (b *bootstrap) groupSteps(found seen) ([]step, error) {
	name := b.options.group
	others := slices.DeleteFunc(slices.Clone(found.members), func(each string) bool { return each == b.options.identity })
	if len(others) > 0 {
		return nil, fmt.Errorf("the role group %q has other members (%s), who would get every right of the service: choose another name with -group", name, strings.Join(others, ", "))
	}
	needed := identity.ExchangeRolesFor(b.options.use)
	var steps []step
	if !found.group {
		steps = append(steps, step{made: made{Kind: kindRoleGroup, Name: name}, says: "role group " + name + " with " + strings.Join(needed, ", "),
			command: fmt.Sprintf("New-RoleGroup -Name %q -Roles %s -Members %s", name, quoted(needed), b.options.identity)})
		found.groupRoles, found.members = needed, []string{b.options.identity}
	}
	if len(found.members) == 0 {
		steps = append(steps, step{made: made{Kind: kindMember, Name: b.options.identity, Group: name}, says: "the identity becomes its member",
			command: fmt.Sprintf("Add-RoleGroupMember -Identity %q -Member %s", name, b.options.identity)})
	}
	steps = append(steps, b.roleSteps(kindGroupRole, needed, found.groupRoles)...)
	return append(steps, b.roleSteps(kindHandOn, b.handedOn(found), found.handsOn)...), nil
}

// handedOn are the application roles that the group has to be able to hand on.
func (b *bootstrap) handedOn(found seen) []string {
	for _, need := range identity.Wanted(b.options.use) {
		if need.Delegates {
			return found.applicationRoles
		}
	}
	return nil
}

// roleSteps brings the roles of one kind from what the group has to what is needed. Of a group that
// an earlier run has made, what is too much goes.
func (b *bootstrap) roleSteps(kind string, needed, has []string) []step {
	says, option := "role ", ""
	if kind == kindHandOn {
		says, option = "may hand on ", " -Delegating"
	}
	var steps []step
	for _, role := range needed {
		if !slices.Contains(has, role) {
			steps = append(steps, step{made: made{Kind: kind, Name: role, Group: b.options.group}, says: says + role,
				command: fmt.Sprintf("New-ManagementRoleAssignment -SecurityGroup %q -Role %q%s", b.options.group, role, option)})
		}
	}
	for _, role := range has {
		one := made{Kind: kind, Name: role, Group: b.options.group}
		ours := b.record.has(one) || b.record.has(made{Kind: kindRoleGroup, Name: b.options.group})
		if !slices.Contains(needed, role) && ours {
			steps = append(steps, step{made: one, takes: true, says: "no longer: " + says + role,
				command: fmt.Sprintf("Get-ManagementRoleAssignment -RoleAssignee %q -Role %q | Remove-ManagementRoleAssignment", b.options.group, role)})
		}
	}
	return steps
}

func quoted(names []string) string {
	var text []string
	for _, each := range names {
		text = append(text, fmt.Sprintf("%q", each))
	}
	return strings.Join(text, ",")
}

// tellSteps says what will be done. The many roles to hand on are one line.
func (b *bootstrap) tellSteps(steps []step) {
	var handsOn []string
	for _, each := range steps {
		if each.Kind == kindHandOn && !each.takes {
			handsOn = append(handsOn, each.Name)
			continue
		}
		fmt.Fprintf(b.out, "  %s\n      %s\n", each.says, each.command)
	}
	if len(handsOn) > 0 {
		fmt.Fprintf(b.out, "  may hand on %d application roles\n      %s | ForEach-Object { New-ManagementRoleAssignment -SecurityGroup %q -Role $_ -Delegating }\n",
			len(handsOn), quoted(handsOn), b.options.group)
	}
}

// tellPresent says what is there already, and what is there and should not be.
func (b *bootstrap) tellPresent(found seen) {
	for _, role := range identity.AppRolesFor(b.options.use) {
		if found.holds(role) != nil {
			fmt.Fprintf(b.out, "  there: app role %s on %s\n", role.Value, role.Resource)
		}
	}
	switch {
	case found.administers() != nil && b.record.Fallback != "":
		fmt.Fprintf(b.out, "  there: directory role Exchange Administrator, because %s\n", b.record.Fallback)
	case found.administers() != nil:
		fmt.Fprintf(b.out, "  there: directory role Exchange Administrator, which is far more than a role group; remove it and run this again to have one\n")
	case found.group:
		fmt.Fprintf(b.out, "  there: role group %s with %s; hands on %d application roles\n", b.options.group, strings.Join(found.groupRoles, ", "), len(found.handsOn))
	}
	for _, each := range b.strangers(found) {
		fmt.Fprintf(b.out, "  TOO MUCH, and not given by this program: %s; take it away by hand unless something else needs it\n", each)
	}
}

// strangers are rights beyond the need that no earlier run has given.
func (b *bootstrap) strangers(found seen) []string {
	needed := identity.AppRolesFor(b.options.use)
	var names []string
	for _, name := range []string{identity.Graph, identity.Exchange} {
		for _, role := range found.resources[name].AppRoles {
			one := identity.AppRole{Resource: name, Value: role.Value}
			given := b.record.has(made{Kind: kindAppRole, Name: role.Value, Resource: name})
			if found.holds(one) != nil && !slices.Contains(needed, one) && !given {
				names = append(names, "app role "+role.Value+" on "+name)
			}
		}
	}
	for _, each := range found.roles {
		if !strings.EqualFold(each.Role, exchangeAdministrator) {
			names = append(names, "directory role "+each.Role)
		}
	}
	return names
}
