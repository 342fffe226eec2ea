package tenant

import (
	"fmt"
	"sync"
	"time"
)

// clock is the shared clock: the machine's time plus an offset that only grows. Timers that run on
// it therefore still move when nobody touches it.
type clock struct {
	mutex  sync.Mutex
	offset time.Duration
	// skew is by how much the clock of those who ask over the control port is wrong.
	skew time.Duration
}

// newClock reads start now; a zero start means the machine's time.
func newClock(start time.Time) *clock {
	made := &clock{}
	if !start.IsZero() {
		made.offset = start.Sub(made.wall())
	}
	return made
}

// wall is the machine's time. Only the simulated service's own tokens and the request log use it.
func (c *clock) wall() time.Time {
	return time.Now().UTC().Round(0)
}

// now is the shared clock, in UTC and without a monotonic part, so that it prints as it compares.
func (c *clock) now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.wall().Add(c.offset)
}

// advance refuses to go backwards: everything that reads this clock relies on its order.
func (c *clock) advance(by time.Duration) error {
	if by < 0 {
		return fmt.Errorf("advance the shared clock by %s: it never goes backwards", by)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.offset += by
	return nil
}

// set takes the machine's time that passes meanwhile into account: it reads "to" the moment it returns.
func (c *clock) set(to time.Time) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	by := to.Sub(c.wall().Add(c.offset))
	if by < 0 {
		return fmt.Errorf("set the shared clock to %s: it is already later", to.Format(time.RFC3339))
	}
	c.offset += by
	return nil
}

// skewed is what a process reads whose own clock is wrong.
func (c *clock) skewed() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.wall().Add(c.offset + c.skew)
}

// SetSkew makes the clock wrong, by so much, for those who ask over the control port: they play a
// machine whose own clock is off. The tenant itself, its answers' dates included, goes on being right.
func (t *Tenant) SetSkew(by time.Duration) {
	t.clock.mutex.Lock()
	defer t.clock.mutex.Unlock()
	t.clock.skew = by
}
