package engine

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
	"mailgrant/handler/policy"
)

// inspected turns what still differs from the plan into a condition. The reason is
// the first change by name; the message tells all of them.
func inspected(actions []plan.Action) grant.Condition {
	if len(actions) == 0 {
		return grant.Condition{Type: grant.Provisioned, Status: grant.True, Reason: "AsPlanned"}
	}
	c := grant.Condition{Type: grant.Provisioned, Status: grant.False, Reason: firstOf(string(actions[0].Change), actions[0].Reason)}
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

// mark notes that somebody else has changed our objects. The mark never clears by
// itself: from then on it is not known what else was done and undone in between.
func (h *holding) mark(live *held, actions []plan.Action) {
	for _, action := range actions {
		if action.Change == "" {
			continue
		}
		condition := grant.Condition{Type: grant.EditedByOther, Status: grant.True, Reason: string(action.Change), Message: action.Message, Since: h.Now()}
		if live.Condition(grant.EditedByOther).Status != grant.True {
			live.Set(condition)
			live.pending = append(live.pending, h.entry(grant.EventCondition, "EditedByOther", action.Message))
		}
	}
}

// guarded checks what may have changed about the mailboxes themselves: one that is
// gone or was made anew, and one that the operator has come to protect.
func (h *holding) guarded(ctx context.Context, live *held) (grant.Condition, error) {
	if live.Scope.Counted() {
		return h.recount(ctx, live)
	}
	recipients := make([]exchange.Recipient, len(live.Mailboxes))
	errs := make([]error, len(live.Mailboxes))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, mailbox := range live.Mailboxes {
		group.Go(func() error {
			recipients[i], errs[i] = h.Exchange.FindRecipient(ctx, mailbox.GUID)
			return nil
		})
	}
	_ = group.Wait() // each has put its own error away
	document := h.lastDocument(ctx)
	c := grant.Condition{Type: grant.MailboxesHeld, Status: grant.True, Reason: "AsBound"}
	for i, err := range errs {
		switch {
		case exchange.KindOf(err) == exchange.NotFound:
			return h.goneMailbox(ctx, live.Mailboxes[i]), nil
		case err != nil:
			return grant.Condition{Type: grant.MailboxesHeld, Status: grant.Unknown, Reason: "NotRead", Message: err.Error()}, err
		case protected(recipients[i], document):
			c.Status, c.Reason, c.Message = grant.False, "ProtectedMailbox", recipients[i].PrimaryAddress+" is protected by the operator's document now and still granted: revoke the grant"
		}
	}
	return c, nil
}

// goneMailbox tells a mailbox that is gone from one that was made anew under its
// address: the grant names the old one and gives nothing on the new one.
func (h *holding) goneMailbox(ctx context.Context, mailbox grant.Mailbox) grant.Condition {
	c := grant.Condition{Type: grant.MailboxesHeld, Status: grant.False, Reason: "MailboxGone", Message: mailbox.Address + " (" + mailbox.GUID + ") is not in the tenant any more"}
	found, err := h.recipient(ctx, mailbox.Address)
	if err == nil && found.fault == "" {
		c.Reason = "MailboxMadeAnew"
		c.Message += fmt.Sprintf("; %s is another mailbox now (%s), which this grant does not reach", mailbox.Address, found.recipient.GUID)
	}
	return c
}

// answerDrift does what the operator's document answers to what a retest found. It
// reports whether the retest is over with that: the grant's end has begun, or the
// answer has failed and is recorded.
func (h *holding) answerDrift(ctx context.Context, live *held, actions []plan.Action, found proof) (bool, error) {
	if !drifted(live) {
		return false, nil
	}
	switch h.lastDocument(ctx).Drift {
	case policy.Revoke:
		may, err := h.allowed(ctx, CapDrift, live.ID)
		if err != nil || !may {
			return false, err
		}
		return true, h.end(ctx, live, grant.Drifted, live.Condition(grant.Provisioned).Message+" "+live.Condition(grant.Confined).Message)
	case policy.Narrow:
		return h.narrow(ctx, live, actions, found)
	}
	return false, nil
}

// drifted reports whether the last retest has seen something that is certainly not
// as it was granted. What could not be read is no drift.
func drifted(live *held) bool {
	for _, kind := range []grant.ConditionType{grant.Provisioned, grant.Verified, grant.Confined} {
		if live.Condition(kind).Status == grant.False {
			return true
		}
	}
	return false
}

// narrow brings a scope whose filter was changed back to what was granted, where
// that can only take away: every mailbox of the grant was seen allowed just now, so
// the granted filter gives nothing that the changed one does not. It reports whether
// it has failed, which it has then recorded.
func (h *holding) narrow(ctx context.Context, live *held, actions []plan.Action, found proof) (bool, error) {
	for _, action := range actions {
		// Of a scope that the tenant counts only some mailboxes were asked about, and the
		// granted filter may give what the changed one does not.
		if live.Scope.Counted() || action.Change != plan.FilterChanged || !h.mayNarrow(ctx, live, action) || len(found.denied) > 0 || len(found.unsure) > 0 {
			continue
		}
		may, err := h.allowed(ctx, CapRepairs, live.ID)
		if err != nil || !may {
			return false, err
		}
		err = h.commit(ctx, live, h.entry(grant.EventRepaired, "Narrow", "the filter of "+action.Step.Name+" is set back to what was granted"))
		if err != nil {
			return false, err
		}
		identity := firstOf(action.Step.RemoteID, action.Step.Name)
		err = h.Exchange.SetManagementScope(ctx, identity, action.Step.Filter)
		if err != nil {
			return true, h.miss(ctx, live, err)
		}
		scope, err := h.scope(ctx, identity)
		if err != nil || scope == nil || !access.SameMailboxes(scope.Filter, action.Step.Filter) {
			return true, h.stuck(ctx, live, "NotNarrowed", "the filter of "+action.Step.Name+" was set back but does not read so", h.Now())
		}
		// What the next retest reads is what counts: it comes at once.
		live.Work.RetestAt = h.Now().Add(grant.Backoff(1))
	}
	return false, nil
}
