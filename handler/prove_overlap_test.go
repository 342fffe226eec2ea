package main

import (
	"fmt"
	"testing"
	"time"
)

// playMailboxes are those that plays grant access to; none of them is a canary.
var playMailboxes = []string{
	"d0000000-0000-4000-8000-000000000011", "d0000000-0000-4000-8000-000000000012",
	"d0000000-0000-4000-8000-000000000013", "d0000000-0000-4000-8000-000000000014",
}

const (
	// setsPerPlay is how many sets share a tenant, a storage account and a process.
	setsPerPlay = 10
	// overlapRounds is how often time passes before every set must have ended: the last
	// grant begins within a day and lasts three at most. One pass of five also retests.
	overlapRounds   = 30
	overlapRetested = 5
)

// TestProveOverlap: grants that share workload, mailboxes and permissions and end at
// times of their own, many of them early. A live one is never cut, and nothing is left
// of an ended one.
func TestProveOverlap(t *testing.T) {
	prove(t, proof{plays: true, number: 10, name: "overlapping grants: no cut, no overhang", trials: func(g *ground, m mechanism) []trial {
		sets, perPlay := 2, 2
		if g.full {
			sets, perPlay = 200, setsPerPlay
		}
		var trials []trial
		for n := range sets / perPlay {
			name := fmt.Sprintf("sets-%02d", n)
			trials = append(trials, trial{name: name, kind: "sets on the wire", size: perPlay, run: func(g *ground, f *findings) {
				overlapPlay(startPlay(g, f, m, name, perPlay), perPlay)
			}})
		}
		return append(trials, inMemory(g, "sets in memory", 10_000, "TestOverlappingGrantsNeverCutEachOther"))
	}})
}

// overlapPlay lets the sets live until everything has ended by itself or early.
func overlapPlay(p *play, sets int) {
	defer p.end()
	permissions := []string{"Mail.Send", "Mail.Read", "Calendars.Read"}
	for n := range sets {
		for range p.setSize() {
			begins := max(0, time.Duration(p.random.IntN(48)-24)*time.Hour)
			p.ask(n, p.draw(playMailboxes, 3), p.draw(permissions, 3), begins, 4*time.Hour+time.Duration(p.random.IntN(68*60))*time.Minute)
		}
	}
	p.pass(0)
	p.look()
	looks := p.tester()
	for round := range overlapRounds {
		timers := []string{"expire"}
		if round%overlapRetested == overlapRetested-1 {
			timers = append(timers, "retest")
		}
		p.pass(time.Duration(1+p.random.IntN(8*60))*time.Minute, timers...)
		p.endOneEarly()
		p.look()
		for _, wrong := range append(looks.cuts(), p.overhangs()...) {
			p.wrong("%s", wrong)
			return
		}
		if len(p.live()) == 0 {
			break
		}
	}
	for _, a := range p.live() {
		p.wrong("%s never ended: %s %+v", a.id, a.seen.State, a.seen.Conditions)
	}
	p.pass(20*time.Minute, "expire")
	if now := string(p.stack.Tenant.Dump()); len(p.live()) == 0 && now != p.before {
		p.wrong("the tenant is not as before: %s", now)
	}
}

// setSize is 2 to 20, small ones more often: in them the first and the last grant of a
// workload, which make and remove what is shared, meet more often.
func (p *play) setSize() int {
	if p.random.IntN(3) > 0 {
		return 2 + p.random.IntN(4)
	}
	return 2 + p.random.IntN(19)
}

func (p *play) endOneEarly() {
	live := p.live()
	if len(live) == 0 || p.random.IntN(2) == 0 {
		return
	}
	a := live[p.random.IntN(len(live))]
	p.note("the end of %s is asked for", a.id)
	p.call("POST", "/api/grants/"+a.id+"/revoke", "", "")
	p.quiet()
}
