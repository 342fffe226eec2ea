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
	"mailgrant/handler/plan"
	"mailgrant/handler/store"
)

// Rehearse answers what a request would do, and does nothing: it is checked, resolved and
// judged as at its binding, and then played on paper. No row is written for it and nothing
// in the tenant. The id, which is in every remote name, is the one that a request of the
// same source and key gets.
//
// The error's kind is KindRefused with every fault for a request that binding would refuse,
// KindTenant or KindLate for a tenant that could not be asked, KindKeyReused for a key that
// a request has had already, and else as for Receive.
func (e *Engine) Rehearse(ctx context.Context, delivery Delivery) (DryRun, error) {
	defer e.giveBack(ctx)
	delivery.at = e.Now()
	id := grant.NewID(delivery.Source, delivery.Key)
	err := e.unclaimed(ctx, id)
	if err != nil {
		return DryRun{}, err
	}
	request, err := shaped(delivery)
	if err != nil {
		return DryRun{}, err
	}
	b, err := e.rehearseBinding(ctx, request)
	if err != nil {
		return DryRun{}, unasked(ctx, err)
	}
	claim := store.Claim{ID: id, Source: delivery.Source, ReceivedAt: delivery.at}
	made, err := e.rehearseGrant(ctx, claim, b)
	return made, unasked(ctx, err)
}

// unclaimed refuses an id that a request has: what it makes was planned long ago.
func (e *Engine) unclaimed(ctx context.Context, id string) error {
	_, err := e.Store.ReadClaim(ctx, id)
	switch {
	case store.KindOf(err) == store.KindNotFound:
		return nil
	case err != nil:
		return storage(err, "")
	}
	return &Error{Kind: KindKeyReused, Detail: "this idempotency key has made the grant " + id + "; a plan takes a key that is new, and the request that follows it takes the same"}
}

// rehearseBinding looks up what the request names. The error is KindRefused where not even
// the workload is known.
func (e *Engine) rehearseBinding(ctx context.Context, request grant.Request) (binding, error) {
	document, err := e.newAccess(ctx)
	if err != nil {
		return binding{}, err
	}
	b, faults, err := e.lookUpRequest(ctx, request, document)
	if err != nil {
		return b, err
	}
	if b.resolved.workload.ObjectID == "" {
		return b, refused(faults)
	}
	return b, nil
}

// rehearseGrant judges the request beside the workload's other grants, and plays it.
func (e *Engine) rehearseGrant(ctx context.Context, claim store.Claim, b binding) (DryRun, error) {
	h, err := e.peek(ctx, b.resolved.workload.ObjectID)
	if err != nil {
		return DryRun{}, err
	}
	live, faults, err := h.weigh(ctx, claim, b)
	if err != nil {
		return DryRun{}, err
	}
	if len(faults) > 0 {
		return DryRun{}, refused(faults)
	}
	return h.play(ctx, live, b)
}

// play reads what the plan goes by, as the first run of a real grant would, and plays the
// grant's life from there.
func (h *holding) play(ctx context.Context, live *held, b binding) (DryRun, error) {
	reach, err := h.reach(ctx, live.Grant, b)
	if err != nil {
		return DryRun{}, err
	}
	live.State = grant.Provisioning
	h.grants = append(h.grants, live)
	h.fresh, h.bound, h.directory = &b.resolved.facts, live.ID, b.resolved.directory
	seen, err := h.sight(ctx, live)
	if err != nil {
		return DryRun{}, err
	}
	seen.users, err = h.scopeUsers(ctx, live)
	if err != nil {
		return DryRun{}, err
	}
	played := plan.Rehearse(h.situation(live, seen), live.ProvisionAt())
	roles, err := h.rolesOf(ctx, played)
	if err != nil {
		return DryRun{}, err
	}
	made := dryRun(live, played)
	made.Reach = reach.after(played)
	made.Declared = h.declaredFor(ctx, live, seen.Consents)
	made.printed = plan.Printed{Rehearsal: played, Roles: roles, Tested: testedOf(live, played), At: h.Now()}
	return made, nil
}

// rolesOf are the ids of the app roles whose consents the plan gives or removes.
func (h *holding) rolesOf(ctx context.Context, played plan.Rehearsal) (map[string]plan.AppRole, error) {
	roles := map[string]plan.AppRole{}
	for _, line := range slices.Concat(played.Making.Lines, played.Removal.Lines) {
		if _, known := roles[line.Step.Name]; known || line.Step.Kind != grant.ConsentStep {
			continue
		}
		role, err := h.appRole(ctx, line.Step)
		if err != nil {
			return nil, err
		}
		roles[line.Step.Name] = role
	}
	return roles, nil
}

// appRole finds the app role of a consent's step. One that its resource does not offer in
// this tenant is a fault of the request.
func (h *holding) appRole(ctx context.Context, step grant.Step) (plan.AppRole, error) {
	resource, err := h.Graph.FindResource(ctx, resourceOf(step))
	if err != nil {
		return plan.AppRole{}, err
	}
	for _, role := range resource.AppRoles {
		if role.Value == step.Permission {
			return plan.AppRole{ResourceID: resource.ObjectID, RoleID: role.ID}, nil
		}
	}
	return plan.AppRole{}, refused([]grant.Fault{grant.At("permission", "this tenant's "+plan.ResourceTitle(access.Resource(strings.Split(step.Name, "/")[0]))+" offers no app role "+step.Permission, "permissions")})
}

func refused(faults []grant.Fault) error {
	return &Error{Kind: KindRefused, Detail: "the request would be refused; nothing was stored", Faults: faults}
}

// unasked words a tenant that could not be asked. What else went wrong stays as it is.
func unasked(ctx context.Context, err error) error {
	var own *Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	rest, held := heldBack(err)
	if ctx.Err() != nil && !held {
		return &Error{Kind: KindLate, Detail: "the tenant did not answer in the time that there was", Cause: err}
	}
	var onExchange *exchange.Error
	var onGraph *graph.Error
	if !held && !errors.As(err, &onExchange) && !errors.As(err, &onGraph) {
		return err
	}
	return &Error{Kind: KindTenant, Detail: err.Error(), Cause: err, RetryAfter: max(rest, retryAfter(err))}
}
