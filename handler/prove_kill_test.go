package main

import (
	"fmt"
	"strings"
	"testing"

	"mailgrant/handler/simulator/tenant"
)

// leastWrites is how many writes a whole life has at the very least; fewer mean that
// the harness has missed them.
const leastWrites = 30

// calm lives a life without any trouble, once for each mechanism of a bed.
func (b *bed) calm(g *ground, m mechanism) (lived, []string) {
	b.calmMutex.Lock()
	defer b.calmMutex.Unlock()
	known, done := b.calmLives[m.name]
	if done {
		return known, nil
	}
	var calm lived
	found := observe(func(f *findings) { calm = g.live(f, m, fate{}) })
	if len(found.wrong) == 0 && len(calm.writes) < leastWrites {
		found.Errorf("a life with %d writes is no whole life: %v", len(calm.writes), calm.writes)
	}
	if len(found.wrong) == 0 {
		calm.writes = phased(calm.writes)
		b.calmLives[m.name] = calm
	}
	return calm, found.wrong
}

// phased tells what a life's writes after the request are for: up to the first batch
// of the ledger they receive, up to the first write to the tenant they bind, up to
// the last one they apply, and then they verify.
func phased(writes []point) []point {
	first, last, bound := -1, -1, -1
	for i, at := range writes {
		if at.stage != "request" {
			continue
		}
		if bound < 0 && strings.HasPrefix(at.what, "table ledger batch") {
			bound = i
		}
		if at.onTenant {
			last = i
			if first < 0 {
				first = i
			}
		}
	}
	for i := range writes {
		if writes[i].stage != "request" {
			continue
		}
		switch {
		case i < bound:
			writes[i].stage = "receive"
		case i < first:
			writes[i].stage = "bind"
		case i <= last:
			writes[i].stage = "apply"
		default:
			writes[i].stage = "verify"
		}
	}
	return writes
}

// TestProveKilled lives one whole life of a grant again and again. In each life the
// process is killed (SIGKILL) right before or right after another one of its writes
// to the outside takes effect; it is started again and swept. The tenant and the
// grant have to be what they are in a life without a kill.
func TestProveKilled(t *testing.T) {
	prove(t, killed())
}

func killed() proof {
	return proof{number: 1, name: "SIGKILL before and after every outgoing write", sample: 8, trials: func(g *ground, m mechanism) []trial {
		var all []trial
		for i, at := range g.points(m) {
			for _, before := range []bool{true, false} {
				all = append(all, trial{name: fmt.Sprintf("%03d %s %s", i+1, when(before), at), kind: when(before),
					run: g.compared(m, killAt(at, before))})
			}
		}
		return all
	}}
}

func when(before bool) string {
	if before {
		return "before"
	}
	return "after"
}

// points are the writes of a calm life.
func (g *ground) points(m mechanism) []point {
	calm, _ := g.bed.calm(g, m)
	return calm.writes
}

// compared is a trial that lives a life under a fate and compares it with the calm one.
func (g *ground) compared(m mechanism, doomed fate) func(*ground, *findings) {
	calm, _ := g.bed.calm(g, m)
	return func(g *ground, f *findings) {
		left := g.live(f, m, doomed)
		if left.outcome != calm.outcome {
			f.Errorf("the life ended otherwise:\n%s\nand without trouble:\n%s", left.outcome, calm.outcome)
		}
	}
}

// killAt kills the process before or after a write takes effect. A write to the
// tenant is on its way when its sender dies, so that it has no effect has to be
// arranged with the tenant.
func killAt(at point, before bool) fate {
	doomed := fate{at: at, before: before, strike: func(l *life, drop func()) {
		l.kill()
		drop()
	}}
	if at.onTenant && before {
		doomed.plant = func(l *life) {
			l.plantFault(tenant.Fault{Name: "ignore", Match: at.cmdlet(), After: at.nth - 1, Times: 1})
		}
	}
	return doomed
}
