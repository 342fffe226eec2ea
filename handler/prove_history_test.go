package main

import (
	"fmt"
	"testing"
	"time"

	"mailgrant/handler/simulator/tenant"
)

// TestProveHistory lets random grants live and end on a tenant that loses, delays and
// refuses writes. What the histories say was done is what the tenant's own change log
// has, and the reverse.
func TestProveHistory(t *testing.T) {
	prove(t, historyAgrees())
}

func historyAgrees() proof {
	return proof{plays: true, number: 15, name: "history equals the tenant's change log", trials: func(g *ground, m mechanism) []trial {
		whole := histories{trials: 1, lives: 10}
		if g.full {
			whole = histories{trials: 10, lives: 200}
		}
		return whole.list(m)
	}}
}

// aFewHistories is what a deliberate break is tried on.
func aFewHistories() proof {
	few := historyAgrees()
	few.trials = func(g *ground, m mechanism) []trial { return histories{trials: 2, lives: 10}.list(m) }
	return few
}

// histories says how many random lives are tried: so many at once in each trial, on a
// tenant, a storage account and a process of its own.
type histories struct{ trials, lives int }

func (h histories) list(m mechanism) []trial {
	var trials []trial
	for n := range h.trials {
		name := fmt.Sprintf("histories-%02d", n)
		trials = append(trials, trial{name: name, kind: "random lives", size: h.lives, run: func(g *ground, f *findings) {
			cast := casting{what: name, workloads: (h.lives + 2) / livesPerWorkload}
			historyPlay(cast.start(g, f, m), cast.workloads, h.lives)
		}})
	}
	return trials
}

const (
	// livesPerWorkload is how many of the random lives share a workload, and with it the
	// pointer, on average.
	livesPerWorkload = 3
	// historyRounds is how often time passes before every life must have ended, and
	// troubledRounds in how many of them, from the first, writes go wrong.
	historyRounds  = 40
	troubledRounds = 16
	// livesPerTrouble is for how many lives writes go wrong once a round, one end is asked
	// for early, and the process dies every fifth round.
	livesPerTrouble = 40
	// lookEvery is after how many rounds all grants are looked at, which costs as much as
	// a round itself.
	lookEvery = 5
)

// historyPlay asks for all the grants, lets them end by themselves or early, and then
// holds their histories against the log.
func historyPlay(p *play, workloads, lives int) {
	defer p.end()
	for n := range lives {
		if n%4 == 0 {
			p.spoilWrites()
		}
		begins := max(0, time.Duration(p.random.IntN(18)-12)*time.Hour)
		lasts := 4*time.Hour + time.Duration(p.random.IntN(16*60))*time.Minute
		p.ask(n%workloads, p.draw(playMailboxes, 2), p.draw(playPermissions, 1+p.random.IntN(2)), begins, lasts)
	}
	p.quiet() // hours that pass within an invocation would date its writes long after their intents
	for n := range historyRounds {
		if n < troubledRounds {
			p.trouble(n, lives)
		}
		p.pass(time.Duration(10+p.random.IntN(240))*time.Minute, "expire")
		if n%lookEvery == 0 {
			p.look()
		}
		for range portion(lives) {
			p.endOneEarly()
		}
		if n >= troubledRounds && len(p.live()) == 0 {
			break
		}
	}
	p.pass(25*time.Hour, "expire")
	p.pass(20*time.Minute, "expire")
	p.look()
	for _, a := range p.live() {
		p.wrong("%s never ended: %s %+v", a.id, a.seen.State, a.seen.Conditions)
	}
	p.checkHistories()
}

// trouble plants what goes wrong in a round of so many lives: writes, and now and then
// the process, as often as if fewer of them shared it.
func (p *play) trouble(round, lives int) {
	for range portion(lives) {
		p.spoilWrites()
	}
	if round%5 >= 5-min(portion(lives), 4) {
		p.killAt(1 + p.random.IntN(60*portion(lives)))
	}
}

func portion(lives int) int { return max(1, lives/livesPerTrouble) }

// playPermissions are those that plays grant.
var playPermissions = []string{"Mail.Send", "Mail.Read", "Calendars.Read"}

// spoilWrites plants what may go wrong with the next few writes to the tenant.
func (p *play) spoilWrites() {
	for range 1 + p.random.IntN(3) {
		fault := tenant.Fault{Name: []string{"lostBefore", "lostAfter", "late", "throttle", "unavailable"}[p.random.IntN(5)],
			Match: []string{"New-*", "Remove-*"}[p.random.IntN(2)], Times: 1, After: p.random.IntN(6)}
		if fault.Name == "late" {
			fault.Delay = (time.Duration(1+p.random.IntN(14)) * time.Minute).String()
		}
		if fault.Name == "throttle" {
			fault.RetryAfter = []string{"1", "8", "90"}[p.random.IntN(3)]
		}
		p.plant(fault)
	}
}

func (p *play) plant(fault tenant.Fault) {
	p.note("the tenant will go wrong: %+v", fault)
	err := p.stack.Tenant.Fault(fault)
	if err != nil {
		p.found.Fatalf("planting a fault: %v", err)
	}
}
