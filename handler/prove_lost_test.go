package main

import (
	"fmt"
	"testing"

	"mailgrant/handler/simulator/tenant"
)

// landsAfter is how much later a late effect lands: the service works on a cmdlet for
// up to 15 minutes.
const landsAfter = "10m"

// TestProveLostAnswers lives a life for each of its writes in which that write is done
// and its answer lost, and one for each write to the tenant that lands ten minutes
// after its answer was lost.
func TestProveLostAnswers(t *testing.T) {
	prove(t, lostAnswers())
}

func lostAnswers() proof {
	return proof{number: 2, name: "done but the reply lost, and done late, on every write", sample: 6, trials: func(g *ground, m mechanism) []trial {
		var all []trial
		for i, at := range g.points(m) {
			all = append(all, trial{name: fmt.Sprintf("%03d lost %s", i+1, at), kind: "lost", run: g.compared(m, loseAnswer(at))})
			if at.onTenant {
				all = append(all, trial{name: fmt.Sprintf("%03d late %s", i+1, at), kind: "late", run: g.compared(m, landLate(at))})
			}
		}
		return all
	}}
}

func loseAnswer(at point) fate {
	if at.onTenant {
		return fate{at: at, plant: func(l *life) {
			l.plantFault(tenant.Fault{Name: "lostAfter", Match: at.cmdlet(), After: at.nth - 1, Times: 1})
		}}
	}
	return fate{at: at, strike: func(_ *life, drop func()) { drop() }}
}

func landLate(at point) fate {
	return fate{at: at, plant: func(l *life) {
		l.plantFault(tenant.Fault{Name: "late", Match: at.cmdlet(), After: at.nth - 1, Times: 1, Delay: landsAfter})
	}}
}
