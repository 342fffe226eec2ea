package engine

import (
	"context"
	"strings"
	"time"

	"mailgrant/handler/grant"
)

// stopPrefix begins the key of the row that says when a workload's red button was
// pushed last.
const stopPrefix = "stop-"

// noteStop writes down that everything which was received for a workload until now
// has to end. It is written before the workload's grants are read: a request that is
// being bound meanwhile is either among them, or reads this row after its own batch.
func (e *Engine) noteStop(ctx context.Context, workload, by, reason string, now time.Time) error {
	return e.keepWork(ctx, switchPartition, stopKey(workload), Freeze{By: by, Reason: reason, At: now})
}

func stopKey(workload string) string { return stopPrefix + strings.ToLower(workload) }

// stop returns the last push of the workload's red button; the zero value when there
// was none.
func (e *Engine) stop(ctx context.Context, workload string) (Freeze, error) {
	var pushed Freeze
	err := e.readWork(ctx, switchPartition, stopKey(workload), &pushed)
	return pushed, err
}

// covers reports whether a push of the red button ends what was received at that time.
func (f Freeze) covers(receivedAt time.Time) bool {
	return !f.At.IsZero() && !receivedAt.After(f.At)
}

// wish is what the push asks of every grant that it covers.
func (f Freeze) wish() grant.Entry {
	return grant.Entry{At: f.At, Event: grant.EventRevokeAsked, By: f.By, Reason: "everything of this workload was revoked by " + f.By + ": " + f.Reason}
}
