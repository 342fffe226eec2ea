package main

import (
	"context"
	"os"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

// kill ends the handler with SIGKILL; restart starts it again.
func cmdKill(s *story, _ *testscript.TestScript, _ []string) error {
	s.failuresExpected = true
	s.stack.Host.Kill()
	return nil
}

func cmdRestart(s *story, _ *testscript.TestScript, _ []string) error {
	s.failuresExpected = true
	return s.stack.Host.Restart(context.Background())
}

// document FILE replaces the operator's document; "-" removes it.
func cmdDocument(s *story, ts *testscript.TestScript, args []string) error {
	if args[0] == "-" {
		return os.Remove(s.stack.DocumentPath)
	}
	return os.WriteFile(s.stack.DocumentPath, []byte(ts.ReadFile(args[0])), 0o600)
}

// mayfail says that invocations may fail from here on.
func cmdMayFail(s *story, _ *testscript.TestScript, _ []string) error {
	s.failuresExpected = true
	return nil
}

// log PATTERN looks for a line in what the handler has logged. Where everything
// misbehaves it may come later.
func cmdLog(s *story, _ *testscript.TestScript, args []string) error {
	pattern, err := regexp.Compile(args[0])
	if err != nil {
		return err
	}
	limit := awaitLimit
	if s.calm {
		limit = 0
	}
	return s.await(limit, func() (string, error) {
		text, err := os.ReadFile(s.log.Name())
		if err != nil || pattern.Match(text) {
			return "", err
		}
		return "nothing in the log matches " + args[0], nil
	})
}
