package tenant

import (
	"fmt"
	"slices"
	"strings"
)

// accessActions change policies, mailbox permissions and roles.
var accessActions = map[string]func(*Tenant, Action, *invocation) error{
	"addAccessPolicy":         (*Tenant).administratorAddsPolicy,
	"removeAccessPolicy":      (*Tenant).administratorRemovesPolicy,
	"addMailboxPermission":    (*Tenant).administratorAddsPermission,
	"removeMailboxPermission": (*Tenant).administratorRemovesPermission,
	"addDirectoryRole":        (*Tenant).administratorAddsRole,
	"removeDirectoryRole":     (*Tenant).administratorRemovesRole,
	"addRoleGroupMember": func(t *Tenant, action Action, call *invocation) error {
		return t.changeRoleGroupMember(action, call, true)
	},
	"removeRoleGroupMember": func(t *Tenant, action Action, call *invocation) error {
		return t.changeRoleGroupMember(action, call, false)
	},
	"addManagementRole":    (*Tenant).administratorRestoresRole,
	"removeManagementRole": (*Tenant).administratorDropsRole,
}

// policyOf reads a policy; its scope may be named by any id or address.
func (t *Tenant) policyOf(action Action) (policy, error) {
	var wanted policy
	err := overlay(action.AccessPolicy, &wanted)
	if err != nil {
		return policy{}, err
	}
	check := &directoryCheck{seen: map[string]string{}}
	directory{AccessPolicies: []policy{wanted}}.checkAccess(check)
	if len(check.faults) > 0 && action.Do == "addAccessPolicy" {
		return policy{}, check.faults[0]
	}
	wanted.Scope = resolved([]string{wanted.Scope}, t.state.references())[0]
	return wanted, nil
}

func (t *Tenant) administratorAddsPolicy(action Action, call *invocation) error {
	wanted, err := t.policyOf(action)
	if err != nil {
		return err
	}
	wanted.made = call.at
	made, err := t.addPolicy(wanted)
	if err != nil {
		return err
	}
	t.state.changed(call.at, call.by, "created", "accessPolicy", made.AppID, made.AccessRight+" to "+t.state.memberName(made.Scope))
	return nil
}

func (t *Tenant) administratorRemovesPolicy(action Action, call *invocation) error {
	wanted, err := t.policyOf(action)
	if err != nil {
		return err
	}
	for _, each := range t.state.policies {
		if strings.EqualFold(each.AppID, wanted.AppID) && strings.EqualFold(each.Scope, wanted.Scope) {
			t.dropPolicy(each, call)
			return nil
		}
	}
	return fmt.Errorf("there is no policy of %q for %q", wanted.AppID, wanted.Scope)
}

// permissionOf reads an entry; the trustee may be a workload, which has to have a pointer.
func (t *Tenant) permissionOf(action Action, call *invocation) (permission, mailbox, error) {
	var wanted permission
	err := overlay(action.MailboxPermission, &wanted)
	if err != nil {
		return permission{}, mailbox{}, err
	}
	if wanted.Right != sendAs && !slices.Contains(mailboxRights, wanted.Right) {
		return permission{}, mailbox{}, fmt.Errorf("%q is not a right", wanted.Right)
	}
	target, err := t.permissionMailbox(wanted.Mailbox)
	if err != nil {
		return permission{}, mailbox{}, err
	}
	wanted.Mailbox = target.GUID
	wanted.Trustee, err = t.trusteeID(call, wanted.Trustee)
	return wanted, target, err
}

func (t *Tenant) administratorAddsPermission(action Action, call *invocation) error {
	wanted, target, err := t.permissionOf(action, call)
	if err != nil {
		return err
	}
	if slices.Contains(t.state.permissions, wanted) {
		return fmt.Errorf("%s has that permission already", t.trusteeName(wanted.Trustee))
	}
	return t.givePermissions(call, target, wanted.Trustee, []string{wanted.Right})
}

func (t *Tenant) administratorRemovesPermission(action Action, call *invocation) error {
	wanted, target, err := t.permissionOf(action, call)
	if err != nil {
		return err
	}
	if !slices.Contains(t.state.permissions, wanted) {
		return fmt.Errorf("%s does not have that permission", t.trusteeName(wanted.Trustee))
	}
	t.state.setPermission(wanted, false, call.at)
	t.state.changed(call.at, call.by, "removed", "mailboxPermission", target.DisplayName, wanted.Right+" of "+t.trusteeName(wanted.Trustee))
	return nil
}

func (t *Tenant) roleOf(action Action) (directoryRole, int, error) {
	var wanted directoryRole
	err := overlay(action.DirectoryRole, &wanted)
	if err != nil {
		return directoryRole{}, -1, err
	}
	if _, known := roleTemplateByName(wanted.Role); !known || wanted.Principal == "" {
		return directoryRole{}, -1, fmt.Errorf("there is no role %q for %q", wanted.Role, wanted.Principal)
	}
	// The id is made only for a role that is really given.
	given := wanted.ID
	wanted.ID = "none"
	wanted = wanted.completed(&t.state)
	wanted.ID = given
	return wanted, slices.IndexFunc(t.state.directoryRoles, func(each directoryRole) bool {
		return strings.EqualFold(each.Principal, wanted.Principal) && each.Role == wanted.Role && each.Scope == wanted.Scope
	}), nil
}

func (t *Tenant) administratorAddsRole(action Action, call *invocation) error {
	wanted, index, err := t.roleOf(action)
	if err != nil {
		return err
	}
	if index >= 0 {
		return fmt.Errorf("%s is %s already", wanted.Principal, wanted.Role)
	}
	t.state.directoryRoles = append(slices.Clone(t.state.directoryRoles), wanted.completed(&t.state))
	t.state.changed(call.at, call.by, "created", "directoryRole", wanted.Principal, wanted.Role)
	return nil
}

func (t *Tenant) administratorRemovesRole(action Action, call *invocation) error {
	wanted, index, err := t.roleOf(action)
	if err != nil {
		return err
	}
	if index < 0 {
		return fmt.Errorf("%s is not %s", wanted.Principal, wanted.Role)
	}
	t.state.directoryRoles = slices.Delete(slices.Clone(t.state.directoryRoles), index, index+1)
	t.state.changed(call.at, call.by, "removed", "directoryRole", wanted.Principal, wanted.Role)
	return nil
}

func (t *Tenant) changeRoleGroupMember(action Action, call *invocation, add bool) error {
	found, index, err := t.findRoleGroup(call, action.RoleGroup)
	if err != nil {
		return err
	}
	member := resolved([]string{action.Member}, t.state.references())[0]
	if holder, is := t.state.principal(action.Member); is {
		member = holder.ObjectID
	}
	members, did, err := changedList(found.Members, member, add)
	if err != nil {
		return fmt.Errorf("change the members of %s: %w", found.Name, err)
	}
	found.Members = members
	t.state.roleGroups = slices.Clone(t.state.roleGroups)
	t.state.roleGroups[index] = found
	t.state.changed(call.at, call.by, did, "roleGroupMember", found.Name, t.state.memberName(member))
	return nil
}

func (t *Tenant) administratorRestoresRole(action Action, call *invocation) error {
	role, known := applicationRoleByName(action.Role)
	if !known || !containsFold(t.state.missingRoles, role.name) {
		return fmt.Errorf("the role %q is not missing", action.Role)
	}
	t.state.missingRoles = without(t.state.missingRoles, role.name)
	t.state.changed(call.at, call.by, "created", "managementRole", role.name, "")
	return nil
}

// administratorDropsRole plays a tenant that does not have the role, or not yet.
func (t *Tenant) administratorDropsRole(action Action, call *invocation) error {
	role, known := applicationRoleByName(action.Role)
	if !known || containsFold(t.state.missingRoles, role.name) {
		return fmt.Errorf("there is no role %q", action.Role)
	}
	t.state.missingRoles = with(t.state.missingRoles, role.name)
	t.state.changed(call.at, call.by, "removed", "managementRole", role.name, "")
	return nil
}
