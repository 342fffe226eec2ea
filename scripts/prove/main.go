// Command prove runs every row of the table of reliability in full and prints it, and
// writes it into docs/reliability.md with the day, the machine and the seed.
//
// It decides nothing about what holds: the rows are tests of the package handler. It
// must not leave a row out silently; one that did not report says so in the table.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"mailgrant/scripts/session"
)

// most is how long the tests may take before they are ended: well above what is aimed
// at, so that a slow machine reports its rows, too.
const (
	most = 2 * time.Hour
	aim  = 40 * time.Minute
	// everyRow names the tests of all rows.
	everyRow = "^TestProve"
)

func main() {
	seed := flag.Uint64("seed", 0, "seed of every random choice; 0 takes one from the time")
	only := flag.String("run", everyRow, "which tests are run, as for go test -run; the page is then left as it is")
	from := flag.String("from", "", "files of rows, separated by commas, of runs that took the rows in parts: nothing is run, and the page is written from them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	var err error
	if *from != "" {
		err = gather(os.Stdout, strings.Split(*from, ","), *seed)
	} else {
		err = prove(ctx, os.Stdout, *only, *seed)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "prove:", err)
		os.Exit(1)
	}
}

// prove runs the rows and shows them. The error says which of them failed.
func prove(ctx context.Context, out io.Writer, only string, seed uint64) error {
	root, err := session.Root()
	if err != nil {
		return err
	}
	folder := filepath.Join(root, "build")
	err = os.MkdirAll(folder, 0o755)
	if err != nil {
		return fmt.Errorf("making the folder build: %w", err)
	}
	run := run{root: root, only: only, seed: seed, rows: filepath.Join(folder, "prove.jsonl"), log: filepath.Join(folder, "prove.log")}
	fmt.Fprintf(out, "Proving with seed %d; up to %.0f minutes on 2 cores. Each row is shown when it is done.\n", seed, aim.Minutes())
	began := time.Now()
	tests := run.test(ctx, out)
	rows, err := readRows(run.rows)
	if err != nil {
		return errors.Join(tests, err)
	}
	said := proved{rows: rows, seed: seed, day: began.UTC(), took: time.Since(began), machine: machine()}
	fmt.Fprintf(out, "\n%s", said.text())
	if only != everyRow {
		return errors.Join(tests, said.failure())
	}
	err = os.WriteFile(filepath.Join(root, "docs", "reliability.md"), []byte(said.page()), 0o644)
	if err != nil {
		return errors.Join(tests, fmt.Errorf("writing the page: %w", err))
	}
	return errors.Join(tests, said.failure())
}

// gather writes the page from the rows of several runs; a row of a later file takes the
// place of the same one of an earlier file.
func gather(out io.Writer, files []string, seed uint64) error {
	root, err := session.Root()
	if err != nil {
		return err
	}
	said := proved{seed: seed, day: time.Now().UTC(), machine: machine(), parts: len(files)}
	for _, file := range files {
		rows, err := readRows(file)
		if err != nil {
			return err
		}
		said.rows = append(said.without(rows), rows...)
	}
	for _, one := range said.rows {
		said.took += one.duration()
	}
	fmt.Fprintf(out, "%s", said.text())
	err = os.WriteFile(filepath.Join(root, "docs", "reliability.md"), []byte(said.page()), 0o644)
	if err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return said.failure()
}

// run is one run of the tests.
type run struct {
	root, only string
	seed       uint64
	// rows and log are the files that get the rows and everything that the tests say.
	rows, log string
}

// test runs the tests and shows every row as soon as it is there.
func (r run) test(ctx context.Context, out io.Writer) error {
	err := os.RemoveAll(r.rows)
	if err != nil {
		return fmt.Errorf("removing the rows of an earlier run: %w", err)
	}
	log, err := os.Create(r.log)
	if err != nil {
		return fmt.Errorf("making the log: %w", err)
	}
	defer log.Close()
	command := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-timeout", most.String(), "-run", r.only, "./handler",
		"-args", "-prove="+r.rows, fmt.Sprintf("-seed=%d", r.seed))
	command.Dir, command.Stdout, command.Stderr = r.root, log, log
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = time.Minute
	err = command.Start()
	if err != nil {
		return fmt.Errorf("starting the tests: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	err = r.follow(out, ended)
	if err != nil {
		return fmt.Errorf("the tests: %w; what failed first (all that they said is in %s):\n%s", err, r.log, complaints(r.log))
	}
	return nil
}

// follow shows new rows until the tests have ended.
func (r run) follow(out io.Writer, ended <-chan error) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	shown := 0
	for {
		var err error
		over := false
		select {
		case err = <-ended:
			over = true
		case <-tick.C:
		}
		// A line that is only half written is read again at the next look.
		rows, _ := readRows(r.rows)
		for ; shown < len(rows); shown++ {
			fmt.Fprintln(out, "  "+rows[shown].progress())
		}
		if over {
			return err
		}
	}
}

// mostComplaints is how much of what the tests complain about is shown.
const mostComplaints = 20

// complaints are the lines of the log by which a person finds what failed.
func complaints(log string) string {
	text, err := os.ReadFile(log)
	if err != nil {
		return err.Error()
	}
	var found []string
	for line := range bytes.Lines(text) {
		for _, sign := range []string{"--- FAIL", "panic:", "DATA RACE", "[build failed]"} {
			if bytes.Contains(line, []byte(sign)) {
				found = append(found, strings.TrimRight(string(line[:min(len(line), 300)]), "\n"))
				break
			}
		}
	}
	return strings.Join(found[:min(len(found), mostComplaints)], "\n")
}
