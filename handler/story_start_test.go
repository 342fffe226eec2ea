package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"mailgrant/handler/simulator/host"
	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/storage"
	"mailgrant/handler/simulator/tenant"

	"github.com/rogpeppe/go-internal/testscript"
)

// start [calm] [shipped] [writing] [identity] [secret] [crowd COUNT] [document FILE] [directory FILE] [setting NAME=VALUE]
// starts the whole stack. The tenant and the wire before the storage misbehave all the time, unless
// it is calm. writing gives the service the rights that only the older mechanisms need; identity
// gives it a storage without keys; secret lets it sign in by a secret; crowd adds
// so many workloads without access.
func cmdStart(s *story, ts *testscript.TestScript, args []string) error {
	account, err := s.account()
	if err != nil {
		return err
	}
	options := stack.Options{Settings: map[string]string{}, Account: account, Scratch: s.folder, Seed: s.seedOf(ts.Name()), Mood: tenant.Unruly, WireFaults: storage.Unruly()}
	build := s.simulated
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "shipped":
			build, options.RealTime = s.shipped, true
		case "calm":
			s.calm, options.Mood, options.WireFaults = true, tenant.Calm, nil
		case "writing":
			options.Directory = strings.NewReader(tenant.SampleWritingDirectory())
		case "document":
			i++
			options.Document = ts.ReadFile(args[i])
		case "directory":
			i++
			options.Directory = strings.NewReader(ts.ReadFile(args[i]))
		case "setting":
			i++
			name, value, _ := strings.Cut(args[i], "=")
			options.Settings[name] = value
		case "crowd":
			i++
			number, err := strconv.Atoi(args[i])
			if err != nil {
				return err
			}
			options.Directory = strings.NewReader(castDirectory(&findings{}, tenant.SampleDirectory(), number))
		case "secret":
			options.Secret, options.Directory = true, strings.NewReader(tenant.SampleSecretDirectory())
		case "identity":
			options.Account, err = s.secured()
			if err != nil {
				return err
			}
		default:
			return fmt.Errorf("start does not know %q", args[i])
		}
	}
	options.Package, err = build()
	if err != nil {
		return err
	}
	s.log, err = os.Create(filepath.Join(s.folder, "handler.log"))
	if err != nil {
		return err
	}
	options.Log = s.log
	return s.install(options)
}

// secured is an account of an emulator of this story's own, which takes tokens over HTTPS.
func (s *story) secured() (storage.Account, error) {
	var err error
	s.azurite, err = storage.StartSecureAzurite(context.Background(), filepath.Join("..", "scripts", "azurite"), s.folder, 1)
	if err != nil {
		return storage.Account{}, fmt.Errorf("starting the storage emulator for tokens: %w", err)
	}
	return s.azurite.Account(0), nil
}

// seedOf gives every script choices of its own out of the one seed of the run.
func (b *bed) seedOf(script string) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(script)) // a hash never fails
	return b.seed ^ hash.Sum64()
}

// end stops the stack and looks for what must never have happened.
func (s *story) end() {
	if s.azurite != nil {
		defer s.azurite.Close()
	}
	if s.stack == nil {
		return
	}
	var problems []string
	for _, one := range slices.Backward(s.installed) {
		s.stack = one.stack
		problems = append(problems, s.problems()...)
		err := s.stack.Close()
		if err != nil {
			problems = append(problems, "stopping: "+err.Error())
		}
	}
	s.log.Close()
	text, _ := os.ReadFile(s.log.Name())
	if bytes.Contains(text, []byte("DATA RACE")) {
		problems = append(problems, "the race detector reported:\n"+string(text))
	}
	if len(problems) > 0 {
		panic(strings.Join(problems, "\n")) // testscript gives a deferred function no other way to fail
	}
}

func (s *story) problems() []string {
	var problems []string
	for _, unknown := range s.stack.Tenant.Unknown() {
		problems = append(problems, fmt.Sprintf("the simulated tenant does not know %s", unknown.Name))
	}
	if s.failuresExpected {
		return problems
	}
	for _, failure := range s.stack.Host.Failures() {
		// A status is how the service asks for the message again when its store failed.
		if !s.calm && failure.Kind == host.FailureStatus {
			continue
		}
		problems = append(problems, fmt.Sprintf("invocation of %s failed: %s %s", failure.Function, failure.Kind, failure.Detail))
	}
	return problems
}

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

// second [shared] starts another installation in the same tenant, with a mark and a storage
// account of its own, or with the account of the first; the commands that follow go to it.
func cmdSecond(s *story, _ *testscript.TestScript, args []string) error {
	account, err := s.account()
	if err != nil {
		return err
	}
	if slices.Contains(args, "shared") {
		account, s.failuresExpected = s.ledger, true
	}
	folder, err := s.simulated()
	if err != nil {
		return err
	}
	options := stack.Options{Package: folder, Account: account, Scratch: filepath.Dir(s.stack.DocumentPath), Seed: s.seed,
		Installation: "other1", Tenant: s.stack.Tenant, Log: s.log}
	if !s.calm {
		options.WireFaults = storage.Unruly()
	}
	return s.install(options)
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
