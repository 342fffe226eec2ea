// Command demo shows the whole life of one grant on one screen, on real wires: a
// simulated tenant, a storage emulator and a stand-in for the Functions host around
// the handler itself, built for a clock that the demonstration moves.
//
// It prints no sentence that it has not checked. It ends with an exit code other than
// zero, and with the sentence that did not hold, when one does not.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"mailgrant/handler/simulator/tenant"
	"mailgrant/scripts/session"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := demonstrate(ctx, newScreen(os.Stdout, colours(os.Stdout)), os.Getenv("DEMO_FAULT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demonstrate builds the package and plays the story on it. fault makes the tenant
// ignore the named cmdlet, so that anybody can see that the demonstration notices.
func demonstrate(ctx context.Context, out *screen, fault string) error {
	root, err := session.Root()
	if err != nil {
		return err
	}
	out.wait("Building the handler for a simulated clock; the first time this takes a minute or two")
	folder, err := session.Assemble(ctx, root, filepath.Join(root, "build", "simulated"), true)
	if err != nil {
		return err
	}
	out.done()
	return play(ctx, out, options{root: root, folder: folder, fault: fault})
}

// options say on what the story is played.
type options struct {
	root, folder string
	// fault is the cmdlet that the tenant ignores; empty means none.
	fault string
}

// longestStory bounds a story that hangs. One takes ten to thirty seconds.
const longestStory = 3 * time.Minute

// play starts everything, tells the story and ends everything. The error says which
// sentence did not hold, or what could not be done.
func play(ctx context.Context, out *screen, options options) error {
	ctx, cancel := context.WithTimeoutCause(ctx, longestStory, fmt.Errorf("the story took longer than %s", longestStory))
	defer cancel()
	began := time.Now()
	out.wait("Starting the tenant, the storage emulator, the host's stand-in and the handler")
	running, err := session.Start(ctx, session.Options{Root: options.root, Package: options.folder})
	if err != nil {
		return err
	}
	out.done()
	err = tell(ctx, out, running, options.fault)
	if err != nil && ctx.Err() != nil {
		err = errors.Join(err, context.Cause(ctx))
	}
	closing := running.Close()
	if closing != nil {
		closing = fmt.Errorf("ending what was started: %w", closing)
	}
	err = errors.Join(err, closing)
	if err == nil {
		out.last(fmt.Sprintf("%d sentences, each checked before it was printed, in %.0f seconds. Nothing is left running.",
			out.sentences, time.Since(began).Seconds()))
	}
	return err
}

func tell(ctx context.Context, out *screen, running *session.Session, fault string) error {
	if fault != "" {
		err := running.Tenant.Fault(tenant.Fault{Name: "ignore", Match: fault})
		if err != nil {
			return fmt.Errorf("telling the tenant to ignore %s: %w", fault, err)
		}
	}
	story := &story{Session: running, out: out, api: running.Client(),
		application: running.Application(tenant.SampleNewsletterAppID, tenant.SampleNewsletterSecret)}
	for _, chapter := range story.chapters() {
		out.heading(chapter.title)
		err := chapter.tell(ctx)
		if err != nil {
			out.broken()
			return fmt.Errorf("%s: %w", chapter.title, err)
		}
	}
	return nil
}
