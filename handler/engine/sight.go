package engine

import (
	"context"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// sight is what one run has read of the tenant for one grant.
type sight struct {
	access.Facts
	// group and policies are read for the mechanism accessPolicy only.
	group    access.Reading[*plan.Group]
	policies access.Reading[[]access.Policy]
	// users are who else uses the scope of an adopted grant that ends.
	users access.Reading[[]string]
	// held are the workload's rights on the grant's mailboxes, for the mechanism
	// mailboxPermission only.
	held access.Reading[[]access.MailboxPermission]
	// newMailboxes are read until the mailboxes are made that the grant makes.
	newMailboxes access.Reading[[]plan.NewMailbox]
}

// sight reads what the plan of the grant goes by. The error is the first part that could
// not be read.
func (h *holding) sight(ctx context.Context, live *held) (sight, error) {
	if live.Unmade() {
		return h.sightOfNewMailboxes(ctx, live)
	}
	switch live.Mechanism {
	case grant.AccessPolicy:
		return h.sightOfPolicy(ctx, live)
	case grant.MailboxPermission:
		return h.sightOfPermissions(ctx, live)
	}
	facts, err := h.facts(ctx, live)
	if err == nil && live.Adoption != nil && live.State == grant.Revoking {
		// The access goes whether or not it is known who else uses the scope, which then waits.
		users, err := h.scopeUsers(ctx, live)
		if held := keptBack(nil, err); held != nil {
			return sight{}, held
		}
		return sight{Facts: facts, users: users}, nil
	}
	if err != nil || live.Migration == nil {
		return sight{Facts: facts}, err
	}
	policies, err := h.policiesSeen(ctx, live.Workload)
	return sight{Facts: facts, policies: access.Known(policies)}, err
}

func (h *holding) sightOfPolicy(ctx context.Context, live *held) (sight, error) {
	var seen sight
	group, ctx := readTogether(ctx)
	group.Go(func() error {
		var err error
		seen.Consents, err = h.consentsAsNeeded(live)(ctx, live.Workload.ObjectID)
		return err
	})
	group.Go(func() error {
		if live.Adoption != nil {
			return nil // the groups of its policies are not the grant's
		}
		found, err := h.ownGroup(ctx, live)
		seen.group = access.Known(found)
		return err
	})
	group.Go(func() error {
		policies, err := h.policiesSeen(ctx, live.Workload)
		seen.policies = access.Known(policies)
		return err
	})
	err := group.Wait()
	return seen, err
}

// ownGroup reads the grant's own group with its members; nil when Exchange says that
// there is none.
func (h *holding) ownGroup(ctx context.Context, live *held) (*plan.Group, error) {
	step := stepOf(live.steps, grant.GroupStep)
	found, err := h.Exchange.FindGroup(ctx, firstOf(step.RemoteID, step.Name))
	if exchange.KindOf(err) == exchange.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	members, err := h.Exchange.ListGroupMembers(ctx, found)
	if err != nil {
		return nil, err
	}
	group := &plan.Group{ID: found.GUID, Name: found.Name, Hidden: found.Hidden, Open: !strings.EqualFold(found.JoinRestriction, "Closed")}
	for _, member := range members {
		group.Members = append(group.Members, member.GUID)
	}
	return group, nil
}

// policiesSeen reads the application access policies that concern the workload, and tells
// those that its grants have made.
func (h *holding) policiesSeen(ctx context.Context, workload grant.Workload) ([]access.Policy, error) {
	listed, err := h.policiesOf(ctx, workload.AppID)
	policies := make([]access.Policy, len(listed))
	for i, one := range listed {
		policies[i] = access.Policy{ID: one.Identity, AppID: one.AppID, Right: access.PolicyRight(one.AccessRight), Group: policyScope(one),
			Description: one.Description, Ours: h.madePolicy(one)}
	}
	return policies, err
}

// madePolicy reports whether a live grant of the workload made the policy: it bears the
// name of its step, and no identity but the one that was recorded.
func (h *holding) madePolicy(policy exchange.ApplicationAccessPolicy) bool {
	for _, live := range h.grants {
		if live.Mechanism != grant.AccessPolicy {
			// What a migration has found and not removed yet opens its groups to every consent,
			// as any policy that no grant made.
			continue
		}
		made := slices.ContainsFunc(live.steps, func(step grant.Step) bool {
			named := policy.Description == step.Name && step.RemoteID == "" || step.RemoteID != "" && strings.EqualFold(step.RemoteID, policy.Identity)
			return step.Kind == grant.PolicyStep && named && step.Exists()
		})
		if made {
			return true
		}
	}
	return false
}

// stepOf is the first step of the kind; an empty one when there is none.
func stepOf(steps []grant.Step, kind grant.StepKind) grant.Step {
	for _, step := range steps {
		if step.Kind == kind {
			return step
		}
	}
	return grant.Step{}
}

// readBackConsented reads the object of a step of the mechanisms that work by consents, and
// puts what was read among the facts. It reports whether the object is there.
func (h *holding) readBackConsented(ctx context.Context, live *held, step grant.Step, seen *sight) (bool, error) {
	var err error
	switch step.Kind {
	case grant.ConsentStep:
		seen.Consents, err = h.consentsIfThere(ctx, live.Workload.ObjectID)
	case grant.PolicyStep:
		var policies []access.Policy
		policies, err = h.policiesSeen(ctx, live.Workload)
		seen.policies = access.Known(policies)
	case grant.MailboxPermissionStep:
		seen.held, err = h.heldOnMailboxes(ctx, live)
	case grant.MailboxStep:
		seen.newMailboxes, err = h.newMailboxes(ctx, live)
	default:
		var group *plan.Group
		group, err = h.ownGroup(ctx, live)
		seen.group = access.Known(group)
	}
	if err != nil {
		return false, err
	}
	return h.situation(live, *seen).Present(step), nil
}
