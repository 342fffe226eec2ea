package store

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

var morning = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)

func dues(count int) []Due {
	var made []Due
	for i := range count {
		made = append(made, Due{At: morning.Add(time.Duration(i) * time.Minute), Kind: "end", ID: fmt.Sprintf("id%03d", i), Workload: workload})
	}
	return made
}

func TestListDue(t *testing.T) {
	t.Parallel()
	s, _ := prepared(t)
	all := dues(60)
	must(t, s.WriteDue(t.Context(), all...))
	must(t, s.WriteDue(t.Context(), all[3], all[3]))
	cases := []struct {
		until    time.Time
		limit    int
		want     int
		complete bool
	}{
		{morning.Add(-time.Second), 0, 0, true},
		{morning, 0, 1, true},
		{morning.Add(29 * time.Minute), 0, 30, true},
		{morning.Add(29 * time.Minute), 30, 30, true},
		{morning.Add(29 * time.Minute), 29, 29, false},
		{morning.Add(time.Hour), 1, 1, false},
		{morning.Add(time.Hour), 1000, 60, true},
	}
	for _, c := range cases {
		got, complete, err := s.ListDue(t.Context(), c.until, c.limit)
		must(t, err)
		if !slices.Equal(got, all[:c.want]) || complete != c.complete {
			t.Errorf("until %v, limit %d: %d rows, complete %v", c.until, c.limit, len(got), complete)
		}
	}
	early := morning.Add(-time.Hour)
	sameShard := []Due{{early, "end", "a", ""}, {early, "sweep", "a", ""}, {early, "tick", "a", ""}}
	must(t, s.WriteDue(t.Context(), sameShard...))
	got, complete, err := s.ListDue(t.Context(), early, 2)
	must(t, err)
	if len(got) != 2 || complete {
		t.Errorf("two of three in one shard: %d rows, complete %v", len(got), complete)
	}
	must(t, s.DeleteDue(t.Context(), append(sameShard, all[:10]...)...))
	must(t, s.DeleteDue(t.Context(), all[5:15]...))
	got, _, err = s.ListDue(t.Context(), morning.Add(time.Hour), 0)
	must(t, err)
	if !slices.Equal(got, all[15:]) {
		t.Errorf("%d rows are left", len(got))
	}
}

func TestListDueOfOneGrant(t *testing.T) {
	t.Parallel()
	s, _ := prepared(t)
	mine := []Due{{morning, "apply", "a", ""}, {morning, "end", "a", workload}, {morning.AddDate(1, 0, 0), "retest", "a", workload}}
	must(t, s.WriteDue(t.Context(), append(dues(20), mine...)...))
	got, err := s.ListDueOf(t.Context(), "a", time.Time{})
	must(t, err)
	if !slices.Equal(got, mine) {
		t.Errorf("all: %+v", got)
	}
	got, err = s.ListDueOf(t.Context(), "a", morning)
	must(t, err)
	if !slices.Equal(got, mine[:2]) {
		t.Errorf("until then: %+v", got)
	}
}

// A row that nobody can read holds nobody up, and is not passed over in silence.
func TestUnreadableDueRow(t *testing.T) {
	t.Parallel()
	s, _ := prepared(t)
	good := dues(3)
	must(t, s.WriteDue(t.Context(), good...))
	bad := newColumns(shardOf("id001"), "2026-12-01T08:00:00Z|end")
	must(t, s.writeEntity(t.Context(), place{tableDue, shardOf("id001"), "2026-12-01T08:00:00Z|end"}, bad, ""))
	got, complete, err := s.ListDue(t.Context(), morning.Add(time.Hour), 0)
	wantKind(t, err, KindInvalid)
	if !slices.Equal(got, good) || complete {
		t.Errorf("%d rows, complete %v", len(got), complete)
	}
}

func TestDueRowsThatAreRefused(t *testing.T) {
	t.Parallel()
	s, wire := prepared(t)
	wire.set(nil)
	for _, bad := range []Due{
		{}, {At: morning}, {At: morning, Kind: "end"}, {At: morning, ID: "a"}, {At: morning, Kind: "a|b", ID: "a"},
		{At: morning, Kind: "end", ID: "a|b"}, {At: morning, Kind: "end", ID: "a/b"}, {At: morning.AddDate(9000, 0, 0), Kind: "end", ID: "a"},
	} {
		wantKind(t, s.WriteDue(t.Context(), dues(1)[0], bad), KindInvalid)
		wantKind(t, s.DeleteDue(t.Context(), bad), KindInvalid)
	}
	_, _, err := s.ListDue(t.Context(), time.Time{}, 1)
	wantKind(t, err, KindInvalid)
	if sent := wire.requests(); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
}

// Repeatable writes and reads outlive two failures, and not three.
func TestFailuresThatAreOutlived(t *testing.T) {
	t.Parallel()
	s, wire := prepared(t)
	for _, what := range []fault{loseBefore, loseAfter, busy, busyAfter, throttled, cutAnswer} {
		for failures, outlived := range map[int]bool{2: true, 3: false} {
			wire.set(nil)
			must(t, s.WriteDue(t.Context(), dues(2)[1]))
			calls := map[string]func() error{
				"upsert": func() error { return s.WriteDue(t.Context(), dues(1)...) },
				"delete": func() error { return s.DeleteDue(t.Context(), dues(1)...) },
				"read":   func() error { _, err := s.ListDueOf(t.Context(), "id001", time.Time{}); return err },
			}
			for _, name := range []string{"upsert", "delete", "read"} {
				if what == cutAnswer && name != "read" {
					continue // these answers have no body to cut
				}
				left := failures
				wire.set(func(*http.Request) fault {
					left--
					if left < 0 {
						return pass
					}
					return what
				})
				err := calls[name]()
				want := KindNone
				if !outlived {
					want = KindLost
				}
				if !outlived && (name == "read" || what == throttled) {
					want = KindUnavailable
				}
				if KindOf(err) != want {
					t.Errorf("%s, fault %d, %d times: %v, want kind %q", name, what, failures, err, want)
				}
			}
		}
	}
}

// A service that accepts and never answers costs each attempt its own limit.
func TestSilence(t *testing.T) {
	t.Parallel()
	s, wire := prepared(t)
	s.pace = pace{write: 30 * time.Millisecond, read: 20 * time.Millisecond, budget: 150 * time.Millisecond, pause: time.Millisecond}
	wire.hang = true
	wantKind(t, s.InsertWork(t.Context(), "slot", Row{Key: "1"}), KindLost)
	wantKind(t, s.WriteDue(t.Context(), dues(1)...), KindLost)
	_, err := s.ReadWork(t.Context(), "slot", "1")
	wantKind(t, err, KindUnavailable)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	wantKind(t, s.Ping(cancelled), KindUnavailable)
}
