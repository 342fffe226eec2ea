// Command bootstrap gives the service's identity what it needs in the tenant, and nothing more: app
// roles, its pointer in Exchange, and a role group of exactly the roles that its mechanisms take, with
// the right to hand on application roles. It says what it will do and asks; it proves the role group by
// a real scope and assignment where it can act as the identity; with -remove it takes back exactly what
// it gave.
//
// It runs before the service starts for the first time: a managed identity's token can lack a new app
// role for a day. What is needed is the table of handler/identity; this decides nothing about it.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"mailgrant/scripts/administer"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], world{in: os.Stdin, out: os.Stdout, env: os.Getenv, wait: administer.Pause})
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bootstrap:", err)
		os.Exit(1)
	}
}

// world is what the program reads, prints to, and waits by.
type world struct {
	in        io.Reader
	out       io.Writer
	env       func(string) string
	wait      func(context.Context, time.Duration) error
	transport *http.Transport
}

// client carries sign-ins; nil leaves them to the library's own.
func (w world) client() *http.Client {
	return &http.Client{Transport: w.roundTripper()}
}

func (w world) roundTripper() http.RoundTripper {
	if w.transport == nil {
		return http.DefaultTransport
	}
	return w.transport
}

// bootstrap is one run.
type bootstrap struct {
	world
	options options
	tenant  *administer.Tenant
	record  *record
}

func run(ctx context.Context, args []string, w world) error {
	chosen, err := readOptions(args, w)
	if err != nil {
		return err
	}
	credential, err := administer.SignIn(w.env, w.client())
	if err != nil {
		return fmt.Errorf("signing in as an administrator: %w", err)
	}
	b := &bootstrap{world: w, options: chosen}
	b.tenant, err = administer.New(administer.Options{Tenant: chosen.tenant, Graph: chosen.graph, Exchange: chosen.exchange,
		Credential: credential, Transport: w.roundTripper(), Wait: w.wait})
	if err != nil {
		return err
	}
	b.record, err = readRecord(chosen.record, chosen.identity)
	if err != nil {
		return err
	}
	if chosen.remove {
		return b.remove(ctx)
	}
	return b.give(ctx)
}

// give reads the tenant, does what lacks, and proves it.
func (b *bootstrap) give(ctx context.Context) error {
	found, err := b.read(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "The identity %s (application %s, object %s) for %s:\n", found.name, found.appID, b.options.identity, b.options.says())
	steps, err := b.missing(found)
	if err != nil {
		return err
	}
	b.tellPresent(found)
	if len(steps) == 0 {
		fmt.Fprintln(b.out, "Nothing lacks, and nothing was changed.")
		return nil
	}
	fmt.Fprintf(b.out, "\nTo be done, in this order; a minute, and minutes more where Exchange takes its time.\nThe commands are what it amounts to in PowerShell; this sends the same calls itself.\n")
	b.tellSteps(steps)
	err = b.agreed("Do this in the tenant " + b.options.tenant + "?")
	if err != nil {
		return err
	}
	if b.options.administrator {
		b.record.Fallback = "an administrator asked for it"
	}
	why, err := b.do(ctx, steps)
	if err == nil && why == "" {
		err = b.readBack(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w\nWhat was made so far is in %s: run this again, or with -remove", err, b.options.record)
	}
	return b.settle(ctx, found, steps, why)
}

// settle proves what was made, and falls back where the tenant does not let it work.
func (b *bootstrap) settle(ctx context.Context, found seen, steps []step, why string) error {
	if why == "" {
		proof, err := b.prove(ctx, found, gaveAppRole(steps))
		if err != nil {
			return err
		}
		fmt.Fprintln(b.out, proof.says)
		why = proof.refused
	}
	if why != "" && b.options.administrator {
		return fmt.Errorf("the identity is refused as Exchange Administrator, too: %s\nA token that is older than the role lacks it, for up to a day; see docs/identity.md", why)
	}
	if why != "" {
		return b.fallBack(ctx, found, why)
	}
	fmt.Fprint(b.out, afterwards)
	return nil
}

const afterwards = `
Start the service after this, not before: the platform keeps a managed identity's token for up to a day,
and a token that was minted before an app role was given lacks it. Next: scripts/deploy, or GET /api/doctor.
`

// agreed asks on the terminal, unless -yes was given.
func (b *bootstrap) agreed(question string) error {
	if b.options.yes {
		return nil
	}
	fmt.Fprintf(b.out, "\n%s [y/N] ", question)
	line, err := bufio.NewReader(b.in).ReadString('\n')
	if err != nil && line == "" {
		return errors.New("nobody answered, so nothing was changed; -yes answers for you")
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}
