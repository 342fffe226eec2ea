// Command leave hands every grant of a deployment back and says what is still there. It exits
// with 0 when nothing is left, with 1 while something is, with 2 when it could not do its work.
//
// It must not touch the tenant itself: the service takes back what it gave.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"

	"mailgrant/scripts/leaving"
)

const usage = `usage: leave https://<app> <who you are>

Freezes new access, revokes every live grant of this installation, and lists what is still
there. Run it again until it says that nothing is left. The function key is taken from the
variable MAILGRANT_KEY.
`

// longestRun bounds a whole run: thousands of grants are revoked one by one.
const longestRun = time.Hour

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, longestRun)
	code := run(ctx, os.Args[1:], os.Getenv("MAILGRANT_KEY"), os.Stdout)
	cancel()
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	exitGone  = 0
	exitLeft  = 1
	exitFails = 2
)

func run(ctx context.Context, arguments []string, key string, out io.Writer) int {
	if len(arguments) != 2 || key == "" {
		fmt.Fprint(out, usage)
		return exitFails
	}
	address, err := url.Parse(arguments[0])
	local := err == nil && (address.Hostname() == "127.0.0.1" || address.Hostname() == "localhost")
	if err != nil || address.Host == "" || address.Scheme != "https" && !(address.Scheme == "http" && local) {
		fmt.Fprintln(out, "leave: the key is sent over https only, to an address such as https://app.azurewebsites.net")
		return exitFails
	}
	client := &http.Client{Timeout: 2 * time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	left, err := leaving.Leave(ctx, leaving.Service{Base: strings.TrimSuffix(arguments[0], "/"), Key: key, HTTP: client}, arguments[1])
	if err != nil {
		fmt.Fprintln(out, "leave:", err)
		return exitFails
	}
	return show(left, out)
}

func show(left leaving.Left, out io.Writer) int {
	if left.Nothing() {
		fmt.Fprintln(out, "nothing is left that gives access under this installation's mark; mailboxes that were made are kept; new access stays frozen")
		return exitGone
	}
	for _, grant := range left.Grants {
		fmt.Fprintf(out, "still to go: %s %s %s\n", grant.ID, grant.State, grant.Stuck)
	}
	for _, marked := range left.Marked {
		fmt.Fprintln(out, "without a grant:", marked)
	}
	if left.Abandoned > 0 {
		fmt.Fprintf(out, "%d grant(s) were given up: GET /api/grants?state=abandoned; remove by hand what their histories name\n", left.Abandoned)
	}
	fmt.Fprintln(out, "run it again later; removals go on by themselves")
	return exitLeft
}
