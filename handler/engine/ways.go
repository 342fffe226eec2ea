package engine

import (
	"context"
	"errors"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
)

// otherWays returns every path of the workload, apart from what its grants made, that
// overlaps with what the permissions confer; the second result names what could not be
// read. Policies, scopes and role groups are read only where the facts make them matter,
// so that the usual workload, which holds nothing else, costs no further call.
func (e *Engine) otherWays(ctx context.Context, workload grant.Workload, facts access.Facts, wanted []string, ours func(access.Assignment) bool) ([]access.Path, []string) {
	tenant := access.Tenant{
		Mailboxes:          access.NotRead[[]access.Mailbox]("the mailboxes were not listed"),
		Units:              access.NotRead[[]access.Unit]("administrative units were not listed"),
		MailboxPermissions: access.NotRead[access.MailboxPermissions]("mailbox permissions were not listed"),
	}
	confers := access.Confers(wanted)
	tenant.Policies, tenant.Groups = e.policiesThatMatter(ctx, workload, facts, confers)
	tenant.Scopes = e.scopesThatMatter(ctx, facts, confers, ours)
	facts.Roles = e.withRoleGroups(ctx, workload, facts)
	tenant.Workloads = []access.Subject{{Workload: workload, Facts: facts}}
	return access.NewIndex(tenant).Paths(workload.ObjectID, wanted, ours)
}

// policiesThatMatter reads the application access policies, and the groups that they
// name, where a consent overlaps that a policy could confine.
func (e *Engine) policiesThatMatter(ctx context.Context, workload grant.Workload, facts access.Facts, confers []access.Capability) (access.Reading[[]access.Policy], access.Reading[[]access.Group]) {
	if !confinable(facts, confers) {
		return access.Known[[]access.Policy](nil), access.Known[[]access.Group](nil)
	}
	listed, err := e.Exchange.ListApplicationAccessPolicies(ctx)
	if err != nil {
		return access.NotRead[[]access.Policy](err.Error()), access.NotRead[[]access.Group]("the policies were not read")
	}
	var policies []access.Policy
	var groups []access.Group
	for _, one := range listed {
		if one.AppID != exchange.EveryApplication && !strings.EqualFold(one.AppID, workload.AppID) {
			continue
		}
		identity := firstOf(one.ScopeGUID, one.ScopeIdentity)
		policies = append(policies, access.Policy{ID: one.Identity, AppID: one.AppID, Right: access.PolicyRight(one.AccessRight), Group: identity})
		groups = append(groups, e.groupOf(ctx, identity))
	}
	return access.Known(policies), access.Known(groups)
}

// confinable reports whether the workload holds an overlapping consent that application
// access policies are judged for.
func confinable(facts access.Facts, confers []access.Capability) bool {
	for _, consent := range facts.Consents.Value {
		permission, known := access.LookUp(consent.Resource, consent.Value)
		if known && permission.PolicyConfined && len(access.Overlap(permission.Confers, confers)) > 0 {
			return true
		}
	}
	return false
}

// groupOf reads a policy's group with its direct members; what cannot be read of it stays
// unknown, by name.
func (e *Engine) groupOf(ctx context.Context, identity string) access.Group {
	group, err := e.Exchange.FindGroup(ctx, identity)
	if exchange.KindOf(err) == exchange.NotFound {
		return access.Group{ID: identity, Gone: true}
	}
	if err != nil {
		return access.Group{ID: identity, Members: access.NotRead[access.Membership](err.Error())}
	}
	read := access.Group{ID: identity, Name: firstOf(group.DisplayName, group.Name), DistinguishedName: group.DistinguishedName}
	members, err := e.Exchange.ListGroupMembers(ctx, group)
	if err != nil {
		read.Members = access.NotRead[access.Membership](err.Error())
		return read
	}
	read.Members = access.Known(membershipOf(members))
	return read
}

func membershipOf(members []exchange.Recipient) access.Membership {
	var membership access.Membership
	for _, member := range members {
		switch {
		case isGroup(member.Type):
			membership.Groups = append(membership.Groups, member.GUID)
		case grantable(member.Type):
			membership.Mailboxes = append(membership.Mailboxes, member.GUID)
		}
	}
	return membership
}

// scopesThatMatter reads the management scopes where somebody else's role assignment
// overlaps.
func (e *Engine) scopesThatMatter(ctx context.Context, facts access.Facts, confers []access.Capability, ours func(access.Assignment) bool) access.Reading[[]access.Scope] {
	foreign := false
	for _, assignment := range facts.Assignments.Value {
		foreign = foreign || !ours(assignment) && len(access.Overlap(access.RoleConfers(assignment.Role), confers)) > 0
	}
	if !foreign {
		return access.Known[[]access.Scope](nil)
	}
	listed, err := e.Exchange.ListManagementScopes(ctx)
	if err != nil {
		return access.NotRead[[]access.Scope](err.Error())
	}
	scopes := make([]access.Scope, len(listed))
	for i, one := range listed {
		scopes[i] = access.Scope{Name: one.Name, ID: firstOf(one.GUID, one.Identity), Filter: one.RecipientFilter, Exclusive: one.Exclusive}
	}
	return access.Known(scopes)
}

// directoryRoles are those that the workload holds itself.
func (e *Engine) directoryRoles(ctx context.Context, objectID string) (access.Reading[[]access.AdministratorRole], error) {
	assigned, err := e.Graph.ListDirectoryRoleAssignments(ctx, objectID)
	var refused *graph.Error
	if errors.As(err, &refused) && refused.Kind == graph.Forbidden {
		// The service works without this right; what it cannot see stays unknown.
		return access.NotRead[[]access.AdministratorRole](err.Error()), nil
	}
	if err != nil {
		return access.NotRead[[]access.AdministratorRole](err.Error()), err
	}
	var roles []access.AdministratorRole
	for _, one := range assigned {
		// A role over a part of the directory gives its holder nothing beyond that part.
		if one.Scope == "/" {
			roles = append(roles, access.AdministratorRole{ID: one.RoleDefinitionID})
		}
	}
	return access.Known(roles), nil
}

// withRoleGroups adds the Exchange role groups that the workload is a member of. They
// are of use only to who may manage Exchange as an application (Microsoft Learn,
// App-only authentication for unattended scripts), so for others they are not asked for.
func (e *Engine) withRoleGroups(ctx context.Context, workload grant.Workload, facts access.Facts) access.Reading[[]access.AdministratorRole] {
	if !facts.Roles.Read || !managesExchange(facts) {
		return facts.Roles
	}
	groups, err := e.Exchange.ListRoleGroups(ctx)
	if err != nil {
		return access.NotRead[[]access.AdministratorRole]("role groups: " + err.Error())
	}
	roles := facts.Roles.Value
	for _, group := range groups {
		members, err := e.Exchange.ListRoleGroupMembers(ctx, firstOf(group.GUID, group.Name))
		if err != nil {
			return access.NotRead[[]access.AdministratorRole]("the role group " + group.Name + ": " + err.Error())
		}
		for _, member := range members {
			if strings.EqualFold(member.ExternalDirectoryObjectID, workload.ObjectID) || strings.EqualFold(member.Name, workload.ObjectID) {
				roles = append(roles, access.AdministratorRole{Name: group.Name})
			}
		}
	}
	return access.Known(roles)
}

func managesExchange(facts access.Facts) bool {
	for _, consent := range facts.Consents.Value {
		if consent.Resource == access.Exchange && strings.HasPrefix(consent.Value, "Exchange.") {
			return true
		}
	}
	return false
}
