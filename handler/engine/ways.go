package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
)

// elsewhere asks what a workload holds beside what its grants have made.
type elsewhere struct {
	workload grant.Workload
	// facts are the workload's consents, pointer and role assignments; directory are its
	// directory roles.
	facts     access.Facts
	directory access.Reading[[]heldRole]
	// wanted are the permissions whose reach must not be had by another way.
	wanted []string
	// ours tells the role assignments that grants have made.
	ours func(access.Assignment) bool
	// madePolicy tells the application access policies that grants have made.
	madePolicy func(exchange.ApplicationAccessPolicy) bool
}

// otherWays returns every path of the workload, apart from what its grants made, that
// overlaps with what the permissions confer; the second result names what is not known,
// and the error is for a tenant that could not be asked at present. Policies, scopes and
// role groups are read only where the facts make them matter, so that the usual
// workload, which holds nothing else, costs no further call.
func (e *Engine) otherWays(ctx context.Context, q elsewhere) ([]access.Path, []string, error) {
	// Mailboxes and units are not listed: how far a limited path reaches is another question.
	s := surveyed{
		Mailboxes: access.NotRead[[]surveyedMailbox]("the mailboxes were not listed"), Units: access.NotRead[[]surveyedUnit]("administrative units were not listed"),
		Permissions: access.NotRead[access.MailboxPermissions]("mailbox permissions were not listed"),
		Policies:    access.Known[[]exchange.ApplicationAccessPolicy](nil), Groups: access.Known[[]surveyedGroup](nil), Scopes: access.Known[[]exchange.ManagementScope](nil),
		Directory: q.directory, RoleGroups: access.Known[[]heldRole](nil),
	}
	var err error
	if q.confinable() {
		s.Policies, s.Groups, err = e.policiesAbout(ctx, q.workload)
	}
	if err == nil && q.heldByOthers() {
		s.Scopes, err = allowedToRead(ctx, needsConfiguration, e.Exchange.ListManagementScopes)
	}
	if err == nil && q.directory.Read && q.managesExchange() {
		s.RoleGroups, err = allowedToRead(ctx, needsConfiguration, e.readRoleGroups)
	}
	if err != nil {
		return nil, nil, err
	}
	paths, unknown := q.judge(&s)
	return paths, unknown, nil
}

// judge tells the paths from what was read, and what keeps them from being all.
func (q elsewhere) judge(s *surveyed) ([]access.Path, []string) {
	inUnits := q.splitInUnits(s)
	q.facts.Roles = s.heldRoles(s.accessRoles(q.people())[q.workload.ObjectID])
	index := access.NewIndex(access.Tenant{Workloads: []access.Subject{{Workload: q.workload, Facts: q.facts}}, Mailboxes: s.accessMailboxes(), Units: s.accessUnits(),
		Policies: s.accessPolicies(q.madePolicy), Groups: s.accessGroups(), Scopes: s.accessScopes(), MailboxPermissions: s.Permissions})
	paths, unknown := index.Paths(q.workload.ObjectID, q.wanted, q.ours)
	return paths, append(unknown, inUnits...)
}

// splitInUnits takes those roles out of the directory's that are limited to an
// administrative unit, and says of each that its effect is not known. They are told and
// refuse nothing: a unit holds people, groups and devices (Microsoft Learn,
// Administrative units in Microsoft Entra ID) and neither a service principal nor any
// setting of Exchange, so that by such a role no workload consents to anything, or gives
// itself a role that would defeat a scope. That it makes itself a master of a person who
// could is left, as with every other application that somebody controls. A role that is
// limited to one object stays: the object may be the workload itself.
func (q elsewhere) splitInUnits(s *surveyed) []string {
	var unknown []string
	var others []heldRole
	for _, one := range s.Directory.Value {
		if !one.inUnit() {
			others = append(others, one)
			continue
		}
		unknown = append(unknown, fmt.Sprintf("role %q: what its holder can do by the people and groups in the unit is not known", one.Role.Name))
	}
	s.Directory.Value = others
	return unknown
}

// people knows the workload by each of its names. Inferred: it is not published how
// Exchange shows a service principal among the members of a role group.
func (q elsewhere) people() holders {
	known := newHolders(&surveyed{Principals: access.Known([]graph.ServicePrincipal{{ObjectID: q.workload.ObjectID, AppID: q.workload.AppID}})})
	names := []string{q.workload.DisplayName}
	if pointer := q.facts.Pointer.Value; pointer != nil {
		names = append(append(names, pointer.ID), pointer.Names...)
	}
	for _, name := range names {
		if grant.IsGUID(name) {
			known.add(known.byID, q.workload.ObjectID, name)
		} else {
			known.add(known.byName, q.workload.ObjectID, name)
		}
	}
	return known
}

// allowedToRead reads a list. What the service may not read at all stays unread, by
// name; every other failure is an error, because asking later may help.
func allowedToRead[T any](ctx context.Context, needs string, read func(context.Context) (T, error)) (access.Reading[T], error) {
	value, err := read(ctx)
	if err == nil {
		return access.Known(value), nil
	}
	unread := access.NotRead[T](why(err, needs))
	if exchange.KindOf(err) == exchange.Forbidden || graph.KindOf(err) == graph.Forbidden {
		return unread, nil
	}
	return unread, err
}

// rolesInDirectory are the directory roles that the workload holds itself.
func (e *Engine) rolesInDirectory(ctx context.Context, objectID string) (access.Reading[[]heldRole], error) {
	return allowedToRead(ctx, needsDirectory, func(ctx context.Context) ([]heldRole, error) { return e.readDirectoryRoles(ctx, objectID) })
}

// policiesAbout reads the application access policies that concern the workload, and
// what each is about: a group, or a single mailbox.
func (e *Engine) policiesAbout(ctx context.Context, workload grant.Workload) (access.Reading[[]exchange.ApplicationAccessPolicy], access.Reading[[]surveyedGroup], error) {
	policies, err := allowedToRead(ctx, needsConfiguration, func(ctx context.Context) ([]exchange.ApplicationAccessPolicy, error) {
		return e.policiesOf(ctx, workload.AppID)
	})
	if err != nil || !policies.Read {
		return policies, access.NotRead[[]surveyedGroup]("the policies were not read"), err
	}
	named, _ := (&surveyed{Policies: policies}).groupsNamed()
	// Not opened further: whether nested members count is not known either way.
	groups, err := e.readGroups(ctx, nil, named)
	return policies, access.Known(groups), err
}

// policiesOf lists the policies that are about this application or about all.
func (e *Engine) policiesOf(ctx context.Context, appID string) ([]exchange.ApplicationAccessPolicy, error) {
	policies, err := e.Exchange.ListApplicationAccessPolicies(ctx)
	return slices.DeleteFunc(policies, func(one exchange.ApplicationAccessPolicy) bool {
		return one.AppID != exchange.EveryApplication && !strings.EqualFold(one.AppID, appID)
	}), err
}

// confinable reports whether the workload holds an overlapping consent that application
// access policies are judged for.
func (q elsewhere) confinable() bool {
	confers := access.Confers(q.wanted)
	return slices.ContainsFunc(q.facts.Consents.Value, func(consent access.Consent) bool {
		permission, known := access.LookUp(consent.Resource, consent.Value)
		return known && permission.PolicyConfined && len(access.Overlap(permission.Confers, confers)) > 0
	})
}

// heldByOthers reports whether a role assignment overlaps that no grant has made.
func (q elsewhere) heldByOthers() bool {
	confers := access.Confers(q.wanted)
	return slices.ContainsFunc(q.facts.Assignments.Value, func(assignment access.Assignment) bool {
		return !q.ours(assignment) && len(access.Overlap(access.RoleConfers(assignment.Role), confers)) > 0
	})
}

// managesExchange reports whether the workload may manage Exchange as an application.
// Role groups are of use to nobody else (Microsoft Learn, App-only authentication for
// unattended scripts), so for others they are not asked for.
func (q elsewhere) managesExchange() bool {
	return slices.ContainsFunc(q.facts.Consents.Value, func(consent access.Consent) bool {
		return consent.Resource == access.Exchange && strings.HasPrefix(consent.Value, "Exchange.")
	})
}
