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
	"mailgrant/handler/plan"
)

// adoptPolicies takes the named application access policies over, with the consents that
// they confine: those end first.
func (e *Engine) adoptPolicies(ctx context.Context, b *binding, found *adopting) ([]grant.Fault, error) {
	all, err := e.Exchange.ListApplicationAccessPolicies(ctx)
	if err != nil {
		return nil, err
	}
	chosen, faults := namedPolicies(all, found.adoption.Policies, b.resolved.workload)
	found.adoptConsents(b.resolved.facts.Consents.Value)
	if len(found.permissions) == 0 {
		faults = append(faults, grant.At("noConsent", "the workload holds no consent on Microsoft Graph that a policy confines, so its policies open nothing that could end", "policies"))
	}
	if len(faults) > 0 {
		return faults, nil
	}
	for i, one := range chosen {
		// Since when it stands nothing shows: it counts as settled only when it has been seen for so long.
		found.steps = append(found.steps, plan.TakenOver(grant.Step{Number: i, Kind: grant.PolicyStep, Name: one.Identity}, one.Identity, e.Now()))
	}
	for _, one := range all {
		mine := strings.EqualFold(one.AppID, b.resolved.workload.AppID) || one.AppID == exchange.EveryApplication
		if mine && !slices.ContainsFunc(chosen, func(other exchange.ApplicationAccessPolicy) bool { return other.Identity == one.Identity }) {
			found.adoption.Beside = append(found.adoption.Beside, one.Identity)
			found.notice("the policy %s (%s) was not named and stays; what it opens by the same consents ends with them", one.Identity, one.AccessRight)
		}
	}
	return e.adoptPolicyScopes(ctx, b, found, chosen)
}

// namedPolicies finds each policy by its identity. One that denies gives nothing, and one
// about every application is not this workload's.
func namedPolicies(all []exchange.ApplicationAccessPolicy, names []string, workload grant.Workload) ([]exchange.ApplicationAccessPolicy, []grant.Fault) {
	var chosen []exchange.ApplicationAccessPolicy
	var faults []grant.Fault
	for i, name := range names {
		at := func(reason, detail string) {
			faults = append(faults, grant.At(reason, detail, "policies", strconv.Itoa(i)))
		}
		place := slices.IndexFunc(all, func(one exchange.ApplicationAccessPolicy) bool { return strings.EqualFold(one.Identity, name) })
		if place < 0 {
			at("unknownPolicy", "Exchange knows no application access policy of this identity; "+policiesKnown(all, workload))
			continue
		}
		one := all[place]
		switch {
		case !strings.EqualFold(one.AppID, workload.AppID):
			at("otherWorkload", fmt.Sprintf("this policy is about the application %s and not about %s", one.AppID, workload.DisplayName))
		case !strings.EqualFold(one.AccessRight, exchange.RestrictAccess):
			at("noMailAccess", "this policy ("+one.AccessRight+") gives nothing: it takes away from what consents give")
		case slices.ContainsFunc(chosen, func(other exchange.ApplicationAccessPolicy) bool { return other.Identity == one.Identity }):
			at("duplicate", "this is the same policy as an earlier entry")
		default:
			chosen = append(chosen, one)
		}
	}
	return chosen, faults
}

// policiesKnown names what could be adopted, because nobody remembers an identity.
func policiesKnown(all []exchange.ApplicationAccessPolicy, workload grant.Workload) string {
	var known []string
	for _, one := range all {
		if strings.EqualFold(one.AppID, workload.AppID) {
			known = append(known, one.Identity+" ("+one.AccessRight+" to "+one.ScopeName+")")
		}
	}
	if len(known) == 0 {
		return "none is about this workload"
	}
	return "this workload has " + several(known)
}

// adoptConsents takes the consents that policies confine, and tells what else opens
// mailboxes.
func (a *adopting) adoptConsents(consents []access.Consent) {
	for _, consent := range consents {
		permission, known := access.LookUp(consent.Resource, consent.Value)
		switch {
		case consent.Resource == access.Other || known && len(permission.Confers) == 0 && !permission.SelfGrant:
		case consent.Resource == access.Graph && known && permission.PolicyConfined:
			a.permissions = union(a.permissions, []string{consent.Value})
		case known && permission.PolicyConfined:
			a.notice("the consent to %s on %s is confined by the policies too and is not the grant's: they stay until somebody removes it", consent.Value, consent.ResourceName)
		default:
			a.notice("the consent to %s on %s is confined by no policy and does not end with the grant", firstOf(consent.Value, consent.AppRoleID), consent.ResourceName)
		}
	}
	slices.Sort(a.permissions)
}

// adoptPolicyScopes reads what the policies are about: groups, or single mailboxes.
func (e *Engine) adoptPolicyScopes(ctx context.Context, b *binding, found *adopting, policies []exchange.ApplicationAccessPolicy) ([]grant.Fault, error) {
	var groups, singles []string
	for _, one := range policies {
		read, err := e.readGroup(ctx, policyScope(one))
		if err != nil {
			return nil, err
		}
		if read.Single {
			singles = append(singles, policyScope(one))
		} else {
			groups = append(groups, policyScope(one))
		}
	}
	groups, singles = distinctFold(groups), distinctFold(singles)
	switch {
	case len(groups) > 0 && len(singles) > 0:
		return []grant.Fault{grant.At("severalScopes", "some of these policies are about groups and some about single mailboxes; a grant has one scope: adopt each kind by a request of its own", "policies")}, nil
	case len(groups) > 0:
		return nil, e.adoptGroups(ctx, b, found, groups)
	}
	named, err := e.adoptMailboxes(ctx, b, found, singles)
	if err != nil || named {
		return nil, err
	}
	return []grant.Fault{grant.At("unknownMailbox", "not every policy is about a mailbox of the tenant: "+several(found.adoption.Notices), "policies")}, nil
}
