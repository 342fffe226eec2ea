package engine

import (
	"context"
	"fmt"
	"time"
)

// examineRows asks whether the sweeps have met rows that only a later release can read.
// What nobody has met yet is not looked for: that would be a walk through every row.
func (x *examination) examineRows(ctx context.Context) []Symptom {
	last, err := x.lastLeft(ctx)
	switch {
	case err != nil:
		return []Symptom{x.find("rowsNotRead", "whether rows of a later release were met was not read: "+err.Error())}
	case last.At.IsZero():
		return []Symptom{x.find("rows", fmt.Sprintf("no rows of a later release were met within %s", laterFor))}
	}
	return []Symptom{x.find("laterRows", fmt.Sprintf("a later release has written rows that this one does not understand: those of %s, met last at %s, and perhaps of others",
		last.Grant, last.At.UTC().Format(time.RFC3339)))}
}
