package engine

import (
	"context"
	"slices"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// mostDue is how many due rows one sweep takes up; what is beyond it is met by the
// next one.
const mostDue = 1000

// Expire is the sweep over everything that is owed but retests: ends, unfinished
// work, deliveries. It only sends messages, because the rows stay until their work
// is done; running it late or twice changes nothing.
func (e *Engine) Expire(ctx context.Context) error {
	return e.announce(ctx, func(due store.Due) bool { return due.Kind != string(grant.DueRetest) })
}

// Retest is the same sweep over the retests that are due.
func (e *Engine) Retest(ctx context.Context) error {
	return e.announce(ctx, func(due store.Due) bool { return due.Kind == string(grant.DueRetest) })
}

func (e *Engine) announce(ctx context.Context, wanted func(store.Due) bool) error {
	met, err := e.due(ctx)
	if err != nil {
		return err
	}
	sent := map[string]bool{}
	for _, due := range met {
		queue := applyQueue
		if due.Kind == string(grant.DueNotify) {
			queue = notifyQueue
		}
		if !wanted(due) || sent[queue+due.ID] {
			continue
		}
		sent[queue+due.ID] = true
		e.hint(ctx, queue, due.ID, 0)
	}
	return nil
}

// due lists what is due now, the most overdue first. A row that cannot be read is
// reported and does not keep the others from being done.
func (e *Engine) due(ctx context.Context) ([]store.Due, error) {
	met, complete, err := e.Store.ListDue(ctx, e.Now(), mostDue)
	if store.KindOf(err) == store.KindInvalid {
		e.Log.ErrorContext(ctx, "a due row cannot be read and was passed over; look at the table due", "error", err.Error())
		err = nil
	}
	if err == nil && !complete {
		e.Log.WarnContext(ctx, "more is due than one sweep takes up", "taken", len(met))
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
