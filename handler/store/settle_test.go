package store

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// connection lets a second store work on the same account without the faults.
func connection(t testing.TB, s *Store) string {
	t.Helper()
	value, found := connections.Load(s)
	if !found {
		t.Fatal("this store was not made by unprepared")
	}
	return value.(string)
}

func beside(t testing.TB, s *Store) *Store {
	t.Helper()
	other, err := Open(Options{ConnectionString: connection(t, s), Transport: http.DefaultClient})
	must(t, err)
	return other
}

func isBatch(request *http.Request) bool { return strings.HasSuffix(request.URL.Path, "/$batch") }

func onBatch(what fault) func(*http.Request) fault {
	return func(request *http.Request) fault {
		if isBatch(request) {
			return what
		}
		return pass
	}
}

// A batch that landed is a success however its answer was spoilt.
func TestLandedBatchIsSuccess(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]fault{
		"answer lost": loseAfter, "503 after the effect": busyAfter, "answer cut": cutAnswer, "sent twice on the way": twice,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, fresh := range []bool{true, false} {
				s, wire := prepared(t)
				var held Lease // fresh: the spoilt batch inserts the lease row itself
				if !fresh {
					held = taken(t, s, "one")
				}
				wire.set(onBatch(what))
				next, err := s.Commit(t.Context(), workload, held, lease("one"), grantChanges("a", "w1"))
				must(t, err)
				if after := wantRows(t, s, "g|a"); after.Lease != next {
					t.Fatalf("returned %+v, table has %+v", next, after.Lease)
				}
				wire.set(nil)
				_, err = s.Commit(t.Context(), workload, next, lease("one"), grantChanges("b", "w2"))
				must(t, err)
			}
		})
	}
}

// A batch that did not land is ruled out before anybody is told so: released
// afterwards, it can do nothing, and the same Commit succeeds.
func TestLostBatchIsRuledOut(t *testing.T) {
	t.Parallel()
	for _, fresh := range []bool{true, false} {
		s, wire := prepared(t)
		var held Lease
		if !fresh {
			held = taken(t, s, "one")
		}
		var late []*http.Request
		wire.set(func(request *http.Request) fault {
			if !isBatch(request) {
				return pass
			}
			late = append(late, copyOf(t, request))
			return loseBefore
		})
		sealed, err := s.Commit(t.Context(), workload, held, lease("one"), grantChanges("a", "w1"))
		wantKind(t, err, KindUnavailable)
		var failure *Error
		if !errors.As(err, &failure) || failure.MayHaveActed || !errors.Is(err, errCut) {
			t.Errorf("error %+v", failure)
		}
		if sealed.Holder != held.Holder || sealed.ETag == held.ETag {
			t.Errorf("held %+v, sealed %+v", held, sealed)
		}
		answer, err := http.DefaultClient.Do(late[0])
		must(t, err)
		answer.Body.Close()
		wantRows(t, s, "")
		wire.set(nil)
		_, err = s.Commit(t.Context(), workload, sealed, lease("one"), grantChanges("a", "w1"))
		must(t, err)
		wantRows(t, s, "g|a")
	}
}

func copyOf(t testing.TB, request *http.Request) *http.Request {
	body, err := request.GetBody()
	must(t, err)
	data, err := io.ReadAll(body)
	must(t, err)
	copied := request.Clone(t.Context())
	copied.Body = io.NopCloser(bytes.NewReader(data))
	return copied
}

// The sealing's own answer may be lost too.
func TestSealWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	s, wire := prepared(t)
	held := taken(t, s, "one")
	wire.set(func(request *http.Request) fault {
		switch {
		case isBatch(request):
			return loseBefore
		case request.Method == http.MethodPut:
			return loseAfter
		}
		return pass
	})
	sealed, err := s.Commit(t.Context(), workload, held, lease("one"), grantChanges("a", "w1"))
	wantKind(t, err, KindUnavailable)
	wire.set(nil)
	_, err = s.Commit(t.Context(), workload, sealed, lease("one"), grantChanges("a", "w1"))
	must(t, err)
}

// Somebody else takes the lease before the lost answer is looked into.
func TestLostAnswerAndLostLease(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		what    fault
		changes []Change
		kind    Kind
		may     bool
	}{
		{"landed", loseAfter, grantChanges("a", "w1"), KindNone, false},
		{"not landed", loseBefore, grantChanges("a", "w1"), KindConflict, false},
		{"lease only, not landed", loseBefore, nil, KindConflict, false},
		{"no history row to tell", loseAfter, []Change{{Upsert, Row{Key: "g|a"}}}, KindLost, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, wire := prepared(t)
			held, other := taken(t, s, "one"), beside(t, s)
			var once sync.Once
			wire.set(func(request *http.Request) fault {
				if isBatch(request) {
					return c.what
				}
				once.Do(func() {
					partition, err := other.ReadPartition(t.Context(), workload)
					must(t, err)
					_, err = other.Commit(t.Context(), workload, partition.Lease, lease("two"), nil)
					must(t, err)
				})
				return pass
			})
			next, err := s.Commit(t.Context(), workload, held, Lease{}, c.changes)
			wantKind(t, err, c.kind)
			var failure *Error
			if errors.As(err, &failure) && failure.MayHaveActed != c.may {
				t.Errorf("error %+v", failure)
			}
			wire.set(nil)
			_, err = s.Commit(t.Context(), workload, next, lease("one"), nil)
			wantKind(t, err, KindConflict)
		})
	}
}

func TestNothingCanBeRead(t *testing.T) {
	t.Parallel()
	s, wire := prepared(t)
	held := taken(t, s, "one")
	wire.set(func(*http.Request) fault { return loseAfter })
	_, err := s.Commit(t.Context(), workload, held, lease("one"), grantChanges("a", "w1"))
	wantKind(t, err, KindLost)
	var failure *Error
	if !errors.As(err, &failure) || !failure.MayHaveActed {
		t.Errorf("error %+v", failure)
	}
	wire.set(nil)
	landed, err := s.Landed(t.Context(), workload, "h|a|0001", "w1")
	must(t, err)
	other, err := s.Landed(t.Context(), workload, "h|a|0001", "w2")
	must(t, err)
	absent, err := s.Landed(t.Context(), workload, "h|a|0002", "w1")
	must(t, err)
	if !landed || other || absent {
		t.Errorf("landed %v, other id %v, absent row %v", landed, other, absent)
	}
}

// What certainly never reached the tables costs no settling.
func TestRefusedBatchIsNotSettled(t *testing.T) {
	t.Parallel()
	s, wire := prepared(t)
	held := taken(t, s, "one")
	wire.set(onBatch(throttled))
	same, err := s.Commit(t.Context(), workload, held, lease("one"), grantChanges("a", "w1"))
	wantKind(t, err, KindUnavailable)
	if same != held || len(wire.requests()) != 1 {
		t.Errorf("lease %+v after requests %v", same, wire.requests())
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := "http://" + listener.Addr().String() + "/account"
	must(t, listener.Close())
	s, err := Open(Options{ConnectionString: "AccountName=account;AccountKey=a2V5;TableEndpoint=" + address + ";QueueEndpoint=" + address})
	must(t, err)
	s.pace.pause = 0
	_, err = s.Commit(t.Context(), workload, Lease{}, lease("one"), nil)
	for name, err := range map[string]error{
		"commit": err, "insert": s.InsertClaim(t.Context(), Claim{ID: "a"}), "send": s.Send(t.Context(), QueueApply, "a", 0),
		"upsert": s.WriteDue(t.Context(), Due{until, "end", "a", ""}), "ping": s.Ping(t.Context()),
	} {
		var failure *Error
		if !errors.As(err, &failure) || failure.Kind != KindUnavailable || failure.MayHaveActed {
			t.Errorf("%s: %v", name, err)
		}
	}
}
