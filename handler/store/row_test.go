package store

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestDocumentsSurviveSplitting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]string{"a", "é", "€", "😀", `"\n`}).Draw(t, "unit")
		// The odd first byte moves the cuts into the middle of characters.
		document := []byte(rapid.SampledFrom([]string{"", "x", "xy"}).Draw(t, "start") + strings.Repeat(unit, rapid.IntRange(0, 100_000).Draw(t, "count")))
		row := columns{}
		err := row.putDocument(document)
		if len(document) > maxDocumentSize {
			if err == nil {
				t.Fatal("an oversized document passed")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range row {
			part, text := value.(string)
			if text && (len(part) > documentPart || !utf8.ValidString(part)) {
				t.Fatalf("column %s has %d bytes", name, len(part))
			}
		}
		back := throughJSON(t, row)
		if !bytes.Equal(back, document) {
			t.Fatalf("wrote %d bytes, read %d", len(document), len(back))
		}
	})
}

func throughJSON(t *rapid.T, row columns) []byte {
	row[columnSchema] = Schema
	encoded, err := row.encoded()
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := decodeFields(encoded)
	if err != nil {
		t.Fatal(err)
	}
	document, err := decoded.document()
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestRowsThatAreRefused(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for i := range maxProperties + 1 {
		many["p"+string(rune('a'+i))] = "v"
	}
	cases := map[string]Row{
		"no key":            {},
		"bad key":           {Key: "a/b"},
		"bad document":      {Key: "k", Document: []byte{0xff}},
		"long document":     {Key: "k", Document: make([]byte, maxDocumentSize+1)},
		"many properties":   {Key: "k", Properties: many},
		"system property":   {Key: "k", Properties: map[string]string{"RowKey": "v"}},
		"store's property":  {Key: "k", Properties: map[string]string{"schema": "2"}},
		"store's token":     {Key: "k", Properties: map[string]string{"writeToken": "2"}},
		"document property": {Key: "k", Properties: map[string]string{"document0": "v"}},
		"odd property":      {Key: "k", Properties: map[string]string{"a.b": "v"}},
		"accented property": {Key: "k", Properties: map[string]string{"aé": "v"}},
		"long property":     {Key: "k", Properties: map[string]string{"a": strings.Repeat("v", maxPropertySize+1)}},
		"binary property":   {Key: "k", Properties: map[string]string{"a": "\xff"}},
	}
	for name, row := range cases {
		_, err := encodeRow("w", row)
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestRowsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"no JSON":          `{`,
		"no layout":        `{"RowKey":"k"}`,
		"newer layout":     `{"RowKey":"k","schema":2}`,
		"no key":           `{"schema":1}`,
		"missing part":     `{"RowKey":"k","schema":1,"documentParts":2,"document0":"{"}`,
		"too many parts":   `{"RowKey":"k","schema":1,"documentParts":99}`,
		"negative parts":   `{"RowKey":"k","schema":1,"documentParts":-1}`,
		"part of a number": `{"RowKey":"k","schema":1,"documentParts":1,"document0":7}`,
	} {
		_, err := decodeRow([]byte(data), "")
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestLayout1 reads rows as the service returns them in the first layout. The
// file must never change: later releases have to read it too.
func TestLayout1(t *testing.T) {
	t.Parallel()
	rows := layoutRows(t)
	claim, err := decodeClaim(rows["ids"], "")
	must(t, err)
	wantClaim := Claim{
		ID: "abcdefghij234567klmn", Source: "ops", BodyHash: "9f86d081884c7d65", Body: []byte(`{"permissions":["Mail.Send"]}`),
		ReceivedAt: time.Date(2026, 11, 21, 9, 30, 15, 123456700, time.UTC), Workload: "6f9619ff-8b86-d011-b42d-00c04fc964ff",
		Document: []byte(`{"owner":"alice@contoso.example"}`), State: "active",
		EndsAt: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), Schema: 1, ETag: `W/"datetime'2026-11-21T09%3A30%3A15.2000000Z'"`,
	}
	if !reflect.DeepEqual(claim, wantClaim) {
		t.Errorf("claim\n%+v, want\n%+v", claim, wantClaim)
	}
	row, err := decodeRow(rows["ledger"], "")
	must(t, err)
	if row.Key != "g|abcdefghij234567klmn" || string(row.Document) != `{"state":"active"}` ||
		!maps.Equal(row.Properties, map[string]string{"state": "active", "write": "7HQ2"}) || row.ETag == "" {
		t.Errorf("ledger row %+v", row)
	}
	lease, err := decodeLease(rows["lease"], "")
	must(t, err)
	if lease.Holder != "invocation-1" || !lease.Until.Equal(time.Date(2026, 11, 21, 9, 31, 45, 0, time.UTC)) || lease.token != "TOKEN" {
		t.Errorf("lease %+v", lease)
	}
	due, err := decodeDue(rows["due"])
	must(t, err)
	if want := (Due{time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), "end", claim.ID, claim.Workload}); due != want {
		t.Errorf("due row %+v, want %+v", due, want)
	}
	work, err := decodeRow(rows["work"], "")
	must(t, err)
	if work.Key != "3" || string(work.Document) != `{"holder":""}` {
		t.Errorf("work row %+v", work)
	}
}

// TestLayout1IsStillWritten compares the columns written today with the file's.
func TestLayout1IsStillWritten(t *testing.T) {
	t.Parallel()
	rows := layoutRows(t)
	claim, err := decodeClaim(rows["ids"], "")
	must(t, err)
	row, err := decodeRow(rows["ledger"], "")
	must(t, err)
	lease, err := decodeLease(rows["lease"], "")
	must(t, err)
	due, err := decodeDue(rows["due"])
	must(t, err)
	encodedClaim, err := encodeClaim(claim)
	must(t, err)
	encodedClaim[columnToken] = "TOKEN"
	encodedRow, err := encodeRow(claim.Workload, row)
	must(t, err)
	for name, written := range map[string]columns{
		"ids": encodedClaim, "ledger": encodedRow, "due": encodeDue(due), "lease": encodeLease(claim.Workload, lease.Lease, "TOKEN"),
	} {
		stored, err := decodeFields(rows[name])
		must(t, err)
		for _, own := range []string{columnETag, "Timestamp", "Timestamp" + typeSuffix} {
			delete(stored, own)
		}
		want, got := slices.Sorted(maps.Keys(stored)), slices.Sorted(maps.Keys(written))
		if !slices.Equal(want, got) {
			t.Errorf("%s: columns %v, layout 1 has %v", name, got, want)
		}
	}
}

func layoutRows(t testing.TB) map[string]json.RawMessage {
	t.Helper()
	data, err := os.ReadFile("testdata/rows-v1.json")
	must(t, err)
	var rows map[string]json.RawMessage
	must(t, json.Unmarshal(data, &rows))
	return rows
}

func FuzzRows(f *testing.F) {
	for _, row := range layoutRows(f) {
		f.Add([]byte(row))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = decodeClaim(data, "")
		_, _ = decodeLease(data, "")
		due, err := decodeDue(data)
		if err == nil && due.check() != nil {
			t.Fatalf("read a due row %+v that could not be written", due)
		}
		row, err := decodeRow(data, "")
		if err != nil {
			return
		}
		encoded, err := encodeRow("w", row)
		if err != nil {
			return
		}
		again, err := encoded.encoded()
		must(t, err)
		back, err := decodeRow(again, row.ETag)
		if err != nil || back.Key != row.Key || !bytes.Equal(back.Document, row.Document) || !maps.Equal(back.Properties, row.Properties) {
			t.Fatalf("read %+v, wrote it, read %+v, %v", row, back, err)
		}
	})
}
