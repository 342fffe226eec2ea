package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"mailgrant/handler/store"
)

const someWorkload = "b0000000-0000-4000-8000-000000000002"

// worker is an engine that does nothing but hold workloads, for so long at a time.
func worker(shared *store.Store, now func() time.Time, lease time.Duration) *Engine {
	return New(Settings{Installation: "demo01", Store: shared, Now: now, Lease: lease})
}

// TestLeaseLivesThroughASlowCall: a call that takes many times as long as the lease
// keeps the workload, and afterwards it is free at once.
func TestLeaseLivesThroughASlowCall(t *testing.T) {
	t.Parallel()
	shared := rows(t)
	slow := worker(shared, time.Now, 8*time.Second)
	h, err := slow.hold(t.Context(), someWorkload)
	if err == nil {
		err = h.submit(t.Context(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	working, stop := h.keepLease(t.Context())
	other := worker(shared, time.Now, 8*time.Second)
	for range 55 {
		time.Sleep(200 * time.Millisecond)
		_, err := other.hold(t.Context(), someWorkload)
		var busy errBusy
		if !errors.As(err, &busy) {
			t.Fatalf("another worker got the workload in the middle of a call: %v", err)
		}
	}
	if working.Err() != nil {
		t.Errorf("the work was ended: %v", context.Cause(working))
	}
	stop()
	_, err = other.hold(t.Context(), someWorkload)
	if err != nil {
		t.Errorf("after the work: %v", err)
	}
}

// TestLostLeaseEndsTheWork: a worker that stood still for longer than its lease finds
// the workload taken: its work is ended, and it can write nothing any more.
func TestLostLeaseEndsTheWork(t *testing.T) {
	t.Parallel()
	shared, clock := rows(t), morning()
	late := worker(shared, clock.now, 600*time.Millisecond)
	h, err := late.hold(t.Context(), someWorkload)
	if err == nil {
		err = h.submit(t.Context(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	clock.pass(time.Hour)
	next, err := worker(shared, clock.now, 600*time.Millisecond).hold(t.Context(), someWorkload)
	if err == nil {
		err = next.submit(t.Context(), nil)
	}
	if err != nil {
		t.Fatalf("the lapsed lease cannot be taken: %v", err)
	}
	working, stop := h.keepLease(t.Context())
	defer stop()
	select {
	case <-working.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the work goes on although the lease is lost")
	}
	if store.KindOf(context.Cause(working)) != store.KindConflict {
		t.Errorf("the work ended for another reason: %v", context.Cause(working))
	}
	err = h.submit(t.Context(), nil)
	if store.KindOf(err) != store.KindConflict {
		t.Errorf("a worker without the lease could write: %v", err)
	}
}

// TestUnstartedWorkHasNoLease: a worker that only reads does not keep others away.
func TestUnstartedWorkHasNoLease(t *testing.T) {
	t.Parallel()
	shared, clock := rows(t), morning()
	for range 2 {
		_, err := worker(shared, clock.now, 0).hold(t.Context(), someWorkload)
		if err != nil {
			t.Error(err)
		}
	}
}
