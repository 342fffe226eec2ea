package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/simulator/tenant"
)

// TestProveUnproved spoils each call of a verification in every way: none of the spoilt
// answers is taken for proof, and once the tenant answers rightly the grant is proved.
//
// One case is left out because no single answer can tell it: an empty list of consents,
// well formed and from the right principal, is what a workload without consents has.
func TestProveUnproved(t *testing.T) {
	prove(t, unproved())
}

// tongues are how many languages a tenant draws from.
const tongues = 4

func unproved() proof {
	return proof{number: 13, name: "each verification call failing, slow, in another language, empty, or about another object", sample: 4, sampled: 40, trials: func(g *ground, m mechanism) []trial {
		all := append(unprovedAtFirst(g, m), unprovedLater(m)...)
		for n := range tongues {
			if m.found != nil {
				break // what a play asks for has nothing that it could replace
			}
			all = append(all, trial{name: fmt.Sprintf("language %d", n), kind: "in whatever language", run: func(g *ground, f *findings) { foreignTongue(g, f, m, n) }})
		}
		return all
	}}
}

// asking is a call of a verification, and the condition that rests on its answer.
type asking struct {
	match, condition string
	// judges: its answer is the verdict itself.
	judges bool
	// mayBeEmpty: an empty list is an answer like any other.
	mayBeEmpty bool
	// nameless: its answer names no object by an id, so that another object's looks alike.
	nameless bool
	// first: a verification makes it before a grant is active; the others belong to retests.
	first bool
}

const listConsents = "GET */appRoleAssignments*"

func rbacAskings() []asking {
	return []asking{
		{match: "Test-ServicePrincipalAuthorization", condition: "Verified", judges: true, first: true},
		{match: "Get-ManagementRoleAssignment", condition: "Verified", first: true},
		{match: listConsents, condition: "Verified", mayBeEmpty: true, first: true},
		{match: "Get-ServicePrincipal", condition: "Provisioned"},
		{match: "Get-ManagementScope", condition: "Provisioned"},
		{match: "Get-Recipient", condition: "MailboxesHeld"},
	}
}

func policyAskings() []asking {
	return []asking{
		{match: "Test-ApplicationAccessPolicy", condition: "Verified", judges: true, first: true},
		// Where there is no policy any consent is open: that ends the grant at once.
		{match: "Get-ApplicationAccessPolicy", condition: "Provisioned", nameless: true, mayBeEmpty: true, first: true},
		{match: listConsents, condition: "Provisioned", first: true},
		{match: "Get-DistributionGroup", condition: "Provisioned"},
		{match: "Get-DistributionGroupMember", condition: "Provisioned"},
		{match: "Get-Recipient", condition: "MailboxesHeld"},
	}
}

func permissionAskings() []asking {
	return []asking{
		{match: "Get-MailboxPermission", condition: "Verified", judges: true, nameless: true, first: true},
		{match: listConsents, condition: "Provisioned", first: true},
		{match: "Get-ServicePrincipal", condition: "Provisioned"},
		{match: "Get-ManagementRoleAssignment", condition: "Provisioned", mayBeEmpty: true},
		{match: "Get-CASMailbox", condition: "ProtocolsOpen"},
		{match: "Get-Recipient", condition: "MailboxesHeld"},
	}
}

// migrationAskings: a migrated application may have any policies, and none.
func migrationAskings() []asking {
	return append(rbacAskings(), asking{match: "Get-ApplicationAccessPolicy", condition: "Provisioned", nameless: true, mayBeEmpty: true})
}

// spoilings are the ways in which one call is spoilt, always and until it is mended.
func (a asking) spoilings() []tenant.Fault {
	names := []string{"unavailable", "unauthorized", "forbidden", "throttle", "concurrency", "plainText", "lostBefore"}
	if !a.nameless {
		names = append(names, "other")
	}
	if !a.mayBeEmpty {
		// Errors beside a success are Exchange's way, around an empty list.
		names = append(names, "empty", "errors200")
	}
	spoilt := make([]tenant.Fault, len(names))
	for i, name := range names {
		spoilt[i] = tenant.Fault{Name: name, Match: a.match}
	}
	return spoilt
}

// unprovedAtFirst spoils a call from the last write on that gives access.
func unprovedAtFirst(g *ground, m mechanism) []trial {
	var last point
	for _, at := range g.points(m) {
		if at.onTenant && at.stage == "apply" && !at.takes() {
			last = at
		}
	}
	var all []trial
	for _, asked := range m.askings() {
		if !asked.first || last.what == "" {
			continue // what is adopted was there before
		}
		for _, spoilt := range asked.spoilings() {
			all = append(all, trial{name: spoilt.Name + " " + asked.match, kind: "before the grant was active", run: func(g *ground, f *findings) {
				neverProved(g, f, m, last, asked, spoilt)
			}})
		}
	}
	return all
}

func neverProved(g *ground, f *findings, m mechanism, last point, asked asking, spoilt tenant.Fault) {
	l, end := g.begin(f, m, fate{at: last, strike: func(l *life, _ func()) { l.plantFault(spoilt) }})
	defer end()
	l.request()
	l.pass(0)
	l.sweepTo("ready to be troubled", func() bool { return l.struck })
	asked.condition = "Verified"
	for range 4 {
		l.unproved(asked, spoilt, "active")
		l.pass(2*time.Minute, "expire")
	}
	l.unproved(asked, spoilt, "active")
	l.nothingTaken()
	f.unreached = !l.struck
	l.stack.Tenant.ClearFaults()
	l.sweepUntil("active")
	l.proved("Verified", "True")
}

// takes reports whether the write takes something away.
func (p point) takes() bool {
	return strings.HasPrefix(p.what, "Exchange Remove-") || strings.HasPrefix(p.what, "Graph DELETE")
}

// nothingTaken: what a migration replaces stays until the new access is proved.
func (l *life) nothingTaken() {
	for _, change := range l.stack.Tenant.Changes() {
		if change.Action == "removed" {
			l.Errorf("before anything was proved %s removed %s %s", change.By, change.Object, change.Name)
		}
	}
}

// unproved looks for a grant that was believed: in the state that it may not reach, with
// a condition that nothing proves, or with a verdict out of a spoilt answer.
func (l *life) unproved(asked asking, spoilt tenant.Fault, never string) {
	view := l.view()
	status := view.condition(asked.condition).Status
	if view.State == never || status == "True" {
		l.Errorf("%s of %s was taken for proof: the grant is %s and %s is %s", spoilt.Name, asked.match, view.State, asked.condition, status)
	}
	if !asked.judges {
		return
	}
	for _, one := range l.evidence() {
		// What was answered before the call was spoilt stays, with its date.
		if one.Verdict != "unknown" && one.At.After(l.spoilt) {
			l.Errorf("%s of %s gave the verdict %s for %s", spoilt.Name, asked.match, one.Verdict, one.Subject)
		}
	}
}

// evidence is what the grant tells of its checks, with their times.
func (l *life) evidence() []grant.Evidence {
	var told struct{ Evidence []grant.Evidence }
	text := l.get("/api/grants/" + l.id)
	err := json.Unmarshal(text, &told)
	if err != nil {
		l.Fatalf("reading the grant: %v: %s", err, text)
	}
	return told.Evidence
}

func (l *life) proved(condition, status string) {
	found := l.view().condition(condition)
	if found.Status != status {
		l.Errorf("%s is %s %s and not %s", condition, found.Status, found.Reason, status)
	}
}

// unprovedLater spoils the calls of retests, one after the other in one life.
func unprovedLater(m mechanism) []trial {
	var all []trial
	for _, asked := range m.askings() {
		all = append(all, trial{name: "retests " + asked.match, kind: "at a retest", size: len(asked.spoilings()), run: func(g *ground, f *findings) {
			spoilt := asked.spoilings()
			if g.full && asked.judges {
				// Longer than the service waits for an answer. It is waited for in real time.
				spoilt = append(spoilt, tenant.Fault{Name: "latency", Match: asked.match, Delay: "100s"})
			}
			retestsSpoilt(g, f, m, asked, spoilt)
		}})
	}
	return all
}

func retestsSpoilt(g *ground, f *findings, m mechanism, asked asking, spoilings []tenant.Fault) {
	l, end := g.begin(f, m, fate{})
	defer end()
	l.request()
	l.pass(0)
	l.sweepUntil("active")
	for _, spoilt := range spoilings {
		l.plantFault(spoilt)
		l.spoilt = l.stack.Tenant.Now()
		l.pass(61*time.Minute, "retest")
		l.unproved(asked, spoilt, "")
		l.inState("active")
		l.stack.Tenant.ClearFaults()
		l.pass(61*time.Minute, "retest", "expire")
		l.proved(asked.condition, "True")
	}
}

func (l *life) inState(state string) {
	now := l.view().State
	if now != state {
		l.Fatalf("the grant is %s and not %s: %s", now, state, l.get("/api/grants/"+l.id))
	}
}

// foreignTongue takes the granted mailbox away before it is verified, on a tenant that
// says "not found" in a language of its choice and misbehaves in every other way.
func foreignTongue(g *ground, f *findings, m mechanism, n int) {
	p := startPlay(g, f, m, fmt.Sprintf("tongue %d", n), 1)
	defer p.end()
	removed := make(chan bool, 1)
	p.stack.Tenant.SetWriteHook(func(w tenant.Write) {
		if w.Phase != "after" || !strings.Contains(w.What, m.includes) {
			return
		}
		err := p.stack.Tenant.Administer(tenant.Action{Do: "removeMailbox", Mailbox: map[string]any{"guid": tenant.SampleNewsGUID}})
		if err != nil {
			f.Errorf("removing the mailbox: %v", err)
		}
		p.stack.Tenant.SetWriteHook(nil)
		removed <- true
	})
	a := p.ask(0, []string{"news@contoso.example"}, m.granted()[:1], 0, 48*time.Hour)
	for n := range 10 {
		p.pass(3*time.Minute, "expire")
		if n == 4 {
			p.pass(m.ends, "expire") // what has to settle first takes as long as what is waited out
		}
		p.look()
		status, _ := a.seen.condition("Verified")
		if a.seen.State == "active" || status == "True" {
			p.wrong("a mailbox that is not there was taken for proved: %+v", a.seen)
		}
	}
	if len(removed) == 0 {
		p.wrong("the mailbox was never granted: %+v", a.seen)
	}
}
