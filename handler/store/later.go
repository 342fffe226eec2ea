package store

import (
	"errors"
	"fmt"
)

// errLater is the layout of a row that a later release has written.
type errLater int

// Error names both layouts.
func (e errLater) Error() string {
	return fmt.Sprintf("row has layout %d, this release reads 1 to %d: a later release wrote it", int(e), Schema)
}

// FromLaterRelease reports whether a row could not be read because a later release of this
// program has written it. Such an error is of KindInvalid. Nothing is written in its place:
// every batch of a workload has to change the lease row, which then bears that layout too.
func FromLaterRelease(err error) bool {
	var later errLater
	return errors.As(err, &later)
}
