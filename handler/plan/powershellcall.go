package plan

import (
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// cmdlet is one call with its parameters as they are printed. into is the variable that
// takes what it returns; empty for none.
type cmdlet struct {
	into, name string
	parameters []string
	// filters narrow what is returned, by property and value; all have to hold.
	filters [][2]string
}

func call(name string) *cmdlet { return &cmdlet{name: name} }

func (c *cmdlet) text(parameter, value string) *cmdlet {
	return c.as(parameter, quoted(value))
}

// as adds a parameter whose value is PowerShell already: constant, or a variable.
func (c *cmdlet) as(parameter, expression string) *cmdlet {
	c.parameters = append(c.parameters, "-"+parameter+" "+expression)
	return c
}

func (c *cmdlet) flag(parameter string, on bool) *cmdlet {
	value := "$false"
	if on {
		value = "$true"
	}
	c.parameters = append(c.parameters, "-"+parameter+":"+value)
	return c
}

func (c *cmdlet) String() string {
	line := strings.Join(append([]string{c.name}, c.parameters...), " ")
	for _, filter := range c.filters {
		line += " | Where-Object -Property " + filter[0] + " -EQ -Value " + quoted(filter[1])
	}
	if c.into != "" {
		line = "$" + c.into + " = " + line
	}
	return line
}

// What was looked up or made is addressed by its id, as the service does: a name could be
// another object's display name.
const (
	groupID   = "$group.Guid.ToString()"
	policyID  = "$policy.Identity"
	consentID = "$consent.Id"
)

// creation is the call that makes the step's object; nil for a kind that is not known
// here.
func (p Printed) creation(step grant.Step) *cmdlet {
	workload := p.Grant.Workload
	switch step.Kind {
	case grant.PointerStep:
		made := call("New-ServicePrincipal").text("AppId", workload.AppID).text("ObjectId", workload.ObjectID)
		if workload.DisplayName != "" {
			made.text("DisplayName", workload.DisplayName)
		}
		return made
	case grant.ScopeStep:
		return call("New-ManagementScope").text("Name", step.Name).as("RecipientRestrictionFilter", p.expressed(step.Filter))
	case grant.AssignmentStep:
		made := call("New-ManagementRoleAssignment").text("Name", step.Name).text("Role", step.Role).text("App", workload.ObjectID)
		if step.Unit != "" {
			return made.text("RecipientAdministrativeUnitScope", step.Unit)
		}
		return made.text("CustomResourceScope", p.Scope)
	case grant.ConsentStep:
		role := p.Roles[step.Name]
		return call("New-MgServicePrincipalAppRoleAssignedTo").text("ServicePrincipalId", role.ResourceID).text("PrincipalId", workload.ObjectID).
			text("ResourceId", role.ResourceID).text("AppRoleId", role.RoleID)
	}
	return p.policyCreation(step)
}

func (p Printed) policyCreation(step grant.Step) *cmdlet {
	switch step.Kind {
	case grant.GroupStep:
		made := call("New-DistributionGroup").text("Name", step.Name).text("Alias", step.Name).text("Type", "Security").
			text("MemberJoinRestriction", "Closed").text("MemberDepartRestriction", "Closed").flag("IgnoreNamingPolicy", true)
		made.into = "group"
		return made
	case grant.HidingStep:
		return call("Set-DistributionGroup").as("Identity", groupID).flag("HiddenFromAddressListsEnabled", true).
			flag("BypassSecurityGroupManagerCheck", true).flag("Confirm", false)
	case grant.MemberStep:
		return call("Add-DistributionGroupMember").as("Identity", groupID).as("Member", p.expressed(step.Name)).flag("BypassSecurityGroupManagerCheck", true)
	case grant.PolicyStep:
		return call("New-ApplicationAccessPolicy").text("AppId", p.Grant.Workload.AppID).text("AccessRight", string(access.RestrictAccess)).
			as("PolicyScopeGroupId", groupID).text("Description", step.Name)
	case grant.MailboxPermissionStep:
		return p.permissionCall("Add", step)
	case grant.MailboxStep:
		return mailboxCreation(step)
	}
	return nil
}

// permissionCall gives or takes a right on a mailbox. The two rights have cmdlets of their
// own, with parameters of their own.
func (p Printed) permissionCall(verb string, step grant.Step) *cmdlet {
	mailbox, right := PermissionOf(step)
	rights := "@(" + quoted(string(right)) + ")"
	if right == access.SendAs {
		return call(verb+"-RecipientPermission").as("Identity", p.expressed(mailbox)).text("Trustee", p.Grant.Workload.ObjectID).as("AccessRights", rights).flag("Confirm", false)
	}
	made := call(verb+"-MailboxPermission").as("Identity", p.expressed(mailbox)).text("User", p.Grant.Workload.ObjectID).as("AccessRights", rights).text("InheritanceType", "All")
	if verb == "Add" {
		made.flag("AutoMapping", false)
	}
	return made.flag("Confirm", false)
}

// removal is the call that removes the step's object, with the look-up before it where one
// is needed; both nil for a kind that is not known here.
func (p Printed) removal(step grant.Step) (lookUp, removal *cmdlet) {
	workload := p.Grant.Workload
	switch step.Kind {
	case grant.PointerStep:
		return nil, call("Remove-ServicePrincipal").text("Identity", workload.ObjectID).flag("Confirm", false)
	case grant.ScopeStep:
		return nil, call("Remove-ManagementScope").text("Identity", step.Identity()).flag("Confirm", false)
	case grant.AssignmentStep:
		return nil, call("Remove-ManagementRoleAssignment").text("Identity", step.Identity()).flag("Confirm", false)
	case grant.MemberStep:
		return p.groupLookUp(), call("Remove-DistributionGroupMember").as("Identity", groupID).as("Member", p.expressed(step.Name)).
			flag("BypassSecurityGroupManagerCheck", true).flag("Confirm", false)
	case grant.GroupStep:
		return p.groupLookUp(), call("Remove-DistributionGroup").as("Identity", groupID).flag("BypassSecurityGroupManagerCheck", true).flag("Confirm", false)
	case grant.PolicyStep:
		return policyLookUp(step), call("Remove-ApplicationAccessPolicy").as("Identity", policyID).flag("Confirm", false)
	case grant.MailboxPermissionStep:
		return nil, p.permissionCall("Remove", step)
	case grant.ConsentStep:
		return p.consentLookUp(step), call("Remove-MgServicePrincipalAppRoleAssignment").text("ServicePrincipalId", workload.ObjectID).as("AppRoleAssignmentId", consentID)
	}
	return nil, nil
}

// groupLookUp finds the group by its exact name.
func (p Printed) groupLookUp() *cmdlet {
	name := ""
	for _, line := range p.Making.Lines {
		if line.Step.Kind == grant.GroupStep {
			name = line.Step.Name
		}
	}
	found := call("Get-DistributionGroup").text("Identity", name)
	found.into, found.filters = "group", [][2]string{{"Name", name}}
	return found
}

// policyLookUp finds a policy that was there before by its identity, and ours by our name.
func policyLookUp(step grant.Step) *cmdlet {
	found := call("Get-ApplicationAccessPolicy")
	found.into, found.filters = "policy", [][2]string{{"Description", step.Name}}
	if step.RemoteID != "" {
		found.filters = [][2]string{{"Identity", step.RemoteID}}
	}
	return found
}

func (p Printed) consentLookUp(step grant.Step) *cmdlet {
	role := p.Roles[step.Name]
	found := call("Get-MgServicePrincipalAppRoleAssignment").text("ServicePrincipalId", p.Grant.Workload.ObjectID).flag("All", true)
	found.into, found.filters = "consent", [][2]string{{"ResourceId", role.ResourceID}, {"AppRoleId", role.RoleID}}
	return found
}

// tests are the tenant's own test of one mailbox, or the lists that take its place: one a
// right, and for a canary also that of FullAccess, which opens sending as well.
func (p Printed) tests(mailbox grant.Mailbox, canary bool) []*cmdlet {
	switch p.Grant.Mechanism {
	case grant.MailboxPermission:
		rights := access.RightsFor(p.Grant.Permissions)
		if canary && !slices.Contains(rights, access.FullAccess) {
			rights = append([]access.MailboxRight{access.FullAccess}, rights...)
		}
		lists := make([]*cmdlet, len(rights))
		for i, right := range rights {
			lists[i] = p.list(mailbox, right)
		}
		return lists
	case grant.AccessPolicy:
		return []*cmdlet{call("Test-ApplicationAccessPolicy").as("Identity", p.expressed(mailbox.GUID)).text("AppId", p.Grant.Workload.AppID)}
	}
	return []*cmdlet{call("Test-ServicePrincipalAuthorization").text("Identity", p.Grant.Workload.ObjectID).as("Resource", p.expressed(mailbox.GUID))}
}

func (p Printed) list(mailbox grant.Mailbox, right access.MailboxRight) *cmdlet {
	if right == access.SendAs {
		return call("Get-RecipientPermission").as("Identity", p.expressed(mailbox.GUID)).text("Trustee", p.Grant.Workload.ObjectID)
	}
	return call("Get-MailboxPermission").as("Identity", p.expressed(mailbox.GUID)).text("User", p.Grant.Workload.ObjectID)
}
