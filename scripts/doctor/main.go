// Command doctor asks a deployment to examine itself and prints what it finds as a table
// for people. It exits with 1 when there is a fault, with 2 when nothing could be asked.
//
// It must not judge anything itself: what is wrong, and what mends it, is the answer's to
// say. It reads the answer by types of its own, as any caller does.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
)

// usage is what is printed for a call that cannot be understood.
const usage = `usage: doctor https://<app>

Examines the deployment at that address by GET /api/doctor. The function key is taken
from the variable MAILGRANT_KEY. It takes up to two minutes and changes nothing in the tenant.
`

// The exit codes.
const (
	exitSound = 0 // no fault; warnings and unknowns are printed
	exitFault = 1
	exitFails = 2 // nothing could be asked
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Getenv("MAILGRANT_KEY"), screen{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// screen is where a person reads.
type screen struct{ out, err io.Writer }

func run(ctx context.Context, arguments []string, key string, to screen) int {
	if len(arguments) != 1 || arguments[0] == "-h" || arguments[0] == "--help" {
		fmt.Fprint(to.err, usage)
		return exitFails
	}
	found, err := ask(ctx, arguments[0], key)
	if err != nil {
		fmt.Fprintln(to.err, "doctor:", err)
		return exitFails
	}
	return show(to.out, found)
}
