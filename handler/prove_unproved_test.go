package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

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

func unproved() proof {
	return proof{number: 13, name: "each verification call failing, slow, in another language, empty, or about another object", sample: 4, trials: func(g *ground, m mechanism) []trial {
		all := append(unprovedAtFirst(g, m), unprovedLater(m)...)
		for n := range 4 {
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
	// first: a verification makes it before a grant is active; the others belong to retests.
	first bool
}

func askings() []asking {
	return []asking{
		{match: "Test-ServicePrincipalAuthorization", condition: "Verified", judges: true, first: true},
		{match: "Get-ManagementRoleAssignment", condition: "Verified", first: true},
		{match: "GET */appRoleAssignments*", condition: "Verified", mayBeEmpty: true, first: true},
		{match: "Get-ServicePrincipal", condition: "Provisioned"},
		{match: "Get-ManagementScope", condition: "Provisioned"},
		{match: "Get-Recipient", condition: "MailboxesHeld"},
	}
}

// spoilings are the ways in which one call is spoilt, always and until it is mended.
func (a asking) spoilings() []tenant.Fault {
	names := []string{"unavailable", "unauthorized", "forbidden", "throttle", "concurrency", "plainText", "lostBefore", "other"}
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

// unprovedAtFirst spoils a call from the last write of provisioning on.
func unprovedAtFirst(g *ground, m mechanism) []trial {
	var last point
	for _, at := range g.points(m) {
		if at.onTenant && at.stage == "apply" {
			last = at
		}
	}
	var all []trial
	for _, asked := range askings() {
		if !asked.first {
			continue
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
	for range 4 {
		l.unproved(asked, spoilt, "active")
		l.pass(2*time.Minute, "expire")
	}
	l.unproved(asked, spoilt, "active")
	f.unreached = !l.struck
	l.stack.Tenant.ClearFaults()
	l.sweepUntil("active")
	l.proved("Verified", "True")
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
	for _, one := range view.Evidence {
		if one.Verdict != "unknown" {
			l.Errorf("%s of %s gave the verdict %s for %s", spoilt.Name, asked.match, one.Verdict, one.Subject)
		}
	}
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
	for _, asked := range askings() {
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
	p.stack.Tenant.SetWriteHook(func(w tenant.Write) {
		if w.Phase != "after" || !strings.Contains(w.What, "New-ManagementScope") {
			return
		}
		err := p.stack.Tenant.Administer(tenant.Action{Do: "removeMailbox", Mailbox: map[string]any{"guid": tenant.SampleNewsGUID}})
		if err != nil {
			f.Errorf("removing the mailbox: %v", err)
		}
		p.stack.Tenant.SetWriteHook(nil)
	})
	a := p.ask(0, []string{"news@contoso.example"}, []string{"Mail.Read"}, 0, 48*time.Hour)
	for range 10 {
		p.pass(3*time.Minute, "expire")
		p.look()
		status, _ := a.seen.condition("Verified")
		if a.seen.State == "active" || status == "True" {
			p.wrong("a mailbox that is not there was taken for proved: %+v", a.seen)
		}
	}
}
