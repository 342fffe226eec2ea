package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
	"mailgrant/handler/telemetry"
)

// Apply does whatever the rows that id names owe: a grant's id takes up its whole
// workload, an operation's id that operation. Doing it twice, or late, changes
// nothing but the clock. The error is KindStorage when the store cannot be used,
// and then a retry helps; a tenant that refuses is not an error here, it is
// recorded with the grant.
func (e *Engine) Apply(ctx context.Context, id string) error {
	defer e.giveBack(ctx)
	if strings.HasPrefix(id, operationPrefix) {
		return e.sweep(ctx, id)
	}
	if strings.HasPrefix(id, doctorPrefix) {
		return e.takenUp(ctx, id)
	}
	if !grant.IsID(id) {
		e.Log.WarnContext(ctx, "a message that names nothing was dropped", "id", id)
		return nil
	}
	err := e.takeUp(ctx, id, false)
	return e.putBack(ctx, id, err)
}

// giveBack leaves the slots of the ceiling to others.
func (e *Engine) giveBack(ctx context.Context) {
	if e.Ceiling == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseFor)
	defer cancel()
	e.Ceiling.GiveBack(ctx)
}

// putBack sends the id again when another worker has the workload, and drops the
// work when the lease was lost on the way: whoever has it now does the same work.
func (e *Engine) putBack(ctx context.Context, id string, err error) error {
	var busy errBusy
	switch {
	case errors.As(err, &busy):
		e.hint(ctx, applyQueue, id, busy.rest+jitter(5*time.Second))
		return nil
	case store.KindOf(err) == store.KindConflict:
		e.Log.InfoContext(ctx, "another worker went first; this one's work was dropped", "id", id)
		e.hint(ctx, applyQueue, id, e.Lease+jitter(5*time.Second))
		return nil
	case store.FromLaterRelease(err):
		e.noteLater(ctx, id, err)
	}
	return err
}

func jitter(most time.Duration) time.Duration { return rand.N(most) }

// takeUp binds the grant if it is not bound, then does what its workload owes.
// forced retests the grant now, whenever its next retest would be.
func (e *Engine) takeUp(ctx context.Context, id string, forced bool) error {
	// Read before the work: only rows that were there when its history was read
	// may be deleted after it.
	met, err := e.dueOf(ctx, id, e.Now())
	if err != nil {
		return err
	}
	claim, r, err := e.claim(ctx, id)
	if KindOf(err) == KindNotFound {
		return e.forget(ctx, met)
	}
	if err != nil {
		return err
	}
	worked, done := e.Telemetry.Resume(ctx, telemetry.Resumed{Carried: claim.Trace, Grant: id, Apart: !beginning(r.State)})
	err = e.work(worked, claim, r, forced)
	done(err)
	if err != nil {
		return err
	}
	return e.tidy(ctx, id, met)
}

// beginning: the grant has not been active yet, so that what is done for it belongs to
// what its receipt began.
func beginning(state grant.State) bool {
	return slices.Contains([]grant.State{grant.Received, grant.Bound, grant.AwaitingApproval, grant.Scheduled, grant.Provisioning}, state)
}

// abandonedAfter is how old a due row without a claim has to be before it is taken
// for the trace of a receipt that died: the claim is written within seconds.
const abandonedAfter = 10 * time.Minute

func (e *Engine) forget(ctx context.Context, met []store.Due) error {
	for _, due := range met {
		if e.Now().Sub(due.At) > abandonedAfter {
			err := e.Store.DeleteDue(ctx, due)
			if err != nil {
				return storage(err, "")
			}
		}
	}
	return nil
}

// tidy deletes those due rows met before the work that are not owed after it.
func (e *Engine) tidy(ctx context.Context, id string, met []store.Due) error {
	if len(met) == 0 {
		return nil
	}
	owed, folded, err := e.owed(ctx, id)
	if err != nil {
		return err
	}
	var gone []store.Due
	for _, due := range met {
		// A revocation that was asked for while this run had already read the history is
		// still owed. One that is older has died before it was written down.
		asked := due.Kind == string(grant.DueRevoke) && !folded && e.Now().Sub(due.At) < abandonedAfter
		kept := due.Kind == string(grant.DueNotify) || asked
		for _, still := range owed {
			kept = kept || string(still.Kind) == due.Kind && still.At.Equal(due.At)
		}
		if !kept {
			gone = append(gone, due)
		}
	}
	return storage(e.Store.DeleteDue(ctx, gone...), "")
}

// owed returns what the grant's row says is owed, nothing for one that has ended, and
// whether a request to revoke it has nothing left to do.
func (e *Engine) owed(ctx context.Context, id string) ([]grant.Due, bool, error) {
	claim, r, err := e.claim(ctx, id)
	if err != nil {
		return nil, false, err
	}
	if claim.Workload == "" {
		return r.Work.Owed, r.State.Ended(), nil
	}
	g, err := e.grant(ctx, claim.Workload, id)
	if KindOf(err) == KindNotFound {
		return r.Work.Owed, r.State.Ended(), nil
	}
	return g.Work.Owed, g.State == grant.Revoking || g.State.Ended(), err
}
