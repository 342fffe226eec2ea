package grant_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mailgrant/handler/grant"
)

func TestOwesByState(t *testing.T) {
	t.Parallel()
	at := received()
	whole := at.Truncate(time.Second)
	next := grant.Due{At: whole.Add(time.Hour)}
	work := grant.Work{PickUpAt: whole.Add(2 * time.Minute), NotBefore: next.At, RetestAt: whole.Add(3 * time.Hour)}
	end := grant.Due{At: whole.Add(30 * 24 * time.Hour), Kind: grant.DueEnd}
	provision := grant.Due{At: whole.Add(22 * time.Hour), Kind: grant.DueApply}
	cases := map[grant.State][]grant.Due{
		grant.Received:         {{At: next.At, Kind: grant.DueReceive}},
		grant.Bound:            {provision, end},
		grant.AwaitingApproval: {provision, end},
		grant.Scheduled:        {provision, end},
		grant.Provisioning:     {{At: next.At, Kind: grant.DueApply}, end},
		grant.Active:           {{At: work.RetestAt, Kind: grant.DueRetest}, end},
		grant.Revoking:         {{At: next.At, Kind: grant.DueRevoke}},
		grant.RevokedState:     nil,
		grant.Denied:           nil,
		grant.Failed:           nil,
		grant.Abandoned:        nil,
	}
	for _, state := range grant.States() {
		g := grant.Grant{State: state, ReceivedAt: at, StartsAt: whole.Add(24 * time.Hour), ExpiresAt: end.At, Work: work}
		want, listed := cases[state]
		if got := g.Owes(); !listed || !slices.Equal(got, want) {
			t.Errorf("%s owes %v, want %v", state, got, want)
		}
	}
}

// TestPickUpIsOwed: what a worker has taken up is met again should it die, and a
// failed try replaces that.
func TestPickUpIsOwed(t *testing.T) {
	t.Parallel()
	now := received().Truncate(time.Second)
	g := grant.Grant{State: grant.Revoking}
	g.Claim(now)
	// A missed try may come up to a quarter of its wait later.
	between := func(name string, first, last time.Time) {
		t.Helper()
		owed := g.Owes()
		if len(owed) != 1 || owed[0].At.Before(first) || owed[0].At.After(last) {
			t.Errorf("%s: owes %v, want %s to %s", name, owed, first, last)
		}
	}
	check := func(name string, want time.Time) {
		t.Helper()
		between(name, want, want)
	}
	check("claimed", now.Add(2*time.Minute))
	g.Claim(now.Add(time.Minute))
	check("claimed again with half of it left", now.Add(2*time.Minute))
	g.Claim(now.Add(time.Minute + time.Second))
	check("claimed again with less than half left", now.Add(3*time.Minute+time.Second))
	g.Miss(now, time.Time{})
	between("missed", now.Add(8*time.Second), now.Add(10*time.Second))
	g.Miss(now.Add(8*time.Second), now.Add(time.Hour))
	check("missed, told to wait longer", now.Add(time.Hour))
	g.Miss(now.Add(time.Hour), now.Add(time.Hour+time.Second))
	between("missed, told to wait less", now.Add(time.Hour+32*time.Second), now.Add(time.Hour+40*time.Second))
	if g.Work.Attempts != 3 || !g.Work.FailingSince.Equal(now) {
		t.Errorf("%d attempts since %s", g.Work.Attempts, g.Work.FailingSince)
	}
	g.Hit()
	if g.Work.Attempts != 0 || !g.Work.FailingSince.IsZero() || !g.Work.NotBefore.IsZero() {
		t.Errorf("a success leaves %+v", g.Work)
	}
}

func TestDueIsNeverEarly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("", rapid.IntRange(-14*3600, 14*3600).Draw(t, "zone"))
		at := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).In(zone)
		due := grant.NewDue(at, grant.DueEnd)
		if due.At.Before(at) || due.At.Sub(at) >= time.Second || due.At.Nanosecond() != 0 || due.At.Location() != time.UTC {
			t.Errorf("%s is due at %s", at, due.At)
		}
	})
}

// TestBackoff: the waits never become shorter and never end; minutes first, then
// hourly for a day, then daily for ever.
func TestBackoff(t *testing.T) {
	t.Parallel()
	count := map[time.Duration]int{}
	fast, before := time.Duration(0), time.Duration(0)
	for attempt := 1; attempt <= 10_000; attempt++ {
		wait := grant.Backoff(attempt)
		if wait < before || wait <= 0 || wait > 24*time.Hour {
			t.Fatalf("attempt %d waits %s after %s", attempt, wait, before)
		}
		if wait < time.Hour {
			fast += wait
		}
		count[wait]++
		before = wait
	}
	if count[time.Hour] != 24 || before != 24*time.Hour {
		t.Errorf("%d hourly tries, the last wait is %s", count[time.Hour], before)
	}
	if fast < 10*time.Minute || fast > time.Hour || count[8*time.Second] != 1 {
		t.Errorf("the fast tries take %s, %v", fast, count)
	}
	for _, attempt := range []int{1 << 31, 1<<63 - 1} {
		if grant.Backoff(attempt) != 24*time.Hour {
			t.Errorf("attempt %d waits %s", attempt, grant.Backoff(attempt))
		}
	}
	if grant.Backoff(0) != 0 || grant.Backoff(-1) != 0 {
		t.Error("there is a wait before the first try")
	}
}

func TestProvisionAtAndOver(t *testing.T) {
	t.Parallel()
	at := received()
	g := grant.Grant{ReceivedAt: at, StartsAt: at.Add(2 * time.Hour), ExpiresAt: at.Add(5 * time.Hour)}
	if got := g.ProvisionAt(); !got.Equal(at) {
		t.Errorf("a start at the lead: provisioned at %s", got)
	}
	g.StartsAt = at.Add(2*time.Hour + 1)
	if got := g.ProvisionAt(); !got.Equal(at.Add(1)) {
		t.Errorf("a start after the lead: provisioned at %s", got)
	}
	g.StartsAt = at.Add(-time.Hour)
	if got := g.ProvisionAt(); !got.Equal(at) {
		t.Errorf("a start in the past: provisioned at %s", got)
	}
	if g.Over(g.ExpiresAt.Add(-1)) || !g.Over(g.ExpiresAt) || !g.Over(g.ExpiresAt.Add(1)) {
		t.Error("a grant is over from its end on, and not before")
	}
}

// TestSpread: grants that fail at the same instant do not all come back at the same
// one, and none comes back sooner than the ladder says or a quarter later.
func TestSpread(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	for attempt := 1; attempt <= 10; attempt++ {
		seen := map[time.Time]bool{}
		wait := grant.Backoff(attempt)
		for n := range 100 {
			g := grant.Grant{ID: fmt.Sprintf("grant-%d", n)}
			g.Work.Attempts = attempt - 1
			g.Miss(now, time.Time{})
			seen[g.Work.NotBefore] = true
			if late := g.Work.NotBefore.Sub(now) - wait; late < 0 || late > wait/4 {
				t.Fatalf("try %d of %s is %s late", attempt, g.ID, late)
			}
		}
		if wait < time.Hour && len(seen) < 50 {
			t.Errorf("try %d: 100 grants come back at %d instants", attempt, len(seen))
		}
	}
}
