package host

import (
	"context"
	"fmt"
	"time"
)

// Idle waits until nothing is left to do now: no invocation runs, no message
// can be taken from a queue and, with Timers, no timer is due. Messages and
// retries that wait for a later time of the shared clock do not count. It
// returns the reason when there is no child that could do the work, and an
// error when ctx ends first.
func (h *Host) Idle(ctx context.Context) error {
	for {
		quiet, err := h.quiet(ctx)
		if err != nil {
			return fmt.Errorf("waiting for the host to be idle: %w", err)
		}
		if quiet {
			return nil
		}
		if !sleep(ctx, 2*time.Millisecond) {
			return fmt.Errorf("waiting for the host to be idle: %w", ctx.Err())
		}
	}
}

// quiet asks every queue once. Whatever began between the two readings of the
// counters could have put a message into a queue already asked.
func (h *Host) quiet(ctx context.Context) (bool, error) {
	_, err := h.supervisor.ready(ctx)
	if err != nil {
		return false, err
	}
	begun, running := h.activity.state()
	if running > 0 || h.timerDue() {
		return false, nil
	}
	for _, one := range h.pumps {
		left, err := one.ask(ctx)
		if left != 0 || err != nil {
			return false, err
		}
	}
	begunThen, running := h.activity.state()
	return begun == begunThen && running == 0 && !h.timerDue(), nil
}

func (h *Host) timerDue() bool {
	if !h.options.Timers {
		return false
	}
	for _, one := range h.timers {
		_, due := one.overdue(h.options.Now())
		if due {
			return true
		}
	}
	return false
}

// ask has the pump look into its queue right now.
func (p *pump) ask(ctx context.Context) (int, error) {
	reply := make(chan int, 1)
	select {
	case p.asked <- reply:
		return <-reply, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-p.host.looking.Done():
		return 0, ErrClosed
	}
}

// nudge has all pumps look soon, because something may have put a message.
func (h *Host) nudge() {
	for _, one := range h.pumps {
		select {
		case one.woken <- struct{}{}:
		default:
		}
	}
}
