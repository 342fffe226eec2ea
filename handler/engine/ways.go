package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
)

// otherWays returns every path of the workload, apart from what its grants made, that
// overlaps with what the permissions confer; the second result names what could not be
// read, and the error is for a tenant that could not be asked at present. Policies, scopes and role groups are read only where the facts make them matter,
// so that the usual workload, which holds nothing else, costs no further call.
func (e *Engine) otherWays(ctx context.Context, workload grant.Workload, facts access.Facts, wanted []string, ours func(access.Assignment) bool) ([]access.Path, []string, error) {
	tenant := access.Tenant{
		Mailboxes:          access.NotRead[[]access.Mailbox]("the mailboxes were not listed"),
		Units:              access.NotRead[[]access.Unit]("administrative units were not listed"),
		MailboxPermissions: access.NotRead[access.MailboxPermissions]("mailbox permissions were not listed"),
	}
	confers := access.Confers(wanted)
	var passing [3]error
	tenant.Policies, tenant.Groups, passing[0] = e.policiesThatMatter(ctx, workload, facts, confers)
	tenant.Scopes, passing[1] = e.scopesThatMatter(ctx, facts, confers, ours)
	facts.Roles, passing[2] = e.withRoleGroups(ctx, workload, facts)
	for _, err := range passing {
		if err != nil {
			return nil, nil, err
		}
	}
	tenant.Workloads = []access.Subject{{Workload: workload, Facts: facts}}
	paths, unread := access.NewIndex(tenant).Paths(workload.ObjectID, wanted, ours)
	return paths, unread, nil
}

// passes returns the error where asking again later may help, and nil where the service
// may not read this at all: then it stays unread, by name.
func passes(err error) error {
	if exchange.KindOf(err) == exchange.Forbidden {
		return nil
	}
	return err
}

// policiesThatMatter reads the application access policies, and the groups that they
// name, where a consent overlaps that a policy could confine.
func (e *Engine) policiesThatMatter(ctx context.Context, workload grant.Workload, facts access.Facts, confers []access.Capability) (access.Reading[[]access.Policy], access.Reading[[]access.Group], error) {
	if !confinable(facts, confers) {
		return access.Known[[]access.Policy](nil), access.Known[[]access.Group](nil), nil
	}
	listed, err := e.Exchange.ListApplicationAccessPolicies(ctx)
	if err != nil {
		return access.NotRead[[]access.Policy](err.Error()), access.NotRead[[]access.Group]("the policies were not read"), passes(err)
	}
	var policies []access.Policy
	var groups []access.Group
	for _, one := range listed {
		if one.AppID != exchange.EveryApplication && !strings.EqualFold(one.AppID, workload.AppID) {
			continue
		}
		identity := firstOf(one.ScopeGUID, one.ScopeIdentity)
		policies = append(policies, access.Policy{ID: one.Identity, AppID: one.AppID, Right: access.PolicyRight(one.AccessRight), Group: identity})
		group, err := e.groupOf(ctx, identity)
		if err != nil {
			return access.Known(policies), access.NotRead[[]access.Group](err.Error()), err
		}
		groups = append(groups, group)
	}
	return access.Known(policies), access.Known(groups), nil
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

// groupOf reads a policy's group with its direct members. What the service may not read
// of it stays unknown, by name.
func (e *Engine) groupOf(ctx context.Context, identity string) (access.Group, error) {
	group, err := e.Exchange.FindGroup(ctx, identity)
	if exchange.KindOf(err) == exchange.NotFound {
		return access.Group{ID: identity, Gone: true}, nil
	}
	read := access.Group{ID: identity, Name: firstOf(group.DisplayName, group.Name), DistinguishedName: group.DistinguishedName}
	if err != nil {
		read.Members = access.NotRead[access.Membership](err.Error())
		return read, passes(err)
	}
	members, err := e.Exchange.ListGroupMembers(ctx, group)
	if err != nil {
		read.Members = access.NotRead[access.Membership](err.Error())
		return read, passes(err)
	}
	read.Members = access.Known(membershipOf(members))
	return read, nil
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
func (e *Engine) scopesThatMatter(ctx context.Context, facts access.Facts, confers []access.Capability, ours func(access.Assignment) bool) (access.Reading[[]access.Scope], error) {
	foreign := false
	for _, assignment := range facts.Assignments.Value {
		foreign = foreign || !ours(assignment) && len(access.Overlap(access.RoleConfers(assignment.Role), confers)) > 0
	}
	if !foreign {
		return access.Known[[]access.Scope](nil), nil
	}
	listed, err := e.Exchange.ListManagementScopes(ctx)
	if err != nil {
		return access.NotRead[[]access.Scope](err.Error()), passes(err)
	}
	scopes := make([]access.Scope, len(listed))
	for i, one := range listed {
		scopes[i] = access.Scope{Name: one.Name, ID: firstOf(one.GUID, one.Identity), Filter: one.RecipientFilter, Exclusive: one.Exclusive}
	}
	return access.Known(scopes), nil
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
func (e *Engine) withRoleGroups(ctx context.Context, workload grant.Workload, facts access.Facts) (access.Reading[[]access.AdministratorRole], error) {
	if !facts.Roles.Read || !managesExchange(facts) {
		return facts.Roles, nil
	}
	groups, err := e.Exchange.ListRoleGroups(ctx)
	if err != nil {
		return access.NotRead[[]access.AdministratorRole]("role groups: " + err.Error()), passes(err)
	}
	roles := slices.Clone(facts.Roles.Value)
	for _, group := range groups {
		members, err := e.Exchange.ListRoleGroupMembers(ctx, firstOf(group.GUID, group.Name))
		if err != nil {
			return access.NotRead[[]access.AdministratorRole]("the role group " + group.Name + ": " + err.Error()), passes(err)
		}
		if slices.ContainsFunc(members, func(member exchange.RoleGroupMember) bool { return isWorkload(member, workload, facts) }) {
			roles = append(roles, access.AdministratorRole{Name: group.Name})
		}
	}
	return access.Known(roles), nil
}

// isWorkload reports whether a member of a role group may be the workload. Inferred: it
// is not published how Exchange shows a service principal there, so each of its names
// counts.
func isWorkload(member exchange.RoleGroupMember, workload grant.Workload, facts access.Facts) bool {
	names := []string{workload.ObjectID, workload.AppID, workload.DisplayName}
	if pointer := facts.Pointer.Value; pointer != nil {
		names = append(append(names, pointer.ID), pointer.Names...)
	}
	for _, shown := range []string{member.ExternalDirectoryObjectID, member.GUID, member.Name, member.DisplayName} {
		if shown != "" && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, shown) }) {
			return true
		}
	}
	return false
}

func managesExchange(facts access.Facts) bool {
	for _, consent := range facts.Consents.Value {
		if consent.Resource == access.Exchange && strings.HasPrefix(consent.Value, "Exchange.") {
			return true
		}
	}
	return false
}
