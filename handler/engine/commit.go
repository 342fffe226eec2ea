package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// rowTime orders history and outbox rows of a grant by the time of their writing.
const rowTime = "20060102T150405.000000000"

// commit writes everything of the grant that has changed, with its history, in one
// batch under the lease. What the grant will owe is written before, and what it no
// longer owes is deleted after, so that a death in between leaves a row too many
// and never one too few.
func (h *holding) commit(ctx context.Context, live *held, entries ...grant.Entry) error {
	entries = append(live.pending, entries...)
	old := live.Work.Owed
	owed := live.owes()
	added := without(owed, old)
	if len(entries) > 0 && !live.announced {
		added = append(added, grant.NewDue(h.Now().Add(grant.PickUp), grant.DueNotify))
	}
	err := h.Store.WriteDue(ctx, dues(live.ID, h.workload, added)...)
	if err != nil {
		return storage(err, "")
	}
	live.Work.Owed = owed
	changes, err := h.changes(live, entries)
	if err != nil {
		return err
	}
	err = h.submit(ctx, changes)
	if err != nil {
		return err
	}
	clear(live.changed)
	live.rollStored = live.roll != nil && !live.State.Ended()
	live.pending, live.evidence, live.rollChanged = nil, nil, false
	h.pointerChanged = false
	clear(h.sharedChanged)
	return h.after(ctx, live, without(old, owed), entries)
}

// submit writes one batch under the lease and takes or prolongs the lease with it.
func (h *holding) submit(ctx context.Context, changes []store.Change) error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	next := store.Lease{Holder: h.holder, Until: h.Now().Add(h.Lease)}
	var err error
	h.lease, err = h.Store.Commit(ctx, h.workload, h.lease, next, changes)
	if err != nil {
		return storage(err, "")
	}
	h.committed = true
	return nil
}

// after does what follows a batch and may be lost: deleting what is no longer
// owed, and the copy for lists where it would show something else.
func (h *holding) after(ctx context.Context, live *held, gone []grant.Due, entries []grant.Entry) error {
	err := h.Store.DeleteDue(ctx, dues(live.ID, h.workload, gone)...)
	if err != nil {
		h.Log.InfoContext(ctx, "a due row that owes nothing stays until a sweep meets it", "id", live.ID, "error", err.Error())
	}
	live.announced = live.announced || len(entries) > 0
	shown := live.shows()
	if live.shown == shown {
		return nil
	}
	err = h.put(ctx, store.Claim{ID: live.ID, Workload: h.workload}, copyOf(live.Grant))
	if err != nil {
		h.Log.InfoContext(ctx, "the copy for lists lags behind", "id", live.ID, "error", err.Error())
		return nil
	}
	live.shown = shown
	return nil
}

// shows is what a change of the copy for lists depends on.
func (l *held) shows() string {
	return string(l.State) + " " + string(l.Condition(grant.Stuck).Status) + " " + l.Condition(grant.Stuck).Reason
}

// changes are the rows of one batch: the grant (moved to its ended key when it has
// ended), its changed steps, the pointer and consents, history and outbox.
func (h *holding) changes(live *held, entries []grant.Entry) ([]store.Change, error) {
	var batch batch
	key := "g|" + live.ID
	if live.State.Ended() {
		batch.drop(key)
		key = "x|" + live.ID
	}
	batch.put(key, live.Grant, map[string]string{"state": string(live.State), "owner": live.Owner, "ticket": live.Ticket.ID})
	for _, step := range live.steps {
		if live.changed[step.Number] {
			batch.put(stepKey(live.ID, step.Number), step, map[string]string{"state": string(step.State), "name": step.Name})
		}
	}
	switch {
	case live.State.Ended() && live.rollStored:
		batch.drop(rollKey(live.ID))
	case live.State.Ended():
	case live.rollChanged && live.roll != nil:
		batch.put(rollKey(live.ID), live.roll, nil)
	case live.rollChanged:
		batch.drop(rollKey(live.ID))
	}
	if h.pointerChanged {
		batch.put(pointerKey, h.pointer, map[string]string{"state": string(h.pointer.State), "madeFor": live.ID})
	}
	for key := range h.sharedChanged {
		batch.put(key, h.shared[key], map[string]string{"state": string(h.shared[key].State), "madeFor": live.ID})
	}
	for _, evidence := range live.evidence {
		batch.put(evidenceKey(evidence, live.ID), evidence, nil)
	}
	batch.history(live.ID, h.Now(), entries)
	return batch.changes, batch.err
}

// evidenceAtOnce keeps a batch below what the store takes, with room for the grant,
// its steps and its history.
const evidenceAtOnce = 50

// keepEvidence leaves the evidence to the next batch; what does not fit into it is
// written at once.
func (h *holding) keepEvidence(ctx context.Context, live *held, evidence []grant.Evidence) error {
	for len(evidence) > evidenceAtOnce {
		live.evidence = evidence[:evidenceAtOnce]
		evidence = evidence[evidenceAtOnce:]
		err := h.commit(ctx, live)
		if err != nil {
			return err
		}
	}
	live.evidence = evidence
	return nil
}

func stepKey(id string, number int) string { return fmt.Sprintf("s|%s|%03d", id, number) }

// evidenceKey has one row for the latest answer of the tenant's test, and another for
// what the workload reported last: neither may hide the other.
func evidenceKey(e grant.Evidence, id string) string {
	key := "e|" + id + "|" + e.Subject + "|" + e.Permission
	if e.Means == grant.ByWorkload {
		key += "|" + e.Means
	}
	return key
}

// batch gathers the changes of one commit.
type batch struct {
	changes []store.Change
	err     error
}

func (b *batch) put(key string, value any, properties map[string]string) {
	document, err := json.Marshal(value)
	if err != nil && b.err == nil {
		b.err = fmt.Errorf("writing row %s: %w", key, err)
	}
	b.changes = append(b.changes, store.Change{Action: store.Upsert, Row: store.Row{Key: key, Document: document, Properties: properties}})
}

func (b *batch) drop(key string) {
	b.changes = append(b.changes, store.Change{Action: store.Delete, Row: store.Row{Key: key}})
}

// history adds the entries and an outbox row for each. The first carries the write
// id by which a batch whose answer was lost is told from one that did not happen.
func (b *batch) history(id string, now time.Time, entries []grant.Entry) {
	for i, entry := range entries {
		row := historyRow(id, now, i, entry)
		if i > 0 {
			row.Properties = nil
		}
		b.changes = append(b.changes, store.Change{Action: store.Insert, Row: row},
			store.Change{Action: store.Insert, Row: store.Row{Key: "o" + row.Key[1:], Document: row.Document}})
	}
}

func historyRow(id string, now time.Time, number int, entry grant.Entry) store.Row {
	document, err := json.Marshal(entry)
	if err != nil {
		// Strings and times only: there is nothing that Marshal could refuse.
		panic("engine: a history entry did not marshal: " + err.Error())
	}
	key := fmt.Sprintf("h|%s|%s-%02d-%s", id, now.UTC().Format(rowTime), number, rand.Text()[:8])
	return store.Row{Key: key, Document: document, Properties: map[string]string{store.WriteProperty: rand.Text()}}
}

// without returns the dues of all that are not in but.
func without(all, but []grant.Due) []grant.Due {
	var rest []grant.Due
	for _, due := range all {
		if !slices.ContainsFunc(but, func(other grant.Due) bool { return other.Kind == due.Kind && other.At.Equal(due.At) }) {
			rest = append(rest, due)
		}
	}
	return rest
}

// entry is a history entry of the service itself.
func (h *holding) entry(event grant.Event, reason, detail string) grant.Entry {
	return grant.Entry{At: h.Now(), Event: event, By: "mailgrant", Reason: reason, Detail: detail}
}
