package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/identity"
	"mailgrant/scripts/administer"
)

// Exchange Administrator covers every cmdlet (Microsoft Entra built-in roles; the template's id is the
// definition's id in every tenant).
const exchangeAdministrator = "29232cdf-9323-42fd-ade2-1d097af3e4de"

// resource is one API with app roles, as this tenant has it.
type resource struct {
	ID       string `json:"id"`
	AppRoles []struct {
		ID    string `json:"id"`
		Value string `json:"value"`
	} `json:"appRoles"`
}

// assigned is one app role that the identity holds.
type assigned struct {
	ID         string `json:"id"`
	ResourceID string `json:"resourceId"`
	AppRoleID  string `json:"appRoleId"`
}

// directoryRole is one active role of the identity in the directory.
type directoryRole struct {
	ID        string `json:"id"`
	Principal string `json:"principalId"`
	Role      string `json:"roleDefinitionId"`
	Scope     string `json:"directoryScopeId"`
}

// seen is what the tenant has now.
type seen struct {
	appID, name string
	resources   map[string]resource
	held        []assigned
	roles       []directoryRole
	// pointer is whether Exchange knows the identity; group whether the role group is there.
	pointer, group bool
	members        []string
	// groupRoles and handsOn are what the role group holds and may hand on; assignments are the names
	// by role, handed on or not.
	groupRoles, handsOn []string
	// applicationRoles are those that the service assigns and this tenant has.
	applicationRoles []string
}

func (b *bootstrap) read(ctx context.Context) (seen, error) {
	found := seen{resources: map[string]resource{}}
	err := b.readGraph(ctx, &found)
	if err != nil {
		return seen{}, fmt.Errorf("reading the directory: %w\nThis takes an administrator who may read applications and give app roles (Privileged Role Administrator)", err)
	}
	err = b.readExchange(ctx, &found)
	if err != nil {
		return seen{}, fmt.Errorf("reading Exchange: %w\nThis takes an Exchange Administrator, and a token that is newer than that role", err)
	}
	return found, nil
}

func (b *bootstrap) readGraph(ctx context.Context, into *seen) error {
	var principal struct{ ID, AppID, DisplayName string }
	err := b.tenant.Get(ctx, "/servicePrincipals/"+b.options.identity+"?$select=id,appId,displayName", &principal)
	if administer.NotFound(err) {
		return fmt.Errorf("the directory has no service principal %s: -identity is the object id of the enterprise application, not of a registration: %w", b.options.identity, err)
	}
	if err != nil {
		return err
	}
	into.appID, into.name = strings.ToLower(principal.AppID), principal.DisplayName
	for _, api := range []struct{ name, appID string }{{identity.Graph, administer.GraphAppID}, {identity.Exchange, administer.ExchangeAppID}} {
		var one resource
		err := b.tenant.Get(ctx, "/servicePrincipals(appId='"+api.appID+"')?$select=id,appRoles", &one)
		if err != nil {
			return err
		}
		into.resources[api.name] = one
	}
	into.held, err = administer.List[assigned](ctx, b.tenant, "/servicePrincipals/"+b.options.identity+"/appRoleAssignments")
	if err != nil {
		return err
	}
	filter := url.QueryEscape("principalId eq '" + b.options.identity + "'")
	into.roles, err = administer.List[directoryRole](ctx, b.tenant, "/roleManagement/directory/roleAssignments?$filter="+strings.ReplaceAll(filter, "+", "%20"))
	return err
}

func (b *bootstrap) readExchange(ctx context.Context, into *seen) error {
	organization, err := b.tenant.Run(ctx, "Get-OrganizationConfig", nil)
	if err != nil {
		return err
	}
	if len(organization) != 1 || organization[0].Text("IsDehydrated") == "true" {
		return errors.New("the organization was never opened for customization, and takes neither scopes nor role groups: run Enable-OrganizationCustomization, which cannot be undone, wait an hour or two, and run this again")
	}
	_, into.pointer, err = b.tenant.Find(ctx, "Get-ServicePrincipal", b.options.identity, "ObjectId")
	if err != nil {
		return err
	}
	roles, err := b.tenant.Run(ctx, "Get-ManagementRole", map[string]any{"Identity": "Application*"})
	if err != nil {
		return err
	}
	for _, role := range roles {
		// What the service never assigns it need not hand on: roles that are new, and those that
		// confer several permissions at once.
		known, is := access.LookUpRole(role.Text("Name"))
		if is && !known.Composite {
			into.applicationRoles = append(into.applicationRoles, known.Name)
		}
	}
	slices.Sort(into.applicationRoles)
	return b.readGroup(ctx, into)
}

func (b *bootstrap) readGroup(ctx context.Context, into *seen) error {
	var err error
	_, into.group, err = b.tenant.Find(ctx, "Get-RoleGroup", b.options.group, "Name")
	if err != nil || !into.group {
		return err
	}
	members, err := b.tenant.Run(ctx, "Get-RoleGroupMember", map[string]any{"Identity": b.options.group, "ResultSize": "Unlimited"})
	if err != nil {
		return err
	}
	for _, member := range members {
		// Inferred: a service principal is shown by its object id, as its name or as its external id.
		id := member.Text("ExternalDirectoryObjectId")
		if id == "" {
			id = member.Text("Name")
		}
		into.members = append(into.members, strings.ToLower(id))
	}
	held, err := b.tenant.Run(ctx, "Get-ManagementRoleAssignment", map[string]any{"RoleAssignee": b.options.group})
	if err != nil {
		return err
	}
	for _, one := range held {
		list := &into.groupRoles
		if strings.HasPrefix(one.Text("RoleAssignmentDelegationType"), "Delegating") {
			list = &into.handsOn
		}
		*list = append(*list, one.Text("Role"))
	}
	return nil
}

// holds is the assignment of an app role; nil when the identity does not hold it.
func (s seen) holds(role identity.AppRole) *assigned {
	from := s.resources[role.Resource]
	for _, each := range s.held {
		if strings.EqualFold(each.ResourceID, from.ID) && strings.EqualFold(each.AppRoleID, from.roleID(role.Value)) {
			return &each
		}
	}
	return nil
}

// roleID finds by value: the ids of newer roles are published nowhere. Empty when there is none.
func (r resource) roleID(value string) string {
	for _, each := range r.AppRoles {
		if each.Value == value {
			return each.ID
		}
	}
	return ""
}

// administers is the assignment of Exchange Administrator over the whole directory; nil for none.
func (s seen) administers() *directoryRole {
	for _, each := range s.roles {
		if strings.EqualFold(each.Role, exchangeAdministrator) && each.Scope == "/" {
			return &each
		}
	}
	return nil
}
