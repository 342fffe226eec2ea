package engine

import (
	"context"
	"slices"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// mostDue is how many ids one sweep takes up; what is beyond it is met by the next
// one. mostRead is how many rows it looks at for them: thousands of retests that are
// overdue may not hide an end that comes behind them.
const (
	mostDue  = 1000
	mostRead = 100 * mostDue
)

// Expire is the sweep over everything that is owed but retests: ends, unfinished
// work, deliveries. It only sends messages, because the rows stay until their work
// is done; running it late or twice changes nothing.
func (e *Engine) Expire(ctx context.Context) error {
	return e.announce(ctx, SweepExpire, func(due store.Due) bool { return due.Kind != string(grant.DueRetest) })
}

// Retest is the same sweep over the retests that are due.
func (e *Engine) Retest(ctx context.Context) error {
	e.measure(ctx)
	return e.announce(ctx, SweepRetest, func(due store.Due) bool { return due.Kind == string(grant.DueRetest) })
}

func (e *Engine) announce(ctx context.Context, kind string, wanted func(store.Due) bool) error {
	met, err := e.due(ctx)
	if err != nil {
		return err
	}
	met = slices.DeleteFunc(met, func(due store.Due) bool { return !wanted(due) })
	e.trace(ctx, kind, met)
	sent := map[string]bool{}
	for _, due := range met {
		queue := applyQueue
		if due.Kind == string(grant.DueNotify) {
			queue = notifyQueue
		}
		if sent[queue+due.ID] {
			continue
		}
		if len(sent) == mostDue {
			e.Log.WarnContext(ctx, "more is due than one sweep takes up", "taken", len(sent))
			return nil
		}
		sent[queue+due.ID] = true
		e.hint(ctx, queue, due.ID, 0)
	}
	return nil
}

// due lists what is due now, the most overdue first. A row that cannot be read is
// reported and does not keep the others from being done.
func (e *Engine) due(ctx context.Context) ([]store.Due, error) {
	met, complete, err := e.Store.ListDue(ctx, e.Now(), mostRead)
	if store.KindOf(err) == store.KindInvalid {
		e.Log.ErrorContext(ctx, "a due row cannot be read and was passed over; look at the table due", "error", err.Error())
		err = nil
	}
	if err == nil && !complete {
		e.Log.WarnContext(ctx, "more is due than one sweep looks at", "read", len(met))
	}
	return met, storage(err, "")
}

// dueOf lists what is due of one id. A row that cannot be read does not keep the work
// from being done: the ledger says what is owed.
func (e *Engine) dueOf(ctx context.Context, id string, until time.Time) ([]store.Due, error) {
	met, err := e.Store.ListDueOf(ctx, id, until)
	if store.KindOf(err) == store.KindInvalid {
		e.Log.ErrorContext(ctx, "a due row cannot be read and was passed over; look at the table due", "id", id, "error", err.Error())
		err = nil
	}
	return met, storage(err, "")
}

// dueIDs are the ids of everything of these kinds that is due, the most overdue
// first, each once.
func (e *Engine) dueIDs(ctx context.Context, kinds ...grant.DueKind) ([]string, error) {
	met, err := e.due(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, due := range met {
		if slices.Contains(kinds, grant.DueKind(due.Kind)) && !slices.Contains(ids, due.ID) {
			ids = append(ids, due.ID)
		}
	}
	return ids, nil
}
