package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailgrant/handler/simulator/host"
	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/tenant"
	"mailgrant/handler/store"
)

// feat is one part of a row that is measured as a whole: many grants on one tenant, or
// one question asked in many ways.
type feat struct {
	name string
	// alone: in the full form nothing else runs beside it, because it tells a duration.
	alone bool
	run   func(g *ground, f *findings, m mechanism) outcome
}

// outcome is what a feat has tried, and how it went in figures.
type outcome struct {
	tried, failed int
	note          string
	// seeded: the grants were not given through the API.
	seeded bool
	// missed are aims that were not reached and endanger nothing. They count as failed in
	// the table; the short form only tells them.
	missed []string
}

// proveFeats tries a row that consists of feats, for every mechanism, and reports it.
func proveFeats(t *testing.T, number int, name string, feats func(full bool, m mechanism) []feat) {
	b := newBed(t)
	g := &ground{bed: b, folder: b.simulated, full: *proveFlag != "", pace: usualPace}
	for _, m := range mechanisms() {
		if !m.crowds(g.full) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			result := row{Number: number, Name: name, Mechanism: m.name, Seed: b.seed}
			began := time.Now()
			gathered := tryFeats(t, g, m, feats(g.full, m))
			var notes []string
			for _, one := range gathered {
				result.Tried += one.tried
				result.Failed += one.failed
				notes = append(notes, one.note)
			}
			if slices.ContainsFunc(gathered, func(one outcome) bool { return one.seeded }) {
				notes = append(notes, seededNote)
			}
			result.Note = strings.Join(slices.DeleteFunc(notes, func(note string) bool { return note == "" }), "; ")
			result.Seconds = time.Since(began).Seconds()
			report(t, result)
		})
	}
}

func tryFeats(t *testing.T, g *ground, m mechanism, feats []feat) []outcome {
	gathered := make([]outcome, len(feats))
	t.Run("feats", func(t *testing.T) {
		for i, one := range feats {
			t.Run(one.name, func(t *testing.T) {
				if !one.alone || !g.full {
					t.Parallel()
				}
				g.lives <- struct{}{}
				defer func() { <-g.lives }()
				var found *findings
				gathered[i], found = one.try(g, m)
				for _, wrong := range found.wrong {
					t.Error(wrong)
				}
				for _, missed := range gathered[i].missed {
					if g.full {
						t.Error("MISSED: " + missed)
					} else {
						t.Log("MISSED: " + missed)
					}
				}
				t.Log(gathered[i].note)
			})
		}
	})
	return gathered
}

// try runs a feat. One that ends in the middle counts as failed as a whole.
func (one feat) try(g *ground, m mechanism) (outcome, *findings) {
	var result outcome
	found := observe(func(f *findings) { result = one.run(g, f, m) })
	if len(found.wrong) > 0 && result.failed == 0 {
		result.tried, result.failed = max(result.tried, 1), max(len(found.wrong), 1)
	}
	return result, found
}

// crowd is one tenant and one storage account with many grants that are active
// already, and one or more processes that work on them.
type crowd struct {
	*findings
	stacks  []*stack.Stack
	rows    *store.Store
	members []member
	scratch string
	// mechanism is the members' and model the grant that they are copies of.
	mechanism mechanism
	model     pattern
}

// tenant is the one that all of the crowd's processes share.
func (c *crowd) tenant() *tenant.Tenant { return c.stacks[0].Tenant }

// settleCrowd is how long a backlog may take.
const settleCrowd = 15 * time.Minute

// gather starts a crowd of so many members with so many processes. shape, when given,
// may change a member before it is written.
func (g *ground) gather(f *findings, m mechanism, size, processes int, shape func(n int, one *member)) *crowd {
	c := &crowd{findings: f, mechanism: m, model: g.pattern(f, m)}
	for n := range size {
		one := c.model.member(n)
		for _, name := range m.objects {
			one.objects = append(one.objects, one.replace.Replace(name))
		}
		if shape != nil {
			shape(n, &one)
		}
		c.members = append(c.members, one)
	}
	var err error
	c.scratch, err = os.MkdirTemp(g.bed.folder, "crowd")
	if err != nil {
		f.Fatalf("making a folder: %v", err)
	}
	c.start(g, processes)
	c.seed()
	return c
}

func (c *crowd) start(g *ground, processes int) {
	account, err := g.account()
	if err != nil {
		c.Fatalf("%v", err)
	}
	folder, err := g.folder()
	if err != nil {
		c.Fatalf("building the package: %v", err)
	}
	options := stack.Options{Package: folder, Account: account, Scratch: c.scratch, Seed: g.seed, Pace: g.pace,
		Document: c.mechanism.documented(), Directory: strings.NewReader(c.directory())}
	for range processes {
		started, err := stack.Start(context.Background(), options)
		if err != nil {
			c.Fatalf("starting the stack: %v", errors.Join(err, c.close()))
		}
		c.stacks = append(c.stacks, started)
		options.Tenant = started.Tenant
	}
	c.rows, err = store.Open(store.Options{ConnectionString: account.ConnectionString()})
	if err == nil {
		err = c.rows.Prepare(context.Background())
	}
	if err != nil {
		c.Fatalf("opening the tables: %v", err)
	}
}

// close ends the processes, and the tenant with the first of them.
func (c *crowd) close() error {
	var errs []error
	for i := len(c.stacks) - 1; i >= 0; i-- {
		errs = append(errs, c.stacks[i].Close())
	}
	return errors.Join(append(errs, os.RemoveAll(c.scratch))...)
}

// end closes the crowd and looks for what must never have happened.
func (c *crowd) end() {
	for _, unknown := range c.tenant().Unknown() {
		c.Errorf("the simulated tenant does not know %s", unknown.Name)
	}
	for _, one := range c.stacks {
		for _, failure := range one.Host.Failures() {
			// A status is how the service asks for the message again while its store is slow.
			if failure.Kind != host.FailureStatus {
				c.Errorf("invocation of %s failed: %s %s", failure.Function, failure.Kind, failure.Detail)
			}
		}
	}
	err := c.close()
	if err != nil {
		c.Errorf("ending the crowd: %v", err)
	}
}

// cameAgain counts the invocations that were answered with a status and delivered again.
func (c *crowd) cameAgain() int {
	count := 0
	for _, one := range c.stacks {
		count += len(one.Host.Failures())
	}
	return count
}

// fire lets a timer fire in every process at once and waits until all are idle.
func (c *crowd) fire(timers ...string) {
	for _, timer := range timers {
		var group sync.WaitGroup
		for _, one := range c.stacks {
			group.Go(func() {
				err := one.Host.Fire(context.Background(), timer)
				if err != nil {
					c.Errorf("firing %s: %v", timer, err)
				}
			})
		}
		group.Wait()
		c.quiet()
	}
}

// quiet waits for every process. A second round sees what the last one of the first
// has left to the others.
func (c *crowd) quiet() {
	ctx, cancel := context.WithTimeout(context.Background(), settleCrowd)
	defer cancel()
	for range 2 {
		for _, one := range c.stacks {
			err := one.Settle(ctx)
			if err != nil {
				c.Fatalf("the crowd does not come to rest: %v", err)
			}
		}
	}
}

func (c *crowd) plant(faults ...tenant.Fault) {
	err := c.tenant().Fault(faults...)
	if err != nil {
		c.Fatalf("planting a fault: %v", err)
	}
}

// call asks the first process and reads its answer into told.
func (c *crowd) call(method, path string, told any) {
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	host := c.stacks[0].Host
	request, err := http.NewRequestWithContext(ctx, method, host.URL()+path, bytes.NewReader(nil))
	if err != nil {
		c.Fatalf("%v", err)
	}
	request.Header.Set("x-functions-key", host.FunctionKey())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("%d %s", response.StatusCode, text)
	}
	if err == nil {
		err = json.Unmarshal(text, told)
	}
	if err != nil {
		c.Fatalf("%s %s: %v", method, path, err)
	}
}
