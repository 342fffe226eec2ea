package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/grant"
)

// told is one line of a history that says that something was about to be done to the
// tenant.
type told struct {
	grant string
	at    time.Time
	// what is called as in the tenant's change log: "created roleAssignment NAME".
	what string
	// landed is when the tenant did it, zero when it never did for this line.
	landed time.Time
	// relied is when the history first builds on it: when the grant became active after
	// something was made, or ended after something was removed. Zero when it never did.
	relied time.Time
	// troubled: around it, before the grant's next move, the history tells of trouble.
	troubled bool
}

// logged are the names in the change log of what a history calls otherwise.
var logged = map[string]string{
	"Create": "created", "Remove": "removed",
	string(grant.PointerStep): "pointer", string(grant.ScopeStep): "managementScope", string(grant.AssignmentStep): "roleAssignment",
}

// reliedOn are the moves that a grant makes only when everything of the kind was done.
var reliedOn = map[string][]grant.Event{
	"Create": {grant.EventActive},
	"Remove": {grant.EventRevoked, grant.EventFailed},
}

// toldBy picks the lines about writes out of one history.
func toldBy(id string, history []grant.Entry) []*told {
	var lines []*told
	for i, entry := range history {
		if entry.Event != grant.EventStep {
			continue
		}
		kind, name, _ := strings.Cut(entry.Detail, " ")
		line := &told{grant: id, at: entry.At, what: logged[entry.Reason] + " " + logged[kind] + " " + name, troubled: troubled(history, i)}
		for _, later := range history[i+1:] {
			if line.relied.IsZero() && slices.Contains(reliedOn[entry.Reason], later.Event) {
				line.relied = later.At
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// troubled reports whether the history tells of trouble in the same part of the grant's
// life as its entry i. Trouble that is known already is not told again before the grant
// moves on.
func troubled(history []grant.Entry, i int) bool {
	told := func(entry grant.Entry) bool {
		return entry.Event == grant.EventCondition && strings.HasPrefix(entry.Reason, string(grant.Stuck))
	}
	before, after := slices.Clone(history[:i]), history[i+1:]
	slices.Reverse(before)
	return slices.ContainsFunc(untilMove(before), told) || slices.ContainsFunc(untilMove(after), told)
}

// untilMove is what comes before the grant moves to another state.
func untilMove(history []grant.Entry) []grant.Entry {
	moves := []grant.Event{grant.EventProvisioning, grant.EventActive, grant.EventRevoking, grant.EventRevoked, grant.EventFailed}
	end := slices.IndexFunc(history, func(entry grant.Entry) bool { return slices.Contains(moves, entry.Event) })
	if end < 0 {
		return history
	}
	return history[:end]
}

// Why a line may be in a history without a change in the tenant's log. The intent is
// written down before the write is sent, so that a death in between is seen; what has
// become of the write is not written down when nothing came of it.
const (
	triedAgain = "writes told of that were tried again"
	givenUp    = "writes told of for grants that then never were active"
	doneBefore = "writes told of that an earlier one had done unseen"
	leftThere  = "writes told of whose object another grant then needed"
)

const (
	// leastPause is the shortest wait between a write that came to nothing and the next
	// one for the same object: the product's second, at the pace of the proofs.
	leastPause = time.Second / usualPace
	// longestRun is how long an invocation may plan by what it has read at its beginning.
	longestRun = 4 * time.Minute
)

// excuse says why a line has no change; empty when the histories do not tell. A line
// that means nothing, such as an intent for what is there already, or one that is
// written twice, has no excuse.
func (t *told) excuse(lines []*told) string {
	next := t.next(lines)
	made := strings.HasPrefix(t.what, logged["Create"])
	switch {
	case next != nil && next.grant == t.grant && next.at.Sub(t.at) < leastPause:
		return ""
	case next != nil && (t.relied.IsZero() || !next.at.After(t.relied)):
		return triedAgain
	case made && t.relied.IsZero():
		return givenUp
	case t.doneBefore(lines):
		return doneBefore
	case !made && next != nil && strings.Contains(t.what, logged[string(grant.PointerStep)]):
		return leftThere
	}
	return ""
}

// next is the line after t that tells of the same write, by whatever grant: a pointer is
// shared by all grants of a workload. nil when there is none.
func (t *told) next(lines []*told) *told {
	var next *told
	for _, line := range lines {
		if line != t && line.what == t.what && !line.at.Before(t.at) && (next == nil || line.at.Before(next.at)) {
			next = line
		}
	}
	return next
}

// doneBefore reports whether the tenant had done what t tells of for an earlier line, by
// whatever grant, and did not show it when t was planned: the effect came late, or is
// shown late, and one of the two histories tells of the trouble.
func (t *told) doneBefore(lines []*told) bool {
	return slices.ContainsFunc(lines, func(line *told) bool {
		recent := !line.landed.IsZero() && line.landed.Before(t.at) && t.at.Sub(line.landed) < longestRun
		return line.what == t.what && recent && (t.troubled || line.troubled)
	})
}

// unmatched holds the lines against the changes of one tenant. A change belongs to the
// last line before it that tells of it and has none yet, and that is recent enough to
// have caused it. It returns the changes that no line tells of, and the lines without a
// change.
func unmatched(lines []*told, changes []change) ([]change, []*told) {
	var missing []change
	for _, made := range changes {
		var found *told
		for _, line := range lines {
			if line.caused(made) && (found == nil || !line.at.Before(found.at)) {
				found = line
			}
		}
		if found == nil {
			missing = append(missing, made)
			continue
		}
		found.landed = made.at
	}
	return missing, slices.DeleteFunc(slices.Clone(lines), func(line *told) bool { return !line.landed.IsZero() })
}

// caused reports whether the write that t tells of can have made this change: none takes
// effect later than the service reckons with.
func (t *told) caused(made change) bool {
	return t.what == made.what && t.landed.IsZero() && !t.at.After(made.at) && made.at.Sub(t.at) <= grant.LateEffect
}

// change is one line of the tenant's own log.
type change struct {
	at   time.Time
	what string
}

// serviceName is how the tenant's log calls the service.
const serviceName = "mailgrant"

func (p *play) changes() []change {
	var changes []change
	for _, made := range p.stack.Tenant.Changes() {
		if made.By == serviceName {
			changes = append(changes, change{at: made.At, what: made.Action + " " + made.Object + " " + made.Name})
		}
	}
	return changes
}

// history reads the rows of a grant's history, oldest first.
func (p *play) history(a *asked) []grant.Entry {
	rows, err := p.rows.ReadRows(context.Background(), a.workload, "h|"+a.id+"|")
	if err != nil {
		p.found.Fatalf("reading the history of %s: %v", a.id, err)
	}
	entries := make([]grant.Entry, len(rows))
	for i, row := range rows {
		err := json.Unmarshal(row.Document, &entries[i])
		if err != nil {
			p.found.Fatalf("reading the history row %s: %v", row.Key, err)
		}
	}
	return entries
}

// checkHistories: every change by the service has its line, and a line without a change
// has an excuse in the histories. What was found of each is counted.
func (p *play) checkHistories() {
	var lines []*told
	for _, a := range p.asked {
		lines = append(lines, toldBy(a.id, p.history(a))...)
	}
	changes := p.changes()
	if len(changes) == 0 {
		p.wrong("the tenant's log has no change by the service")
	}
	missing, without := unmatched(lines, changes)
	p.found.count("changes in the tenant's log, each told of", len(changes)-len(missing))
	for _, made := range missing {
		p.wrong("MISSING: the tenant has %q at %s and no history tells of it", made.what, made.at)
	}
	for _, line := range without {
		why := line.excuse(lines)
		if why == "" {
			p.wrong("EXTRA: the history of %s tells of %q at %s, the tenant has no such change, and nothing says why", line.grant, line.what, line.at)
			continue
		}
		p.found.count(why, 1)
	}
}
