package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"mailgrant/handler/engine"
	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/storage"

	"github.com/rogpeppe/go-internal/testscript"
)

// installed is one installation with its storage account.
type installed struct {
	stack  *stack.Stack
	ledger storage.Account
}

func (s *story) install(options stack.Options) error {
	started, err := stack.Start(context.Background(), options)
	if err != nil {
		return err
	}
	s.stack, s.ledger = started, options.Account
	s.installed = append(s.installed, installed{started, options.Account})
	return nil
}

// second starts another installation in the same tenant, with a storage account and a
// mark of its own; the commands that follow go to it.
func cmdSecond(s *story, _ *testscript.TestScript, _ []string) error {
	account, err := s.account()
	if err != nil {
		return err
	}
	folder, err := s.simulated()
	if err != nil {
		return err
	}
	return s.install(stack.Options{Package: folder, Account: account, Scratch: filepath.Dir(s.stack.DocumentPath), Seed: s.seed,
		Installation: "other1", Tenant: s.stack.Tenant, Log: s.log})
}

// turn sends the commands that follow to the other installation.
func cmdTurn(s *story, _ *testscript.TestScript, _ []string) error {
	for _, one := range s.installed {
		if one.stack != s.stack {
			s.stack, s.ledger = one.stack, one.ledger
			return nil
		}
	}
	return errors.New("there is no other installation")
}

// delete PATH [FILE|-] [header=value …]
func cmdDelete(s *story, ts *testscript.TestScript, args []string) error {
	body := ""
	if len(args) > 1 && args[1] != "-" {
		body = ts.ReadFile(args[1])
	}
	return s.call(ts, http.MethodDelete, args[0], body, args[min(len(args), 2):])
}

// many COUNT FILE posts a request so many times, each with a key of its own.
func cmdMany(s *story, ts *testscript.TestScript, args []string) error {
	count, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	for number := range count {
		key := fmt.Sprintf("Idempotency-Key=%s-%d", args[1], number)
		err := s.call(ts, http.MethodPost, "/api/requests/ops", ts.ReadFile(args[1]), []string{"Content-Type=application/json", key})
		if err != nil {
			return err
		}
		if s.status != http.StatusAccepted {
			return fmt.Errorf("request %d was answered %d: %s", number+1, s.status, s.body)
		}
		// One after the other: those of one workload would wait for its lease.
		err = s.stack.Settle(context.Background())
		if err != nil {
			return err
		}
	}
	return nil
}

// count COUNT STATE counts the grants in a state.
func cmdCount(s *story, ts *testscript.TestScript, args []string) error {
	page, err := s.list(ts, args[1])
	if err == nil && strconv.Itoa(len(page.Grants)) != args[0] {
		return fmt.Errorf("%d grants are %s and not %s", len(page.Grants), args[1], args[0])
	}
	return err
}

func (s *story) list(ts *testscript.TestScript, state string) (engine.Page, error) {
	var page engine.Page
	err := s.call(ts, http.MethodGet, "/api/grants?limit=200&state="+state, "", nil)
	if err != nil {
		return page, err
	}
	return page, json.Unmarshal(s.body, &page)
}

// climb ATTEMPTS lets the time pass from try to try of the grant $ID, until it has
// failed so often.
func cmdClimb(s *story, ts *testscript.TestScript, args []string) error {
	wanted, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	for {
		view, err := s.view(ts)
		if err != nil || view.Attempts == wanted {
			return err
		}
		if view.Attempts > wanted || view.NextTry.IsZero() {
			return fmt.Errorf("the grant has failed %d times, and its next try is at %s", view.Attempts, view.NextTry)
		}
		// A second more, because what is owed is owed at whole seconds.
		rest := max(0, view.NextTry.Sub(s.stack.Tenant.Now())) + time.Second
		err = s.stack.Pass(context.Background(), rest, "expire")
		if err != nil {
			return err
		}
	}
}

// nexttry DURATION checks how far away the next try of the grant $ID is.
func cmdNextTry(s *story, ts *testscript.TestScript, args []string) error {
	wanted, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	view, err := s.view(ts)
	if err != nil {
		return err
	}
	rest := view.NextTry.Sub(s.stack.Tenant.Now())
	if rest > wanted || rest < wanted-time.Minute {
		return fmt.Errorf("the next try is %s away and not %s", rest, wanted)
	}
	return nil
}

func (s *story) view(ts *testscript.TestScript) (engine.View, error) {
	var view engine.View
	err := s.call(ts, http.MethodGet, "/api/grants/"+ts.Getenv("ID"), "", nil)
	if err != nil {
		return view, err
	}
	return view, json.Unmarshal(s.body, &view)
}
