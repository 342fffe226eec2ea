package engine

import (
	"context"
	"strings"

	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// retest proves an active grant again and names what has drifted. It gives nothing
// back: what somebody else has removed waits for a decision. It removes nothing
// either: drift is reported, and the end comes as it was agreed.
func (h *holding) retest(ctx context.Context, live *held) error {
	facts, err := h.facts(ctx, live)
	rest, held := heldBack(err)
	if held {
		return h.later(ctx, live, rest)
	}
	if err != nil {
		live.Set(grant.Condition{Type: grant.Provisioned, Status: grant.Unknown, Reason: plan.NotRead, Message: err.Error(), Since: h.Now()})
		live.Set(grant.Condition{Type: grant.Verified, Status: grant.Unknown, Reason: "NotProved", Message: err.Error(), Since: h.Now()})
		live.Work.RetestAt = h.Now().Add(grant.Backoff(live.Work.Attempts + 1))
		return h.miss(ctx, live, err)
	}
	provisioned := h.inspected(live, plan.Inspect(h.situation(live, facts), h.Now()))
	provisioned.Since = h.Now()
	if live.Set(provisioned) {
		live.pending = append(live.pending, h.entry(grant.EventCondition, "Provisioned"+string(provisioned.Status), provisioned.Reason+": "+provisioned.Message))
	}
	found := h.prove(ctx, live)
	if found.held != nil {
		return h.miss(ctx, live, found.held)
	}
	err = h.keepEvidence(ctx, live, found.evidence)
	if err != nil {
		return err
	}
	h.state(live, found)
	live.Hit()
	if live.Condition(grant.Stuck).Status == grant.True {
		live.Set(grant.Condition{Type: grant.Stuck, Status: grant.False, Reason: "Resolved", Since: h.Now()})
	}
	live.Work.RetestAt = h.Now().Add(RetestEvery)
	return h.commit(ctx, live)
}

// inspected turns what still differs from the plan into a condition.
func (h *holding) inspected(live *held, actions []plan.Action) grant.Condition {
	if len(actions) == 0 {
		return grant.Condition{Type: grant.Provisioned, Status: grant.True, Reason: "AsPlanned"}
	}
	c := grant.Condition{Type: grant.Provisioned, Status: grant.False, Reason: actions[0].Reason}
	var messages []string
	for _, action := range actions {
		if action.Verb == plan.Wait {
			c.Status = grant.Unknown
		}
		if action.Message != "" {
			messages = append(messages, action.Message)
		}
	}
	c.Message = strings.Join(messages, "; ")
	return c
}
