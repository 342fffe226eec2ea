package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// Notify delivers what waits in the grant's outbox, oldest first. Delivery is at
// least once: a death between delivery and deletion repeats it. At present an
// entry is delivered as one log line.
func (e *Engine) Notify(ctx context.Context, id string) error {
	met, err := e.dueOf(ctx, id, e.Now().Add(grant.PickUp))
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
	// A claim that was refused keeps its history in its own row, also where a run that
	// died had already written the workload.
	if claim.Workload == "" || r.State.Ended() && len(r.History) > 0 {
		for _, entry := range r.History {
			e.deliver(ctx, id, entry)
		}
	} else {
		err = e.empty(ctx, claim)
		if err != nil {
			return err
		}
	}
	var done []store.Due
	for _, due := range met {
		if due.Kind == string(grant.DueNotify) {
			done = append(done, due)
		}
	}
	return storage(e.Store.DeleteDue(ctx, done...), "")
}

// empty delivers and deletes the outbox rows of one grant. They are no part of the
// grant's state, so they need no lease.
func (e *Engine) empty(ctx context.Context, claim store.Claim) error {
	rows, err := e.Store.ReadRows(ctx, claim.Workload, "o|"+claim.ID+"|")
	if err != nil {
		return storage(err, "")
	}
	for _, row := range rows {
		var entry grant.Entry
		err := json.Unmarshal(row.Document, &entry)
		if err != nil {
			return fmt.Errorf("reading outbox row %s: %w", row.Key, err)
		}
		e.deliver(ctx, claim.ID, entry)
		err = e.Store.DeleteRow(ctx, claim.Workload, row.Key)
		if err != nil {
			return storage(err, "")
		}
	}
	return nil
}

func (e *Engine) deliver(ctx context.Context, id string, entry grant.Entry) {
	e.Log.InfoContext(ctx, "notification", "grant", id, "event", string(entry.Event), "at", entry.At, "by", entry.By,
		"reason", entry.Reason, "detail", strings.TrimSpace(entry.Detail))
}
