package host

import (
	"context"
	"sync"
	"time"
)

const (
	// tick is how often timers look at the shared clock.
	tick = 20 * time.Millisecond
	// lateness is how far a run may lag behind its occurrence before it counts
	// as past due.
	lateness = time.Second
	// neverRan is how .NET writes the time of a first run's predecessor. It has
	// no zone, so it is not a timestamp by RFC 3339 (inferred).
	neverRan = "0001-01-01T00:00:00"
)

// timer fires one function by its schedule. Its record lives in memory: what
// the real host keeps in blobs is lost when the stand-in is closed, but not
// when the child is.
type timer struct {
	host     *Host
	function *function
	single   sync.Mutex // held for a whole run: runs of a timer never overlap

	mu   sync.Mutex
	due  time.Time // the next occurrence, zero if there is none
	last time.Time // the start of the last run
}

func newTimer(h *Host, f *function) *timer {
	return &timer{host: h, function: f, due: f.schedule.next(h.options.Now())}
}

// run fires at every occurrence until ctx ends. However many occurrences were
// missed, one run makes up for them. Occurrences that pass during a run lead to
// one run after it that is not called past due.
func (t *timer) run(ctx context.Context) {
	waited := false
	for sleep(ctx, tick) {
		now := t.host.options.Now()
		due, isDue := t.overdue(now)
		if !isDue || !t.host.supervisor.up() {
			waited = false
			continue
		}
		t.host.activity.begin()
		t.advance(now)
		t.fire(t.host.working, !waited && now.Sub(due) >= lateness)
		t.host.activity.end()
		t.host.nudge()
		_, waited = t.overdue(t.host.options.Now())
	}
}

// overdue returns the next occurrence and whether it has come.
func (t *timer) overdue(now time.Time) (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.due, !t.due.IsZero() && !now.Before(t.due)
}

func (t *timer) advance(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.due = t.function.schedule.next(now)
}

// fire runs the function now, after a run that is under way, and repeats it as
// its retry policy says.
func (t *timer) fire(ctx context.Context, pastDue bool) {
	t.single.Lock()
	defer t.single.Unlock()
	content := t.envelope(pastDue)
	policy := t.function.retry
	err := t.host.invoke(ctx, t.function, content)
	for n := 1; err != nil && n <= policy.attempts; n++ {
		if !t.pause(ctx, policy.pause(n)) {
			return
		}
		content.Metadata["RetryContext"] = map[string]any{
			"RetryCount":    n,
			"MaxRetryCount": policy.attempts,
			"Exception":     map[string]any{"Source": "", "StackTrace": "", "Message": err.Error()},
		}
		err = t.host.invoke(ctx, t.function, content)
	}
}

// pause waits by the shared clock. A run that waits for its retry is not under
// way: nothing happens until somebody moves the clock.
func (t *timer) pause(ctx context.Context, length time.Duration) bool {
	until := t.host.options.Now().Add(length)
	t.host.activity.end()
	defer t.host.activity.begin()
	for t.host.options.Now().Before(until) {
		if !sleep(ctx, tick) {
			return false
		}
	}
	return true
}

// envelope describes this run and remembers it as the last. Next repeats the
// occurrence that fires, as the real host's does (dotnet-worker issue 954).
func (t *timer) envelope(pastDue bool) envelope {
	now := t.host.options.Now()
	t.mu.Lock()
	last := t.last
	t.last = now
	t.mu.Unlock()
	var status any
	if t.function.monitor && !t.function.schedule.frequent(now) {
		text := neverRan
		if !last.IsZero() {
			text = offsetTime(last)
		}
		status = map[string]any{"Last": text, "Next": offsetTime(now), "LastUpdated": text}
	}
	info := map[string]any{
		"Schedule":       map[string]any{"AdjustForDST": true},
		"ScheduleStatus": status,
		"IsPastDue":      pastDue,
	}
	return envelope{
		Data:     map[string]any{t.function.binding: info},
		Metadata: map[string]any{"sys": system(t.function, now)},
	}
}
