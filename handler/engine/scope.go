package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/policy"
)

// counted is a scope whose mailboxes the tenant decides, as it was looked up.
type counted struct {
	target    *grant.Target
	targets   []grant.Target
	mailboxes []exchange.Recipient
}

// resolveScope looks up a group, a unit or a filter, and which mailboxes it holds now.
// Faults say what is wrong with it; the error is for a tenant that could not be asked.
func (e *Engine) resolveScope(ctx context.Context, scope grant.Scope, document policy.Document) (counted, []grant.Fault, error) {
	switch scope.Kind() {
	case grant.ByGroup:
		return e.resolveGroup(ctx, scope.Group, document, nil)
	case grant.ByGroups:
		return e.resolveGroups(ctx, scope.Groups, document)
	case grant.ByAdministrativeUnit:
		return e.resolveUnit(ctx, scope.AdministrativeUnit)
	case grant.ByFilter:
		return e.resolveFilter(ctx, scope.Filter)
	}
	return counted{}, nil, nil
}

// resolveFilter lets the tenant itself count what the filter matches.
func (e *Engine) resolveFilter(ctx context.Context, text string) (counted, []grant.Fault, error) {
	filter, wrong := access.OperatorFilter(text)
	if len(wrong) > 0 {
		return counted{}, filterFaults(wrong), nil
	}
	found, err := e.matching(ctx, filter.String())
	if exchange.KindOf(err) == exchange.BadParameter {
		return counted{}, []grant.Fault{grant.At("filter", "Exchange does not take this filter: "+err.Error(), "scope", "filter")}, nil
	}
	return counted{mailboxes: found}, nil, err
}

func filterFaults(wrong []*access.FilterFault) []grant.Fault {
	faults := make([]grant.Fault, len(wrong))
	for i, one := range wrong {
		faults[i] = grant.At("filter", one.Error(), "scope", "filter")
	}
	return faults
}

// matching lists the mailboxes that the tenant's own preview of the filter shows.
func (e *Engine) matching(ctx context.Context, filter string) ([]exchange.Recipient, error) {
	recipients, err := e.Exchange.ListRecipients(ctx, filter)
	if err != nil {
		return nil, err
	}
	return onlyMailboxes(recipients), nil
}

func onlyMailboxes(recipients []exchange.Recipient) []exchange.Recipient {
	return slices.DeleteFunc(slices.Clone(recipients), func(one exchange.Recipient) bool { return !grantable(one.Type) })
}

// resolveUnit finds the unit as Exchange sees it. Its members are those mailboxes that
// say so themselves: a user who is in it only by way of a group does not.
func (e *Engine) resolveUnit(ctx context.Context, name string) (counted, []grant.Fault, error) {
	at := func(reason, detail string) (counted, []grant.Fault, error) {
		return counted{}, []grant.Fault{grant.At(reason, detail, "scope", "administrativeUnit")}, nil
	}
	unit, err := e.Exchange.FindAdministrativeUnit(ctx, name)
	switch exchange.KindOf(err) {
	case "":
	case exchange.NotFound:
		return at("unknownUnit", "Exchange does not see this administrative unit; one that was made a moment ago takes a while, any other has to be named by its object id")
	case exchange.Ambiguous:
		return at("ambiguousUnit", "more than one administrative unit bears this name; name it by its object id")
	default:
		return counted{}, nil, err
	}
	found, err := e.inUnit(ctx, unit.ID)
	return counted{target: &grant.Target{Kind: grant.ByAdministrativeUnit, ID: unit.ID, Name: firstOf(unit.DisplayName, unit.Name)}, mailboxes: found}, nil, err
}

func (e *Engine) inUnit(ctx context.Context, id string) ([]exchange.Recipient, error) {
	all, err := e.Exchange.ListMailboxes(ctx)
	if err != nil {
		return nil, err
	}
	var members []exchange.Recipient
	for _, mailbox := range onlyMailboxes(all) {
		if slices.ContainsFunc(mailbox.AdministrativeUnits, func(unit string) bool { return strings.EqualFold(unit, id) }) {
			members = append(members, mailbox)
		}
	}
	return members, nil
}

// resolveGroup finds the group as Exchange knows it. The mailboxes are those that the
// filter of the scope matches, which is what Exchange will go by; the member list only
// tells which groups are nested in it, and so left out; not those that are in the scope
// themselves, whose names are beside.
func (e *Engine) resolveGroup(ctx context.Context, name string, document policy.Document, beside []string) (counted, []grant.Fault, error) {
	at := func(reason, detail string) (counted, []grant.Fault, error) {
		return counted{}, []grant.Fault{grant.At(reason, detail, "scope", "group")}, nil
	}
	group, err := e.Exchange.FindGroup(ctx, name)
	switch exchange.KindOf(err) {
	case "":
	case exchange.NotFound:
		return at("unknownGroup", "Exchange knows no group of this name, address or GUID; a security group of Entra without an address is none")
	case exchange.Ambiguous:
		return at("ambiguousGroup", "more than one group answers to this; name it by its GUID or its address")
	case exchange.WrongType:
		return at("groupType", "this is no group")
	default:
		return counted{}, nil, err
	}
	refusals := groupRefusals(group, document)
	if len(refusals) > 0 {
		return counted{}, refusals, nil
	}
	filter, err := access.GroupFilter([]string{group.DistinguishedName})
	if err != nil {
		return at("groupNotReady", "Exchange does not show the group's distinguished name, by which alone its members are matched; try again in some minutes")
	}
	members, err := e.Exchange.ListGroupMembers(ctx, group)
	if err != nil {
		return counted{}, nil, err
	}
	found, err := e.matching(ctx, filter)
	target := &grant.Target{Kind: grant.ByGroup, ID: group.GUID, Name: firstOf(group.DisplayName, group.Name), Type: group.Type,
		DistinguishedName: group.DistinguishedName, Nested: nestedIn(members, beside)}
	return counted{target: target, mailboxes: found}, nil, err
}

// resolveGroups finds several groups as one scope.
func (e *Engine) resolveGroups(ctx context.Context, names []string, document policy.Document) (counted, []grant.Fault, error) {
	var found counted
	var faults []grant.Fault
	var distinguished []string
	for i, name := range names {
		one, wrong, err := e.resolveGroup(ctx, name, document, names)
		if err != nil {
			return counted{}, nil, err
		}
		for _, fault := range wrong {
			faults = append(faults, grant.At(fault.Reason, fault.Detail, "scope", "groups", strconv.Itoa(i)))
		}
		if one.target != nil {
			found.targets = append(found.targets, *one.target)
			distinguished = append(distinguished, one.target.DistinguishedName)
		}
	}
	if len(faults) > 0 {
		return counted{}, faults, nil
	}
	filter, err := access.GroupFilter(distinguished)
	if err != nil {
		return counted{}, nil, err
	}
	found.mailboxes, err = e.matching(ctx, filter)
	return found, nil, err
}

// nestedIn names the groups among the members, but for those beside.
func nestedIn(members []exchange.Recipient, beside []string) []string {
	var nested []string
	for _, member := range members {
		known := slices.ContainsFunc(beside, func(name string) bool { return slices.Contains(names(member), strings.ToLower(name)) })
		if isGroup(member.Type) && !known {
			nested = append(nested, firstOf(member.PrimaryAddress, member.DisplayName, member.Name))
		}
	}
	slices.Sort(nested)
	return nested
}

// isGroup goes by Exchange's RecipientTypeDetails; a GroupMailbox is a Microsoft 365
// group, and a room list a distribution group of rooms.
func isGroup(kind string) bool { return strings.Contains(kind, "Group") || kind == exchange.RoomList }

// groupRefusals say why the group cannot be a scope; none when it can. Whoever may put
// himself or others into the group gives access to what he puts in.
func groupRefusals(group exchange.Group, document policy.Document) []grant.Fault {
	at := func(reason, detail string) []grant.Fault {
		return []grant.Fault{grant.At(reason, detail, "scope", "group")}
	}
	if strings.HasPrefix(group.Type, "Dynamic") {
		return at("groupType", "a dynamic list has no members of its own; use its filter as the scope")
	}
	if document.Groups == policy.AnyGroup {
		return nil
	}
	if strings.EqualFold(group.JoinRestriction, "Open") || strings.EqualFold(group.AccessType, "Public") {
		return at("openGroup", "anybody may join this group and would so open his mailbox, or another's, to the application; close it, or let the operator's document allow any group")
	}
	if !guardedJoining(group) {
		return at("openGroup", "the tenant does not say who may join this group in a way that is known, so it is taken for open; let the operator's document allow any group if that is meant")
	}
	others := strangers(group.ManagedBy, document.Approvers)
	if len(others) > 0 {
		return at("groupOwners", several(others)+" may change the members and is no approver of the operator's document; make approvers its only owners, or let the document allow any group")
	}
	return nil
}

// guardedJoining reports whether an owner decides who joins the group. Security groups
// and lists say it in the one property and Microsoft 365 groups in the other (PowerShell
// reference, Set-DistributionGroup and Set-UnifiedGroup); a word that is none of theirs
// says nothing.
func guardedJoining(group exchange.Group) bool {
	said := false
	for _, word := range []string{group.JoinRestriction, group.AccessType} {
		switch strings.ToLower(word) {
		case "":
		case "closed", "approvalrequired", "private":
			said = true
		default:
			return false
		}
	}
	return said
}

// strangers are the owners who are not among the approvers.
func strangers(owners, approvers []string) []string {
	return slices.DeleteFunc(slices.Clone(owners), func(owner string) bool {
		return slices.ContainsFunc(approvers, func(approver string) bool { return strings.EqualFold(approver, owner) })
	})
}

// countFaults are what is wrong with what a scope holds: nothing at all, more than is
// allowed, or a mailbox that is protected.
func countFaults(scope grant.Scope, found counted, document policy.Document) []grant.Fault {
	at := func(reason, detail string) grant.Fault {
		return grant.At(reason, detail, "scope", string(scope.Kind()))
	}
	var faults []grant.Fault
	switch {
	case len(found.mailboxes) == 0:
		detail := "no mailbox is in this scope, so nothing could be proved"
		if found.target != nil && len(found.target.Nested) > 0 {
			detail += "; members of nested groups (" + several(found.target.Nested) + ") are not in it"
		}
		faults = append(faults, at("emptyScope", detail))
	case len(found.mailboxes) > document.Limits.Members:
		faults = append(faults, at("tooManyMailboxes", fmt.Sprintf("%d mailboxes are in this scope; %d are allowed", len(found.mailboxes), document.Limits.Members)))
	}
	shielded := protectedAmong(found.mailboxes, document)
	if len(shielded) > 0 {
		faults = append(faults, at("protectedMailbox", several(shielded)+" would be in this scope and is protected by the operator's document"))
	}
	return faults
}
