package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"mailgrant/handler/simulator/tenant"
)

// TestProveRevocationImpossible makes removals fail for a week, lets administrators
// take away what is to be removed, and deletes the workload. What is owed stays owed
// and visible, what is gone is gone, and nothing is given again.
func TestProveRevocationImpossible(t *testing.T) {
	prove(t, revocationImpossible())
}

func revocationImpossible() proof {
	return proof{number: 9, name: "revocation impossible for seven days; target deleted by hand; workload deleted and restored", sample: 5,
		trials: func(g *ground, m mechanism) []trial {
			return slices.Concat(weeksWithout(g, m), takenByHand(m), workloadDeleted(m))
		}}
}

// weeksWithout has a trial for each removal that fails and each way of failing.
func weeksWithout(g *ground, m mechanism) []trial {
	faults := map[string]tenant.Fault{
		"forbidden": {Name: "forbidden"},
		"500":       {Name: "plainText", Status: http.StatusInternalServerError},
		// The tenant says that it has removed the object, and has not.
		"not done": {Name: "ignore"},
	}
	step := 24 * time.Hour
	if g.full {
		step = 3 * time.Hour
	}
	var all []trial
	for _, removal := range m.removals {
		for _, how := range slices.Sorted(maps.Keys(faults)) {
			fault := faults[how]
			fault.Match = removal
			all = append(all, trial{name: removal + " " + how, kind: "impossible", run: func(g *ground, f *findings) {
				g.weekWithout(f, m, fault, step)
			}})
		}
	}
	return all
}

// weekWithout is a life whose removal fails for a week: it is called stuck by the
// first sweep after the end, since the same moment all the week, and it is done when
// the tenant lets it.
func (g *ground) weekWithout(f *findings, m mechanism, fault tenant.Fault, step time.Duration) {
	l, end := g.begin(f, m, fate{})
	defer end()
	l.request()
	l.pass(0)
	l.sweepUntil("active")
	l.plantFault(fault)
	l.enter("revoke")
	l.pass(48*time.Hour, "expire")
	if m.ends > 0 {
		// What is removed last waits for what was removed before it.
		l.pass(m.ends, "expire")
	}
	since := l.stuckSince()
	for passed := time.Duration(0); passed < 7*24*time.Hour; passed += step {
		l.pass(step, "expire")
		now := l.stuckSince()
		if !now.Equal(since) {
			l.Fatalf("stuck since %s is now called stuck since %s", since, now)
		}
	}
	l.stack.Tenant.ClearFaults()
	if fault.Name == "forbidden" {
		l.hurry()
	} else {
		// The slowest rung of the ladder is a day.
		l.pass(25*time.Hour, "expire")
	}
	l.ended()
}

// hurry has the operator who has mended the cause ask for the next try now.
func (l *life) hurry() {
	answer, err := l.call(http.MethodPost, "/api/grants/"+l.id+"/retry", `{"by": "bob@contoso.example"}`)
	if err != nil || answer.status != http.StatusAccepted {
		l.Errorf("asking for another try was answered %d %s: %v", answer.status, answer.body, err)
	}
	l.pass(0)
}

// ended checks that the grant is revoked, and the tenant as before.
func (l *life) ended() {
	l.sweepUntil("revoked")
	l.pass(20*time.Minute, "expire")
	l.sameAsBefore()
	l.notGivenAgain()
}

// notGivenAgain looks for an object that was made twice.
func (l *life) notGivenAgain() {
	made := map[string]bool{}
	for _, change := range l.stack.Tenant.Changes() {
		what := change.Object + " " + change.Name + " " + change.Detail
		if change.By != "administrator" && change.Action == "created" {
			if made[what] {
				l.Errorf("%s was made again", what)
			}
			made[what] = true
		}
	}
}

// stuckSince is since when the grant is called stuck. It must be, and it must still
// be owed.
func (l *life) stuckSince() time.Time {
	view := l.view()
	var stuck struct {
		Conditions []struct {
			Type, Status string
			Since        time.Time
		}
	}
	err := json.Unmarshal(l.get("/api/grants/"+l.id), &stuck)
	if err != nil {
		l.Fatalf("reading the grant: %v", err)
	}
	for _, c := range stuck.Conditions {
		if c.Type == "Stuck" && c.Status == "True" && view.State == "revoking" {
			return c.Since
		}
	}
	l.Fatalf("the grant is past its end, cannot be removed, and is not called stuck: %+v", view)
	return time.Time{}
}

// takenByHand has a trial for everything that an administrator can take away.
func takenByHand(m mechanism) []trial {
	var all []trial
	for _, what := range slices.Sorted(maps.Keys(m.byHand(""))) {
		all = append(all, trial{name: "by hand " + what, kind: "by hand", run: func(g *ground, f *findings) {
			g.meddled(f, m, func(l *life) { l.administer(m.byHand(l.id)[what]...) }, nil)
		}})
	}
	return all
}

// workloadDeleted moves the workload to the deleted items, which takes its pointer and
// assignments along and leaves its scopes, and brings it back at another time.
func workloadDeleted(m mechanism) []trial {
	remove := func(l *life) {
		l.administer(tenant.Action{Do: "removeServicePrincipal", Workload: m.workload})
	}
	restore := func(l *life) {
		l.administer(tenant.Action{Do: "restoreServicePrincipal", Workload: m.workload})
	}
	return []trial{
		{name: "workload deleted, restored after the end", kind: "workload deleted", run: func(g *ground, f *findings) {
			g.meddled(f, m, remove, restore)
		}},
		{name: "workload deleted and restored before the end", kind: "workload deleted", run: func(g *ground, f *findings) {
			g.meddled(f, m, func(l *life) {
				remove(l)
				l.pass(61*time.Minute, "retest")
				l.reported()
				restore(l)
			}, nil)
		}},
	}
}

// meddled is a life into which somebody meddles while the grant is active, and after
// its end.
func (g *ground) meddled(f *findings, m mechanism, active, after func(*life)) {
	l, end := g.begin(f, m, fate{})
	defer end()
	l.request()
	l.pass(0)
	l.sweepUntil("active")
	active(l)
	l.pass(61*time.Minute, "retest")
	l.reported()
	l.enter("revoke")
	l.pass(48*time.Hour, "expire")
	if m.keptForRestoring && after != nil {
		// A restored workload has its consents again: what confines them stays, and that is told.
		l.stuckSince()
	} else {
		l.sweepUntil("revoked")
	}
	if after != nil {
		after(l)
		l.pass(25*time.Hour, "expire", "retest")
	}
	l.ended()
}

// reported checks that a retest has seen that something is missing.
func (l *life) reported() {
	view := l.view()
	if view.condition("Provisioned").Status == "True" {
		l.Errorf("something was taken away and the grant is called provisioned: %s", fmt.Sprint(view.Conditions))
	}
}
