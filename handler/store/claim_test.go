package store

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

func claim(id string) Claim {
	return Claim{
		ID: id, Source: "ops", BodyHash: "hash", Body: bytes.Repeat([]byte(`{"permissions":["Mail.Send"]}`), 1000),
		ReceivedAt: time.Date(2026, 11, 21, 9, 30, 15, 123456700, time.UTC), Document: []byte(`{"faults":[]}`), State: "received",
	}
}

func TestClaimIsTakenOnce(t *testing.T) {
	t.Parallel()
	s, _ := prepared(t)
	want := claim("a")
	must(t, s.InsertClaim(t.Context(), want))
	other := want
	other.BodyHash = "another"
	wantKind(t, s.InsertClaim(t.Context(), other), KindExists)
	wantKind(t, s.InsertClaim(t.Context(), want), KindExists)
	got, err := s.ReadClaim(t.Context(), "a")
	must(t, err)
	if got.ETag == "" {
		t.Error("claim was read without an ETag")
	}
	want.Schema, got.ETag = Schema, ""
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, want %+v", got, want)
	}
	_, err = s.ReadClaim(t.Context(), "b")
	wantKind(t, err, KindNotFound)
}

// updateClaim updates and checks that the version it returns is the row's.
func updateClaim(t *testing.T, s *Store, claim Claim) error {
	t.Helper()
	version, err := s.UpdateClaim(t.Context(), claim)
	if err != nil {
		if version != "" {
			t.Errorf("a refused update returns the version %q", version)
		}
		return err
	}
	stored, err := s.ReadClaim(t.Context(), claim.ID)
	if err == nil && stored.ETag != version {
		t.Errorf("the update returns the version %q, the row has %q", version, stored.ETag)
	}
	return err
}

func TestClaimUpdates(t *testing.T) {
	t.Parallel()
	s, _ := prepared(t)
	first := claim("a")
	first.Document = bytes.Repeat([]byte("x"), 2*documentPart+1)
	must(t, s.InsertClaim(t.Context(), first))
	stale, err := s.ReadClaim(t.Context(), "a")
	must(t, err)
	ends := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	must(t, updateClaim(t, s, Claim{ID: "a", Workload: workload, State: "bound", EndsAt: ends, Document: []byte(`{}`)}))
	got, err := s.ReadClaim(t.Context(), "a")
	must(t, err)
	if got.State != "bound" || got.Workload != workload || !got.EndsAt.Equal(ends) || string(got.Document) != "{}" {
		t.Errorf("after the update: %+v", got)
	}
	if got.BodyHash != first.BodyHash || !bytes.Equal(got.Body, first.Body) || !got.ReceivedAt.Equal(first.ReceivedAt) {
		t.Error("the update changed what was claimed")
	}
	must(t, updateClaim(t, s, Claim{ID: "a", State: "active", ETag: got.ETag}))
	stale.State = "denied"
	wantKind(t, updateClaim(t, s, stale), KindConflict)
	got, err = s.ReadClaim(t.Context(), "a")
	must(t, err)
	if got.State != "active" || got.Workload != workload {
		t.Errorf("a field left empty was not kept: %+v", got)
	}
	wantKind(t, updateClaim(t, s, Claim{ID: "b", State: "active"}), KindNotFound)
	wantKind(t, updateClaim(t, s, Claim{ID: "b", State: "active", ETag: got.ETag}), KindNotFound)
}

func TestClaimsThatAreRefused(t *testing.T) {
	t.Parallel()
	s, wire := prepared(t)
	wire.set(nil)
	for name, refused := range map[string]Claim{
		"no id": {}, "bad id": {ID: "a/b"}, "long body": {ID: "a", Body: make([]byte, maxBody+1)}, "bad document": {ID: "a", Document: []byte{0xff}},
	} {
		if err := s.InsertClaim(t.Context(), refused); KindOf(err) != KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantKind(t, updateClaim(t, s, Claim{}), KindInvalid)
	_, err := s.ReadClaim(t.Context(), "a/b")
	wantKind(t, err, KindInvalid)
	if sent := wire.requests(); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
}

func TestInsertWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	cases := []struct {
		what fault
		kind Kind
	}{{loseAfter, KindNone}, {busyAfter, KindNone}, {twice, KindNone}, {loseBefore, KindLost}, {busy, KindLost}, {throttled, KindUnavailable}}
	for _, c := range cases {
		s, wire := prepared(t)
		wire.set(func(request *http.Request) fault {
			if request.Method == http.MethodPost {
				return c.what
			}
			return pass
		})
		err := s.InsertClaim(t.Context(), claim("a"))
		wantKind(t, err, c.kind)
		var failure *Error
		if errors.As(err, &failure) && failure.MayHaveActed != (c.kind == KindLost) {
			t.Errorf("fault %d: %+v", c.what, failure)
		}
		posts := 0
		for _, sent := range wire.requests() {
			posts += strings.Count(sent, http.MethodPost)
		}
		if posts != 1 {
			t.Errorf("fault %d: sent %d times", c.what, posts)
		}
	}
	s, wire := prepared(t)
	must(t, s.InsertClaim(t.Context(), claim("a")))
	wire.set(func(request *http.Request) fault {
		if request.Method == http.MethodPost {
			return loseAfter
		}
		return pass
	})
	wantKind(t, s.InsertClaim(t.Context(), claim("a")), KindExists)
}

func TestListClaims(t *testing.T) {
	t.Parallel()
	s, _ := prepared(t)
	for i := range 7 {
		one := claim(fmt.Sprintf("id%d", i))
		if i%2 == 1 {
			one.State = "active"
		}
		must(t, s.InsertClaim(t.Context(), one))
	}
	pages := func(query ListQuery) string {
		var ids []string
		for {
			claims, next, err := s.ListClaims(t.Context(), query)
			must(t, err)
			for _, one := range claims {
				if one.Body != nil || one.ETag == "" || one.Source != "ops" || string(one.Document) != `{"faults":[]}` {
					t.Fatalf("listed %+v", one)
				}
				ids = append(ids, strings.TrimPrefix(one.ID, "id"))
			}
			ids = append(ids, "/")
			if next == "" {
				return strings.Join(ids, "")
			}
			query.Cursor = next
		}
	}
	for want, query := range map[string]ListQuery{
		"0123456/":   {},
		"012/345/6/": {Limit: 3},
		"1/3/5/":     {Limit: 1, State: "active"},
		"135/":       {Limit: 3, State: "active"},
		"/":          {State: "o'clock"},
	} {
		if got := pages(query); got != want {
			t.Errorf("%+v lists %s, want %s", query, got, want)
		}
	}
}

func TestCursorHoldsItsPlace(t *testing.T) {
	t.Parallel()
	s, _ := prepared(t)
	for _, id := range []string{"b", "d", "f"} {
		must(t, s.InsertClaim(t.Context(), claim(id)))
	}
	_, next, err := s.ListClaims(t.Context(), ListQuery{Limit: 2})
	must(t, err)
	for _, id := range []string{"a", "e"} {
		must(t, s.InsertClaim(t.Context(), claim(id)))
	}
	rest, _, err := s.ListClaims(t.Context(), ListQuery{Cursor: next})
	must(t, err)
	if len(rest) != 2 || rest[0].ID != "e" || rest[1].ID != "f" {
		t.Errorf("after the cursor: %+v", rest)
	}
}

func TestBadCursors(t *testing.T) {
	t.Parallel()
	s, _ := prepared(t)
	encode := base64.RawURLEncoding.EncodeToString
	for _, cursor := range []string{"x", "!!", encode([]byte("id1")), encode([]byte("after:")), encode([]byte("after:a' or 'a' eq 'a")), cursorAfter("a") + "="} {
		_, _, err := s.ListClaims(t.Context(), ListQuery{Cursor: cursor})
		if KindOf(err) != KindBadCursor {
			t.Errorf("cursor %q: %v", cursor, err)
		}
		_, _, err = s.ListWork(t.Context(), "slot", cursor, 1)
		if KindOf(err) != KindBadCursor {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
}
