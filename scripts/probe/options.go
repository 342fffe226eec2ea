package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
)

// options are the flags, and those settings that are no flags because they are secret or
// belong to the place.
type options struct {
	service, grant string
	// planFile holds the answer to a code that somebody else asked for; empty asks for one.
	planFile         string
	sendFrom, sendTo string
	clientID         string
	// key is the function key, from the environment: arguments are seen by everybody.
	key string
	// graph is the origin of Microsoft Graph.
	graph string
}

const publicGraph = "https://graph.microsoft.com"

func readOptions(args []string, env func(string) string, out io.Writer) (options, error) {
	chosen := options{key: env("MAILGRANT_KEY"), graph: env("GRAPH_ENDPOINT")}
	if chosen.graph == "" {
		chosen.graph = publicGraph
	}
	flags := flag.NewFlagSet("probe", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&chosen.service, "service", env("MAILGRANT_URL"), "the service's `address`, such as https://mailgrant.example; default $MAILGRANT_URL")
	flags.StringVar(&chosen.grant, "grant", "", "the grant's `id`")
	flags.StringVar(&chosen.planFile, "plan", "", "a `file` with the answer to a code that was asked for elsewhere, - for standard input; without it a code is asked for")
	flags.StringVar(&chosen.sendFrom, "send-from", "", "send one mail from this `mailbox` of the grant; only together with -send-to")
	flags.StringVar(&chosen.sendTo, "send-to", "", "… to this `address`; without it no mail is sent, whatever the plan says")
	flags.StringVar(&chosen.clientID, "client-id", env("AZURE_CLIENT_ID"), "the client `id` of a user-assigned managed identity; default $AZURE_CLIENT_ID")
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
	case o.service == "" || o.grant == "":
		return errors.New("-service and -grant are needed: see -help")
	case o.key == "":
		return errors.New("MAILGRANT_KEY is not set: it holds the function key")
	case o.planFile == "" && (o.sendFrom == "") != (o.sendTo == ""):
		return errors.New("-send-from and -send-to go together")
	}
	for _, address := range []string{o.service, o.graph} {
		err := checkOrigin(address)
		if err != nil {
			return err
		}
	}
	return nil
}

// checkOrigin refuses addresses to which a key or a token would go in the clear. Only this
// very machine may be spoken to without TLS.
func checkOrigin(address string) error {
	parsed, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("reading the address %q: %w", address, err)
	}
	here := net.ParseIP(parsed.Hostname()).IsLoopback()
	if parsed.Host == "" || parsed.User != nil || parsed.Scheme != "https" && (parsed.Scheme != "http" || !here) {
		return fmt.Errorf("%q is no https address", parsed.Redacted())
	}
	return nil
}
