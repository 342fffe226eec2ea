package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"mailgrant/handler/simulator/storage"
	"mailgrant/handler/simulator/tenant"
)

// TestProveLifeCycle walks at random through the lives of grants, on a tenant, a storage
// and a process that fail, beside an administrator who changes things, and holds the
// service after every step against what it promises.
func TestProveLifeCycle(t *testing.T) {
	prove(t, lifeCycle())
}

const stepsOnTheWire = "steps on the wire"

func lifeCycle() proof {
	return proof{plays: true, number: 11, name: "life-cycle model check", trials: func(g *ground, m mechanism) []trial {
		trials, plays, steps := 1, 3, 20
		if g.full {
			trials, plays, steps = 4, 5, 100
		}
		var walks []trial
		for n := range trials {
			name := fmt.Sprintf("walks-%02d", n)
			walks = append(walks, trial{name: name, kind: stepsOnTheWire, size: plays * steps, run: func(g *ground, f *findings) {
				together(plays, func(n int) {
					cast := casting{what: fmt.Sprint(name, n), workloads: walkWorkloads}
					walkPlay(cast.start(g, f, m), steps)
				})
			}})
		}
		return append(walks, inMemory(g, "steps in memory", 100_000, "TestLifeCycleKeepsItsPromises"))
	}}
}

const (
	walkWorkloads = 2
	// mostWalking is how many grants a walk has at once.
	mostWalking = 6
	// probeEvery is after how many steps the data plane is asked what can be reached.
	probeEvery = 30
)

// wireWalk is one walk on the wire. Its steps are drawn before it begins, so that they
// do not depend on what runs side by side: the same seed is the same sequence.
type wireWalk struct {
	*play
	// swept counts, for each grant, the sweeps that have met it after its end.
	swept map[*asked]int
	// lastSweep is when the last sweep was fired.
	lastSweep time.Time
	// troubled: a fault lies ahead that may spoil a sweep.
	troubled bool
}

// wireStep is one step: which, and the numbers from which it picks.
type wireStep struct {
	name   string
	do     func(w *wireWalk, pick *rand.Rand)
	weight int
}

func wireSteps() []wireStep {
	return []wireStep{
		{"request", (*wireWalk).request, 5},
		{"sweep soon", func(w *wireWalk, pick *rand.Rand) { w.sweep(time.Duration(1+pick.IntN(20))*time.Minute, "expire") }, 6},
		{"sweep later", func(w *wireWalk, pick *rand.Rand) {
			w.sweep(time.Duration(60+pick.IntN(300))*time.Minute, "expire", "retest")
		}, 5},
		{"no sweep", func(w *wireWalk, pick *rand.Rand) { w.sweep(time.Duration(1+pick.IntN(180)) * time.Minute) }, 2},
		{"discover", func(w *wireWalk, _ *rand.Rand) { w.sweep(time.Minute, "discover") }, 1},
		{"revoke", (*wireWalk).revoke, 3},
		{"retry", (*wireWalk).retry, 1},
		{"again", (*wireWalk).again, 1},
		{"administrator", (*wireWalk).drift, 3},
		{"tenant fails", (*wireWalk).spoilTenant, 4},
		{"storage fails", (*wireWalk).spoilStorage, 3},
		{"process dies", func(w *wireWalk, pick *rand.Rand) { w.killAt(1 + pick.IntN(50)); w.troubled = true }, 2},
	}
}

// drawSteps draws a sequence of steps. Each has a source of random numbers of its own.
func drawSteps(random *rand.Rand, count int) ([]wireStep, []*rand.Rand) {
	var all []wireStep
	for _, step := range wireSteps() {
		for range step.weight {
			all = append(all, step)
		}
	}
	steps, picks := make([]wireStep, count), make([]*rand.Rand, count)
	for n := range count {
		steps[n], picks[n] = all[random.IntN(len(all))], rand.New(rand.NewPCG(random.Uint64(), uint64(n)))
	}
	return steps, picks
}

// walkPlay takes the steps and holds the promises after each, then lets everything end.
func walkPlay(p *play, count int) {
	defer p.end()
	w := &wireWalk{play: p, swept: map[*asked]int{}, lastSweep: p.stack.Tenant.Now()}
	w.sweep(0, "expire") // a service that has never swept and owes nothing is not late
	steps, picks := drawSteps(p.random, count)
	for n, step := range steps {
		p.note("step %d: %s", n, step.name)
		step.do(w, picks[n])
		if !w.holds() {
			return
		}
		if n%probeEvery == probeEvery-1 && !w.probe() {
			return
		}
	}
	w.toTheEnd()
}

func (w *wireWalk) request(pick *rand.Rand) {
	if len(w.live()) >= mostWalking {
		return
	}
	begins := max(0, time.Duration(pick.IntN(16)-12)*time.Hour)
	lasts := 4*time.Hour + time.Duration(pick.IntN(30*60))*time.Minute
	w.ask(pick.IntN(walkWorkloads), some(pick, playMailboxes, 2), some(pick, playPermissions, 2), begins, lasts)
	w.quiet()
}

// sweep lets time pass and fires these timers.
func (w *wireWalk) sweep(length time.Duration, timers ...string) {
	w.pass(length, timers...)
	if len(timers) == 0 || timers[0] != "expire" {
		return
	}
	w.lastSweep = w.stack.Tenant.Now()
	for _, a := range w.live() {
		if !w.troubled && w.lastSweep.After(a.seen.ExpiresAt) && !a.seen.ExpiresAt.IsZero() {
			w.swept[a]++
		}
	}
	w.troubled = false
}

// one is any of the grants of which is holds; nil when there is none.
func (w *wireWalk) one(pick *rand.Rand, is func(*asked) bool) *asked {
	var found []*asked
	for _, a := range w.asked {
		if is(a) {
			found = append(found, a)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found[pick.IntN(len(found))]
}

func (w *wireWalk) revoke(pick *rand.Rand) {
	a := w.one(pick, func(a *asked) bool { return !a.seen.ended() })
	if a == nil {
		return
	}
	w.note("the end of %s is asked for", a.id)
	w.call(http.MethodPost, "/api/grants/"+a.id+"/revoke", "", "")
	w.quiet()
}

func (w *wireWalk) retry(pick *rand.Rand) {
	a := w.one(pick, func(a *asked) bool { return !a.seen.ended() })
	if a == nil {
		return
	}
	w.note("%s is hurried", a.id)
	w.call(http.MethodPost, "/api/grants/"+a.id+"/retry", "", "")
	w.quiet()
}

// again sends a request again, at any time of its grant's life.
func (w *wireWalk) again(pick *rand.Rand) {
	a := w.one(pick, func(*asked) bool { return true })
	if a == nil {
		return
	}
	w.note("%s is delivered again", a.id)
	w.post(a)
	w.quiet()
}

// spoilTenant plants faults beside those of the tenant's mood, more often for writes.
func (w *wireWalk) spoilTenant(pick *rand.Rand) {
	for range 1 + pick.IntN(3) {
		fault := tenant.Fault{Name: []string{"lostBefore", "lostAfter", "late", "throttle", "unavailable", "unauthorized"}[pick.IntN(6)],
			Match: []string{"New-*", "Remove-*", "Remove-*", "exchange", "graph"}[pick.IntN(5)], Times: 1 + pick.IntN(2), After: pick.IntN(8)}
		if fault.Name == "late" {
			fault.Delay, fault.Match = (time.Duration(1+pick.IntN(14)) * time.Minute).String(), []string{"New-*", "Remove-*"}[pick.IntN(2)]
		}
		if fault.Name == "throttle" {
			fault.RetryAfter = []string{"1", "8", "90"}[pick.IntN(3)]
		}
		w.plant(fault)
	}
}

func (w *wireWalk) spoilStorage(pick *rand.Rand) {
	fault := storage.Fault{Name: []string{storage.FaultLostBefore, storage.FaultLostAfter, storage.FaultUnavailable}[pick.IntN(3)],
		Match:  []string{"table ledger", "table due", "table ids", "table work", "queue apply put"}[pick.IntN(5)],
		Writes: true, Times: 1 + pick.IntN(3), After: pick.IntN(10)}
	w.note("the storage will go wrong: %+v", fault)
	w.stack.Wire.Fault(fault)
	w.troubled = true
}
