package engine

import (
	"context"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
)

// adoptScope reads which mailboxes a role assignment reaches, in the narrowest words that
// say the same: named mailboxes, groups, a unit; else the filter as it is. One without a
// limit reaches the organization.
func (e *Engine) adoptScope(ctx context.Context, b *binding, found *adopting, one access.Assignment) ([]grant.Fault, error) {
	switch {
	case one.Unscoped:
		found.scope = grant.Scope{Organization: true}
		found.notice("nothing limits it: every mailbox of the organization is reached, so no refusal can be proved until it ends")
		return nil, nil
	case one.Unit != "":
		return nil, e.adoptUnit(ctx, b, found, one.Unit)
	case one.Scope == "":
		return nil, e.adoptGroups(ctx, b, found, []string{one.Group})
	}
	scope, err := e.scope(ctx, one.Scope)
	if err != nil {
		return nil, err
	}
	if scope == nil {
		return []grant.Fault{grant.At("unknownScope", "Exchange does not show the management scope "+one.Scope+", so it is not known what is reached", "assignments")}, nil
	}
	step := grant.Step{Number: 0, Kind: grant.ScopeStep, Name: scope.Name, RemoteID: scope.ID, State: grant.Made, Filter: scope.Filter, Adopted: true}
	if _, ours := grant.ParseRemoteName(e.Installation, scope.Name); ours {
		step.State = grant.Left
		found.notice("the management scope %s is another grant's and stays", scope.Name)
	}
	found.steps = append([]grant.Step{step}, found.steps...)
	return nil, e.adoptFilter(ctx, b, found, scope.Filter)
}

// adoptFilter understands the two forms of filter that this service writes itself. The
// mailboxes of a filter that names some which are gone, or too many of them, are counted.
func (e *Engine) adoptFilter(ctx context.Context, b *binding, found *adopting, text string) error {
	guids, err := access.FilteredMailboxes(text)
	if err == nil && len(guids) <= b.document.Limits.Mailboxes {
		named, err := e.adoptMailboxes(ctx, b, found, guids)
		if named || err != nil {
			return err
		}
	}
	names, err := access.FilteredGroups(text)
	if err == nil {
		return e.adoptGroups(ctx, b, found, names)
	}
	found.scope = grant.Scope{Filter: text}
	b.resolved.counted.mailboxes, err = e.matching(ctx, text)
	if exchange.KindOf(err) == exchange.BadParameter {
		found.notice("Exchange does not preview the filter, so its mailboxes are not known: %s", err)
		return nil
	}
	return err
}

// adoptMailboxes reports false where one of them is no mailbox that could be granted: then
// they are not the whole truth about the filter.
func (e *Engine) adoptMailboxes(ctx context.Context, b *binding, found *adopting, names []string) (bool, error) {
	looks := make([]looked, len(names))
	group, groupCtx := readTogether(ctx)
	group.SetLimit(atOnce)
	e.lookUp(groupCtx, group, names, looks)
	err := group.Wait()
	if err != nil {
		return false, err
	}
	var mailboxes []exchange.Recipient
	for i, one := range looks {
		// A mailbox has other GUIDs too, by which no filter matches it.
		other := grant.IsGUID(names[i]) && !strings.EqualFold(one.recipient.GUID, names[i])
		if one.fault != "" || !grantable(one.recipient.Type) || other {
			found.notice("%s is named and is no mailbox of the tenant any more", names[i])
			continue
		}
		mailboxes = append(mailboxes, one.recipient)
		found.scope.Mailboxes = append(found.scope.Mailboxes, one.recipient.GUID)
	}
	if len(mailboxes) < len(names) {
		found.scope = grant.Scope{}
		return false, nil
	}
	b.resolved.mailboxes = mailboxes
	return true, nil
}

// adoptGroups resolves groups by what Exchange has them as. One that is gone, or was named
// otherwise since, matches nobody, and is kept by the name that it was found under.
func (e *Engine) adoptGroups(ctx context.Context, b *binding, found *adopting, names []string) error {
	var targets []grant.Target
	for _, name := range names {
		target, err := e.adoptGroup(ctx, b, found, name)
		if err != nil {
			return err
		}
		targets = append(targets, target)
	}
	found.scope = groupScope(targets)
	if len(targets) == 1 {
		b.resolved.counted.target = &targets[0]
	} else {
		b.resolved.counted.targets = targets
	}
	var err error
	b.resolved.counted.mailboxes, err = e.membersOf(ctx, targets)
	return err
}

func groupScope(targets []grant.Target) grant.Scope {
	names := make([]string, len(targets))
	for i, target := range targets {
		names[i] = target.Name
	}
	if len(names) == 1 {
		return grant.Scope{Group: names[0]}
	}
	return grant.Scope{Groups: names}
}

func (e *Engine) adoptGroup(ctx context.Context, b *binding, found *adopting, name string) (grant.Target, error) {
	target := grant.Target{Kind: grant.ByGroup, ID: name, Name: name}
	group, err := e.Exchange.FindGroup(ctx, name)
	switch exchange.KindOf(err) {
	case "":
	case exchange.NotFound, exchange.Ambiguous, exchange.WrongType:
		found.notice("no group answers to %s any more, so nobody is reached by it", name)
		return target, nil
	default:
		return target, err
	}
	members, err := e.Exchange.ListGroupMembers(ctx, group)
	if err != nil && !strings.HasPrefix(group.Type, "Dynamic") {
		return target, err
	}
	target.ID, target.Name, target.Type = group.GUID, firstOf(group.PrimaryAddress, group.DisplayName, group.Name), group.Type
	target.DistinguishedName, target.Nested = group.DistinguishedName, nestedIn(members, nil)
	if len(target.Nested) > 0 {
		found.notice("the group %s holds other groups (%s): a policy opens their members too, a role assignment does not; here they are not counted", target.Name, several(target.Nested))
	}
	for _, refusal := range groupRefusals(group, b.document) {
		found.adoption.Open = distinctFold(append(found.adoption.Open, target.ID))
		found.notice("the group %s would be refused to a new grant: %s", target.Name, refusal.Detail)
	}
	return target, nil
}

// membersOf are the direct members of groups that are mailboxes, as a scope over the groups
// matches them.
func (e *Engine) membersOf(ctx context.Context, targets []grant.Target) ([]exchange.Recipient, error) {
	var names []string
	for _, target := range targets {
		if target.DistinguishedName != "" {
			names = append(names, target.DistinguishedName)
		}
	}
	filter, err := access.GroupFilter(names)
	if err != nil {
		// None of them has shown the name by which members are matched.
		return nil, nil
	}
	return e.matching(ctx, filter)
}

func (e *Engine) adoptUnit(ctx context.Context, b *binding, found *adopting, unit string) error {
	counted, faults, err := e.resolveUnit(ctx, unit)
	if err != nil {
		return err
	}
	for _, fault := range faults {
		found.notice("%s", fault.Detail)
	}
	if len(faults) > 0 {
		counted.target = &grant.Target{Kind: grant.ByAdministrativeUnit, ID: unit, Name: unit}
	}
	found.scope, b.resolved.counted = grant.Scope{AdministrativeUnit: counted.target.Name}, counted
	return nil
}

// protectedNotice tells which mailboxes are reached that no new grant would be given.
func (b *binding) protectedNotice() {
	shielded := protectedAmong(slices.Concat(b.resolved.mailboxes, b.resolved.counted.mailboxes), b.document)
	if len(shielded) > 0 {
		b.adoption.notice("%s is protected by the operator's document and reached already", several(shielded))
	}
}
