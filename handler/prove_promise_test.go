package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"mailgrant/handler/simulator/tenant"
)

// holds looks at every grant and holds it against the small model. It reports false
// when a promise was broken.
func (w *wireWalk) holds() bool {
	w.look()
	broken := w.overhangs()
	for _, a := range w.live() {
		broken = append(broken, w.owes(a)...)
		broken = append(broken, w.pastItsEnd(a)...)
	}
	broken = append(broken, w.silence()...)
	for _, name := range w.picture().unanswered(w.play) {
		broken = append(broken, name+" is in the tenant and no grant answers for it")
	}
	for _, one := range broken {
		w.wrong("%s", one)
	}
	return len(broken) == 0
}

// owes: what has not ended has a row that brings it back, and one that comes no later
// than its end where it may give access.
func (w *wireWalk) owes(a *asked) []string {
	rows, err := w.rows.ListDueOf(context.Background(), a.id, time.Time{})
	if err != nil {
		w.found.Fatalf("reading what is owed for %s: %v", a.id, err)
	}
	if len(rows) == 0 && !w.endsMeanwhile(a) {
		return []string{fmt.Sprintf("%s is %s and nothing is owed for it", a.id, a.seen.State)}
	}
	if a.seen.ended() {
		return nil
	}
	mayGive := a.seen.State == "provisioning" || a.seen.State == "active"
	if mayGive && rows[0].At.After(a.seen.ExpiresAt.Add(time.Second)) {
		return []string{fmt.Sprintf("%s is %s until %s and is not owed a look before %s", a.id, a.seen.State, a.seen.ExpiresAt, rows[0].At)}
	}
	return nil
}

// endsMeanwhile reports whether the grant has ended since it was looked at: its state and
// what it is owed are read one after the other, and work may go on between. Where nothing
// is owed nothing would end it later.
func (w *wireWalk) endsMeanwhile(a *asked) bool {
	w.quiet()
	w.look()
	return a.seen.ended()
}

// sweepsToAct is after how many sweeps past its end a grant has ended, or says why not.
// The first may meet the lease of a process that has died, and the second the seconds
// that the tenant asked to wait.
const sweepsToAct = 3

func (w *wireWalk) pastItsEnd(a *asked) []string {
	if w.swept[a] < sweepsToAct || a.alarmed() {
		return nil
	}
	return []string{fmt.Sprintf("%s is %s, its end was %s, %d sweeps have met it since, and nothing alarms: %+v", a.id, a.seen.State, a.seen.ExpiresAt, w.swept[a], a.seen.Conditions)}
}

// alarmed: a person sees that the grant is stuck, or what it waits for.
func (a *asked) alarmed() bool {
	stuck, _ := a.seen.condition("Stuck")
	made, _ := a.seen.condition("Provisioned")
	return stuck == "True" || a.seen.State == "revoking" && made == "Unknown"
}

// silentAfter is how long sweeps may stay away before the service's health speaks of it.
const silentAfter = 31 * time.Minute

// silence: where no sweep has come for long, the health says so.
func (w *wireWalk) silence() []string {
	if w.stack.Tenant.Now().Sub(w.lastSweep) <= silentAfter || len(w.live()) == 0 {
		return nil
	}
	_, body := w.call(http.MethodGet, "/api/health", "", "")
	var health struct{ SweepLate bool }
	err := json.Unmarshal(body, &health)
	if err != nil || !health.SweepLate {
		return []string{fmt.Sprintf("no sweep has come since %s and the health does not tell: %s", w.lastSweep, body)}
	}
	return nil
}

// unanswered are the objects under the installation's mark whose grant was never asked
// for or has ended.
func (now picture) unanswered(p *play) []string {
	var names []string
	for _, scope := range now.Scopes {
		names = append(names, scope.Name)
	}
	for _, assignment := range now.Assignments {
		names = append(names, assignment.Name)
	}
	return slices.DeleteFunc(names, func(name string) bool {
		a := p.grantOf(name)
		return !isMarked(name) || a != nil && !a.seen.ended()
	})
}

// drift is what an administrator does to an active grant or past it. What cannot be
// done, because the object is gone already, is left.
func (w *wireWalk) drift(pick *rand.Rand) {
	a := w.one(pick, func(a *asked) bool { return a.seen.State == "active" })
	if a == nil {
		return
	}
	scope, first := remoteName(a.id, 0), remoteName(a.id, 1)
	role := "Application " + a.permissions[0]
	done := [][]tenant.Action{
		{cmdlet(removeAssignment, first)},
		{cmdlet("Remove-ServicePrincipal", a.workload)},
		{ran(setAssignment, map[string]any{"Identity": first, "Enabled": false})},
		{ran("Set-ManagementScope", map[string]any{"Identity": scope, "RecipientRestrictionFilter": "Guid -eq '" + tenant.SampleHRGUID + "'"})},
		{cmdlet(removeAssignment, first), ran(makeAssignment, map[string]any{"Name": first, "Role": role, "App": a.workload})},
		{ran(makeAssignment, map[string]any{"Name": "Somebody else's " + a.id, "Role": role, "App": a.workload})},
		{{Do: "addConsent", Workload: a.workload, Resource: "graph", Permission: a.permissions[0]}},
	}[pick.IntN(7)]
	w.note("an administrator does to %s: %+v", a.id, done)
	err := w.stack.Tenant.Administer(done...)
	if err != nil {
		w.note("which cannot be done: %v", err)
	}
}

// cachesSpent is how long the data plane may still go by what was before (Microsoft
// Learn, Role Based Access Control for Applications, Limitations: two hours).
const cachesSpent = 2*time.Hour + time.Minute

// probe retests everything, waits until the data plane goes by what is configured, and
// asks it about every workload, mailbox and permission. What is reachable is granted, or
// a grant's conditions report it.
func (w *wireWalk) probe() bool {
	w.note("what can be reached is looked at")
	w.stack.Tenant.ClearFaults()
	w.stack.Wire.ClearFaults()
	w.stack.Wire.SetWriteHook(nil)
	w.troubled = false
	w.sweep(10*time.Minute, "expire")
	w.sweep(61*time.Minute, "expire", "retest")
	w.sweep(3*time.Minute, "expire", "retest")
	w.look()
	w.stack.Tenant.Advance(cachesSpent)
	broken := false
	for n := range walkWorkloads {
		for _, mailbox := range append([]string{tenant.SampleHRGUID, tenant.SampleNewsGUID}, playMailboxes...) {
			for _, permission := range playPermissions {
				if w.reaches(castID("b", n), mailbox, permission) && !w.accounted(castID("b", n), mailbox, permission) {
					broken = true
					w.wrong("workload %d reaches %s with %s, which is neither granted nor reported", n, mailbox, permission)
				}
			}
		}
	}
	return w.holds() && !broken
}

// accounted reports whether the reach is what a grant gives, or one reports it.
func (w *wireWalk) accounted(workload, mailbox, permission string) bool {
	return slices.ContainsFunc(w.asked, func(a *asked) bool {
		if a.workload != workload || !slices.Contains(a.permissions, permission) {
			return false
		}
		lasts := !a.seen.ended() || a.seen.GoneBy.After(w.stack.Tenant.Now())
		return lasts && slices.Contains(a.mailboxes, mailbox) || a.reports()
	})
}

// reports: the grant tells that somebody else has opened a path or changed its objects.
func (a *asked) reports() bool {
	confined, _ := a.seen.condition("Confined")
	made, _ := a.seen.condition("Provisioned")
	still, _ := a.seen.condition("StillReachable")
	return confined == "False" || made == "False" && !a.seen.ended() || still == "True"
}

const (
	// sweepsToTheEnd bound how long everything may take to end once nothing fails.
	sweepsToTheEnd = 16
	longestWalked  = 49 * time.Hour
)

// toTheEnd takes every fault away and lets everything end.
func (w *wireWalk) toTheEnd() {
	if !w.probe() {
		return
	}
	for n := range sweepsToTheEnd {
		length := 20 * time.Minute
		if n == 0 {
			length = longestWalked
		}
		w.sweep(length, "expire")
		if !w.holds() {
			return
		}
		if len(w.live()) == 0 {
			return
		}
	}
	for _, a := range w.live() {
		w.wrong("%s never ended: %s %+v", a.id, a.seen.State, a.seen.Conditions)
	}
}
