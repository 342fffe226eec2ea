// Command conformance asks a test tenant about the facts on which the simulated tenant rests and that
// Microsoft does not state: those that were inferred, on which sources contradict each other, that only
// one source has, or that others have measured. It prints what the simulated tenant says beside what the
// tenant says.
//
// Most probes read. Those that write are run with -write only, make throw-away objects with a scope that
// no mailbox is in, and remove them again. It decides nothing: a difference is for a person to read.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	"mailgrant/scripts/administer"
)

// The exit codes.
const (
	exitAgrees  = 0
	exitDiffers = 1
	exitNotRun  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	code, err := run(ctx, os.Args[1:], world{out: os.Stdout, env: os.Getenv, wait: administer.Pause})
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "conformance:", err)
	}
	os.Exit(code)
}

// world is what the program prints to and goes by.
type world struct {
	out       io.Writer
	env       func(string) string
	wait      func(context.Context, time.Duration) error
	transport *http.Transport
}

type options struct {
	tenant, mailbox, workload, group string
	write                            bool
	only                             *regexp.Regexp
}

func readOptions(args []string, w world) (options, error) {
	chosen := options{tenant: w.env("AZURE_TENANT_ID")}
	var only string
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(w.out)
	flags.StringVar(&chosen.mailbox, "mailbox", "", "`address` of a test mailbox")
	flags.StringVar(&chosen.workload, "workload", "", "application `id` of a test application that Exchange does not know; for -write")
	flags.StringVar(&chosen.group, "group", "mailgrant service", "`name` of a role group that a service principal is a member of")
	flags.BoolVar(&chosen.write, "write", false, "run the probes that write, too, and clean up")
	flags.StringVar(&only, "only", "", "run the probes whose name this regular `expression` matches")
	err := flags.Parse(args)
	if err != nil {
		return options{}, err
	}
	chosen.only, err = regexp.Compile(only)
	switch {
	case err != nil:
		return options{}, fmt.Errorf("-only: %w", err)
	case flags.NArg() > 0:
		return options{}, errors.New("there are only flags: see -help")
	case chosen.tenant == "" || chosen.mailbox == "":
		return options{}, errors.New("AZURE_TENANT_ID and -mailbox are needed: name a test tenant and a test mailbox in it")
	case chosen.write && chosen.workload == "":
		return options{}, errors.New("-write needs -workload, a test application in whose name things are made and removed")
	}
	return chosen, nil
}

// run returns the exit code, and why where nothing could be asked.
func run(ctx context.Context, args []string, w world) (int, error) {
	chosen, err := readOptions(args, w)
	if err != nil {
		return exitNotRun, err
	}
	var round http.RoundTripper = http.DefaultTransport
	if w.transport != nil {
		round = w.transport
	}
	credential, err := administer.SignIn(w.env, &http.Client{Transport: round})
	if err != nil {
		return exitNotRun, fmt.Errorf("signing in: %w", err)
	}
	to, err := administer.New(administer.Options{Tenant: chosen.tenant, Graph: w.env("GRAPH_ENDPOINT"), Exchange: w.env("EXCHANGE_ENDPOINT"),
		Credential: credential, Transport: round, Wait: w.wait})
	if err != nil {
		return exitNotRun, err
	}
	fmt.Fprintf(w.out, "Asking the tenant %s about %d facts; a minute or two.", chosen.tenant, len(probes()))
	if chosen.write {
		fmt.Fprintf(w.out, " Throw-away objects named %s… are made and removed.", namePrefix)
	}
	fmt.Fprintln(w.out)
	b := &bench{tenant: to, options: chosen, wait: w.wait}
	lines := b.all(ctx)
	left := b.clean(context.WithoutCancel(ctx))
	code, err := print(w.out, lines)
	if err == nil && left != nil {
		return exitNotRun, left
	}
	return code, err
}

// line is what came of one probe.
type line struct {
	probe
	seen string
	err  error
	// skipped probes write, and were not asked for.
	skipped bool
}

func (l line) verdict() string {
	switch {
	case l.skipped:
		return "not run"
	case l.err != nil:
		return "NOT SEEN"
	case l.seen == l.simulator:
		return "agrees"
	}
	return "DIFFERS"
}

func print(out io.Writer, lines []line) (int, error) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "probe\tmark\tthe simulator says\tthe tenant says\t")
	count := map[string]int{}
	for _, each := range lines {
		seen := each.seen
		if each.err != nil {
			seen = each.err.Error()
		}
		count[each.verdict()]++
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", each.name, each.mark, each.simulator, strings.ReplaceAll(seen, "\n", " "), each.verdict())
	}
	err := table.Flush()
	if err != nil {
		return exitNotRun, fmt.Errorf("printing the table: %w", err)
	}
	fmt.Fprintf(out, "%d agree, %d differ, %d were not seen, %d not run (-write).\n", count["agrees"], count["DIFFERS"], count["NOT SEEN"], count["not run"])
	switch {
	case count["DIFFERS"] > 0:
		return exitDiffers, nil
	case count["NOT SEEN"] > 0:
		return exitNotRun, nil
	}
	return exitAgrees, nil
}
