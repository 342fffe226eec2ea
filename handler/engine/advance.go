package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
	"mailgrant/handler/plan"
	"mailgrant/handler/policy"
)

// advanceAll does what every live grant of the workload owes now, the one that was
// named first. One grant's failure does not keep the others waiting; only a store
// that cannot be written ends the run.
func (h *holding) advanceAll(ctx context.Context, named string, forced bool) error {
	// Read here and not with the partition: what was bound a moment ago has to see a
	// red button that was pushed meanwhile.
	stopped, err := h.stop(ctx, h.workload)
	if err != nil {
		return err
	}
	h.stopped = stopped
	ordered := slices.Clone(h.grants)
	slices.SortStableFunc(ordered, func(a, b *held) int {
		if a.ID == named {
			return -1
		}
		if b.ID == named {
			return 1
		}
		return 0
	})
	for _, live := range ordered {
		err := h.advance(ctx, live, forced && live.ID == named)
		if err != nil {
			return err
		}
	}
	return nil
}

// advance moves one grant as far as it can go now.
func (h *holding) advance(ctx context.Context, live *held, forced bool) error {
	err := h.fold(ctx, live)
	if err != nil || live.State.Ended() {
		return err
	}
	now := h.Now()
	over, agreed := live.over(now)
	switch live.State {
	case grant.Bound, grant.AwaitingApproval, grant.Scheduled:
		return h.begin(ctx, live, now)
	case grant.Provisioning:
		if over && live.Adoption != nil {
			return h.endOver(ctx, live, grant.Expired, "its end has come", agreed)
		}
		if over {
			return h.endOver(ctx, live, grant.NotProvisioned, "its end came before it was provisioned", agreed)
		}
		if now.Before(live.Work.NotBefore) {
			return nil
		}
		return h.alone(ctx, live, h.provision)
	case grant.Active:
		// An end that waits for an operator does not keep the grant from being proved.
		if over && (agreed || !now.Before(live.Work.NotBefore)) {
			return h.endOver(ctx, live, grant.Expired, "its end has come", agreed)
		}
		if forced || !now.Before(live.Work.RetestAt) {
			return h.alone(ctx, live, h.retest)
		}
	case grant.Revoking:
		if now.Before(live.Work.NotBefore) {
			return nil
		}
		return h.alone(ctx, live, h.revoke)
	}
	return nil
}

// alone takes the lease before the tenant is asked anything. The first batch would take
// it too, but until then two messages for the same workload could both read the tenant,
// and the one that then loses would have asked for nothing, sooner than it was told to.
func (h *holding) alone(ctx context.Context, live *held, do func(context.Context, *held) error) error {
	if !h.committed {
		err := h.submit(ctx, nil)
		if err != nil {
			return err
		}
	}
	return do(ctx, live)
}

// begin takes a bound grant to its waiting or to its provisioning, or ends it when
// its time is over before anything was made.
func (h *holding) begin(ctx context.Context, live *held, now time.Time) error {
	if live.Over(now) {
		return h.endUnmade(ctx, live, grant.ExpiredBeforeStart)
	}
	if now.Before(live.ProvisionAt()) {
		if live.State == grant.Scheduled {
			return nil
		}
		return h.move(ctx, live, grant.Scheduled, grant.EventScheduled, "", "provisioning begins at "+live.ProvisionAt().UTC().Format(time.RFC3339))
	}
	if now.Before(live.Work.NotBefore) {
		return nil
	}
	document, err := h.mayGive(ctx, live)
	if err != nil {
		return h.miss(ctx, live, err)
	}
	// What this invocation has bound was judged by this very document.
	if live.ID != h.bound {
		shielded, err := h.shielded(ctx, live, document)
		if err != nil {
			return h.miss(ctx, live, err)
		}
		if shielded != "" {
			return h.stuck(ctx, live, "ProtectedMailbox", shielded, now)
		}
	}
	return h.beginProvisioning(ctx, live, now)
}

func (h *holding) beginProvisioning(ctx context.Context, live *held, now time.Time) error {
	live.Claim(now)
	err := live.Move(grant.Provisioning)
	if err != nil {
		return err
	}
	// The move is written with the first step's intent, in one batch.
	live.pending = append(live.pending, h.entry(grant.EventProvisioning, "", ""))
	return h.provision(ctx, live)
}

// shielded says which mailbox of a grant that has waited is protected by now, looked up
// again, because the document may name it by any of its addresses; empty for none. One
// that is not found any more matches nothing and is left to the verification.
func (h *holding) shielded(ctx context.Context, live *held, document policy.Document) (string, error) {
	if live.Scope.Counted() {
		return h.shieldedInScope(ctx, live, document)
	}
	for _, mailbox := range live.Mailboxes {
		if mailbox.GUID == "" {
			// Its address alone is known.
			if slices.Contains(document.Protected, strings.ToLower(mailbox.Address)) {
				return mailbox.Address + " has become protected by the operator's document since the grant was bound; it is not made", nil
			}
			continue
		}
		found, err := h.recipient(ctx, mailbox.GUID)
		if err != nil {
			return "", err
		}
		if found.fault == "" && protected(found.recipient, document) {
			return mailbox.Address + " has become protected by the operator's document since the grant was bound; no access is given to it", nil
		}
	}
	return "", nil
}

// shieldedInScope says the same of a group, unit or filter, or what has become of it.
func (h *holding) shieldedInScope(ctx context.Context, live *held, document policy.Document) (string, error) {
	found, moved, err := h.lookAgain(ctx, live)
	if err != nil {
		return "", err
	}
	if moved != nil {
		return moved.Message, nil
	}
	shielded := protectedAmong(found, document)
	if len(shielded) > 0 {
		return several(shielded) + " is in the scope by now and protected by the operator's document; no access is given", nil
	}
	if len(found) > live.Members.Ceiling {
		return fmt.Sprintf("the scope holds %d mailboxes by now and %d were approved at most; no access is given", len(found), live.Members.Ceiling), nil
	}
	return "", nil
}

func (h *holding) endUnmade(ctx context.Context, live *held, ending grant.Ending) error {
	live.Ending = ending
	return h.move(ctx, live, grant.Denied, grant.EventDenied, string(ending), "nothing had been made")
}

// end begins to take the access away.
func (h *holding) end(ctx context.Context, live *held, ending grant.Ending, detail string) error {
	live.Ending = ending
	live.Claim(h.Now())
	err := h.move(ctx, live, grant.Revoking, grant.EventRevoking, string(ending), detail)
	if err != nil {
		return err
	}
	return h.revoke(ctx, live)
}

func (h *holding) move(ctx context.Context, live *held, to grant.State, event grant.Event, reason, detail string) error {
	err := live.Move(to)
	if err != nil {
		return err
	}
	if live.Condition(grant.Stuck).Status == grant.True {
		live.Set(grant.Condition{Type: grant.Stuck, Status: grant.False, Reason: "Resolved", Since: h.Now()})
	}
	return h.commit(ctx, live, h.entry(event, reason, detail))
}

// miss notes that work on the grant failed, shows it as stuck, and makes sure that
// it is tried again, for ever.
func (h *holding) miss(ctx context.Context, live *held, cause error) error {
	rest, held := heldBack(cause)
	if held {
		return h.later(ctx, live, rest)
	}
	reason, message := reasonOf(cause)
	return h.stuck(ctx, live, reason, message, h.Now().Add(retryAfter(cause)))
}

func (h *holding) stuck(ctx context.Context, live *held, reason, message string, notBefore time.Time) error {
	now := h.Now()
	live.Miss(now, notBefore)
	changed := live.Set(grant.Condition{Type: grant.Stuck, Status: grant.True, Reason: reason, Message: message, Since: now})
	h.Log.WarnContext(ctx, "work on a grant failed and will be tried again", "id", live.ID, "state", live.State, "reason", reason,
		"attempts", live.Work.Attempts, "next", live.Work.NotBefore, "error", message)
	var entries []grant.Entry
	if changed {
		entries = append(entries, h.entry(grant.EventCondition, "Stuck"+reason, message))
	}
	err := h.commit(ctx, live, entries...)
	h.hint(ctx, applyQueue, live.ID, live.Work.NotBefore.Sub(now))
	return err
}

// heldBack reports whether an error only says that the tenant-wide ceiling was
// reached, and for how long. That is no failure of the grant.
func heldBack(err error) (time.Duration, bool) {
	var busy errBusy
	held := errors.As(err, &busy)
	return busy.rest, held
}

// later leaves the rest of the work to a later run, without calling it a failure.
func (h *holding) later(ctx context.Context, live *held, rest time.Duration) error {
	at := h.Now().Add(rest)
	live.Postpone(at)
	if live.State == grant.Active {
		live.Work.RetestAt = at
	}
	err := h.commit(ctx, live)
	h.hint(ctx, applyQueue, live.ID, rest)
	return err
}

// wait postpones the grant without calling it stuck: what is waited for is certain
// to come. That what could not be read will be readable is not.
func (h *holding) wait(ctx context.Context, live *held, until time.Time, reason, message string) error {
	if reason == plan.NotRead {
		return h.stuck(ctx, live, reason, message, until)
	}
	live.Progress()
	live.Postpone(until)
	if live.Condition(grant.Stuck).Status == grant.True {
		live.Set(grant.Condition{Type: grant.Stuck, Status: grant.False, Reason: "Resolved", Since: h.Now()})
	}
	changed := live.Set(grant.Condition{Type: grant.Provisioned, Status: grant.Unknown, Reason: reason, Message: message, Since: h.Now()})
	var entries []grant.Entry
	if changed {
		entries = append(entries, h.entry(grant.EventCondition, reason, message))
	}
	err := h.commit(ctx, live, entries...)
	h.hint(ctx, applyQueue, live.ID, until.Sub(h.Now()))
	return err
}

// retryAfter is what the other side asked to wait; zero when it did not.
func retryAfter(err error) time.Duration {
	var wish errWish
	if errors.As(err, &wish) {
		return wish.rest
	}
	var onExchange *exchange.Error
	if errors.As(err, &onExchange) {
		return onExchange.RetryAfter
	}
	var onGraph *graph.Error
	if errors.As(err, &onGraph) {
		return onGraph.RetryAfter
	}
	return 0
}

func scopeName(steps []grant.Step) string { return plan.ScopeName(steps) }
