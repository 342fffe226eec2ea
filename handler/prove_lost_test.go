package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

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
			all = append(all, trial{name: fmt.Sprintf("%03d lost %s", i+1, at), kind: lostBy(at), run: g.compared(m, loseAnswer(at))})
			if at.onTenant {
				all = append(all, trial{name: fmt.Sprintf("%03d late %s", i+1, at), kind: "late", run: g.compared(m, landLate(at))})
			}
			if at.onTenant && at.stage == "apply" {
				all = append(all, trial{name: fmt.Sprintf("%03d late-then-revoked %s", i+1, at), kind: lateThenRevoked, run: func(g *ground, f *findings) {
					g.revokedMeanwhile(f, m, landLate(at))
				}})
			}
		}
		return all
	}}
}

// lostBy says whose answer is lost.
func lostBy(at point) string {
	if at.onTenant {
		return tenantLost
	}
	return "lost by the storage"
}

const tenantLost = "lost by the tenant"

const lateThenRevoked = "late and revoked before it lands"

// revokedMeanwhile is a life whose grant is revoked while a create may still land: it
// is not called revoked before that is over, and nothing stays.
func (g *ground) revokedMeanwhile(f *findings, m mechanism, doomed fate) {
	l, end := g.begin(f, m, doomed)
	defer end()
	doomed.plant(l)
	l.request()
	l.pass(0)
	answer, err := l.call(http.MethodPost, "/api/grants/"+l.id+"/revoke", "")
	if err != nil || answer.status != http.StatusAccepted {
		l.Fatalf("revoking was answered %d %s: %v", answer.status, answer.body, err)
	}
	l.pass(0)
	l.sweepUntil("revoked")
	l.pass(20*time.Minute, "expire")
	l.view()
	l.sameAsBefore()
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
