package engine

import (
	"context"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
	"mailgrant/handler/plan"
	"mailgrant/handler/store"
)

// Revoke asks for the end of a grant now. It writes a history row and a due row and
// waits for nothing; the worker folds them in. The error is KindEnded when the
// grant has ended, KindNotFound when there is none.
func (e *Engine) Revoke(ctx context.Context, id, by, reason string) (View, error) {
	claim, r, err := e.claim(ctx, id)
	if err != nil {
		return View{}, err
	}
	if r.State.Ended() {
		return View{}, ended(id, r.State)
	}
	if claim.Workload == "" {
		r.History = append(r.History, grant.Entry{At: e.Now(), Event: grant.EventRevokeAsked, By: by, Reason: reason})
		err = e.deny(ctx, claim, r, grant.RevokedBeforeStart, nil)
		if store.KindOf(err) == store.KindConflict {
			// It was bound at this very moment: the request belongs to its partition.
			return e.Revoke(ctx, id, by, reason)
		}
	} else {
		err = e.ask(ctx, claim, grant.Entry{At: e.Now(), Event: grant.EventRevokeAsked, By: by, Reason: reason})
	}
	if err != nil {
		return View{}, storage(err, "")
	}
	return e.Show(ctx, id)
}

// revoke removes what is ours in the safe order, each removal read back. What
// fails keeps the grant revoking and stuck, and is tried for ever.
func (h *holding) revoke(ctx context.Context, live *held) error {
	seen, err := h.sight(ctx, live)
	if err != nil {
		return h.miss(ctx, live, err)
	}
	for ctx.Err() == nil {
		action := plan.Revoke(h.situation(live, seen), h.Now())
		if action.Verb != plan.Remove || action.Step.Kind != grant.MemberStep {
			// What others have put into the grant's group is reached until it is out.
			h.noteRemoval(live, h.situation(live, seen))
		}
		switch action.Verb {
		case plan.Record:
			h.keep(live, action.Step)
			if action.Message != "" {
				live.pending = append(live.pending, h.entry(grant.EventStep, "Left", action.Message))
			}
		case plan.Remove:
			done, err := h.remove(ctx, live, action.Step, &seen)
			if err != nil || !done {
				return err
			}
			live.Progress()
		case plan.Wait:
			return h.wait(ctx, live, action.Until, action.Reason, action.Message)
		case plan.Ask:
			return h.ask(ctx, live, action)
		case plan.Finished:
			return h.finish(ctx, live, seen)
		default:
			h.keep(live, action.Step)
			return h.stuck(ctx, live, action.Reason, action.Message, h.Now())
		}
	}
	return ctx.Err()
}

// noteRemoval dates the moment when the last of what gave access was seen gone. Where only
// the end of a consent cut it, tokens that were minted before go on opening the mailboxes.
func (h *holding) noteRemoval(live *held, s plan.Situation) {
	if !live.RemovedAt.IsZero() || !plan.AccessGone(s.Giving()) || s.OpenByConsent() {
		return
	}
	live.RemovedAt = h.Now()
	live.GoneBy = live.RemovedAt.Add(live.GoneAfter())
	if s.OpenByToken() {
		live.GoneBy = live.RemovedAt.Add(max(live.GoneAfter(), live.Waits.Tokens))
	}
}

// remove records the intent, removes, and reads back. Not found is success.
func (h *holding) remove(ctx context.Context, live *held, step grant.Step, seen *sight) (bool, error) {
	before := step.MayVanishUntil
	step.State = grant.Removing
	step.RemovalsSent++
	step.MayVanishUntil = h.Now().Add(grant.LateEffect)
	h.keep(live, step)
	live.Claim(h.Now())
	err := h.commit(ctx, live, h.entry(grant.EventStep, "Remove", string(step.Kind)+" "+step.Name))
	if err != nil {
		return false, err
	}
	removed := h.erase(ctx, live, step)
	if removed != nil && settled(removed) {
		step.MayVanishUntil = before
		step.RemovalsSent--
		h.keep(live, step)
	}
	present, err := h.readBack(ctx, live, step, seen)
	if err != nil {
		return false, h.miss(ctx, live, wishing(err, removed))
	}
	if !present {
		return true, nil
	}
	if removed == nil || exchange.KindOf(removed) == exchange.NotFound || graph.KindOf(removed) == graph.NotFound {
		return false, h.stuck(ctx, live, "StillThere", "the tenant has accepted the removal of "+step.Name+" but still shows it: access may be live", h.Now())
	}
	if h.again(ctx, removed) {
		return true, nil
	}
	return false, h.miss(ctx, live, removed)
}

// erase sends the one remote write that removes the step's object, addressed by the
// id that the tenant returned.
func (h *holding) erase(ctx context.Context, live *held, step grant.Step) error {
	identity := firstOf(step.RemoteID, step.Name)
	switch step.Kind {
	case grant.PointerStep:
		return h.Exchange.RemoveServicePrincipal(ctx, live.Workload.ObjectID)
	case grant.ScopeStep:
		return h.Exchange.RemoveManagementScope(ctx, identity)
	case grant.AssignmentStep:
		return h.Exchange.RemoveManagementRoleAssignment(ctx, identity)
	}
	return h.eraseConsented(ctx, live, step)
}

// finish ends a grant of which nothing is left, and says by which path its
// mailboxes are still reachable.
func (h *holding) finish(ctx context.Context, live *held, seen sight) error {
	state, event := grant.RevokedState, grant.EventRevoked
	if live.Ending.Failed() {
		state, event = grant.Failed, grant.EventFailed
	}
	now := h.Now()
	live.Set(grant.Condition{Type: grant.Provisioned, Status: grant.False, Reason: "Removed", Since: now})
	live.Set(grant.Condition{Type: grant.Verified, Status: grant.False, Reason: "Removed", Since: now})
	live.Set(grant.Condition{Type: grant.Confined, Status: grant.Unknown, Reason: "Removed", Since: now})
	reachable := h.stillReachable(ctx, live, seen)
	h.declaredAtEnd(ctx, live)

	reachable.Since = now
	live.Set(reachable)
	return h.move(ctx, live, state, event, string(live.Ending), "nothing of this grant is left in the tenant; data access ends by "+live.GoneBy.UTC().Format("2006-01-02T15:04:05Z"))
}

func (h *holding) stillReachable(ctx context.Context, live *held, seen sight) grant.Condition {
	facts := seen.Facts
	c := grant.Condition{Type: grant.StillReachable, Status: grant.Unknown}
	if live.Mechanism.Consents() {
		var err error
		facts, err = h.workloadFacts(ctx, live.Workload, h.consentsIfThere)
		if err != nil {
			c.Reason, c.Message = "NotRead", err.Error()
			return c
		}
	}
	open := openStill(live, facts, seen.held.Value)
	facts.Consents.Value = h.withoutProtocols(h.ownConsents(facts.Consents.Value), live)
	// One call less at the end: no scope is left that such a role could defeat.
	directory := access.NotRead[[]heldRole]("not asked for at the end of a grant")
	paths, unread, err := h.otherWays(ctx, elsewhere{live.Workload, facts, directory, live.Permissions, h.ours(), h.madePolicy})
	if err != nil {
		unread = append(unread, err.Error())
	}
	others := h.overlapping(live)
	switch {
	case len(access.Defeating(paths)) > 0:
		c.Status, c.Reason, c.Message = grant.True, "OtherPath", sentences(access.Defeating(paths))
	case len(others) > 0:
		c.Status, c.Reason, c.Message = grant.True, "OtherGrant", "also granted by "+strings.Join(others, ", ")
	case len(open) > 0:
		c.Status, c.Reason, c.Message = grant.True, "OtherPath", several(open)
	case len(paths) == 0 && len(unread) > 0:
		c.Reason, c.Message = "NotRead", strings.Join(unread, "; ")
	case len(paths) > 0:
		c.Reason, c.Message = otherPathReason(paths), sentences(paths)+"; what it reaches is told by GET /api/access"
	default:
		c.Status, c.Reason, c.Message = grant.False, "NoOtherPath", "no other path to what this grant opened is left"
	}
	return c
}

// overlapping lists the live grants that give an overlapping capability on one of
// the grant's mailboxes.
func (h *holding) overlapping(live *held) []string {
	confers := access.Confers(live.Permissions)
	var ids []string
	for _, other := range h.grants {
		if other == live || other.State != grant.Active && other.State != grant.Provisioning {
			continue
		}
		shared := slices.ContainsFunc(live.reached(), func(mailbox grant.Mailbox) bool { return other.mayCover(mailbox.GUID) })
		if shared && len(access.Overlap(access.Confers(other.Permissions), confers)) > 0 {
			ids = append(ids, other.ID)
		}
	}
	return ids
}
