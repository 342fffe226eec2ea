package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/simulator/tenant"
)

// TestProveTokenFailure takes the service's tokens away in every phase: the tenant
// refuses them, or none can be had after a restart. Nothing is called revoked while
// it is not, and everything ends as without it.
func TestProveTokenFailure(t *testing.T) {
	prove(t, tokenFailure())
}

// tokensLost is one way of having no token.
type tokensLost struct {
	kind   string
	faults []tenant.Fault
	// restart: tokens are kept in the process, so only a new one asks for others.
	restart bool
	// each is how many writes of each phase it is tried at.
	each int
}

func waysToLoseTokens(full bool) []tokensLost {
	ways := []tokensLost{
		{"sign-in 401", []tenant.Fault{{Name: "unauthorized", Match: "token"}}, true, 3},
		{"tenant 401", []tenant.Fault{{Name: "unauthorized", Match: "exchange"}, {Name: "unauthorized", Match: "graph"}}, false, 3},
		{"Exchange 401", []tenant.Fault{{Name: "unauthorized", Match: "exchange"}}, false, 3},
	}
	if full {
		// The identity client tries again for a quarter of a minute before it gives up.
		ways = append(ways, tokensLost{"sign-in 500", []tenant.Fault{{Name: "plainText", Match: "token", Status: 500}}, true, 1})
	}
	return ways
}

func tokenFailure() proof {
	return proof{number: 8, name: "token failure in each phase", sample: 3, trials: func(g *ground, m mechanism) []trial {
		var all []trial
		for _, failure := range waysToLoseTokens(g.full) {
			for _, at := range spread(g.points(m), failure.each) {
				all = append(all, trial{name: fmt.Sprintf("%s %s %s", failure.kind, at.stage, at), kind: failure.kind,
					run: g.compared(m, tokensFail(at, failure.faults, failure.restart))})
			}
		}
		return all
	}}
}

// spread picks so many points of every phase, evenly.
func spread(points []point, each int) []point {
	byStage := map[string][]point{}
	var stages []string
	for _, at := range points {
		if byStage[at.stage] == nil {
			stages = append(stages, at.stage)
		}
		byStage[at.stage] = append(byStage[at.stage], at)
	}
	var chosen []point
	for _, stage := range stages {
		all := byStage[stage]
		count := min(each, len(all))
		for i := range count {
			chosen = append(chosen, all[i*len(all)/count])
		}
	}
	return chosen
}

func tokensFail(at point, faults []tenant.Fault, restart bool) fate {
	return fate{at: at, endure: (*life).withoutTokens, strike: func(l *life, drop func()) {
		err := l.stack.Tenant.Fault(faults...)
		if err != nil {
			l.Errorf("planting a fault: %v", err)
		}
		if restart {
			l.kill()
			drop()
		}
	}}
}

// withoutTokens is a while without tokens. What is past its end and still in the
// tenant has to say so.
func (l *life) withoutTokens() {
	for range 3 {
		l.pass(7*time.Minute, "expire")
		if l.id != "" {
			l.view()
		}
	}
	l.mutex.Lock()
	revoking, retested := l.stage == "revoke", l.stage == "retest"
	l.mutex.Unlock()
	if revoking && strings.Contains(string(l.stack.Tenant.Dump()), l.id) {
		view := l.view()
		if view.condition("Stuck").Status != "True" {
			l.Errorf("the grant is past its end, in the tenant, and not called stuck: %+v", view)
		}
	}
	l.stack.Tenant.ClearFaults()
	if retested {
		// What could not be asked is unknown until the next retest.
		l.pass(61*time.Minute, "retest")
	}
}
