// Command probe is run by the owner of a workload where the workload lives. It asks the
// service for a one-time code, gets a token of Microsoft Graph as the workload, makes
// exactly the calls that came with the code, prints what was answered, and reports it.
//
// It must not print token, code or function key, and must not send any of them elsewhere
// than to whom it belongs. It reads no mail: what a call answers is thrown away, but for
// the code of an error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

// The exit codes. What contradicts the grant is told apart from what proves nothing.
const (
	exitAsGranted    = 0
	exitContradicted = 1
	exitFailed       = 2
	exitNotProved    = 3
)

// longestRun bounds everything together.
const longestRun = 5 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, longestRun)
	defer cancel()
	code, err := run(ctx, os.Args[1:], os.Getenv, world{in: os.Stdin, out: os.Stdout, now: time.Now})
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "probe:", err)
	}
	os.Exit(code)
}

// world is what the program reads, prints to, and takes the time from.
type world struct {
	in  io.Reader
	out io.Writer
	now func() time.Time
}

// run returns the exit code, and why where it is exitFailed.
func run(ctx context.Context, args []string, env func(string) string, w world) (int, error) {
	chosen, err := readOptions(args, env, w.out)
	if err != nil {
		return exitFailed, err
	}
	api, err := newService(chosen)
	if err != nil {
		return exitFailed, err
	}
	plan, err := api.plan(ctx, chosen, w.in)
	if err != nil {
		return exitFailed, err
	}
	caller, err := newCaller(ctx, chosen, env, plan.AppID)
	if err != nil {
		return exitFailed, err
	}
	// All are checked before the first is made.
	for _, call := range plan.Calls {
		err := caller.check(call)
		if err != nil {
			return exitFailed, err
		}
	}
	seen := make([]observation, len(plan.Calls))
	for i, call := range plan.Calls {
		seen[i] = caller.try(ctx, call, w.now)
	}
	err = printTable(w.out, plan, seen)
	if err != nil {
		return exitFailed, fmt.Errorf("printing the table: %w", err)
	}
	outcome := judge(plan.Calls, seen)
	err = api.report(ctx, plan, seen)
	switch {
	case err == nil:
		fmt.Fprintln(w.out, "Reported.")
		return outcome, nil
	case outcome == exitContradicted:
		// What was met counts, whether or not it could be reported.
		return outcome, err
	}
	return exitFailed, err
}
