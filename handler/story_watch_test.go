package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"mailgrant/handler/simulator/tenant"

	"github.com/rogpeppe/go-internal/testscript"
)

// watch looks at two mailboxes through the data plane, after every write to the tenant and
// every few minutes, with every token that is still alive: a member, which the workload
// reached when the watch began and must never lose, and a bystander, which it did not
// reach and never may.
type watch struct {
	tenant            *tenant.Tenant
	plane             dataPlane
	workload          string
	method, path      string
	member, bystander string
	// mutex: writes beside each other are seen one after the other.
	mutex       sync.Mutex
	tokens      []string
	mintedAt    time.Time
	lookedAt    time.Time
	looks       int
	cut, opened []string
}

const (
	watchStep = 10 * time.Minute
	// mintEvery is how often the workload takes a new token; the old ones are kept.
	mintEvery = 20 * time.Minute
	// watchEvery is how often it is looked while nothing is written.
	watchEvery = 5 * time.Minute
	// passing is what a look follows that follows no write.
	passing = "some time"
)

// watch WORKLOAD METHOD PATH MEMBER BYSTANDER begins to look; the path holds an asterisk
// where the mailbox's address goes, and "-" stands for nobody.
func cmdWatch(s *story, _ *testscript.TestScript, args []string) error {
	if len(args) != 5 || !strings.Contains(args[2], "*") {
		return fmt.Errorf("watch WORKLOAD METHOD PATH MEMBER BYSTANDER, with * in the path")
	}
	s.lookBy(&watch{tenant: s.stack.Tenant, plane: newDataPlane(s.stack.Tenant), workload: args[0], method: args[1], path: args[2], member: args[3], bystander: args[4]})
	return nil
}

// looker looks through the data plane: after every write, and while time passes.
type looker interface{ look(after string) }

func (s *story) lookBy(by looker) {
	s.watched = by
	s.stack.Tenant.SetWriteHook(func(w tenant.Write) {
		if w.Phase == "after" {
			by.look(w.What)
		}
	})
	by.look("the beginning")
}

// watched CUT OPENED ends the watch and says at how many looks the member was cut and the bystander was open,
// each as a number or a pattern.
func cmdWatched(s *story, ts *testscript.TestScript, args []string) error {
	w, is := s.watched.(*watch)
	if !is {
		return fmt.Errorf("nothing is watched")
	}
	s.stack.Tenant.SetWriteHook(nil)
	s.watched = nil
	w.mutex.Lock()
	defer w.mutex.Unlock()
	ts.Logf("%d looks, the member cut at %d, the bystander open at %d", w.looks, len(w.cut), len(w.opened))
	for i, seen := range [][]string{w.cut, w.opened} {
		if !regexp.MustCompile("^(" + args[i] + ")$").MatchString(strconv.Itoa(len(seen))) {
			return fmt.Errorf("at %d looks, and not at %s: %s", len(seen), args[i], strings.Join(seen, "; "))
		}
	}
	return nil
}

func (w *watch) look(after string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	now := w.tenant.Now()
	if after == passing && now.Sub(w.lookedAt) < watchEvery {
		return
	}
	w.looks++
	w.lookedAt = now
	if w.tenant.Now().Sub(w.mintedAt) >= mintEvery {
		w.tokens = append(w.tokens, w.tenant.Token(w.workload, audienceOf(w.method)))
		w.mintedAt = w.tenant.Now()
	}
	var alive []string
	for _, token := range w.tokens {
		member, bystander := w.call(w.member, token), w.call(w.bystander, token)
		if member == http.StatusUnauthorized || bystander == http.StatusUnauthorized {
			continue // the token has expired
		}
		alive = append(alive, token)
		moment := fmt.Sprintf("%s after %s", w.tenant.Now().Format("02 15:04:05"), after)
		if member == http.StatusForbidden {
			w.cut = append(w.cut, moment)
		}
		if bystander/100 == 2 {
			w.opened = append(w.opened, moment)
		}
	}
	w.tokens = alive
}

func (w *watch) call(mailbox, token string) int {
	if mailbox == "-" {
		return 0
	}
	return w.plane.status(w.method, strings.ReplaceAll(w.path, "*", mailbox), token)
}
