package grant

import (
	"fmt"
	"hash/fnv"
	"time"
)

// DueKind names what is owed.
type DueKind string

// What can be owed.
const (
	DueReceive DueKind = "receive"
	DueApply   DueKind = "apply"
	DueEnd     DueKind = "end"
	DueRetest  DueKind = "retest"
	DueRevoke  DueKind = "revoke"
	DueNotify  DueKind = "notify"
	DueSweep   DueKind = "sweep"
)

// Due is one thing that is owed at an instant (whole seconds, UTC).
type Due struct {
	At   time.Time `json:"at"`
	Kind DueKind   `json:"kind"`
}

// PickUp is how long after a claim a sweep takes the work up again, should the
// worker have died.
const PickUp = 2 * time.Minute

// Claim notes that a worker has taken the grant up at now. An older note that
// still has most of its time is kept, so that not every step moves a due row.
func (g *Grant) Claim(now time.Time) {
	if g.Work.PickUpAt.Before(now.Add(PickUp / 2)) {
		g.Work.PickUpAt = now.Add(PickUp)
	}
}

// Postpone sets the next try to at.
func (g *Grant) Postpone(at time.Time) { g.Work.NotBefore = at }

// Miss notes a try that failed at now and sets the next one by the ladder, or to
// the instant that the other side named when that is later.
func (g *Grant) Miss(now, notBefore time.Time) {
	g.Work.Attempts++
	if g.Work.FailingSince.IsZero() {
		g.Work.FailingSince = now
	}
	wait := Backoff(g.Work.Attempts)
	g.Work.NotBefore = later(now.Add(wait+spread(g.ID, g.Work.Attempts, wait)), notBefore)
}

// spread keeps grants that failed together from coming back together: up to a quarter
// of a wait of minutes. It follows from the id and the attempt, so that a life replays.
func spread(id string, attempt int, wait time.Duration) time.Duration {
	if wait >= time.Hour {
		return 0
	}
	sum := fnv.New32a()
	_, _ = fmt.Fprintf(sum, "%s %d", id, attempt)
	return wait / 4 * time.Duration(sum.Sum32()%1000) / 1000
}

// Hit notes that work on the grant succeeded: the ladder begins anew.
func (g *Grant) Hit() {
	g.Work.Attempts = 0
	g.Work.FailingSince = time.Time{}
	g.Work.NotBefore = time.Time{}
}

// Progress notes that a part of the work is done while the rest goes on: the ladder
// begins anew, because what fails next fails for the first time. Since when the grant
// has been failing stays.
func (g *Grant) Progress() {
	g.Work.Attempts = 0
	g.Work.NotBefore = time.Time{}
}

// Owes returns what the grant owes in its present state. It is the one place that
// says so: a state that is not an end always owes something, and a grant that may
// have made something always owes its end.
func (g *Grant) Owes() []Due {
	next := g.Work.PickUpAt
	if !g.Work.NotBefore.IsZero() {
		next = g.Work.NotBefore
	}
	switch g.State {
	case Received:
		return []Due{due(next, DueReceive)}
	case Bound, AwaitingApproval, Scheduled:
		return []Due{due(later(g.ProvisionAt(), g.Work.NotBefore), DueApply), due(g.ExpiresAt, DueEnd)}
	case Provisioning:
		return []Due{due(next, DueApply), due(g.ExpiresAt, DueEnd)}
	case Active:
		return []Due{due(g.Work.RetestAt, DueRetest), due(g.ExpiresAt, DueEnd)}
	case Revoking:
		return []Due{due(next, DueRevoke)}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// due rounds up, so that nothing is taken up before its time.
func due(at time.Time, kind DueKind) Due {
	whole := at.UTC().Truncate(time.Second)
	if whole.Before(at) {
		whole = whole.Add(time.Second)
	}
	return Due{At: whole, Kind: kind}
}

// NewDue is a Due at whole seconds, not before at.
func NewDue(at time.Time, kind DueKind) Due { return due(at, kind) }

// ProvisionAt is when provisioning begins: early enough for the published limit
// to pass before StartsAt, and at receipt where that is later.
func (g *Grant) ProvisionAt() time.Time {
	return later(g.StartsAt.Add(-g.LeadTime()), g.ReceivedAt)
}

// Lead is how long RBAC for Applications may take to change data access, either
// way (Microsoft Learn, Role Based Access Control for Applications, Limitations:
// the cache is kept between 30 minutes and 2 hours).
const Lead = 2 * time.Hour

// Shortest is the shortest grant that is given: its lead time plus one hour.
const Shortest = Lead + leastUse

// Over reports whether the grant has reached its end at now.
func (g *Grant) Over(now time.Time) bool { return !now.Before(g.ExpiresAt) }

// Backoff is the wait after the nth failed try (from 1): seconds doubling to
// eight minutes, then hourly for a day, then daily, for ever.
func Backoff(attempt int) time.Duration {
	const fast, hourly = 7, 31
	switch {
	case attempt < 1:
		return 0
	case attempt <= fast:
		return 8 * time.Second << (attempt - 1)
	case attempt <= hourly:
		return time.Hour
	}
	return 24 * time.Hour
}
