package engine

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// keepLease prolongs the lease while slow calls go on, and ends the work's context
// when somebody else has taken it. stop ends the renewals and gives the lease back;
// it returns only when nothing of this runs any more.
func (h *holding) keepLease(ctx context.Context) (context.Context, func()) {
	working, lose := context.WithCancelCause(ctx)
	renewals, end := context.WithCancel(working)
	var done sync.WaitGroup
	done.Go(func() { h.renew(renewals, lose) })
	return working, func() {
		end()
		done.Wait()
		h.release(ctx)
		lose(nil)
	}
}

func (h *holding) renew(ctx context.Context, lose context.CancelCauseFunc) {
	// A third of the lease, so that one renewal may fail; by the machine's time, as slow
	// calls go by that.
	tick := time.NewTicker(h.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !h.aging() {
			continue
		}
		err := h.submit(ctx, nil)
		if err != nil && ctx.Err() == nil {
			lose(fmt.Errorf("the lease of workload %s could not be prolonged: %w", h.workload, err))
			return
		}
	}
}

// aging reports whether the lease was taken and has less than two thirds left.
func (h *holding) aging() bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.committed && h.lease.Until.Sub(h.Now()) < 2*h.Lease/3
}
