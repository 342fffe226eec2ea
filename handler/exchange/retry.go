package exchange

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The budget keeps one read well inside the caller's invocation: longer waits belong to whoever can
// come back later. The last figure only keeps an absurd header from overflowing.
const (
	readTries   = 5
	waitBudget  = 20 * time.Second
	firstWait   = time.Second
	longestWait = 365 * 24 * time.Hour
)

// sendRead repeats a read that was throttled or met a passing failure, as long as patience lasts; it
// is shared by all pages of one list. When the tenant asks for more, its error goes up with
// RetryAfter set.
func (c *Client) sendRead(ctx context.Context, asked command, address *url.URL, patience *time.Duration) (reply, *Error) {
	pause := firstWait
	for try := 1; ; try++ {
		received, refused := c.send(ctx, asked, address)
		if refused == nil || try == readTries || !passes(refused.Kind) {
			return received, refused
		}
		wait := max(refused.RetryAfter, pause)
		if wait > *patience || !fits(ctx, wait) {
			return reply{}, refused
		}
		err := c.wait(ctx, wait)
		if err != nil {
			refused.cause = err
			return reply{}, refused
		}
		*patience -= wait
		pause *= 2
	}
}

// passes reports whether the same read may succeed a moment later.
func passes(kind Kind) bool { return kind == Throttled || kind == Transient || kind == Lost }

// fits asks whether a wait ends before the context's deadline. A context derived with the wait as
// its time-out has the parent's deadline exactly when the wait would not fit, so no clock is read here.
func fits(ctx context.Context, wait time.Duration) bool {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return true
	}
	probe, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	end, _ := probe.Deadline()
	return end.Before(deadline)
}

func waitOnTimer(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retryAfter reads the header as seconds, fractions included, or as a date measured against the
// answer's own Date. It rounds up to whole seconds, and returns 0 for what it cannot read.
func retryAfter(header http.Header) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil {
		seconds = secondsUntil(text, header.Get("Date"))
	}
	if math.IsNaN(seconds) || seconds <= 0 {
		return 0
	}
	if seconds > longestWait.Seconds() {
		return longestWait
	}
	return time.Duration(math.Ceil(seconds)) * time.Second
}

func secondsUntil(moment, now string) float64 {
	until, err := http.ParseTime(moment)
	if err != nil {
		return 0
	}
	from, err := http.ParseTime(now)
	if err != nil {
		return 0
	}
	return until.Sub(from).Seconds()
}
