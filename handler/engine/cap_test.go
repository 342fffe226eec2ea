package engine

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestCapLetsTenADayPass: ten of a kind pass, however many ask at once; one that has
// passed may come again, and a new day has ten of its own.
func TestCapLetsTenADayPass(t *testing.T) {
	t.Parallel()
	clock := morning()
	e := worker(rows(t), clock.now, 0)
	var passed atomic.Int64
	var workers sync.WaitGroup
	for number := range 15 {
		workers.Go(func() { passed.Add(ask(t, e, fmt.Sprint("object-", number))) })
	}
	workers.Wait()
	halt, _, err := e.halt(t.Context(), CapOrphans)
	if err != nil || passed.Load() != capPerDay || len(halt.Done) != capPerDay || len(halt.Waiting) != 5 {
		t.Fatalf("%d passed: %+v, %v", passed.Load(), halt, err)
	}
	if ask(t, e, halt.Done[3]) != 1 || ask(t, e, halt.Waiting[0]) != 0 {
		t.Error("what has passed may not come again, or what waits may pass")
	}
	clock.pass(capWindow + time.Second)
	if ask(t, e, halt.Waiting[0]) != 1 {
		t.Error("a new day lets nothing pass")
	}
	later, _, err := e.halt(t.Context(), CapOrphans)
	if err != nil || slices.Contains(later.Waiting, halt.Waiting[0]) || len(later.Done) != 1 {
		t.Errorf("what has passed is still listed: %+v, %v", later, err)
	}
}

// TestConfirmedWorkPassesOnce: confirming lets pass what waited, also when it is said
// twice, and nothing that comes later.
func TestConfirmedWorkPassesOnce(t *testing.T) {
	t.Parallel()
	clock := morning()
	e := worker(rows(t), clock.now, 0)
	for number := range capPerDay + 1 {
		ask(t, e, fmt.Sprint("object-", number))
	}
	for range 2 {
		halt, err := e.Confirm(t.Context(), CapOrphans, "carol")
		if err != nil || !slices.Equal(halt.Confirmed, []string{"object-10"}) || len(halt.Waiting) != 0 {
			t.Fatalf("confirmed: %+v, %v", halt, err)
		}
	}
	if ask(t, e, "object-10") != 1 || ask(t, e, "object-11") != 0 {
		t.Error("the confirmed one does not pass, or another one does")
	}
	clock.pass(capWindow + time.Second)
	for number := range capPerDay {
		ask(t, e, fmt.Sprint("other-", number))
	}
	if ask(t, e, "object-10") != 0 {
		t.Error("what was confirmed once passes for ever")
	}
	_, err := e.Confirm(t.Context(), "everything", "carol")
	if KindOf(err) != KindInvalid {
		t.Errorf("an unknown kind: %v", err)
	}
}

// ask returns 1 when the work may be done.
func ask(t *testing.T, e *Engine, what string) int64 {
	for {
		may, err := e.allowed(t.Context(), CapOrphans, what)
		switch {
		case KindOf(err) == KindStorage: // too many at once: as a message that comes again
			continue
		case err != nil:
			t.Error(err)
		case may:
			return 1
		}
		return 0
	}
}
