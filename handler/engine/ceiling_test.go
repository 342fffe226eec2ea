package engine

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestCeilingHoldsAcrossInstances: thirty workers on three instances are never in more
// than four calls at once, and never in more than one that writes.
func TestCeilingHoldsAcrossInstances(t *testing.T) {
	t.Parallel()
	shared, clock := rows(t), morning()
	var inside, writing, most, entered atomic.Int64
	var workers sync.WaitGroup
	for range 3 {
		ceiling := NewCeiling(shared, clock.now, 4)
		for number := range 10 {
			workers.Go(func() {
				write := number%3 == 0
				for range 3 {
					leave := enter(t, ceiling, write)
					now := inside.Add(1)
					if now > 4 {
						t.Errorf("%d calls at once", now)
					}
					if write && writing.Add(1) > 1 {
						t.Error("two calls write at once")
					}
					for before := most.Load(); now > before && !most.CompareAndSwap(before, now); before = most.Load() {
					}
					time.Sleep(5 * time.Millisecond)
					if write {
						writing.Add(-1)
					}
					inside.Add(-1)
					entered.Add(1)
					leave()
					ceiling.GiveBack(t.Context())
				}
			})
		}
	}
	workers.Wait()
	if entered.Load() != 90 || most.Load() < 2 {
		t.Errorf("%d calls were made, at most %d at once", entered.Load(), most.Load())
	}
}

// enter waits until the ceiling lets a call in, as workers do over several messages.
func enter(t *testing.T, ceiling *Ceiling, write bool) func() {
	for {
		leave, err := ceiling.Enter(t.Context(), write)
		var busy errBusy
		if errors.As(err, &busy) {
			continue
		}
		if err != nil {
			t.Error(err)
			return func() {}
		}
		return leave
	}
}

// TestDeadHoldersSlotsLapse: an instance dies with both slots; another one gets none
// before their leases have lapsed by the clock, and both after that.
func TestDeadHoldersSlotsLapse(t *testing.T) {
	t.Parallel()
	shared, clock := rows(t), morning()
	dead, living := NewCeiling(shared, clock.now, 2), NewCeiling(shared, clock.now, 2)
	for _, write := range []bool{true, false} {
		enter(t, dead, write) // and never left
	}
	clock.pass(slotFor - time.Second)
	for _, write := range []bool{true, false} {
		taken, err := living.take(t.Context(), write)
		if err != nil || taken != nil {
			t.Fatalf("slot %v, %v before the lease has lapsed", taken, err)
		}
	}
	clock.pass(time.Second)
	for _, write := range []bool{true, false} {
		taken, err := living.take(t.Context(), write)
		if err != nil || taken == nil {
			t.Fatalf("no slot after the lease has lapsed: %v", err)
		}
	}
	taken, err := dead.take(t.Context(), false)
	if err != nil || taken != nil {
		t.Errorf("the dead holder has slot %v again, %v", taken, err)
	}
}

// TestOwnSlotIsProlonged: a process that works on does not wait for the end of its own
// lease, and what it does not give back stays closed to others.
func TestOwnSlotIsProlonged(t *testing.T) {
	t.Parallel()
	shared, clock := rows(t), morning()
	mine, theirs := NewCeiling(shared, clock.now, 1), NewCeiling(shared, clock.now, 1)
	for range 5 {
		taken, err := mine.take(t.Context(), true)
		if err != nil || taken == nil {
			t.Fatalf("the process waits for itself: %v", err)
		}
		mine.free(taken)
		clock.pass(slotFor - slotMargin + time.Second)
		other, err := theirs.take(t.Context(), true)
		if err != nil || other != nil {
			t.Fatalf("another has the slot meanwhile: %v", err)
		}
	}
	mine.GiveBack(t.Context())
	taken, err := theirs.take(t.Context(), true)
	if err != nil || taken == nil {
		t.Errorf("the slot was given back and is not free: %v", err)
	}
}
