package engine

import (
	"context"
	"time"

	"mailgrant/handler/store"
)

const (
	sweepPartition = "sweep"
	// lateAfter is how much later than owed something may be done before it is called
	// late: the sweep over the ends runs every minute.
	lateAfter = 5 * time.Minute
	// silentAfter is how long no sweep may have run before health speaks of it.
	silentAfter = 30 * time.Minute
)

// swept is the trace that a timer's sweep leaves.
type swept struct {
	LastAt time.Time `json:"lastAt"`
	// LateBy is the age of the oldest row that the sweep met, in words such as 32m0s;
	// empty while that is not late.
	LateBy string `json:"lateBy,omitempty"`
	// Operation is the one that the sweep has started; empty for sweeps that only send
	// messages.
	Operation string `json:"operation,omitempty"`
}

// lateBy says in words by how much now is later than at; empty while it is not late.
func lateBy(now, at time.Time) string {
	age := now.Sub(at)
	if age <= lateAfter {
		return ""
	}
	return age.Round(time.Second).String()
}

// trace notes that a sweep of this kind has run and what the oldest row was that it
// met. A store that refuses costs the note and not the sweep.
func (e *Engine) trace(ctx context.Context, kind string, met []store.Due) {
	now := e.Now()
	note := swept{LastAt: now}
	late := time.Duration(0)
	if len(met) > 0 {
		note.LateBy, late = lateBy(now, met[0].At), now.Sub(met[0].At)
	}
	e.Telemetry.Lateness(ctx, kind, late)
	if note.LateBy != "" {
		e.Log.WarnContext(ctx, "a sweep is late", "sweep", kind, "late", note.LateBy, "oldest", met[0].ID, "owed", met[0].Kind, "since", met[0].At)
	}
	err := e.keepTrace(ctx, kind, note)
	if err != nil {
		e.Log.WarnContext(ctx, "the trace of a sweep could not be kept", "sweep", kind, "error", err.Error())
	}
}

func (e *Engine) keepTrace(ctx context.Context, kind string, note swept) error {
	return e.keepWork(ctx, sweepPartition, kind, note)
}

// lastSweep returns the trace of the last sweep of this kind; the zero trace when
// there has been none.
func (e *Engine) lastSweep(ctx context.Context, kind string) (swept, error) {
	var note swept
	err := e.readWork(ctx, sweepPartition, kind, &note)
	return note, err
}

// silent reports whether the sweep over the ends should have run and has not: its
// trace is old, or there is none and something has been owed for as long.
func (e *Engine) silent(ctx context.Context, last time.Time) (bool, error) {
	limit := e.Now().Add(-silentAfter)
	if !last.IsZero() {
		return last.Before(limit), nil
	}
	overdue, _, err := e.Store.ListDue(ctx, limit, 1)
	if store.KindOf(err) == store.KindInvalid {
		return true, nil
	}
	return len(overdue) > 0, storage(err, "")
}
