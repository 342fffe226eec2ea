package grant_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mailgrant/handler/grant"
)

// TestMayFollow holds every pair of states against a table of its own: rows are
// where a grant is, columns where it may go, in the order of States.
func TestMayFollow(t *testing.T) {
	t.Parallel()
	table := map[grant.State]string{
		grant.Received:         ".b......d..",
		grant.Bound:            "..asp...d..",
		grant.AwaitingApproval: "...sp...d..",
		grant.Scheduled:        "....p...d..",
		grant.Provisioning:     ".....ar....",
		grant.Active:           "......r....",
		grant.Revoking:         ".......r.fa",
		grant.RevokedState:     "...........",
		grant.Denied:           "...........",
		grant.Failed:           "...........",
		grant.Abandoned:        "...........",
	}
	states := grant.States()
	if len(states) != len(table) {
		t.Fatalf("%d states, the table has %d", len(states), len(table))
	}
	for _, from := range states {
		row := table[from]
		if len(row) != len(states) {
			t.Fatalf("%s has %d columns", from, len(row))
		}
		for i, to := range states {
			want := row[i] != '.'
			g := grant.Grant{ID: "g", State: from}
			err := g.Move(to)
			if from.MayFollow(to) != want || (err == nil) != want {
				t.Errorf("%s to %s: may follow %t, error %v; want %t", from, to, from.MayFollow(to), err, want)
			}
			if err != nil && g.State != from {
				t.Errorf("%s to %s was refused and left %s", from, to, g.State)
			}
		}
	}
}

func TestAnEndIsAnEnd(t *testing.T) {
	t.Parallel()
	ends := map[grant.State]bool{grant.RevokedState: true, grant.Denied: true, grant.Failed: true, grant.Abandoned: true}
	for _, from := range grant.States() {
		if from.Ended() != ends[from] {
			t.Errorf("%s: ended is %t", from, from.Ended())
		}
		ways := 0
		for _, to := range grant.States() {
			if from.MayFollow(to) {
				ways++
			}
		}
		if (ways == 0) != ends[from] {
			t.Errorf("%d states may follow %s", ways, from)
		}
	}
}

// TestWhatMayHaveBeenMadeIsRevoked: no move leads from a state in which something
// may exist to one that says that nothing was made, but by way of revoking.
func TestWhatMayHaveBeenMadeIsRevoked(t *testing.T) {
	t.Parallel()
	for _, from := range grant.States() {
		g := grant.Grant{State: from}
		for _, to := range grant.States() {
			if !g.MayHaveMade() || !from.MayFollow(to) {
				continue
			}
			if to == grant.Denied || to.Ended() && from != grant.Revoking {
				t.Errorf("%s may end %s without being revoked", from, to)
			}
		}
	}
}

// TestEveryGrantOwes walks random lives: a grant that has not ended owes something,
// and one that may have made something owes its end or its removal, no later than
// its end or its next try.
func TestEveryGrantOwes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, now := born(t)
		for step := rapid.IntRange(0, 20).Draw(t, "steps"); step > 0; step-- {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(20*24*time.Hour)).Draw(t, "later")))
			liveOn(t, &g, now)
			checkOwed(t, &g)
		}
	})
}

func born(t *rapid.T) (grant.Grant, time.Time) {
	now := received().Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "nanoseconds")))
	starts := now.Add(time.Duration(rapid.Int64Range(0, int64(40*24*time.Hour)).Draw(t, "start")))
	ends := starts.Add(time.Duration(rapid.Int64Range(int64(grant.Shortest), int64(90*24*time.Hour)).Draw(t, "end")))
	g := grant.Grant{ID: "g", State: grant.Received, ReceivedAt: now, StartsAt: starts, ExpiresAt: ends}
	g.Claim(now)
	return g, now
}

// liveOn does one thing that the engine does to a grant.
func liveOn(t *rapid.T, g *grant.Grant, now time.Time) {
	switch rapid.SampledFrom([]string{"move", "miss", "hit", "claim", "postpone"}).Draw(t, "what") {
	case "move":
		follow := slices.DeleteFunc(grant.States(), func(next grant.State) bool { return !g.State.MayFollow(next) })
		if len(follow) == 0 {
			return
		}
		if g.Move(rapid.SampledFrom(follow).Draw(t, "next")) == nil {
			g.Claim(now)
			g.Work.RetestAt = now.Add(time.Hour)
		}
	case "miss":
		g.Miss(now, now.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "retry after"))))
	case "hit":
		g.Hit()
	case "claim":
		g.Claim(now)
	case "postpone":
		g.Postpone(now.Add(grant.LateEffect))
	}
}

func checkOwed(t *rapid.T, g *grant.Grant) {
	owed := g.Owes()
	if (len(owed) == 0) != g.State.Ended() {
		t.Fatalf("%s owes %v", g.State, owed)
	}
	ends := false
	for _, due := range owed {
		ends = ends || due.Kind == grant.DueRevoke || due.Kind == grant.DueEnd && !due.At.After(g.ExpiresAt.Add(time.Second))
		if due.At.Nanosecond() != 0 || due.At.Location() != time.UTC || due.At.IsZero() {
			t.Errorf("%s owes %s at %s", g.State, due.Kind, due.At)
		}
	}
	if g.MayHaveMade() && !ends {
		t.Errorf("%s may have made something and owes only %v", g.State, owed)
	}
}
