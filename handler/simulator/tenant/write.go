package tenant

import (
	"cmp"
	"slices"
	"time"
)

// Write is one remote write, as a write hook sees it: first with Phase "before", when nothing has
// happened, then with "after", when the effect is there and the answer is not yet sent. Both carry
// the same Number, which counts from 1.
type Write struct {
	Number int
	Phase  string
	What   string
}

const (
	phaseBefore = "before"
	phaseAfter  = "after"
)

// SetWriteHook sets the function that is called around every write to Graph and Exchange that is
// let through to its effect; nil takes it away. It is called without any lock, and the write waits
// for it: it may block, or end the process that sent the write.
func (t *Tenant) SetWriteHook(hook func(Write)) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.hook = hook
}

// pendingEffect is a write whose answer was lost and that lands later.
type pendingEffect struct {
	due    time.Time
	effect func(at time.Time) answer
	write  Write
}

// perform runs the part of a call that looks at the state, under the lock. For a write it calls the
// hook around it and applies what faults do to effects.
func (t *Tenant) perform(c *call, effect func(at time.Time) answer) answer {
	if !c.write {
		t.mutex.Lock()
		defer t.mutex.Unlock()
		return effect(t.clock.now())
	}
	write := t.announce(c.subject)
	if c.conditions.late > 0 {
		t.mutex.Lock()
		defer t.mutex.Unlock()
		t.pending = append(t.pending, pendingEffect{due: t.clock.now().Add(c.conditions.late), effect: effect, write: write})
		return lostAnswer()
	}
	t.mutex.Lock()
	decided := t.effective(c, effect)
	t.mutex.Unlock()
	t.call(write, phaseAfter)
	return decided
}

// effective undoes the effect where the call is to be ignored: the answer then looks like success.
func (t *Tenant) effective(c *call, effect func(at time.Time) answer) answer {
	if !c.conditions.ignore {
		return effect(t.clock.now())
	}
	before := t.state.copied()
	decided := effect(t.clock.now())
	t.state = before
	return decided
}

// announce gives the write its number before anything happens to it.
func (t *Tenant) announce(what string) Write {
	t.mutex.Lock()
	t.writes++
	write := Write{Number: t.writes, What: what}
	t.mutex.Unlock()
	t.call(write, phaseBefore)
	return write
}

// call reads the hook under the lock and runs it without: a hook may look at the tenant.
func (t *Tenant) call(write Write, phase string) {
	t.mutex.Lock()
	hook := t.hook
	t.mutex.Unlock()
	if hook != nil {
		write.Phase = phase
		hook(write)
	}
}

// settle lets late effects land that are due, in the order of their time. Everything that looks at
// the state calls it first, so that no goroutine is needed for them.
func (t *Tenant) settle() {
	for _, landed := range t.land() {
		t.call(landed, phaseAfter)
	}
}

// land returns the writes whose effect has just come, for the hook.
func (t *Tenant) land() []Write {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if len(t.pending) == 0 {
		return nil
	}
	now := t.clock.now()
	slices.SortStableFunc(t.pending, func(a, b pendingEffect) int { return a.due.Compare(b.due) })
	var landed []Write
	for len(t.pending) > 0 && !t.pending[0].due.After(now) {
		due := t.pending[0]
		t.pending = t.pending[1:]
		due.effect(due.due)
		landed = append(landed, due.write)
	}
	slices.SortFunc(landed, func(a, b Write) int { return cmp.Compare(a.Number, b.Number) })
	return landed
}
