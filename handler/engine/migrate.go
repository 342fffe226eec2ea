package engine

import (
	"context"
	"fmt"
	"slices"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
)

// migrating is what a migration found in the tenant, before it is resolved like any other
// request.
type migrating struct {
	request   grant.Request
	migration grant.Migration
	// policies are those that confine the consents today.
	policies []exchange.ApplicationAccessPolicy
}

// findMigration works out what a migration is to take the place of: the workload's
// consents that have a scoped counterpart, and, where no scope was asked for, the groups of
// the policies that confine them. The error is for a tenant that could not be asked.
func (e *Engine) findMigration(ctx context.Context, request grant.Request) (migrating, []grant.Fault, error) {
	found := migrating{request: request}
	workload, faults, err := e.resolveWorkload(ctx, request)
	if err != nil || len(faults) > 0 {
		return found, faults, err
	}
	consents, err := e.knownConsents(ctx, workload.ObjectID)
	if err != nil {
		return found, nil, err
	}
	found.chooseConsents(consents.Value)
	if len(found.migration.Consents) == 0 {
		return found, []grant.Fault{grant.At("nothingToMigrate", "the workload holds no organization-wide consent with a scoped counterpart; ask for a grant instead"+stays(found.migration.Stays), "workload")}, nil
	}
	listed, err := e.policiesOf(ctx, workload.AppID)
	if err != nil {
		return found, nil, err
	}
	faults, err = e.choosePolicies(ctx, &found, workload.AppID, listed)
	return found, faults, err
}

func stays(reasons []string) string {
	if len(reasons) == 0 {
		return ""
	}
	return ": " + several(reasons)
}

// chooseConsents takes those consents on Microsoft Graph that were named, or all that have
// a scoped counterpart, and says of every other that opens mailboxes why it stays.
func (m *migrating) chooseConsents(consents []access.Consent) {
	for _, consent := range consents {
		permission, known := access.LookUp(consent.Resource, consent.Value)
		named := len(m.request.Permissions) == 0 || slices.Contains(m.request.Permissions, consent.Value)
		switch {
		case consent.Resource == access.Other || known && len(permission.Confers) == 0 && !permission.SelfGrant:
		case consent.Resource == access.Graph && known && permission.Role != "" && named:
			m.migration.Consents = append(m.migration.Consents, consent.Value)
		case consent.Resource == access.Graph && known && permission.Role != "":
			m.migration.Stays = append(m.migration.Stays, "the consent to "+consent.Value+" was not named and stays")
		default:
			m.migration.Stays = append(m.migration.Stays, fmt.Sprintf("the consent to %s on %s has no scoped counterpart that it could be replaced by, and stays", consent.Value, consent.ResourceName))
		}
	}
	slices.Sort(m.migration.Consents)
	m.request.Permissions = union(m.request.Permissions, m.migration.Consents)
}

// choosePolicies takes the scope from all groups of the workload's policies at once, where
// none was asked for. A policy that denies is a block-list and no scope.
func (e *Engine) choosePolicies(ctx context.Context, found *migrating, appID string, listed []exchange.ApplicationAccessPolicy) ([]grant.Fault, error) {
	var groups []string
	for _, one := range listed {
		switch {
		case one.AppID == exchange.EveryApplication:
			found.migration.Stays = append(found.migration.Stays, "the policy "+one.Identity+" concerns every application and stays")
		case one.AccessRight != exchange.RestrictAccess:
			found.migration.Stays = append(found.migration.Stays, "the policy "+one.Identity+" ("+one.AccessRight+") is no list of what is allowed, does not limit the scoped access, and stays")
		default:
			found.policies = append(found.policies, one)
			groups = append(groups, policyScope(one))
		}
	}
	if len(found.request.Scope.Mailboxes) > 0 || found.request.Scope.Counted() {
		return e.takeNested(ctx, found, appID, false)
	}
	if len(groups) == 0 {
		return []grant.Fault{grant.At("scope", "no policy limits this workload, so the scope has to be said", "scope")}, nil
	}
	found.request.Scope.Groups = distinctFold(groups)
	return e.takeNested(ctx, found, appID, true)
}

// foundSteps are the policies that the migration removes at last, adopted by their exact
// identities.
func (m migrating) foundSteps(after int) []grant.Step {
	steps := make([]grant.Step, len(m.policies))
	for i, one := range m.policies {
		steps[i] = grant.Step{Number: after + i, Kind: grant.PolicyStep, Name: one.Identity, RemoteID: one.Identity, State: grant.Made}
	}
	return steps
}

// proveMade proves the scoped access of a migration beside what it takes the place of,
// and reports whether it is proved. Before that nothing is taken away.
func (h *holding) proveMade(ctx context.Context, live *held) (bool, error) {
	found := h.prove(ctx, live)
	if found.held != nil {
		return false, h.miss(ctx, live, found.held)
	}
	err := h.keepEvidence(ctx, live, found.evidence)
	if err != nil {
		return false, err
	}
	h.state(live, found)
	if found.canary != "" {
		return false, h.end(ctx, live, grant.CanaryAllowed, found.canary)
	}
	if wide := access.Defeating(found.paths); len(wide) > 0 {
		return false, h.end(ctx, live, grant.OtherPath, sentences(wide))
	}
	verified := live.Condition(grant.Verified)
	if verified.Status != grant.True {
		return false, h.stuck(ctx, live, verified.Reason, verified.Message, h.Now().Add(found.rest))
	}
	live.Migration.ProvedAt = h.Now()
	live.Hit()
	return true, h.commit(ctx, live, h.entry(grant.EventMigration, "Proved", "the scoped access is proved; what it takes the place of goes after "+live.Migration.EffectiveAt().UTC().Format("2006-01-02T15:04:05Z")))
}

// goesYet are the consents that a migration is still to take away, and that are no path of
// somebody else's until then.
func (l *held) goesYet() []string {
	if l.Migration == nil || l.State != grant.Provisioning || !l.Migration.ProvedAt.IsZero() {
		return nil
	}
	return l.Migration.Consents
}

// takenBy are the consents that the grant takes over or takes the place of.
func takenBy(g grant.Grant) []string {
	if g.Migration != nil {
		return g.Migration.Consents
	}
	return g.ConfineExisting
}

// migrationFaults: a migration needs its time, and what it takes the place of may not be a
// grant of ours, whose end removes it.
func (h *holding) migrationFaults(g grant.Grant) []grant.Fault {
	if g.Migration == nil {
		return nil
	}
	var faults []grant.Fault
	if g.TooShort() {
		faults = append(faults, grant.At("tooShort", fmt.Sprintf("the migration alone takes %s; a grant has to be longer by an hour at least", g.MigrationTime())))
	}
	for _, live := range h.grants {
		if live.Mechanism == grant.AccessPolicy {
			faults = append(faults, grant.At("ownPolicy", "the grant "+live.ID+" gives this workload its consents by a policy of its own; ask for a grant by rbac and revoke that one", "workload"))
		}
	}
	return faults
}
