package store

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const workload = "6f9619ff-8b86-d011-b42d-00c04fc964ff"

var until = time.Date(2026, 12, 1, 8, 1, 30, 0, time.UTC)

func lease(holder string) Lease { return Lease{Holder: holder, Until: until} }

// grantChanges is a batch of the usual shape: a live row and a history row.
func grantChanges(id, writeID string) []Change {
	return []Change{
		{Insert, Row{Key: "g|" + id, Document: []byte(`{"state":"active"}`), Properties: map[string]string{"state": "active"}}},
		{Insert, Row{Key: "h|" + id + "|0001", Properties: map[string]string{WriteProperty: writeID}}},
	}
}

func taken(t testing.TB, s *Store, holder string) Lease {
	t.Helper()
	held, err := s.Commit(t.Context(), workload, Lease{}, lease(holder), nil)
	must(t, err)
	return held
}

func keysOf(rows []Row) string {
	var keys []string
	for _, row := range rows {
		keys = append(keys, row.Key)
	}
	return strings.Join(keys, " ")
}

func wantRows(t testing.TB, s *Store, want string) Partition {
	t.Helper()
	partition, err := s.ReadPartition(t.Context(), workload)
	must(t, err)
	if got := keysOf(partition.Rows); got != want {
		t.Fatalf("partition holds %q, want %q", got, want)
	}
	return partition
}

func TestCommitAndReadBack(t *testing.T) {
	t.Parallel()
	s, _ := prepared(t)
	empty := wantRows(t, s, "")
	if empty.Lease != (Lease{}) {
		t.Fatalf("lease %+v of an unknown workload", empty.Lease)
	}
	held := taken(t, s, "one")
	held, err := s.Commit(t.Context(), workload, held, lease("one"), append(grantChanges("a", "w1"),
		Change{Upsert, Row{Key: "x|old"}}, Change{Upsert, Row{Key: "r|pointer|p"}}))
	must(t, err)
	partition := wantRows(t, s, "g|a r|pointer|p")
	if partition.Lease != held || held.Holder != "one" || !held.Until.Equal(until) {
		t.Errorf("lease read %+v, returned %+v", partition.Lease, held)
	}
	row := partition.Rows[0]
	if string(row.Document) != `{"state":"active"}` || row.Properties["state"] != "active" {
		t.Errorf("row %+v", row)
	}
	history, err := s.ReadRows(t.Context(), workload, "h|a|")
	must(t, err)
	if keysOf(history) != "h|a|0001" {
		t.Errorf("history %v", history)
	}
	row.Document = []byte(`{"state":"revoked"}`)
	held, err = s.Commit(t.Context(), workload, held, Lease{}, []Change{
		{Replace, row}, {Delete, Row{Key: "r|pointer|p"}}, {Delete, Row{Key: "x|old"}},
	})
	must(t, err)
	partition = wantRows(t, s, "g|a")
	if string(partition.Rows[0].Document) != `{"state":"revoked"}` || partition.Lease.Holder != "" || partition.Lease.ETag != held.ETag {
		t.Errorf("after the release: %+v", partition)
	}
}

func TestCommitConflictsWriteNothing(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		stale   bool
		change  Change
		kind    Kind
		subject string
	}{
		{"lease moved on", true, Change{Insert, Row{Key: "g|b"}}, KindConflict, "lease"},
		{"insert taken", false, Change{Insert, Row{Key: "g|a"}}, KindConflict, "g|a"},
		{"replace another version", false, Change{Replace, Row{Key: "g|a", ETag: `W/"datetime'2020-01-01'"`}}, KindConflict, "g|a"},
		{"delete another version", false, Change{Delete, Row{Key: "g|a", ETag: `W/"datetime'2020-01-01'"`}}, KindConflict, "g|a"},
		{"replace absent", false, Change{Replace, Row{Key: "g|b"}}, KindNotFound, "g|b"},
		{"delete absent", false, Change{Delete, Row{Key: "g|b"}}, KindNotFound, "g|b"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _ := prepared(t)
			first := taken(t, s, "one")
			held, err := s.Commit(t.Context(), workload, first, lease("one"), grantChanges("a", "w1"))
			must(t, err)
			used := held
			if c.stale {
				used = first
			}
			returned, err := s.Commit(t.Context(), workload, used, lease("two"), []Change{{Upsert, Row{Key: "s|a|001"}}, c.change})
			wantKind(t, err, c.kind)
			var failure *Error
			if !errors.As(err, &failure) || !strings.HasSuffix(failure.Subject, "/"+c.subject) || failure.MayHaveActed {
				t.Errorf("error %+v", failure)
			}
			if returned != used {
				t.Errorf("lease %+v returned, held was %+v", returned, used)
			}
			if after := wantRows(t, s, "g|a"); after.Lease != held {
				t.Errorf("lease is now %+v", after.Lease)
			}
		})
	}
}

func TestLeaseRowThatIsGone(t *testing.T) {
	t.Parallel()
	s, _ := prepared(t)
	held := taken(t, s, "one")
	must(t, s.deleteEntity(t.Context(), leasePlace(workload)))
	_, err := s.Commit(t.Context(), workload, held, lease("one"), grantChanges("a", "w1"))
	wantKind(t, err, KindConflict)
	wantRows(t, s, "")
}

func TestFirstCommitOfTwoWins(t *testing.T) {
	t.Parallel()
	s, _ := prepared(t)
	for round := range 2 {
		partition, err := s.ReadPartition(t.Context(), workload)
		must(t, err)
		var won, lost atomic.Int32
		var running sync.WaitGroup
		for i := range 16 {
			running.Go(func() {
				change := Change{Insert, Row{Key: fmt.Sprintf("g|%d-%02d", round, i)}}
				_, err := s.Commit(t.Context(), workload, partition.Lease, lease(fmt.Sprint(i)), []Change{change})
				switch KindOf(err) {
				case KindNone:
					won.Add(1)
				case KindConflict:
					lost.Add(1)
				}
			})
		}
		running.Wait()
		if won.Load() != 1 || lost.Load() != 15 {
			t.Fatalf("%d won and %d lost", won.Load(), lost.Load())
		}
	}
}

func TestCommitRefusesBeforeSending(t *testing.T) {
	t.Parallel()
	s, wire := prepared(t)
	big := Row{Document: make([]byte, maxDocumentSize)}
	for i := range big.Document {
		big.Document[i] = 'x'
	}
	var tooMany, tooLarge []Change
	for i := range maxChanges + 1 {
		tooMany = append(tooMany, Change{Upsert, Row{Key: fmt.Sprintf("g|%03d", i)}})
	}
	for i := range 9 {
		tooLarge = append(tooLarge, Change{Upsert, Row{Key: fmt.Sprintf("g|%d", i), Document: big.Document}})
	}
	cases := map[string]struct {
		workload string
		changes  []Change
	}{
		"no workload":        {"", nil},
		"bad workload":       {"a/b", nil},
		"too many":           {workload, tooMany},
		"too large":          {workload, tooLarge},
		"key twice":          {workload, []Change{{Upsert, Row{Key: "g|a"}}, {Delete, Row{Key: "g|a"}}}},
		"the lease itself":   {workload, []Change{{Upsert, Row{Key: "lease"}}}},
		"bad key":            {workload, []Change{{Upsert, Row{Key: "g/a"}}}},
		"no action":          {workload, []Change{{0, Row{Key: "g|a"}}}},
		"two write ids":      {workload, append(grantChanges("a", "1"), grantChanges("b", "2")...)},
		"write id on upsert": {workload, []Change{{Upsert, Row{Key: "h|a|1", Properties: map[string]string{WriteProperty: "1"}}}}},
	}
	wire.set(nil)
	for name, c := range cases {
		_, err := s.Commit(t.Context(), c.workload, Lease{}, lease("one"), c.changes)
		if KindOf(err) != KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if sent := wire.requests(); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
	_, err := s.Commit(t.Context(), workload, Lease{}, lease("one"), tooMany[:maxChanges])
	must(t, err)
}

func TestPartitionOfSeveralPagesIsOneMoment(t *testing.T) {
	t.Parallel()
	s, wire := prepared(t)
	held := taken(t, s, "one")
	for batch := range 12 {
		var changes []Change
		for i := range maxChanges {
			changes = append(changes, Change{Insert, Row{Key: fmt.Sprintf("s|%02d|%03d", batch, i), Properties: map[string]string{"round": "1"}}})
		}
		var err error
		held, err = s.Commit(t.Context(), workload, held, lease("one"), changes)
		must(t, err)
	}
	quiet := beside(t, s)
	var once sync.Once
	wire.set(func(request *http.Request) fault {
		if !strings.Contains(request.URL.RawQuery, "NextRowKey=") {
			return pass
		}
		once.Do(func() { // between the first page and the second
			_, err := quiet.Commit(t.Context(), workload, held, lease("two"), []Change{
				{Replace, Row{Key: "s|00|000", Properties: map[string]string{"round": "2"}}},
				{Replace, Row{Key: "s|11|089", Properties: map[string]string{"round": "2"}}},
			})
			must(t, err)
		})
		return pass
	})
	partition, err := s.ReadPartition(t.Context(), workload)
	must(t, err)
	first, last := partition.Rows[0], partition.Rows[len(partition.Rows)-1]
	if len(partition.Rows) != 12*maxChanges || first.Properties["round"] != last.Properties["round"] || partition.Lease.Holder != "two" {
		t.Errorf("%d rows, first of round %s, last of round %s, lease %+v",
			len(partition.Rows), first.Properties["round"], last.Properties["round"], partition.Lease)
	}
}
