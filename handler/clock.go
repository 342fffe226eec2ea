//go:build !simulated

package main

import (
	"context"
	"log/slog"
	"time"
)

// clockName says in the first log line whose time this build goes by.
const clockName = "system"

// simulatedClock is shown by health; this build has no switch for it.
const simulatedClock = false

// newClock returns the machine's clock. This file and its simulated counterpart are
// the only places that read it for the rules.
func newClock(func(string) string, *slog.Logger) (func() time.Time, error) {
	return time.Now, nil
}

// newWait returns how a call waits between its tries; nil means by the machine's time.
func newWait(func(string) string) func(context.Context, time.Duration) error { return nil }
