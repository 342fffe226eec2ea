package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"mailgrant/handler/simulator/host"
	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/storage"
	"mailgrant/handler/simulator/tenant"
)

// point is one outgoing write of a life: the n-th of those that are called the same.
// Writes are not numbered through, because some run beside each other.
type point struct {
	what string
	nth  int
	// onTenant: the write goes to the tenant; the others go to the storage.
	onTenant bool
	// stage is where in the life the write was seen; it plays no part in comparisons.
	stage string
}

func (p point) is(other point) bool { return p.what == other.what && p.nth == other.nth }

func (p point) String() string {
	return fmt.Sprintf("%s %d", strings.ReplaceAll(p.what, " ", "-"), p.nth)
}

// cmdlet is the name by which the simulated tenant's faults know a write to it.
func (p point) cmdlet() string { return strings.TrimPrefix(p.what, "Exchange ") }

// fate is what happens to one life.
type fate struct {
	// at is the write at which it strikes; before it has an effect, or after.
	at     point
	before bool
	// plant is done before the life begins.
	plant func(l *life)
	// strike is called while the write waits; drop takes its connection away.
	strike func(l *life, drop func())
	// endure is how the life goes on once it was struck and all is quiet.
	endure func(l *life)
}

// life is one whole life of a grant on a stack of its own.
type life struct {
	*findings
	*ground
	mechanism mechanism
	stack     *stack.Stack
	fate      fate
	id        string
	// before is the tenant as it was before the request.
	before string
	// pointerTaken: an administrator has taken a pointer away that was nobody's to remove.
	pointerTaken bool

	mutex  sync.Mutex
	stage  string
	writes []point
	counts map[string]int
	open   map[string]point // writes between their two announcements
	// intended: a batch of the ledger was written since the last write to the tenant.
	intended        bool
	reached, struck bool
	killed          bool // and not yet started again
	// spoilt is when answers began to be spoilt; zero for all that there are.
	spoilt time.Time
}

// lived is what a life left, by meaning, and its writes in their order.
type lived struct {
	outcome string
	writes  []point
}

const settleTries = 5

// begin starts the stack for a life. The caller ends it with close.
func (g *ground) begin(f *findings, m mechanism, fate fate) (*life, func()) {
	folder, err := g.folder()
	if err != nil {
		f.Fatalf("building the package: %v", err)
	}
	account, err := g.account()
	if err != nil {
		f.Fatalf("%v", err)
	}
	scratch, err := os.MkdirTemp(g.bed.folder, "life")
	if err != nil {
		f.Fatalf("making a folder: %v", err)
	}
	started, err := stack.Start(context.Background(), stack.Options{Package: folder, Account: account, Scratch: scratch, Seed: g.seed, Pace: g.pace, Document: m.documented(), Directory: strings.NewReader(m.directory())})
	if err != nil {
		f.Fatalf("starting the stack: %v", err)
	}
	l := &life{findings: f, ground: g, mechanism: m, stack: started, fate: fate, counts: map[string]int{}, open: map[string]point{}}
	l.administer(m.standing...)
	l.before = string(started.Tenant.Dump())
	l.administer(m.found...)
	// The tables are made by the first call; their making is no part of the life.
	l.get("/api/health")
	started.Wire.SetWriteHook(func(w storage.Write) {
		l.happened(happening{what: w.What, key: fmt.Sprint("storage ", w.Number), before: w.Phase == storage.PhaseBefore, drop: w.Drop})
	})
	started.Tenant.SetWriteHook(func(w tenant.Write) {
		l.happened(happening{what: w.What, key: fmt.Sprint("tenant ", w.Number), before: w.Phase == "before", onTenant: true, drop: func() {}})
	})
	return l, func() { l.end(scratch) }
}

func (l *life) end(scratch string) {
	for _, unknown := range l.stack.Tenant.Unknown() {
		l.Errorf("the simulated tenant does not know %s", unknown.Name)
	}
	err := errors.Join(l.stack.Close(), os.RemoveAll(scratch))
	if err != nil {
		l.Errorf("ending the life: %v", err)
	}
}

// happening is one announcement of a write.
type happening struct {
	what, key        string
	before, onTenant bool
	drop             func()
}

// happened notes a write, checks that what goes to the tenant was announced in the
// ledger, and lets the life's fate strike.
func (l *life) happened(h happening) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if h.before {
		l.open[h.key] = l.note(h)
	} else if strings.HasPrefix(h.what, "table ledger batch") {
		l.intended = true
	}
	at := l.open[h.key]
	if !at.is(l.fate.at) || l.reached && l.struck {
		return
	}
	l.reached = true
	if l.fate.strike == nil || h.before != l.fate.before || l.struck {
		return
	}
	l.struck = true
	l.fate.strike(l, h.drop)
}

// note counts a write that begins. The name of the object is left out: the ids that
// the tenant makes are no part of a write's place in the life.
func (l *life) note(h happening) point {
	what := h.what
	if h.onTenant {
		words := strings.Fields(what)
		what = strings.Join(words[:min(2, len(words))], " ")
		// What the discovery removes belongs to no grant; its intent is a row of its own.
		if !l.intended && l.stage != "discover" {
			l.Errorf("%s was sent and nothing in the ledger had announced it", h.what)
		}
		l.intended = false
	}
	l.counts[what]++
	at := point{what: what, nth: l.counts[what], onTenant: h.onTenant, stage: l.stage}
	l.writes = append(l.writes, at)
	return at
}

// live goes from the request to long after the end, and returns what was seen.
func (g *ground) live(f *findings, m mechanism, fate fate) lived {
	l, end := g.begin(f, m, fate)
	defer end()
	if fate.plant != nil {
		fate.plant(l)
	}
	var seen strings.Builder
	l.request()
	l.pass(0)
	l.sweepUntil("active")
	fmt.Fprintf(&seen, "%s\ntenant while active: %s\n", l.meaning(), l.stack.Tenant.Dump())
	l.enter("retest")
	l.pass(61*time.Minute, "retest")
	l.pass(3*time.Minute, "expire", "retest")
	l.discover()
	l.enter("revoke")
	l.pass(48*time.Hour, "expire")
	l.sweepUntil("revoked")
	l.pass(20*time.Minute, "expire")
	fmt.Fprintf(&seen, "%s\n", l.meaning())
	l.sameAsBefore()
	for _, change := range l.stack.Tenant.Changes() {
		fmt.Fprintf(&seen, "%s %s %s %s\n", change.By, change.Action, change.Object, change.Name)
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	f.unreached = fate.at.nth > 0 && !l.reached
	return lived{outcome: seen.String(), writes: l.writes}
}

// leftover is an object under our mark that no grant knows: what the discovery finds.
const leftover = "mg-" + stack.Installation + "-aaaaaaaaaaaaaaaaaaaa-00"

// discover plants a leftover and lets the discovery find it, and find it again a day
// later, when it removes it. Each time twice, because a timer that was killed comes again;
// a dead worker's place among those who may write lapses in between.
func (l *life) discover() {
	_, err := os.Stat("../functions/discover/function.json")
	if err != nil {
		return
	}
	l.enter("discover")
	l.administer(tenant.Action{Do: "cmdlet", Cmdlet: "New-ManagementScope", Parameters: map[string]any{
		"Name": leftover, "RecipientRestrictionFilter": "Guid -eq '" + tenant.SampleNewsGUID + "'"}})
	l.pass(time.Minute, "discover")
	l.pass(3*time.Minute, "discover")
	l.pass(24*time.Hour+time.Minute, "discover")
	l.pass(3*time.Minute, "discover")
}

func (l *life) enter(stage string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.stage = stage
}

func (l *life) administer(actions ...tenant.Action) {
	err := l.stack.Tenant.Administer(actions...)
	if err != nil {
		l.Fatalf("administering: %v", err)
	}
	for _, one := range actions {
		takes := one.Do == "removeServicePrincipal" || one.Cmdlet == "Remove-ServicePrincipal"
		l.pointerTaken = l.pointerTaken || takes && len(l.mechanism.standing) > 0
	}
}

func (l *life) plantFault(faults ...tenant.Fault) {
	err := l.stack.Tenant.Fault(faults...)
	if err != nil {
		l.Fatalf("planting a fault: %v", err)
	}
}

// sameAsBefore compares the tenant with what it was before the request.
func (l *life) sameAsBefore() {
	now, before := string(l.stack.Tenant.Dump()), l.before
	if l.mechanism.leavesDead {
		now, before = l.withoutDead(now), l.withoutDead(before)
	}
	if l.pointerTaken {
		now, before = l.withoutPointers(now), l.withoutPointers(before)
	}
	if now != before {
		l.Errorf("LEAK: the tenant is not as before: %s", now)
	}
}

// recover brings the process back after a kill and lets the life endure what struck it.
func (l *life) recover() {
	l.mutex.Lock()
	killed, struck := l.killed, l.struck && l.fate.endure != nil
	endure := l.fate.endure
	l.killed = false
	if struck {
		l.fate.endure = nil
	}
	l.mutex.Unlock()
	if killed {
		err := l.stack.Host.Restart(context.Background())
		if err != nil {
			l.Fatalf("starting the process again: %v", err)
		}
	}
	if struck {
		endure(l)
	}
}

// kill ends the process as when an instance is lost. It is called from a strike.
func (l *life) kill() {
	l.stack.Host.Kill()
	l.killed, l.intended = true, false
}

// pass lets time pass, fires the timers and waits until all is quiet, starting the
// process again should it be killed meanwhile. It then looks for what must never be.
func (l *life) pass(length time.Duration, timers ...string) {
	l.stack.Tenant.Advance(length)
	for _, timer := range timers {
		err := l.stack.Host.Fire(context.Background(), timer)
		if err != nil && !errors.Is(err, host.ErrKilled) {
			l.Fatalf("firing %s: %v", timer, err)
		}
		l.quiet()
	}
	l.quiet()
}

func (l *life) quiet() {
	for range settleTries {
		ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
		err := l.stack.Settle(ctx)
		cancel()
		l.recover()
		if err == nil {
			return
		}
	}
	l.Fatalf("the process does not come to rest")
}

// sweepUntil sweeps as the timers would until the grant is in that state: a dead
// worker's lease lapses after 90 seconds, what it owed comes up after two minutes,
// and what failed often waits for an hour.
func (l *life) sweepUntil(state string) {
	l.sweepTo(state, func() bool { return l.view().State == state })
}

func (l *life) sweepTo(state string, reached func() bool) {
	for try := range 18 {
		if reached() {
			return
		}
		step := 2 * time.Minute
		if try >= 12 {
			step = 61 * time.Minute
		}
		l.pass(step, "expire")
	}
	l.Errorf("the grant never became %s: %s", state, l.get("/api/grants/"+l.id))
}

// seenGrant is a grant as the API shows it, by meaning: without times and request ids.
type seenGrant struct {
	ID, State, Ending string
	Steps             []struct{ Kind, Name, State, RemoteID string }
	Evidence          []struct{ Subject, Permission, Expected, Verdict string }
	Conditions        []condition
}

type condition struct{ Type, Status, Reason string }

func (s seenGrant) condition(kind string) condition {
	for _, c := range s.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return condition{}
}

// view reads the grant and holds what it says against the tenant.
func (l *life) view() seenGrant {
	var view seenGrant
	text := l.get("/api/grants/" + l.id)
	err := json.Unmarshal(text, &view)
	if err != nil {
		l.Fatalf("reading the grant: %v: %s", err, text)
	}
	if ended[view.State] && strings.Contains(string(l.stack.Tenant.Dump()), l.id) {
		l.Errorf("the grant is called %s while objects of it are in the tenant: %s", view.State, l.stack.Tenant.Dump())
	}
	return view
}

var ended = map[string]bool{"revoked": true, "failed": true, "denied": true}

// meaning is the grant without the conditions that follow from the clock, or from
// what happened on the way.
func (l *life) meaning() string {
	view := l.view()
	var lasting []condition
	for _, c := range view.Conditions {
		// What the registration declares is told by the first proof of another run.
		if c.Type != "Stuck" && c.Type != "Expiring" && c.Type != "Effective" && c.Type != "ConsentDeclared" {
			lasting = append(lasting, c)
		}
	}
	view.Conditions = lasting
	text, err := json.Marshal(view)
	if err != nil {
		l.Fatalf("%v", err)
	}
	return string(text)
}
