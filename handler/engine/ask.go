package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// ask writes a caller's wish about a bound grant into its history, with the due row
// that owes the look at it on both sides of the history row: before, so that a
// death in between owes a look; after, because a worker may have tidied the first
// one away before the history row was there to be seen. It never touches the lease:
// the worker folds the wish in.
func (e *Engine) ask(ctx context.Context, claim store.Claim, entry grant.Entry) error {
	return e.askBy(ctx, claim, entry.At, historyRow(claim.ID, entry.At, 0, entry))
}

// askBy is ask by a history row that the caller has made; the error is KindExists of the
// store where the row is there already.
func (e *Engine) askBy(ctx context.Context, claim store.Claim, at time.Time, row store.Row) error {
	owed := dues(claim.ID, claim.Workload, []grant.Due{grant.NewDue(at, grant.DueRevoke)})
	err := e.Store.WriteDue(ctx, owed...)
	if err != nil {
		return err
	}
	err = e.Store.InsertRow(ctx, claim.Workload, row)
	if err != nil {
		return err
	}
	err = e.Store.WriteDue(ctx, owed...)
	if err != nil {
		return err
	}
	e.hint(ctx, applyQueue, claim.ID, 0)
	return nil
}

// Retry hurries one grant whose work fails: the next try is made now and not when
// the ladder says. The error is KindEnded when the grant has ended.
func (e *Engine) Retry(ctx context.Context, id, by string) (View, error) {
	err := e.hurry(ctx, id, by)
	if err != nil {
		return View{}, err
	}
	return e.Show(ctx, id)
}

func (e *Engine) hurry(ctx context.Context, id, by string) error {
	claim, r, err := e.claim(ctx, id)
	if err != nil {
		return err
	}
	if r.State.Ended() {
		return ended(id, r.State)
	}
	if claim.Workload == "" {
		r.Work.NotBefore = e.Now()
		err = e.put(ctx, claim, r)
		e.hint(ctx, applyQueue, id, 0)
	} else {
		err = e.ask(ctx, claim, grant.Entry{At: e.Now(), Event: grant.EventRetryAsked, By: by})
	}
	return storage(err, "")
}

// Drop gives up what cannot be removed: the grant ends abandoned, with the reason,
// and stays listed for ever. Only a grant that is being revoked and is stuck can be
// dropped; the error is KindState for any other, and KindInvalid without a reason.
func (e *Engine) Drop(ctx context.Context, id, by, reason string) (View, error) {
	if reason == "" {
		return View{}, &Error{Kind: KindInvalid, Detail: "a grant is dropped with a reason: what was left behind, and who answers for it"}
	}
	claim, r, err := e.claim(ctx, id)
	if err != nil {
		return View{}, err
	}
	if r.State.Ended() {
		return View{}, ended(id, r.State)
	}
	if r.State != grant.Revoking || r.Stuck == "" {
		return View{}, &Error{Kind: KindState, Detail: fmt.Sprintf("grant %s is %s and not stuck in its removal: revoke it first", id, r.State)}
	}
	err = e.ask(ctx, claim, grant.Entry{At: e.Now(), Event: grant.EventDropAsked, By: by, Reason: reason})
	if err != nil {
		return View{}, storage(err, "")
	}
	return e.Show(ctx, id)
}

func ended(id string, state grant.State) error {
	return &Error{Kind: KindEnded, Detail: fmt.Sprintf("grant %s has ended already: %s", id, state)}
}

// history reads the whole history of a grant, oldest first.
func (h *holding) history(ctx context.Context, live *held) ([]grant.Entry, error) {
	rows, err := h.Store.ReadRows(ctx, h.workload, "h|"+live.ID+"|")
	if err != nil {
		return nil, storage(err, "")
	}
	entries := make([]grant.Entry, len(rows))
	for i, row := range rows {
		err := json.Unmarshal(row.Document, &entries[i])
		if err != nil {
			return nil, fmt.Errorf("reading history row %s: %w", row.Key, err)
		}
	}
	return entries, nil
}
