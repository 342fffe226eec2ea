package tenant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Action is one thing an administrator does, outside the product and past every fault.
//
// Do is one of: addConsent, removeConsent (Workload, Resource, Permission), declarePermission,
// withdrawPermission (the same, of the app registration), grantAdminConsent (Workload), addMailbox,
// setMailbox, removeMailbox (Mailbox; set and remove find it by "guid", set changes the fields that
// are named), addServicePrincipal (ServicePrincipal), removeServicePrincipal,
// restoreServicePrincipal (Workload), cmdlet (Cmdlet, Parameters), addGroup, setGroup, removeGroup
// (Group; found by "guid": a new "name" or "container" renames or moves it), addGroupMember,
// removeGroupMember (Group, Member), addAdministrativeUnit, setAdministrativeUnit,
// removeAdministrativeUnit (AdministrativeUnit; found by "id"), addAdministrativeUnitMember,
// removeAdministrativeUnitMember (AdministrativeUnit, Member), addAccessPolicy, removeAccessPolicy
// (AccessPolicy; found by "appId" and "scope"), addMailboxPermission, removeMailboxPermission
// (MailboxPermission), addDirectoryRole, removeDirectoryRole (DirectoryRole), addRoleGroupMember,
// removeRoleGroupMember (RoleGroup by its name, Member), addManagementRole, removeManagementRole
// (Role), addExchangeRole, removeExchangeRole, addDelegation, removeDelegation (Role, of the service's
// own identity), delegateEverything, delegateNothing, addOwner, removeOwner (Workload, Member), addFederatedCredential,
// removeFederatedCredential (Workload, FederatedCredential), dehydrate. Workload is an app id or an object id; Member is any id or address; Resource is "graph"
// or "exchange"; the objects have the names of the directory document. A group becomes nested as a
// member of another.
type Action struct {
	Do               string         `json:"do"`
	Workload         string         `json:"workload,omitempty"`
	Resource         string         `json:"resource,omitempty"`
	Permission       string         `json:"permission,omitempty"`
	Mailbox          map[string]any `json:"mailbox,omitempty"`
	ServicePrincipal map[string]any `json:"servicePrincipal,omitempty"`
	Cmdlet           string         `json:"cmdlet,omitempty"`
	Parameters       map[string]any `json:"parameters,omitempty"`

	Group              map[string]any `json:"group,omitempty"`
	AdministrativeUnit map[string]any `json:"administrativeUnit,omitempty"`
	AccessPolicy       map[string]any `json:"accessPolicy,omitempty"`
	MailboxPermission  map[string]any `json:"mailboxPermission,omitempty"`
	DirectoryRole      map[string]any `json:"directoryRole,omitempty"`
	RoleGroup          string         `json:"roleGroup,omitempty"`
	Member             string         `json:"member,omitempty"`
	Role               string         `json:"role,omitempty"`

	FederatedCredential map[string]any `json:"federatedCredential,omitempty"`
}

// Administer does these actions in order, and all of them or none: the first that cannot be done
// undoes those before it and is the error.
func (t *Tenant) Administer(actions ...Action) error {
	t.settle()
	t.mutex.Lock()
	defer t.mutex.Unlock()
	before := t.state.copied()
	now := t.clock.now()
	for index, each := range actions {
		err := t.administer(each, now)
		if err != nil {
			t.state = before
			return fmt.Errorf("do administrator's action %d (%s): %w", index+1, each.Do, err)
		}
	}
	return nil
}

// administer needs the lock.
func (t *Tenant) administer(action Action, now time.Time) error {
	switch action.Do {
	case "addConsent":
		return t.administratorConsents(action, now)
	case "removeConsent":
		return t.administratorRevokes(action, now)
	case "addMailbox":
		return t.addMailbox(action.Mailbox, now)
	case "setMailbox":
		return t.setMailbox(action.Mailbox, now)
	case "removeMailbox":
		return t.removeMailbox(action.Mailbox, now)
	case "addServicePrincipal":
		return t.addPrincipal(action.ServicePrincipal, now)
	case "removeServicePrincipal":
		return t.removePrincipal(action.Workload, now)
	case "restoreServicePrincipal":
		return t.restorePrincipal(action.Workload, now)
	case "cmdlet":
		return t.administratorRuns(action, now)
	}
	call := &invocation{by: administrator, at: now}
	for _, actions := range []map[string]func(*Tenant, Action, *invocation) error{groupActions, accessActions, registrationActions, serviceActions} {
		if act, known := actions[action.Do]; known {
			return act(t, action, call)
		}
	}
	return fmt.Errorf("there is no action %q", action.Do)
}

// administratorRuns goes past roles and delegation, but not past the cmdlet's own rules.
func (t *Tenant) administratorRuns(action Action, now time.Time) error {
	wanted, known := cmdletByName(action.Cmdlet)
	if !known {
		return fmt.Errorf("the cmdlet %q is not played", action.Cmdlet)
	}
	_, err := t.runCmdlet(wanted, action.Parameters, &invocation{by: administrator, at: now})
	return err
}

func (t *Tenant) consentOf(action Action) (consent, principal, error) {
	holder, found := t.state.principal(action.Workload)
	if !found {
		return consent{}, principal{}, fmt.Errorf("there is no service principal %q", action.Workload)
	}
	role, known := appRoleByName(action.Resource, action.Permission)
	if !known {
		return consent{}, principal{}, fmt.Errorf("the resource %q has no app role %q", action.Resource, action.Permission)
	}
	return consent{Workload: holder.ObjectID, Resource: action.Resource, Permission: role.value}, holder, nil
}

func (t *Tenant) administratorConsents(action Action, now time.Time) error {
	wanted, holder, err := t.consentOf(action)
	if err != nil {
		return err
	}
	wanted.createdAt = now
	_, added := t.state.addConsent(wanted)
	if !added {
		return fmt.Errorf("%s already holds %s", holder.DisplayName, wanted.Permission)
	}
	t.state.changed(now, administrator, "created", "consent", holder.DisplayName,
		t.state.resourcePrincipal(wanted.Resource).DisplayName+" "+wanted.Permission)
	return nil
}

func (t *Tenant) administratorRevokes(action Action, now time.Time) error {
	wanted, holder, err := t.consentOf(action)
	if err != nil {
		return err
	}
	index := slices.IndexFunc(t.state.consents, func(each consent) bool {
		return strings.EqualFold(each.Workload, wanted.Workload) && each.Resource == wanted.Resource && each.Permission == wanted.Permission
	})
	if index < 0 {
		return fmt.Errorf("%s does not hold %s", holder.DisplayName, wanted.Permission)
	}
	t.state.consents = slices.Delete(slices.Clone(t.state.consents), index, index+1)
	t.state.changed(now, administrator, "removed", "consent", holder.DisplayName,
		t.state.resourcePrincipal(wanted.Resource).DisplayName+" "+wanted.Permission)
	return nil
}

// overlay writes the named fields over what stands there; an unknown name is a fault.
func overlay(fields map[string]any, onto any) error {
	text, err := json.Marshal(fields)
	if err != nil {
		return fmt.Errorf("read the object: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(onto)
	if err != nil {
		return fmt.Errorf("read the object: %w", err)
	}
	return nil
}
