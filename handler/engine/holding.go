package engine

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
	"mailgrant/handler/store"
)

// holding is one workload's partition of the ledger as this invocation read it.
// Every batch is fenced by the lease row that was read with it: whoever commits
// first has the workload, and the other's next commit is refused.
type holding struct {
	*Engine
	workload string
	// mutex guards lease and committed: the lease is renewed beside the work.
	mutex  sync.Mutex
	lease  store.Lease
	holder string
	// committed: this invocation has taken the lease.
	committed bool
	grants    []*held
	pointer   grant.Step
	// fresh are facts that this invocation has read before it held the workload, and
	// bound is the grant for which it has read them.
	fresh *access.Facts
	bound string
	// directory are the directory roles of the workload, as read at that binding.
	directory access.Reading[[]heldRole]
	// stopped is the last push of the workload's red button.
	stopped Freeze
	// shown is the pointer as this invocation has last read it, nil before.
	shown    *access.Pointer
	patience patience
	// pointerChanged: the shared row is to be written with the next batch.
	pointerChanged bool
	// shared are the workload's consents and mailbox permissions that its grants share, by
	// the key of their row; those named in sharedChanged are to be written with the next
	// batch.
	shared        map[string]grant.Step
	sharedChanged map[string]bool
}

// held is one live grant with its rows.
type held struct {
	grant.Grant
	steps   []grant.Step
	changed map[int]bool  // numbers of the steps to be written with the next batch
	pending []grant.Entry // history to be written with the next batch
	// agreed is the end that the history agrees on; zero when it agrees on none.
	agreed time.Time
	// announced: the notifier is owed a message for this invocation's entries.
	announced bool
	// shown is what the copy for lists shows, as far as this invocation knows.
	shown string
	// evidence is to be written with the next batch.
	evidence []grant.Evidence
	// roll is which mailboxes a group, unit or filter holds by name; nil for named
	// mailboxes, and where there are too many.
	roll        *roll
	rollChanged bool
	// rollStored: the partition has its row.
	rollStored bool
	// seen is what such a scope held when this invocation looked at it; nil before.
	seen []grant.Mailbox
}

const (
	leaseFor   = 90 * time.Second
	releaseFor = 5 * time.Second
	pointerKey = "r|pointer|pointer"
)

// errBusy says that another worker has the workload's lease.
type errBusy struct {
	rest time.Duration
}

func (e errBusy) Error() string {
	return fmt.Sprintf("another worker has this workload for up to %s", e.rest.Round(time.Second))
}

// hold reads a workload's partition. It returns errBusy while another worker's
// lease runs.
func (e *Engine) hold(ctx context.Context, workload string) (*holding, error) {
	h, err := e.peek(ctx, workload)
	if err != nil {
		return nil, err
	}
	rest := h.lease.Until.Sub(e.Now())
	// A lease that runs longer than any is given was written by a clock that is ahead. To
	// wait for it could keep ends waiting for hours; to take it is safe, because every
	// batch is fenced by its version.
	if h.lease.Holder != "" && rest > 0 && rest <= 2*e.Lease {
		return nil, errBusy{rest: rest}
	}
	return h, nil
}

// peek reads a workload's partition and leaves it to whoever has it.
func (e *Engine) peek(ctx context.Context, workload string) (*holding, error) {
	partition, err := e.Store.ReadPartition(ctx, workload)
	if err != nil {
		return nil, storage(err, "")
	}
	h := &holding{Engine: e, workload: workload, lease: partition.Lease, holder: rand.Text(),
		pointer: plan.Pointer(grant.Workload{ObjectID: workload}),
		shared:  map[string]grant.Step{}, sharedChanged: map[string]bool{}}
	err = h.read(partition.Rows)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(h.grants, func(a, b *held) int {
		return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), strings.Compare(a.ID, b.ID))
	})
	return h, nil
}

// read sorts the partition's rows into grants, their steps, and the shared pointer.
// Evidence and outbox rows are not needed for work.
func (h *holding) read(rows []store.Row) error {
	byID := map[string]*held{}
	for _, row := range rows {
		var err error
		switch {
		case strings.HasPrefix(row.Key, "g|"):
			live := &held{changed: map[int]bool{}}
			err = json.Unmarshal(row.Document, &live.Grant)
			byID[live.ID] = live
			h.grants = append(h.grants, live)
		case row.Key == pointerKey:
			err = json.Unmarshal(row.Document, &h.pointer)
		case strings.HasPrefix(row.Key, sharedPrefix):
			var step grant.Step
			err = json.Unmarshal(row.Document, &step)
			h.shared[row.Key] = step
		}
		if err != nil {
			return fmt.Errorf("reading row %s of workload %s: %w", row.Key, h.workload, err)
		}
	}
	for _, row := range rows {
		err := h.readRolls(row.Key, row.Document)
		if err != nil {
			return err
		}
	}
	return h.readSteps(rows, byID)
}

func (h *holding) readSteps(rows []store.Row, byID map[string]*held) error {
	for _, row := range rows {
		parts := strings.Split(row.Key, "|")
		if parts[0] != "s" || len(parts) != 3 || byID[parts[1]] == nil {
			continue
		}
		var step grant.Step
		err := json.Unmarshal(row.Document, &step)
		if err != nil {
			return fmt.Errorf("reading row %s of workload %s: %w", row.Key, h.workload, err)
		}
		live := byID[parts[1]]
		live.steps = append(live.steps, step)
	}
	for _, live := range byID {
		slices.SortFunc(live.steps, func(a, b grant.Step) int { return cmp.Compare(a.Number, b.Number) })
	}
	return nil
}

// find returns the live grant with that id, nil when there is none.
func (h *holding) find(id string) *held {
	for _, live := range h.grants {
		if live.ID == id {
			return live
		}
	}
	return nil
}

// keep replaces a step in memory; it is written with the next batch.
func (h *holding) keep(live *held, step grant.Step) {
	switch step.Kind {
	case grant.PointerStep:
		h.pointer = step
		h.pointerChanged = true
		return
	case grant.ConsentStep, grant.MailboxPermissionStep:
		key := sharedKey(step)
		h.shared[key], h.sharedChanged[key] = step, true
		return
	}
	for i := range live.steps {
		if live.steps[i].Number == step.Number {
			live.steps[i] = step
			live.changed[step.Number] = true
		}
	}
}

// pointerNeeded reports whether a live grant other than this one needs the pointer. One
// that has not begun does not: it may end without ever having used it, and then nobody
// would remove it; if it begins, it makes a pointer anew.
func (h *holding) pointerNeeded(but *held) bool {
	return slices.ContainsFunc(h.grants, func(live *held) bool {
		return live != but && live.Mechanism != grant.AccessPolicy && h.hasAccess(live)
	})
}

// release gives the lease back, so that the next worker need not wait for it to
// lapse, and wakes the notifier. A failure only makes them wait.
func (h *holding) release(ctx context.Context) {
	if !h.committed {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseFor)
	defer cancel()
	for _, live := range h.grants {
		if live.announced {
			h.hint(ctx, notifyQueue, live.ID, 0)
		}
	}
	_, err := h.Store.Commit(ctx, h.workload, h.lease, store.Lease{Until: h.Now()}, nil)
	if err != nil {
		h.Log.InfoContext(ctx, "the lease could not be given back and will lapse", "workload", h.workload, "error", err.Error())
	}
}
