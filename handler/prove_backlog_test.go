package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/simulator/tenant"
)

// TestProveSweepers lets several processes sweep the same rows at once: every object is
// removed once, nothing is lost or stuck, and all of them together keep the ceiling on
// concurrent cmdlets.
func TestProveSweepers(t *testing.T) {
	proveFeats(t, 5, "two and five sweepers on the same due rows", sweepers)
}

// band is how many sweep how much, and how long the tenant takes to answer a cmdlet:
// only slow answers lie beside each other.
type band struct {
	size, processes int
	latency         string
}

func (b band) String() string {
	if b.latency != "" {
		return fmt.Sprintf("%d sweepers, %d grants, a tenant that takes %s for each cmdlet", b.processes, b.size, b.latency)
	}
	return fmt.Sprintf("%d sweepers, %d grants", b.processes, b.size)
}

func sweepers(full bool, m mechanism) []feat {
	bands := []band{{12, 2, ""}, {12, 5, "40ms"}}
	switch {
	case m.sampled > 0:
		bands = []band{{m.crowd, 2, ""}, {m.crowd, 5, "40ms"}}
	case full:
		bands = []band{{1000, 2, ""}, {1000, 5, ""}, {100, 5, "40ms"}}
	}
	var feats []feat
	for _, one := range bands {
		feats = append(feats, feat{name: one.String(), alone: true, run: one.sweep})
	}
	return feats
}

func (b band) sweep(g *ground, f *findings, m mechanism) outcome {
	c := g.gather(f, m, b.size, b.processes, nil)
	defer c.end()
	if b.latency != "" {
		c.plant(tenant.Fault{Name: "latency", Match: "exchange", Delay: b.latency})
	}
	result := c.drained(time.Minute)
	c.checkCeiling()
	sent, done := c.removals()
	failed := c.checkRemovedOnce(result.objects) + result.failed
	return outcome{tried: b.size, failed: failed, seeded: true, note: fmt.Sprintf("%s: drained in %s (%d sweep rounds), %d removals sent for %d objects, at most %s, %d invocations delivered again",
		b, result.took.Round(time.Second), result.sweeps, sent, done, c.load(), c.cameAgain())}
}

// TestProveAbsence lets nobody sweep for a while: everything is drained in the first
// sweeps after it, and each grant's history tells by how much it was late.
func TestProveAbsence(t *testing.T) {
	proveFeats(t, 6, "no sweep for 32 minutes and for 48 hours", absences)
}

func absences(full bool, m mechanism) []feat {
	size := 12
	if full {
		size = 1000
	}
	var feats []feat
	for _, gap := range []time.Duration{32 * time.Minute, 48 * time.Hour} {
		feats = append(feats, feat{name: gap.String(), alone: true, run: func(g *ground, f *findings, m mechanism) outcome {
			return sweptLate(g, f, m, m.grants(size), gap)
		}})
	}
	return feats
}

func sweptLate(g *ground, f *findings, m mechanism, size int, gap time.Duration) outcome {
	c := g.gather(f, m, size, 1, nil)
	defer c.end()
	result := c.drained(gap)
	failed := result.failed + c.checkRemovedOnce(result.objects) + c.checkLateness(gap)
	return outcome{tried: size, failed: failed, note: fmt.Sprintf("%s without a sweep, %d grants: drained in %d sweeps and %s, at worst %s late, told with each",
		gap, size, result.sweeps, result.took.Round(time.Second), result.worst.Round(time.Second)), seeded: true}
}

// drainage is how a backlog was worked off.
type drainage struct {
	sweeps, failed, objects int
	took, worst             time.Duration
}

const (
	mostSweeps = 12
	// soonSweeps is after how many everything is done but what has to wait for the last.
	soonSweeps = 4
)

// drained lets the members' end pass by so much, and sweeps until all of them are
// revoked. What is not by then has failed.
func (c *crowd) drained(after time.Duration) drainage {
	result := drainage{objects: c.model.objects(c.mechanism.goes()) * len(c.members)}
	c.tenant().ResetRequests()
	c.tenant().Advance(c.model.expires.Add(after).Sub(c.tenant().Now()))
	began := time.Now()
	for left := len(c.members); left > 0 && result.sweeps < mostSweeps; result.sweeps++ {
		switch {
		case result.sweeps == soonSweeps:
			c.tenant().Advance(2*time.Minute + c.mechanism.ends)
		case result.sweeps > 0:
			c.tenant().Advance(2 * time.Minute)
		}
		c.fire("expire")
		left = c.unended()
	}
	result.took = time.Since(began)
	for _, one := range c.look(false) {
		stuck := one.grant.Condition(grant.Stuck)
		if one.grant.State != grant.RevokedState || stuck.Status == grant.True {
			c.Errorf("grant %s is %s, stuck %s %s", one.id, one.grant.State, stuck.Status, stuck.Reason)
			result.failed++
			continue
		}
		result.worst = max(result.worst, one.grant.RemovedAt.Sub(one.expires))
	}
	c.checkNothingOwed()
	return result
}

// unended counts the grants of which something is in the tenant.
func (c *crowd) unended() int { return c.present(c.members) }

// checkNothingOwed finds due rows that nobody will ever clear up.
func (c *crowd) checkNothingOwed() {
	c.tenant().Advance(3 * time.Minute)
	c.fire("expire", "retest")
	left, _, err := c.rows.ListDue(context.Background(), c.tenant().Now().Add(365*24*time.Hour), 0)
	if err != nil {
		c.Errorf("reading what is due: %v", err)
	}
	for _, due := range left {
		c.Errorf("the due row %s is left", due.Key())
	}
}

// checkRemovedOnce compares the tenant's change log with the objects that there were,
// and returns how many were not removed exactly once.
func (c *crowd) checkRemovedOnce(objects int) int {
	times := map[string]int{}
	for _, change := range c.tenant().Changes() {
		if change.Action != "removed" {
			c.Errorf("%s has %s %s %s", change.By, change.Action, change.Object, change.Name)
			continue
		}
		times[change.Object+" "+change.Name+" "+change.Detail]++
	}
	wrong := max(objects-len(times), len(times)-objects)
	for name, count := range times {
		if count != 1 {
			c.Errorf("%s was removed %d times", name, count)
			wrong++
		}
	}
	if len(times) != objects {
		c.Errorf("%d objects were removed and there were %d", len(times), objects)
	}
	return wrong
}

// removals counts the removals that were sent and those that did something.
func (c *crowd) removals() (int, int) {
	sent := 0
	for _, request := range c.tenant().Requests() {
		if request.Write {
			sent++
		}
	}
	return sent, len(c.tenant().Changes())
}

// Exchange refuses more than a few cmdlets at once; so many slots the service gives
// itself, and one of them may write.
const (
	mostCmdlets = 4
	mostWrites  = 1
)

func (c *crowd) checkCeiling() {
	requests := c.tenant().Requests()
	calls, writes := atOnce(requests, false), atOnce(requests, true)
	if calls > mostCmdlets || writes > mostWrites {
		c.Errorf("%d cmdlets and %d writes were under way at once; %d and %d may be", calls, writes, mostCmdlets, mostWrites)
	}
}

func (c *crowd) load() string {
	requests := c.tenant().Requests()
	return fmt.Sprintf("%d cmdlets and %d writes at once", atOnce(requests, false), atOnce(requests, true))
}

// atOnce is how many cmdlets were under way at the same time, by the tenant's record.
func atOnce(requests []tenant.Request, writesOnly bool) int {
	type edge struct {
		at   time.Time
		step int
	}
	var edges []edge
	for _, request := range requests {
		if request.Kind == "exchange" && (request.Write || !writesOnly) && !request.End.IsZero() {
			edges = append(edges, edge{request.Start, 1}, edge{request.End, -1})
		}
	}
	// What ends at the instant at which another begins is not beside it.
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.step, b.step)) })
	now, most := 0, 0
	for _, edge := range edges {
		now += edge.step
		most = max(most, now)
	}
	return most
}

// checkLateness finds grants whose history does not say by how much the end was late,
// and returns their number.
func (c *crowd) checkLateness(gap time.Duration) int {
	wrong := 0
	for _, one := range c.look(true) {
		late := one.grant.RemovedAt.Sub(one.expires)
		told := slices.ContainsFunc(one.history, func(entry grant.Entry) bool {
			return entry.Event == grant.EventRevoking && strings.HasSuffix(entry.Detail, " late") && toldLate(entry, one.expires)
		})
		if late < gap || !told {
			c.Errorf("grant %s ended %s late, and its history does not tell it: %+v", one.id, late, one.history)
			wrong++
		}
	}
	return wrong
}

// toldLate reports whether the lateness in an entry's words is that of its time.
func toldLate(entry grant.Entry, agreed time.Time) bool {
	words := strings.Fields(strings.TrimSuffix(entry.Detail, " late"))
	told, err := time.ParseDuration(words[len(words)-1])
	difference := entry.At.Sub(agreed) - told
	return err == nil && difference.Abs() < time.Minute
}
