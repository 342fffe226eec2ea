//go:build simulated

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// clockName says in the first log line whose time this build goes by.
const clockName = "simulated: time is set from outside; this build is for demonstrations and tests"

// simulatedClock is shown by health.
const simulatedClock = true

// newClock returns a clock that asks the control port which MAILGRANT_CLOCK names,
// so that a month can pass in a second and every process agrees on the time. The
// setting is not read by the build that is packaged.
func newClock(lookup func(string) string, log *slog.Logger) (func() time.Time, error) {
	address, err := url.Parse(lookup("MAILGRANT_CLOCK"))
	if err != nil || address.Host == "" {
		return nil, errors.New("MAILGRANT_CLOCK: this build needs the address of a clock, such as http://127.0.0.1:9000/clock")
	}
	shared := sharedClock{address: address.String(), log: log, client: &http.Client{Timeout: 2 * time.Second}}
	return shared.now, nil
}

// sharedClock remembers the last answer, so that a control port that is busy or
// gone makes time run on and not stop.
type sharedClock struct {
	address string
	log     *slog.Logger
	client  *http.Client

	mutex  sync.Mutex
	last   time.Time
	readAt time.Time
}

func (c *sharedClock) now() time.Time {
	answer, err := c.ask()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if err == nil {
		c.last, c.readAt = answer, time.Now()
		return answer
	}
	c.log.Warn("the simulated clock cannot be read; time runs on from its last answer", "error", err.Error())
	if c.readAt.IsZero() {
		return time.Now()
	}
	return c.last.Add(time.Since(c.readAt))
}

func (c *sharedClock) ask() (time.Time, error) {
	response, err := c.client.Get(c.address)
	if err != nil {
		return time.Time{}, fmt.Errorf("asking for the time: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return time.Time{}, fmt.Errorf("asking for the time: %s", response.Status)
	}
	var answer struct {
		Now time.Time `json:"now"`
	}
	err = json.NewDecoder(io.LimitReader(response.Body, 1<<10)).Decode(&answer)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the time: %w", err)
	}
	if answer.Now.IsZero() {
		return time.Time{}, errors.New("reading the time: the answer holds none")
	}
	return answer.Now, nil
}

// newWait returns how a call waits between its tries: so many times shorter than it was
// asked to as MAILGRANT_PACE says, because these waits go by the machine's time and a
// tenant that misbehaves in a thousand lives would be waited for by the hour. Nil, as in
// the other build, where it is not set.
func newWait(lookup func(string) string) func(context.Context, time.Duration) error {
	pace, err := strconv.Atoi(lookup("MAILGRANT_PACE"))
	if err != nil || pace < 1 {
		return nil
	}
	return func(ctx context.Context, wait time.Duration) error {
		timer := time.NewTimer(wait / time.Duration(pace))
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
