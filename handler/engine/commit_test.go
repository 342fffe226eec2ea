package engine

import (
	"slices"
	"testing"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

const someGrant = "abcdefghij234567klmn"

// scoped is a grant of a group's mailboxes, in the hands of a worker.
func scoped(h *holding, state grant.State) *held {
	live := &held{changed: map[int]bool{}, Grant: grant.Grant{ID: someGrant, State: state, Workload: grant.Workload{ObjectID: h.workload},
		Scope: grant.Scope{Group: "sales"}, Permissions: []string{"Mail.Send"}, ExpiresAt: h.Now().Add(time.Hour), Work: grant.Work{RetestAt: h.Now().Add(time.Minute)}}}
	h.count(live, []grant.Mailbox{{GUID: mailbox1, Address: "one@contoso.example"}}, 3)
	h.grants = append(h.grants, live)
	return live
}

// partitionKeys are the keys of what a worker reads of a workload.
func partitionKeys(t *testing.T, shared *store.Store) []string {
	t.Helper()
	partition, err := shared.ReadPartition(t.Context(), someWorkload)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, row := range partition.Rows {
		keys = append(keys, row.Key)
	}
	return keys
}

// TestTheRollEndsWithItsGrant: the names of a scope's mailboxes are kept as long as the
// grant lives, whoever ends it, and no longer.
func TestTheRollEndsWithItsGrant(t *testing.T) {
	t.Parallel()
	shared, clock := rows(t), morning()
	first, err := worker(shared, clock.now, 0).hold(t.Context(), someWorkload)
	if err == nil {
		err = first.commit(t.Context(), scoped(first, grant.Active))
	}
	if err != nil {
		t.Fatal(err)
	}
	first.release(t.Context())
	if keys := partitionKeys(t, shared); !slices.Contains(keys, rollKey(someGrant)) {
		t.Fatalf("the roll was not written: %q", keys)
	}
	next, err := worker(shared, clock.now, 0).hold(t.Context(), someWorkload)
	if err != nil {
		t.Fatal(err)
	}
	live := next.find(someGrant)
	if live == nil || len(live.reached()) != 1 {
		t.Fatalf("the roll was not read: %+v", live)
	}
	live.State = grant.RevokedState
	err = next.commit(t.Context(), live)
	if err != nil {
		t.Fatal(err)
	}
	if keys := partitionKeys(t, shared); len(keys) > 0 {
		t.Errorf("the grant has ended, and a worker still reads %q", keys)
	}
	left, err := shared.ReadRows(t.Context(), someWorkload, "m|")
	if err != nil || len(left) > 0 {
		t.Errorf("%+v, %v", left, err)
	}
}

// TestEvidenceIsNoWorkersToRead: it is the bulk of a partition, and no worker needs it.
func TestEvidenceIsNoWorkersToRead(t *testing.T) {
	t.Parallel()
	shared, clock := rows(t), morning()
	h, err := worker(shared, clock.now, 0).hold(t.Context(), someWorkload)
	if err != nil {
		t.Fatal(err)
	}
	live := scoped(h, grant.Active)
	live.evidence = []grant.Evidence{{At: clock.now(), Subject: mailbox1, Permission: "Mail.Send", Verdict: grant.Allowed}}
	err = h.commit(t.Context(), live, h.entry(grant.EventActive, "", ""))
	if err != nil {
		t.Fatal(err)
	}
	kept, err := shared.ReadRows(t.Context(), someWorkload, "e|"+someGrant+"|")
	if err != nil || len(kept) != 1 {
		t.Fatalf("the evidence was not written: %+v, %v", kept, err)
	}
	for _, key := range partitionKeys(t, shared) {
		switch key[:2] {
		case "g|", "s|", "m|", "r|", "o|":
		default:
			t.Errorf("a worker reads %s", key)
		}
	}
}
