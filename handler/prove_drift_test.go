package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/grant"
)

// TestProveDrift plants every kind of drift among clean grants and retests all of them
// in one pass: every one is found by its name, and no clean grant is accused.
func TestProveDrift(t *testing.T) {
	proveFeats(t, 12, "every kind of drift among clean grants, found in one pass", func(full bool, m mechanism) []feat {
		one := drifting{clean: 30, each: 1}
		if full && m.sampled == 0 {
			one = drifting{clean: 1000, each: 5}
		}
		return []feat{{name: "drift", alone: true, run: one.run}}
	})
}

// drifting is how many grants are clean, and how many there are of each kind of drift.
type drifting struct {
	clean, each int
}

func (d drifting) run(g *ground, f *findings, m mechanism) outcome {
	if m.wanders == nil {
		f.Fatalf("no kinds of drift are registered for the mechanism %s", m.name)
	}
	kinds := m.wanders()
	planted := len(kinds) * d.each
	c := g.gather(f, m, planted+d.clean, 1, func(n int, one *member) {
		if n < planted && kinds[n%len(kinds)].shape != nil {
			kinds[n%len(kinds)].shape(one)
		}
	})
	defer c.end()
	c.wander(kinds, c.members[:planted])
	if m.listed {
		c.fire("discover")
	}
	began := time.Now()
	told := c.retestAll()
	took := time.Since(began)
	missed := c.checkFound(kinds, c.members[:planted], told)
	accused := c.checkClean(c.members[planted:], told)
	return outcome{tried: planted + d.clean, failed: missed + accused, seeded: true, note: fmt.Sprintf("%d kinds, %d of each, among %d clean grants: %d missed, %d falsely accused, one pass in %s",
		len(kinds), d.each, d.clean, missed, accused, took.Round(time.Second))}
}

// wander lets every one of the members drift in its way.
func (c *crowd) wander(kinds []wander, members []member) {
	protected := []string{"ceo@contoso.example"}
	for i, one := range members {
		kind := kinds[i%len(kinds)]
		if kind.protects {
			protected = append(protected, one.address())
		}
		if kind.actions == nil {
			continue
		}
		err := c.tenant().Administer(kind.actions(one)...)
		if err != nil {
			c.Fatalf("planting %s: %v", kind.reported, err)
		}
	}
	document := strings.Replace(c.mechanism.documented(), "[ceo@contoso.example]", "["+strings.Join(protected, ", ")+"]", 1)
	err := os.WriteFile(c.stacks[0].DocumentPath, []byte(document), 0o600)
	if err != nil {
		c.Fatalf("writing the operator's document: %v", err)
	}
}

// pass is an operation as the service shows it.
type pass struct {
	ID, State string
	Total     int
	Findings  []struct{ Grant, Type, Reason, Message string }
}

// of lists what was found about one grant.
func (p pass) of(id string) []string {
	var found []string
	for _, finding := range p.Findings {
		if finding.Grant == id {
			found = append(found, finding.Type+" "+finding.Reason)
		}
	}
	return found
}

// why is what was said of one grant.
func (p pass) why(id string) string {
	var said []string
	for _, finding := range p.Findings {
		if finding.Grant == id {
			said = append(said, finding.Message)
		}
	}
	return strings.Join(said, "; ")
}

// retestAll runs one pass over every active grant and returns what it found.
func (c *crowd) retestAll() pass {
	var told pass
	c.call(http.MethodPost, "/api/run/retest", &told)
	limit := time.Now().Add(settleCrowd)
	for told.State != "done" {
		if time.Now().After(limit) {
			c.Fatalf("the pass has not ended: %s of %d", told.State, told.Total)
		}
		time.Sleep(50 * time.Millisecond)
		c.call(http.MethodGet, "/api/operations/"+told.ID, &told)
	}
	c.quiet()
	if told.Total != len(c.members) {
		c.Errorf("the pass was about %d grants and there are %d", told.Total, len(c.members))
	}
	return told
}

// checkFound counts what was not found by its name, or does not bear the mark.
func (c *crowd) checkFound(kinds []wander, members []member, told pass) int {
	missed := 0
	for i, one := range members {
		kind := kinds[i%len(kinds)]
		found := told.of(one.id)
		seen, err := c.lookAt(one, false)
		if err != nil {
			c.Fatalf("%v", err)
		}
		marked := seen.grant.Condition(grant.EditedByOther).Status == grant.True
		if !slices.Contains(found, kind.reported) || marked != kind.marked {
			c.Errorf("%s (kind %d) was reported as %q, marked %v: %s", kind.reported, i%len(kinds), found, marked, told.why(one.id))
			missed++
		}
	}
	return missed
}

// checkClean counts the grants that were accused of anything.
func (c *crowd) checkClean(members []member, told pass) int {
	accused := 0
	for _, one := range members {
		found := told.of(one.id)
		if len(found) > 0 {
			c.Errorf("the clean grant %s was reported as %q: %s", one.id, found, told.why(one.id))
			accused++
		}
	}
	return accused
}
