package main

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// TestProveCorruptedEnds corrupts the ends of many grants in the table, as a mistaken
// script would: they are halted at the cap and listed, while ends that were agreed and
// fall due in the same minute are all kept.
func TestProveCorruptedEnds(t *testing.T) {
	proveFeats(t, 14, "ends corrupted in the table, beside agreed ends of the same minute", func(full bool, m mechanism) []feat {
		one := corruption{corrupted: 40, agreed: 12}
		switch {
		case m.sampled > 0:
			one.corrupted = m.crowd
		case full:
			one = corruption{corrupted: 5000, agreed: 1000}
		}
		return []feat{{name: "corrupted", alone: true, run: one.run}}
	})
}

type corruption struct {
	corrupted, agreed int
}

// capOnEnds is how many ends that nobody agreed on are carried out in a day.
const capOnEnds = 10

// laterBy is by how much the agreed end is later than the corrupted one.
const laterBy = 30 * 24 * time.Hour

func (k corruption) run(g *ground, f *findings, m mechanism) outcome {
	c := g.gather(f, m, k.corrupted+k.agreed, 1, func(n int, one *member) {
		if n < k.corrupted {
			corrupt(one)
		}
	})
	defer c.end()
	corrupted, agreed := c.members[:k.corrupted], c.members[k.corrupted:]
	c.tenant().Advance(c.model.expires.Add(time.Minute).Sub(c.tenant().Now()))
	began := time.Now()
	kept, sweeps := time.Duration(0), 0
	for ; sweeps < 2*mostSweeps && (kept == 0 || c.halted() < k.corrupted-capOnEnds); sweeps++ {
		c.fire("expire")
		if kept == 0 && c.present(agreed) == 0 {
			kept = time.Since(began)
		}
		c.tenant().Advance(time.Minute)
		if sweeps == soonSweeps {
			c.tenant().Advance(m.ends)
		}
	}
	took := time.Since(began)
	failed := c.checkHalted(corrupted) + c.checkKept(agreed) + c.checkLeftAlone()
	return outcome{tried: len(c.members), failed: failed, seeded: true, note: fmt.Sprintf("%d corrupted, %d agreed: %d carried out, %d listed at /api/halts; the agreed ones drained in %s, all looked at in %d sweeps and %s",
		k.corrupted, k.agreed, k.corrupted-c.present(corrupted), c.halted(), kept.Round(time.Second), sweeps, took.Round(time.Second))}
}

// corrupt makes the grant's row end it long before its history does, with a due row
// that says the same.
func corrupt(one *member) {
	stands, _ := one.expires.MarshalJSON()
	agreed, _ := one.expires.Add(laterBy).MarshalJSON()
	one.edit = func(row *store.Row) {
		if strings.HasPrefix(row.Key, "h|") {
			row.Document = bytes.ReplaceAll(row.Document, stands, agreed)
		}
	}
	for _, due := range one.dues {
		if due.Kind == string(grant.DueEnd) {
			due.At = due.At.Add(laterBy)
			one.dues = append(one.dues, due)
			break
		}
	}
}

// present counts those of which something is in the tenant.
func (c *crowd) present(members []member) int {
	given := c.given()
	return len(slices.DeleteFunc(slices.Clone(members), func(one member) bool { return !given.of(one) }))
}

// halt is the service's list of ends that wait for a person.
type halt struct {
	Kind          string
	Cap           int
	Done, Waiting []string
}

func (c *crowd) halt() halt {
	var told struct{ Halts []halt }
	c.call(http.MethodGet, "/api/halts", &told)
	for _, one := range told.Halts {
		if one.Kind == "ends" {
			return one
		}
	}
	c.Fatalf("no ends are listed: %+v", told)
	return halt{}
}

func (c *crowd) halted() int { return len(c.halt().Waiting) }

// checkHalted finds corrupted grants that were ended above the cap or are not listed.
func (c *crowd) checkHalted(corrupted []member) int {
	halt := c.halt()
	given := c.given()
	gone, wrong := 0, 0
	for _, one := range corrupted {
		there := given.of(one)
		listed := slices.Contains(halt.Waiting, one.id)
		if !there {
			gone++
		}
		if there != listed || gone > capOnEnds {
			wrong++
		}
	}
	if wrong > 0 || gone != capOnEnds {
		c.Errorf("%d corrupted ends were carried out and %d may be; %d are listed; %d are neither kept and listed nor within the cap", gone, capOnEnds, len(halt.Waiting), wrong)
	}
	return wrong
}

// checkKept finds agreed ends that were halted or not carried out.
func (c *crowd) checkKept(agreed []member) int {
	halt := c.halt()
	given := c.given()
	wrong := 0
	for _, one := range agreed {
		if given.of(one) || slices.Contains(halt.Waiting, one.id) || slices.Contains(halt.Done, one.id) {
			wrong++
		}
	}
	if wrong > 0 {
		c.Errorf("%d agreed ends were halted or are not carried out", wrong)
	}
	return wrong
}

// checkLeftAlone sweeps once more and counts what is taken up: a halted end that every
// sweep looks at again would keep the others waiting behind it.
func (c *crowd) checkLeftAlone() int {
	c.stacks[0].Wire.ResetRequests()
	c.tenant().Advance(time.Minute)
	c.fire("expire")
	again := 0
	for _, request := range c.stacks[0].Wire.Requests() {
		if request.Name == "queue apply put" {
			again++
		}
	}
	if again > 0 {
		c.Errorf("%d halted ends are taken up again by the next sweep", again)
	}
	return again
}
