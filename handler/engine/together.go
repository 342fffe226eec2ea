package engine

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// reads is a group of reads side by side. The first that fails ends the others; its
// error then carries the longest wait that any of them was asked for, because the next
// run sends all of them again.
type reads struct {
	group *errgroup.Group
	mutex sync.Mutex
	rest  time.Duration
}

func readTogether(ctx context.Context) (*reads, context.Context) {
	group, ctx := errgroup.WithContext(ctx)
	return &reads{group: group}, ctx
}

// SetLimit bounds how many of the reads run at once.
func (r *reads) SetLimit(most int) { r.group.SetLimit(most) }

// Go runs one read when there is room for it.
func (r *reads) Go(read func() error) {
	r.group.Go(func() error {
		err := read()
		r.mutex.Lock()
		defer r.mutex.Unlock()
		r.rest = max(r.rest, retryAfter(err))
		return err
	})
}

// Wait waits for all of them and returns the first failure, nil when there was none.
func (r *reads) Wait() error {
	err := r.group.Wait()
	if err == nil {
		return nil
	}
	return errWish{cause: err, rest: r.rest}
}

// errWish is a failure together with the longest wait that the other side asked for, in
// it or in what failed beside it.
type errWish struct {
	cause error
	rest  time.Duration
}

// Error is that of the failure itself.
func (e errWish) Error() string { return e.cause.Error() }

// Unwrap returns the failure.
func (e errWish) Unwrap() error { return e.cause }

// wishing returns err with the longest wait that it or one of the others asks for.
func wishing(err error, others ...error) error {
	rest := retryAfter(err)
	for _, other := range others {
		rest = max(rest, retryAfter(other))
	}
	return errWish{cause: err, rest: rest}
}
