package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// command is a program and its arguments.
type command []string

// String is the command as a shell takes it.
func (c command) String() string {
	quoted := make([]string, len(c))
	for i, each := range c {
		quoted[i] = each
		if each == "" || strings.ContainsAny(each, " \t\n\"'\\$`&|;<>()[]{}*?!#~") {
			quoted[i] = "'" + strings.ReplaceAll(each, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// do shows a command, and runs it where this is no dry run. What it prints is seen at once, and it may
// ask. The settings, which can be secret, are for its environment and are not shown.
func (d *deployment) do(ctx context.Context, wanted command, settings ...string) error {
	fmt.Fprintln(d.out, wanted)
	if d.options.dryRun {
		return nil
	}
	running := d.prepared(ctx, wanted, settings)
	running.Stdout, running.Stdin = d.out, d.in
	err := running.Run()
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(wanted[:2], " "), err)
	}
	return nil
}

// output runs a command and returns what it prints, without the line's end.
func (d *deployment) output(ctx context.Context, wanted command) (string, error) {
	fmt.Fprintln(d.out, wanted)
	if d.options.dryRun {
		return "", nil
	}
	running := d.prepared(ctx, wanted, nil)
	var printed bytes.Buffer
	running.Stdout = &printed
	err := running.Run()
	if err != nil {
		return "", fmt.Errorf("%s: %w", strings.Join(wanted[:min(3, len(wanted))], " "), err)
	}
	return strings.TrimSpace(printed.String()), nil
}

// prepared ends the program by an interruption and not at once, so that it can leave things tidy.
func (d *deployment) prepared(ctx context.Context, wanted command, settings []string) *exec.Cmd {
	made := exec.CommandContext(ctx, wanted[0], wanted[1:]...)
	made.Dir, made.Stderr = d.root, d.err
	made.Cancel = func() error { return made.Process.Signal(os.Interrupt) }
	made.Env = append(os.Environ(), settings...)
	return made
}
