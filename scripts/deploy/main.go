// Command deploy brings mailgrant into an Azure subscription and a tenant: it builds the package, has
// az make what infra/main.bicep describes, gives the identity its rights, publishes the code, and tries
// the result. The rights come before the first start, because a managed identity's token can lack a new
// app role for a day.
//
// It does nothing by itself that it could leave to az or to another command here, and -dry-run prints
// every one of those commands. No key is printed.
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
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], world{in: os.Stdin, out: os.Stdout, err: os.Stderr, root: ".", client: &http.Client{Timeout: time.Minute}, pause: 10 * time.Second})
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "deploy:", err)
		os.Exit(1)
	}
}

// world is what the program reads, prints to, and goes by.
type world struct {
	in       io.Reader
	out, err io.Writer
	// root is the repository's folder.
	root   string
	client *http.Client
	// pause is how long a start is given between two looks.
	pause time.Duration
}

// The steps, in order; -from names one of them.
const (
	stepPackage        = "package"
	stepInfrastructure = "infrastructure"
	stepBootstrap      = "bootstrap"
	stepPublish        = "publish"
	stepTry            = "try"
)

func steps() []string {
	return []string{stepPackage, stepInfrastructure, stepBootstrap, stepPublish, stepTry}
}

type options struct {
	group, parameters, document, from string
	workload, mailbox                 string
	dryRun, yes                       bool
}

func readOptions(args []string, w world) (options, error) {
	var chosen options
	flags := flag.NewFlagSet("deploy", flag.ContinueOnError)
	flags.SetOutput(w.out)
	flags.StringVar(&chosen.group, "group", "", "`name` of the resource group, which has to be there")
	flags.StringVar(&chosen.parameters, "parameters", "", "`file` with the parameters: your copy of infra/main.parameters.sample.json")
	flags.StringVar(&chosen.document, "document", "", "`file` with the operator's document: your copy of infra/mailgrant.yaml")
	flags.StringVar(&chosen.workload, "workload", "", "application `id` of a test application, for the trial at the end")
	flags.StringVar(&chosen.mailbox, "mailbox", "", "`address` of a test mailbox, for the trial at the end")
	flags.StringVar(&chosen.from, "from", stepPackage, "begin at this `step`: "+strings.Join(steps(), ", "))
	flags.BoolVar(&chosen.dryRun, "dry-run", false, "print the commands and run none")
	flags.BoolVar(&chosen.yes, "yes", false, "do not ask, neither here nor in bootstrap")
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
	case o.group == "" || o.parameters == "" || o.document == "":
		return errors.New("-group, -parameters and -document are needed: see -help")
	case strings.HasPrefix(o.group, "-"):
		return fmt.Errorf("-group %q is no name of a resource group", o.group)
	case !slices.Contains(steps(), o.from):
		return fmt.Errorf("-from %q: %s", o.from, strings.Join(steps(), ", "))
	case (o.workload == "") != (o.mailbox == ""):
		return errors.New("-workload and -mailbox go together")
	}
	return nil
}

// deployment is one run.
type deployment struct {
	world
	options options
	rights  []string
	made    outputs
}

func run(ctx context.Context, args []string, w world) error {
	chosen, err := readOptions(args, w)
	if err != nil {
		return err
	}
	d := &deployment{world: w, options: chosen}
	d.rights, err = readRights(chosen.document)
	if err != nil {
		return err
	}
	_, err = os.Stat(chosen.parameters)
	if err != nil {
		return fmt.Errorf("reading the parameters: %w", err)
	}
	if chosen.dryRun {
		return d.all(ctx)
	}
	err = d.introduce(ctx)
	if err != nil {
		return err
	}
	return d.all(ctx)
}

// introduce says where this goes, and asks.
func (d *deployment) introduce(ctx context.Context) error {
	account, err := d.output(ctx, command{"az", "account", "show", "--query", "join(' ', [name, id, tenantId, user.name])", "--output", "tsv"})
	if err != nil {
		return fmt.Errorf("%w\nNext: az login, and az account set --subscription <name>", err)
	}
	fmt.Fprintf(d.out, "Signed in to: %s\n", account)
	fmt.Fprintf(d.out, "From %s on: package, infrastructure in the group %s, rights of the identity, code, trial.\n", d.options.from, d.options.group)
	fmt.Fprintln(d.out, "That takes 10 to 20 minutes the first time. -dry-run prints the commands.")
	if d.options.yes {
		return nil
	}
	fmt.Fprint(d.out, "Do this? [y/N] ")
	line, err := bufio.NewReader(d.in).ReadString('\n')
	if err != nil && line == "" {
		return errors.New("nobody answered, so nothing was done; -yes answers for you")
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return errors.New("nothing was done")
	}
	return nil
}

// all takes the steps from the chosen one on. A failure says how to go on from there.
func (d *deployment) all(ctx context.Context) error {
	for _, step := range []struct {
		name string
		take func(context.Context) error
	}{
		{stepPackage, d.pack}, {stepInfrastructure, d.infrastructure}, {stepBootstrap, d.bootstrap}, {stepPublish, d.publish}, {stepTry, d.try},
	} {
		if slices.Index(steps(), step.name) < slices.Index(steps(), d.options.from) {
			continue
		}
		if d.options.dryRun {
			fmt.Fprintf(d.out, "# %s\n", step.name)
		} else {
			fmt.Fprintf(d.out, "\n== %s\n", step.name)
		}
		err := step.take(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w\nTo go on from here: the same command with -from %s", step.name, err, step.name)
		}
	}
	if !d.options.dryRun {
		fmt.Fprintf(d.out, "\nmailgrant serves https://%s\n", d.made.HostName.Value)
	}
	return nil
}
