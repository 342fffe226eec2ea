package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mailgrant/handler/simulator/tenant"

	"github.com/rogpeppe/go-internal/testscript"
)

// kill ends the handler with SIGKILL; restart starts it again.
func cmdKill(s *story, _ *testscript.TestScript, _ []string) error {
	s.failuresExpected = true
	s.stack.Host.Kill()
	return nil
}

// terminateGrace is how long the platform waits after SIGTERM: more than the handler drains.
const terminateGrace = 15 * time.Second

// terminate CODE [CALL] ends the handler with SIGTERM, once it has sent that call to the
// tenant, and checks its exit code.
func cmdTerminate(s *story, _ *testscript.TestScript, args []string) error {
	s.failuresExpected = true
	for try := 0; len(args) > 1 && !s.called(args[1]); try++ {
		if try == 200 {
			return fmt.Errorf("the handler did not call %s", args[1])
		}
		time.Sleep(50 * time.Millisecond)
	}
	code := s.stack.Host.Terminate(terminateGrace)
	if strconv.Itoa(code) != args[0] {
		return fmt.Errorf("the handler exited with %d and not %s", code, args[0])
	}
	return nil
}

// called reports whether a call of that name has come to the tenant.
func (s *story) called(name string) bool {
	return slices.ContainsFunc(s.stack.Tenant.Requests(), func(one tenant.Request) bool { return strings.Contains(one.Name, name) })
}

func cmdRestart(s *story, _ *testscript.TestScript, _ []string) error {
	s.failuresExpected = true
	return s.stack.Host.Restart(context.Background())
}

// setting NAME=VALUE changes a setting of the app, or takes it away by no value; the
// platform then starts the handler again.
func cmdSetting(s *story, _ *testscript.TestScript, args []string) error {
	s.failuresExpected = true
	name, value, _ := strings.Cut(args[0], "=")
	return s.stack.Host.Set(context.Background(), name, value)
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

// soonLimit is how long a line is waited for that comes soon.
const soonLimit = 60 * time.Second

// log PATTERN [soon] looks for a line in what host and handler have logged. Where everything
// misbehaves it may come later. soon waits for it by the machine's time.
func cmdLog(s *story, _ *testscript.TestScript, args []string) error {
	pattern, err := regexp.Compile(args[0])
	if err != nil {
		return err
	}
	limit := awaitLimit
	if s.calm {
		limit = 0
	}
	missing := func() (string, error) {
		text, err := os.ReadFile(s.log.Name())
		if err != nil || pattern.Match(text) {
			return "", err
		}
		return "nothing in the log matches " + args[0], nil
	}
	if s.stack == nil || len(args) > 1 {
		// No time passes on the shared clock.
		what, err := missing()
		for began := time.Now(); len(args) > 1 && err == nil && what != "" && time.Since(began) < soonLimit; {
			time.Sleep(50 * time.Millisecond)
			what, err = missing()
		}
		if err == nil && what != "" {
			err = errors.New(what)
		}
		return err
	}
	return s.await(limit, missing)
}
