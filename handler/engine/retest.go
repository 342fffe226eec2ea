package engine

import (
	"context"

	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// retest proves an active grant again and names what has drifted. It gives nothing
// back: what somebody else has removed waits for a decision. What else is done
// about drift is the operator's document's to say.
func (h *holding) retest(ctx context.Context, live *held) error {
	seen, err := h.sight(ctx, live)
	rest, held := heldBack(err)
	if held {
		return h.later(ctx, live, rest)
	}
	if err != nil {
		live.Set(grant.Condition{Type: grant.Provisioned, Status: grant.Unknown, Reason: plan.NotRead, Message: err.Error(), Since: h.Now()})
		live.Set(grant.Condition{Type: grant.Verified, Status: grant.Unknown, Reason: "NotProved", Message: err.Error(), Since: h.Now()})
		live.Work.RetestAt = h.Now().Add(max(min(grant.Backoff(live.Work.Attempts+1), RetestEvery), retryAfter(err)))
		return h.miss(ctx, live, err)
	}
	actions := plan.Inspect(h.situation(live, seen), h.Now())
	h.declare(live, inspected(actions))
	h.mark(live, actions)
	mailboxes, err := h.guarded(ctx, live)
	if err == nil {
		mailboxes, err = h.tellNested(ctx, live, mailboxes)
	}
	_, held = heldBack(err)
	if held {
		return h.miss(ctx, live, err)
	}
	h.declare(live, mailboxes)
	found := h.prove(ctx, live)
	if found.held != nil {
		return h.miss(ctx, live, found.held)
	}
	err = h.keepEvidence(ctx, live, found.evidence)
	if err != nil {
		return err
	}
	found.slid = h.slid(live, mailboxes)
	if live.Scope.Counted() && mailboxes.Status == grant.Unknown {
		found.unread = append(found.unread, mailboxes.Message)
	}
	h.state(live, found)
	live.Work.RetestAt = h.Now().Add(RetestEvery)
	over, err := h.answerDrift(ctx, live, actions, found)
	if over || err != nil {
		return err
	}
	live.Hit()
	err = h.replace(ctx, live)
	if err != nil {
		return err
	}
	if live.Condition(grant.Stuck).Status == grant.True {
		live.Set(grant.Condition{Type: grant.Stuck, Status: grant.False, Reason: "Resolved", Since: h.Now()})
	}
	return h.commit(ctx, live)
}
