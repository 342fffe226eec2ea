package engine

import (
	"context"
	"time"
)

// laterKey is the row that says which work was left because a later release wrote its rows.
const laterKey = "later"

// laterFor is how long that is spoken of after it was last met: the sweeps meet it again
// every few minutes as long as it is owed.
const laterFor = time.Hour

// later is the work that was left last.
type later struct {
	Grant string    `json:"grant"`
	At    time.Time `json:"at"`
}

// noteLater tells everybody that work is owed which this release must not do: it does not
// know what such rows mean, and would take from them what it does not understand. What lies
// in rows of its own layout, ends included, it goes on with.
func (e *Engine) noteLater(ctx context.Context, id string, cause error) {
	e.Log.ErrorContext(ctx, "work is left undone: a later release of this program has written its rows; deploy that release again",
		"id", id, "error", cause.Error())
	err := e.keepWork(ctx, ownerPartition, laterKey, later{Grant: id, At: e.Now()})
	if err != nil {
		e.Log.WarnContext(ctx, "that work is left to a later release could not be noted", "id", id, "error", err.Error())
	}
}

// lastLeft is the work that was left last; the zero value when none was met of late.
func (e *Engine) lastLeft(ctx context.Context) (later, error) {
	var last later
	err := e.readWork(ctx, ownerPartition, laterKey, &last)
	if err != nil || e.Now().Sub(last.At) > laterFor {
		return later{}, err
	}
	return last, nil
}

// leftToLater says so; empty when no such work was met of late.
func (e *Engine) leftToLater(ctx context.Context) (string, error) {
	last, err := e.lastLeft(ctx)
	if err != nil || last.At.IsZero() {
		return "", err
	}
	return "rows were written by a later release, and what they owe, ends included, is left undone; deploy that release again", nil
}
