// Command backup saves an installation's tables into a file, and loads them into empty ones.
//
// Whose tables they are it reads from the service's own settings: GrantStorage, or
// GrantStorage__tableServiceUri with the sign-in of whoever runs it (az login). It must not
// touch the tenant, nor judge what the rows say.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"mailgrant/scripts/tables"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

const usage = `usage: backup save FILE | backup load FILE

save  writes every row of the tables ledger, ids, work and due into a new file. It may run
      while the service is at work.
load  fills these tables, which have to be empty, while the app is stopped. Start it then,
      and call POST /api/restored before anything else.

The account is that of GrantStorage (a connection string), or of GrantStorage__tableServiceUri
with your own sign-in, which needs Storage Table Data Reader to save, Contributor to load.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout)
	stop()
	if errors.Is(err, errUsage) {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(1)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "backup:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("the call cannot be understood: see the usage")

func run(ctx context.Context, arguments []string, lookup func(string) string, out io.Writer) error {
	if len(arguments) != 2 {
		return errUsage
	}
	account, err := account(lookup)
	if err != nil {
		return err
	}
	switch arguments[0] {
	case "save":
		return save(ctx, arguments[1], account, out)
	case "load":
		return load(ctx, arguments[1], account, out)
	}
	return errUsage
}

func account(lookup func(string) string) (tables.Options, error) {
	connection, endpoint := lookup("GrantStorage"), lookup("GrantStorage__tableServiceUri")
	switch {
	case (connection == "") == (endpoint == ""):
		return tables.Options{}, errors.New("set one of GrantStorage and GrantStorage__tableServiceUri, as in the app's settings")
	case connection != "":
		return tables.Options{ConnectionString: connection}, nil
	}
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return tables.Options{}, fmt.Errorf("signing in: %w", err)
	}
	return tables.Options{Endpoint: endpoint, Credential: credential}, nil
}

// save never writes over a file: the last good copy may be all there is.
func save(ctx context.Context, name string, from tables.Options, out io.Writer) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("making the file: %w", err)
	}
	count, err := tables.Save(ctx, from, file)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return errors.Join(fmt.Errorf("%s is of no use and was removed: %w", name, err), os.Remove(name))
	}
	fmt.Fprintf(out, "%d rows are in %s. They name people, mailboxes and tickets: keep the file as you keep the account.\n", count, name)
	return nil
}

func load(ctx context.Context, name string, to tables.Options, out io.Writer) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("opening the file: %w", err)
	}
	defer file.Close()
	count, err := tables.Load(ctx, file, to)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d rows were loaded. Start the app and call POST /api/restored before anything else.\n", count)
	return nil
}
