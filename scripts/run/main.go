// Command run keeps the whole stack up on this machine until Ctrl-C: a simulated
// tenant, a storage emulator, and the handler under a stand-in for the Functions
// host. It prints commands that can be tried against it as they stand.
//
// Settings: PORT (7071 when empty) and TENANT, a JSON file with another directory.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"mailgrant/handler/simulator/tenant"
	"mailgrant/scripts/session"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := local(ctx, os.Stdout, os.Getenv("PORT"), os.Getenv("TENANT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

// local builds the package and keeps the stack up until ctx ends.
func local(ctx context.Context, out io.Writer, port, directory string) error {
	options, cast, err := read(port, directory)
	if err != nil {
		return err
	}
	options.Root, err = session.Root()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Building the handler for a clock that can be moved; the first time this takes a minute or two ...")
	options.Package, err = session.Assemble(ctx, options.Root, filepath.Join(options.Root, "build", "local"), true)
	if err != nil {
		return err
	}
	return keep(ctx, out, options, cast)
}

// read turns the settings into options, and finds in the directory who can play the
// examples. Every fault of the settings is named before anything is built.
func read(port, directory string) (session.Options, cast, error) {
	const usual = 7071
	options := session.Options{Port: usual, Timers: true}
	if port != "" {
		number, err := strconv.Atoi(port)
		if err != nil || number < 0 || number > 65535 {
			return options, cast{}, fmt.Errorf("PORT is %q and has to be a number up to 65535", port)
		}
		options.Port = number
	}
	if options.Port != 0 {
		err := free(options.Port)
		if err != nil {
			return options, cast{}, err
		}
	}
	text := []byte(tenant.SampleWritingDirectory())
	if directory != "" {
		var err error
		text, err = os.ReadFile(directory)
		if err != nil {
			return options, cast{}, fmt.Errorf("reading the directory that TENANT names: %w", err)
		}
	}
	chosen, err := choose(text)
	if err != nil {
		return options, cast{}, fmt.Errorf("reading the directory %s: %w", directory, err)
	}
	options.Directory = bytes.NewReader(text)
	options.Document = chosen.document()
	return options, chosen, nil
}

// free fails while another program listens on the port, before minutes are spent.
func free(port int) error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("port %d cannot be used; choose another with PORT=…: %w", port, err)
	}
	return listener.Close()
}

// keep starts the stack, says how to use it, and ends it when ctx ends.
func keep(ctx context.Context, out io.Writer, options session.Options, cast cast) error {
	log, err := os.CreateTemp("", "mailgrant-log-")
	if err != nil {
		return fmt.Errorf("making a file for the log: %w", err)
	}
	defer os.Remove(log.Name())
	defer log.Close()
	options.Log = log
	running, err := session.Start(ctx, options)
	if err != nil {
		return err
	}
	fmt.Fprint(out, introduction(running, log.Name()))
	for _, example := range examples(running, cast) {
		fmt.Fprintf(out, "# %s: %d\n%s\n\n", example.title, example.status, example.command)
	}
	fmt.Fprintln(out, "Ctrl-C ends it and forgets everything.")
	<-ctx.Done()
	fmt.Fprintln(out, "\nEnding …")
	err = running.Close()
	if err != nil {
		return errors.Join(errors.New("something could not be ended"), err)
	}
	fmt.Fprintln(out, "Nothing is left running.")
	return nil
}

func introduction(running *session.Session, log string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "\nmailgrant serves %s, key %s. Its tenant is simulated.\n", running.Host.URL(), running.Host.FunctionKey())
	fmt.Fprintf(&text, "Time is simulated too: it runs as on your wall until you move it. Timers fire by it.\n")
	fmt.Fprintf(&text, "The log of host and handler: tail -f %s\n", log)
	path, err := exec.LookPath("func")
	if err == nil {
		fmt.Fprintf(&text, "Azure Functions Core Tools are here (%s). They could run build/local as well, but not by a moved clock;\nthis uses the stand-in for the host.\n", path)
	}
	fmt.Fprintf(&text, "\nEach command below works as it stands, in this order; the number is the status that it answers.\n\n")
	return text.String()
}
