package tenant

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// serviceRoleGroup is the role group by which the service has its Exchange roles, unless it has them
// by a role of the directory. An administrator made it for the service alone.
const serviceRoleGroup = "mailgrant service"

// delegates holds for every role where the document names none.
func (s service) delegates(role string) bool {
	return s.Delegating == nil || slices.ContainsFunc(s.Delegating, func(each string) bool { return strings.EqualFold(each, role) })
}

// serviceAssignments lists what the service holds by its role group: its roles, and the application
// roles that it may hand on. Who has Exchange by a role of the directory is no assignee here
// (inferred: Exchange has no object of him).
func (t *Tenant) serviceAssignments(call *invocation) ([]row, error) {
	held, groups := t.state.service.ExchangeRoles, t.state.roleGroupsOf(t.service.ObjectID)
	known := slices.ContainsFunc(t.state.pointers, func(each pointer) bool { return each.named(t.service.ObjectID) })
	if len(held)+len(groups) == 0 && !known || containsFold(held, "Exchange Administrator") {
		return nil, notFound(call.text("RoleAssignee"))
	}
	var rows []row
	for _, group := range groups {
		rows = append(rows, t.roleGroupAssignments(group)...)
	}
	for _, role := range held {
		rows = append(rows, t.roleGroupAssignment(serviceRoleGroup, role, false))
	}
	for _, role := range applicationRoles {
		if t.state.service.delegates(role.name) && !containsFold(t.state.missingRoles, role.name) {
			rows = append(rows, t.roleGroupAssignment(serviceRoleGroup, role.name, true))
		}
	}
	for _, each := range t.state.assignments {
		if t.isService(each.Workload) {
			rows = append(rows, t.assignmentRow(each))
		}
	}
	return ofKind(rows, call), nil
}

// federatedCredential lets a token of another issuer stand for the identity.
type federatedCredential struct {
	Name    string `json:"name"`
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// serviceActions change what the service's own identity may do, and who can become a principal.
var serviceActions = map[string]func(*Tenant, Action, *invocation) error{
	"addExchangeRole":           changeOfService(true, func(s *service) *[]string { return &s.ExchangeRoles }),
	"removeExchangeRole":        changeOfService(false, func(s *service) *[]string { return &s.ExchangeRoles }),
	"addDelegation":             changeOfService(true, func(s *service) *[]string { return &s.Delegating }),
	"removeDelegation":          changeOfService(false, func(s *service) *[]string { return &s.Delegating }),
	"delegateEverything":        (*Tenant).administratorDelegates,
	"delegateNothing":           (*Tenant).administratorDelegates,
	"addOwner":                  changeOfPrincipal(true),
	"removeOwner":               changeOfPrincipal(false),
	"addFederatedCredential":    (*Tenant).administratorFederates,
	"removeFederatedCredential": (*Tenant).administratorFederates,
	"dehydrate":                 (*Tenant).administratorDehydrates,
}

// administratorDelegates lets the service hand on every application role, or none.
func (t *Tenant) administratorDelegates(action Action, call *invocation) error {
	t.state.service.Delegating = nil
	did := "created"
	if action.Do == "delegateNothing" {
		t.state.service.Delegating, did = []string{}, "removed"
	}
	t.state.changed(call.at, call.by, did, "serviceRole", t.state.service.DisplayName, "every delegation")
	return nil
}

func changeOfService(add bool, list func(*service) *[]string) func(*Tenant, Action, *invocation) error {
	return func(t *Tenant, action Action, call *invocation) error {
		if t.state.service.Delegating == nil {
			for _, role := range applicationRoles {
				t.state.service.Delegating = append(t.state.service.Delegating, role.name)
			}
		}
		changed := list(&t.state.service)
		members, did, err := changedList(*changed, action.Role, add)
		if err != nil {
			return fmt.Errorf("change the roles of the service: %w", err)
		}
		*changed = append([]string{}, members...)
		t.state.changed(call.at, call.by, did, "serviceRole", t.state.service.DisplayName, action.Role)
		return nil
	}
}

func changeOfPrincipal(add bool) func(*Tenant, Action, *invocation) error {
	return func(t *Tenant, action Action, call *invocation) error {
		return t.changePrincipal(action.Workload, func(found *principal) error {
			member := resolved([]string{action.Member}, t.state.references())[0]
			owners, did, err := changedList(found.Owners, member, add)
			if err == nil {
				found.Owners = owners
				t.state.changed(call.at, call.by, did, "owner", found.DisplayName, t.state.memberName(member))
			}
			return err
		})
	}
}

func (t *Tenant) changePrincipal(id string, change func(*principal) error) error {
	for index, each := range t.state.principals {
		if each.deleted || !strings.EqualFold(each.ObjectID, id) && !strings.EqualFold(each.AppID, id) {
			continue
		}
		err := change(&each)
		if err != nil {
			return fmt.Errorf("change the service principal %s: %w", each.DisplayName, err)
		}
		t.state.principals = slices.Clone(t.state.principals)
		t.state.principals[index] = each
		return nil
	}
	return fmt.Errorf("there is no service principal %q", id)
}

func (t *Tenant) administratorFederates(action Action, call *invocation) error {
	var wanted federatedCredential
	err := overlay(action.FederatedCredential, &wanted)
	if err != nil || wanted.Name == "" {
		return fmt.Errorf("a federated credential needs a name: %w", err)
	}
	return t.changePrincipal(action.Workload, func(found *principal) error {
		kept := slices.DeleteFunc(slices.Clone(found.Federated), func(each federatedCredential) bool { return each.Name == wanted.Name })
		did := "removed"
		if action.Do == "addFederatedCredential" {
			kept, did = append(kept, wanted), "created"
		}
		found.Federated = kept
		t.state.changed(call.at, call.by, did, "federatedCredential", found.DisplayName, wanted.Name)
		return nil
	})
}

// administratorDehydrates plays an organization that was never customized; no real one goes back.
func (t *Tenant) administratorDehydrates(_ Action, call *invocation) error {
	if t.state.dehydrated {
		return fmt.Errorf("the organization is dehydrated already")
	}
	t.state.dehydrated, t.state.hydratedAt = true, time.Time{}
	t.state.changed(call.at, call.by, "changed", "organization", t.organization.Domain, "never customized")
	return nil
}

// listOwners and listFederated play what Graph tells of who can become a principal. That the second
// list shows the credentials of a managed identity is inferred.
func (t *Tenant) listOwners(c *call, _ time.Time, keys []string) answer {
	found, is := t.state.principal(keys[0])
	if !is {
		return graphNotFound(keys[0])
	}
	return t.memberObjects(c, found.Owners, "")
}

func (t *Tenant) listFederated(c *call, _ time.Time, keys []string) answer {
	found, is := t.state.principal(keys[0])
	if !is {
		return graphNotFound(keys[0])
	}
	objects := []map[string]any{}
	for _, each := range found.Federated {
		objects = append(objects, map[string]any{"id": inventedGUID("federated", found.ObjectID, each.Name), "name": each.Name,
			"issuer": each.Issuer, "subject": each.Subject, "audiences": []string{"api://AzureADTokenExchange"}})
	}
	return t.list(c, "federatedIdentityCredentials", objects)
}
