package engine

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// FuzzLedgerRows: the documents in the rows of a grant, its steps, its evidence, its
// history and its claim are read as a whole or not at all; what is read reads the same
// once it was written again, and no step joins a grant whose row is not there.
func FuzzLedgerRows(f *testing.F) {
	for _, document := range ledgerDocuments(f) {
		f.Add(document)
	}
	for _, text := range []string{`null`, `{}`, `[]`, `{"id":7}`, `{"state":"?","expiresAt":"never"}`, `{"number":-1,"number":2}`, `{"work":{"owed":[null]}}`, `{"at":"0000-01-01T00:00:00Z"} x`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		same[grant.Grant](t, document)
		same[grant.Step](t, document)
		same[grant.Evidence](t, document)
		same[grant.Entry](t, document)
		readsClaim(t, document)
		readsHistory(t, document)
		readsPartition(t, document)
	})
}

// ledgerDocuments are one of each kind, with everything in it.
func ledgerDocuments(f *testing.F) [][]byte {
	f.Helper()
	at := time.Date(2026, time.November, 21, 8, 0, 0, 0, time.UTC)
	step := grant.Step{Number: 1, Kind: grant.AssignmentStep, Name: "mg-demo01-abcdefghij234567klmn-01", State: grant.Creating, Role: "Application Mail.Send", Sent: 2, MayAppearUntil: at}
	entry := grant.Entry{At: at, Event: grant.EventReceived, By: "operator", Reason: "Asked", Detail: "é", Ends: at}
	live := grant.Grant{ID: "abcdefghij234567klmn", State: grant.Active, Mechanism: grant.RBAC, Permissions: []string{"Mail.Send"},
		Mailboxes: []grant.Mailbox{{GUID: "d0000000-0000-4000-8000-000000000001", Address: "news@contoso.example", Type: "SharedMailbox"}},
		ExpiresAt: at, Conditions: []grant.Condition{{Type: grant.Stuck, Status: grant.True, Since: at}}, Work: grant.Work{Attempts: 3, NotBefore: at}}
	var all [][]byte
	for _, one := range []any{live, step, entry, grant.Evidence{At: at, Means: "Test", Verdict: grant.Refused}, copyOf(live)} {
		document, err := json.Marshal(one)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, document)
	}
	return all
}

// same reads, writes, reads, and compares. A time outside the years that JSON can
// hold cannot be written.
func same[T any](t *testing.T, document []byte) {
	t.Helper()
	var first, second T
	err := json.Unmarshal(document, &first)
	if err != nil {
		return
	}
	written, err := json.Marshal(first)
	if err != nil {
		return
	}
	err = json.Unmarshal(written, &second)
	if err != nil {
		t.Fatalf("%q is written as %q and cannot be read: %v", document, written, err)
	}
	again, err := json.Marshal(second)
	if err != nil || string(again) != string(written) {
		t.Fatalf("%q is written as %q and then as %q, %v", document, written, again, err)
	}
}

func readsClaim(t *testing.T, document []byte) {
	t.Helper()
	read, err := decodeRecord(store.Claim{ID: "abcdefghij234567klmn", Document: document})
	if err != nil && !reflect.ValueOf(read).IsZero() {
		t.Fatalf("%q was refused, and %+v read", document, read)
	}
}

func readsHistory(t *testing.T, document []byte) {
	t.Helper()
	rows := []store.Row{{Key: "h|a|0001", Document: []byte(`{"event":"received"}`)}, {Key: "h|a|0002", Document: document}}
	page, err := historyPage(rows, "h|a|", "", 1)
	if err != nil || len(page.Entries) != 1 || page.Next != "0001" {
		t.Fatalf("a page before the row is spoilt by it: %+v, %v", page, err)
	}
	page, err = historyPage(rows, "h|a|", page.Next, 1)
	if (err == nil) != (len(page.Entries) == 1) || page.Next != "" {
		t.Fatalf("%d entries, next %q, %v", len(page.Entries), page.Next, err)
	}
}

func readsPartition(t *testing.T, document []byte) {
	t.Helper()
	for _, keys := range [][]string{{"g|a", "s|a|001"}, {"s|a|001"}, {pointerKey}, {"x|a", "e|a|m|p", "h|a|0001"}} {
		h := holding{workload: "w"}
		var rows []store.Row
		for _, key := range keys {
			rows = append(rows, store.Row{Key: key, Document: document})
		}
		err := h.read(rows)
		live := keys[0] == "g|a"
		if err != nil {
			continue
		}
		if len(h.grants) > 0 != live || live && len(h.grants) != 1 {
			t.Fatalf("%v hold %d grants", keys, len(h.grants))
		}
		if live && len(h.grants[0].steps) > 0 && h.grants[0].ID != "a" {
			t.Fatalf("the step of grant a went to grant %q", h.grants[0].ID)
		}
	}
}
