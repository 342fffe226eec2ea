// Command smoke asks a deployed service for one real grant on a test mailbox, sees it allowed there
// and refused on a canary by the tenant's own test, hands it back, and sees that nothing is left.
//
// It decides nothing about the product: it speaks to it as a ticket system does, over HTTP and with a
// function key, and reads the answers by types of its own. Whatever happens on the way, what it asked
// for it hands back; should even that fail, the grant ends by itself after hours.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/signal"
	"text/tabwriter"
	"time"
)

// The exit codes.
const (
	exitWorks  = 0
	exitFails  = 1
	exitNotRun = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	code, err := run(ctx, os.Args[1:], world{env: os.Getenv, out: os.Stdout, now: time.Now, pollEvery: 3 * time.Second})
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "smoke:", err)
	}
	os.Exit(code)
}

// world is what the program reads, prints to, and goes by.
type world struct {
	env       func(string) string
	out       io.Writer
	now       func() time.Time
	pollEvery time.Duration
}

type options struct {
	service, key              string
	workload, mailbox, canary string
	permission                string
	patience                  time.Duration
}

func readOptions(args []string, w world) (options, error) {
	chosen := options{key: w.env("MAILGRANT_KEY")}
	flags := flag.NewFlagSet("smoke", flag.ContinueOnError)
	flags.SetOutput(w.out)
	flags.StringVar(&chosen.service, "service", w.env("MAILGRANT_URL"), "the service's `address`; default $MAILGRANT_URL")
	flags.StringVar(&chosen.workload, "workload", "", "application `id` of a test application without access to that mailbox")
	flags.StringVar(&chosen.mailbox, "mailbox", "", "`address` of a test mailbox")
	flags.StringVar(&chosen.canary, "canary", "", "`address` of the mailbox that has to be refused; default the operator's document's")
	flags.StringVar(&chosen.permission, "permission", "MailboxSettings.Read", "what to ask for; the default opens no mail")
	flags.DurationVar(&chosen.patience, "patience", 15*time.Minute, "how long to wait for each of making and removing")
	err := flags.Parse(args)
	if err != nil {
		return options{}, err
	}
	return chosen, chosen.check(flags.NArg())
}

func (o options) check(left int) error {
	switch {
	case left > 0:
		return errors.New("there are only flags: see -help")
	case o.service == "" || o.workload == "" || o.mailbox == "":
		return errors.New("-service, -workload and -mailbox are needed: see -help")
	case o.key == "":
		return errors.New("MAILGRANT_KEY is not set: az functionapp keys list --name <app> --resource-group <group> --query functionKeys.default --output tsv")
	}
	parsed, err := url.Parse(o.service)
	if err != nil {
		return fmt.Errorf("reading the address %q: %w", o.service, err)
	}
	here := net.ParseIP(parsed.Hostname()).IsLoopback()
	if parsed.Host == "" || parsed.User != nil || parsed.Scheme != "https" && (parsed.Scheme != "http" || !here) {
		return fmt.Errorf("%q is no https address, and the key is sent over nothing else", parsed.Redacted())
	}
	return nil
}

// run returns the exit code, and why where the trial could not be made.
func run(ctx context.Context, args []string, w world) (int, error) {
	chosen, err := readOptions(args, w)
	if err != nil {
		return exitNotRun, err
	}
	fmt.Fprintf(w.out, "Asking %s for %s on %s for the application %s, to be handed back at once.\nThat takes a minute or two, and up to %s where Exchange is slow.\n",
		chosen.service, chosen.permission, chosen.mailbox, chosen.workload, 2*chosen.patience)
	t := &trial{world: w, options: chosen, api: newService(chosen)}
	t.play(ctx)
	err = t.print()
	switch {
	case err != nil:
		return exitNotRun, fmt.Errorf("printing the table: %w", err)
	case !t.fine():
		return exitFails, nil
	}
	fmt.Fprintln(w.out, "It works, and nothing is left.")
	return exitWorks, nil
}

// line is one thing that was looked at.
type line struct {
	what, wanted, seen string
	fine               bool
}

func (t *trial) fine() bool {
	for _, each := range t.lines {
		if !each.fine {
			return false
		}
	}
	return len(t.lines) == stations
}

func (t *trial) print() error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nwhat\twanted\tseen\t")
	for _, each := range t.lines {
		mark := "ok"
		if !each.fine {
			mark = "NOT SO"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", each.what, each.wanted, each.seen, mark)
	}
	err := table.Flush()
	if err == nil && t.next != "" {
		fmt.Fprintln(t.out, t.next)
	}
	return err
}
