package store

import (
	"bytes"
	"reflect"
	"testing"
	"time"
)

// FuzzClaim: a row of table ids, and the lease of a partition, are read as a whole or
// not at all, within their bounds; what can be written again reads as the same.
func FuzzClaim(f *testing.F) {
	for _, row := range layoutRows(f) {
		f.Add([]byte(row))
	}
	for _, row := range []string{
		`{"schema":1,"PartitionKey":"a","body":"H4sI"}`, `{"schema":2}`, `{"schema":1,"receivedAt":"now"}`, `{"schema":1,"endsAt":"2026-11-21T09:30:15+14:00"}`,
		`{"schema":1,"PartitionKey":"a","documentParts":2,"document0":"x"}`, `{"schema":1,"until":null,"holder":7}`,
	} {
		f.Add([]byte(row))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		claimReadAsAWhole(t, data)
		lease, err := decodeLease(data, "e")
		if err == nil && storable(lease.Until) {
			encoded, err := encodeLease("w", lease.Lease, lease.token).encoded()
			must(t, err)
			again, err := decodeLease(encoded, "e")
			if err != nil || again != lease {
				t.Fatalf("lease %+v is read again as %+v, %v", lease, again, err)
			}
		}
	})
}

func claimReadAsAWhole(t *testing.T, data []byte) {
	t.Helper()
	claim, err := decodeClaim(data, "e")
	if err != nil {
		if len(claim.Body) > 0 {
			t.Fatalf("%v, and part of a body: %d bytes", err, len(claim.Body))
		}
		return
	}
	if len(claim.Body) > maxBody || claim.Schema < 1 || claim.Schema > Schema {
		t.Fatalf("body of %d bytes, layout %d", len(claim.Body), claim.Schema)
	}
	encoded, err := encodeClaim(claim)
	if err != nil || !storable(claim.ReceivedAt) || !storable(claim.EndsAt) {
		return
	}
	written, err := encoded.encoded()
	must(t, err)
	again, err := decodeClaim(written, "e")
	must(t, err)
	if !bytes.Equal(again.Body, claim.Body) || !bytes.Equal(again.Document, claim.Document) {
		t.Fatalf("claim %+v is read again as %+v", claim, again)
	}
	claim.Body, again.Body, claim.Document, again.Document, claim.Schema = nil, nil, nil, nil, again.Schema
	if !reflect.DeepEqual(claim, again) {
		t.Fatalf("claim %+v is read again as %+v", claim, again)
	}
}

// storable: the service holds times of this era in steps of 100 ns.
func storable(at time.Time) bool {
	return at.IsZero() || at.Year() > 1600 && at.Year() < 9999 && at.Nanosecond()%100 == 0
}

// FuzzCursor: a cursor that is accepted is one that a list has made, character for
// character.
func FuzzCursor(f *testing.F) {
	for _, cursor := range []string{"", cursorAfter("abcdefghij234567klmn"), cursorAfter(""), cursorAfter("a'b"), "rubbish", "YWZ0ZXI6YQ==", "YWZ0ZXI6YR"} {
		f.Add(cursor)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		key, err := cursorKey(cursor)
		if err != nil {
			if key != "" {
				t.Fatalf("%q was refused, and names %q", cursor, key)
			}
			return
		}
		if cursor != "" && (checkName(key) != nil || cursorAfter(key) != cursor) {
			t.Fatalf("%q names %q, whose cursor is %q", cursor, key, cursorAfter(key))
		}
	})
}
