package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"mailgrant/handler/simulator/tenant"

	"github.com/rogpeppe/go-internal/testscript"
)

// observer compares what every workload reaches in every mailbox, by several calls, with
// what it reached at the beginning. Of the one workload that something is done for, the
// members may not be lost and no other mailbox may be won; of all others nothing may
// change at all.
type observer struct {
	tenant    *tenant.Tenant
	plane     dataPlane
	subject   string
	members   []string
	mailboxes []string
	others    []string
	mutex     sync.Mutex
	tokens    []string
	mintedAt  time.Time
	lookedAt  time.Time
	before    map[string]bool
	looks     int
	harm      []string
}

// observedCalls are what is tried on every mailbox.
func observedCalls() [][2]string {
	return [][2]string{{"GET", "messages"}, {"POST", "sendMail"}, {"GET", "calendar/events"}, {"GET", "contacts"}}
}

// observe WORKLOAD MEMBER… begins to look.
func cmdObserve(s *story, _ *testscript.TestScript, args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("observe WORKLOAD MEMBER…")
	}
	o := &observer{tenant: s.stack.Tenant, plane: newDataPlane(s.stack.Tenant), subject: args[0], members: args[1:], before: map[string]bool{}}
	var directory struct {
		ServicePrincipals []struct{ AppID string }
		Mailboxes         []struct{ Primary, Type string }
	}
	err := json.Unmarshal([]byte(tenant.SampleWritingDirectory()), &directory)
	if err != nil {
		return err
	}
	for _, one := range directory.ServicePrincipals {
		if one.AppID != o.subject {
			o.others = append(o.others, one.AppID)
		}
	}
	for _, one := range directory.Mailboxes {
		if strings.HasSuffix(one.Type, "Mailbox") {
			o.mailboxes = append(o.mailboxes, one.Primary)
		}
	}
	s.lookBy(o)
	return nil
}

// observed COUNT ends it and says at how many calls somebody was harmed.
func cmdObserved(s *story, ts *testscript.TestScript, args []string) error {
	o, is := s.watched.(*observer)
	if !is {
		return fmt.Errorf("nothing is observed")
	}
	s.stack.Tenant.SetWriteHook(nil)
	s.watched = nil
	o.mutex.Lock()
	defer o.mutex.Unlock()
	ts.Logf("%d looks at %d workloads and %d mailboxes, %d harmed", o.looks, len(o.others)+1, len(o.mailboxes), len(o.harm))
	if strconv.Itoa(len(o.harm)) != args[0] {
		return fmt.Errorf("harmed at %d calls and not at %s: %s", len(o.harm), args[0], strings.Join(o.harm[:min(len(o.harm), 10)], "; "))
	}
	return nil
}

func (o *observer) look(after string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	now := o.tenant.Now()
	if after == passing && now.Sub(o.lookedAt) < 6*watchEvery {
		return
	}
	o.looks++
	o.lookedAt = now
	if now.Sub(o.mintedAt) >= mintEvery {
		o.tokens, o.mintedAt = append(o.tokens, o.tenant.Token(o.subject, "graph")), now
	}
	o.tokens = slices.DeleteFunc(o.tokens, func(token string) bool { return expired(token, now) })
	first := o.looks == 1
	for _, token := range o.tokens {
		o.compare(o.subject, token, after, first)
	}
	for _, other := range o.others {
		o.compare(other, o.tenant.Token(other, "graph"), after, first)
	}
}

func (o *observer) compare(workload, token, after string, first bool) {
	for _, mailbox := range o.mailboxes {
		for _, call := range observedCalls() {
			open := o.plane.status(call[0], "/v1.0/users/"+mailbox+"/"+call[1], token)/100 == 2
			key := strings.Join([]string{workload, mailbox, call[1]}, " ")
			if first {
				o.before[key] = open
				continue
			}
			member := workload == o.subject && slices.Contains(o.members, mailbox)
			narrowed := workload == o.subject && !member && !open
			if open != o.before[key] && !narrowed && (!member || !open) {
				o.harm = append(o.harm, fmt.Sprintf("%s: %t after %s at %s", key, open, after, o.tenant.Now().Format("02 15:04:05")))
			}
		}
	}
}
