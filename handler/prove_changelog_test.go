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
	// explained: the same history goes on to say that the write may have failed.
	explained bool
	done      bool
}

// logged are the names in the change log of what a history calls otherwise.
var logged = map[string]string{
	"Create": "created", "Remove": "removed",
	string(grant.PointerStep): "pointer", string(grant.ScopeStep): "managementScope", string(grant.AssignmentStep): "roleAssignment",
}

// toldBy picks the lines about writes out of one history.
func toldBy(id string, history []grant.Entry) []*told {
	var lines []*told
	for i, entry := range history {
		if entry.Event != grant.EventStep {
			continue
		}
		kind, name, _ := strings.Cut(entry.Detail, " ")
		lines = append(lines, &told{grant: id, at: entry.At, what: logged[entry.Reason] + " " + logged[kind] + " " + name,
			explained: explained(history, i)})
	}
	return lines
}

// explained reports whether the history says of its entry i that the write may have had
// no effect: what the service was kept from or waits for, or the same write once more.
// Trouble that is known already is not told again before the grant moves on.
func explained(history []grant.Entry, i int) bool {
	for _, later := range history[i+1:] {
		again := later.Event == grant.EventStep && later.Detail == history[i].Detail
		if later.Event == grant.EventCondition || again {
			return true
		}
	}
	for _, earlier := range slices.Backward(history[:i]) {
		switch earlier.Event {
		case grant.EventCondition:
			return true
		case grant.EventProvisioning, grant.EventActive, grant.EventRevoking:
			return false
		}
	}
	return false
}

// unmatched holds the lines against the changes of one tenant. A change belongs to the
// last line before it that tells of it and has none yet. It returns the changes that no
// line tells of, and the lines without a change.
func unmatched(lines []*told, changes []change) ([]change, []*told) {
	var missing []change
	for _, made := range changes {
		var found *told
		for _, line := range lines {
			if line.what == made.what && !line.done && !line.at.After(made.at) && (found == nil || !line.at.Before(found.at)) {
				found = line
			}
		}
		if found == nil {
			missing = append(missing, made)
			continue
		}
		found.done = true
	}
	return missing, slices.DeleteFunc(slices.Clone(lines), func(line *told) bool { return line.done })
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
// is explained by the history itself. How many of those there may be is not bounded: an
// intent is written down before the ceiling is asked, which may keep the write back.
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
	for _, made := range missing {
		p.wrong("MISSING: the tenant has %q at %s and no history tells of it", made.what, made.at)
	}
	for _, line := range without {
		if !line.explained {
			p.wrong("EXTRA: the history of %s tells of %q at %s, the tenant has no such change, and nothing says why", line.grant, line.what, line.at)
		}
	}
}
