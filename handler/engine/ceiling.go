package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"mailgrant/handler/store"
)

// Ceiling bounds how many cmdlets run at once in the whole tenant, across all
// instances: each call needs one of a few slots, rows that are leased like a
// workload is, and only the first slot may write. A holder that dies loses its
// slots when their leases lapse. A process keeps a slot between calls, so that it
// pays for it once, and gives it back when its work is done.
type Ceiling struct {
	store *store.Store
	now   func() time.Time
	slots int

	mutex sync.Mutex
	mine  map[int]*slot
}

// slot is one that this process has leased.
type slot struct {
	number int
	until  time.Time
	used   bool
	holder string
}

const (
	// DefaultSlots is how many cmdlets run at once unless it is set otherwise.
	// Exchange refuses more than an unpublished number of concurrent requests a tenant.
	DefaultSlots  = 4
	writingSlot   = 1
	slotPartition = "slot"
	slotFor       = 2 * time.Minute
	// slotMargin is what must be left of a lease when a call begins: longer than the
	// longest call.
	slotMargin = 70 * time.Second
	slotTries  = 12
	slotPause  = 250 * time.Millisecond
)

// NewCeiling makes a ceiling of so many slots; 0 means DefaultSlots. It does no I/O.
func NewCeiling(rows *store.Store, now func() time.Time, slots int) *Ceiling {
	if slots <= 0 {
		slots = DefaultSlots
	}
	return &Ceiling{store: rows, now: now, slots: slots, mine: map[int]*slot{}}
}

// Enter waits for a slot and returns what gives it free again. The error says for
// how long the slots are taken when none comes free within a few seconds.
func (c *Ceiling) Enter(ctx context.Context, write bool) (func(), error) {
	if !write && isExamination(ctx) {
		return func() {}, nil
	}
	var err error
	for range slotTries {
		var taken *slot
		taken, err = c.take(ctx, write)
		if err != nil {
			return nil, err
		}
		if taken != nil {
			return func() { c.free(taken) }, nil
		}
		err = waitOnTimer(ctx, slotPause/2+jitter(slotPause))
		if err != nil {
			return nil, err
		}
	}
	return nil, errBusy{rest: slotPause + jitter(10*time.Second)}
}

// take returns a slot that this process has and does not use, or leases another;
// nil when all are taken.
func (c *Ceiling) take(ctx context.Context, write bool) (*slot, error) {
	kept := c.keep(write)
	if kept != nil {
		return kept, nil
	}
	rows, _, err := c.store.ListWork(ctx, slotPartition, "", c.slots)
	if err != nil {
		return nil, storage(err, "")
	}
	for _, number := range c.order(write) {
		taken, err := c.lease(ctx, number, rows)
		if err != nil || taken != nil {
			return taken, err
		}
	}
	return nil, nil
}

func (c *Ceiling) keep(write bool) *slot {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, number := range c.order(write) {
		own := c.mine[number]
		if own != nil && !own.used && c.lasts(own) {
			own.used = true
			return own
		}
	}
	return nil
}

// order is in which order slots are tried: reads leave the writing slot to the last.
func (c *Ceiling) order(write bool) []int {
	if write {
		return []int{writingSlot}
	}
	var numbers []int
	for number := c.slots; number >= writingSlot; number-- {
		numbers = append(numbers, number)
	}
	return numbers
}

// leased is what a slot's row says.
type leased struct {
	Holder string    `json:"holder"`
	Until  time.Time `json:"until"`
}

// lease takes a slot whose lease has lapsed; nil when it is taken or somebody was
// quicker. The row's version is the guard.
func (c *Ceiling) lease(ctx context.Context, number int, rows []store.Row) (*slot, error) {
	key := fmt.Sprintf("%02d", number)
	index := slices.IndexFunc(rows, func(row store.Row) bool { return row.Key == key })
	var row store.Row
	if index >= 0 {
		row = rows[index]
		var now leased
		err := json.Unmarshal(row.Document, &now)
		if err != nil {
			return nil, fmt.Errorf("reading slot %s: %w", key, err)
		}
		// One that runs longer than any is leased for was written by a clock that is
		// ahead: to wait for it could keep every removal waiting for hours.
		rest := now.Until.Sub(c.now())
		if rest > 0 && rest <= 2*slotFor && !c.ages(number, now.Holder) {
			return nil, nil
		}
	}
	own := &slot{number: number, until: c.now().Add(slotFor), used: true, holder: rand.Text()}
	err := c.write(ctx, row, key, leased{Holder: own.holder, Until: own.until})
	switch store.KindOf(err) {
	case store.KindNone:
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.mine[number] = own
		return own, nil
	case store.KindConflict, store.KindExists, store.KindLost:
		// Lost: whoever has it by now, its lease lapses by itself.
		return nil, nil
	}
	return nil, storage(err, "")
}

// ages reports whether the slot is this process's own, unused, and has too little time
// left for another call: its lease is then prolonged and not waited for. One with time
// left is not prolonged: a call of this process may take it up at this very moment, and
// two would then share it.
func (c *Ceiling) ages(number int, holder string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	own := c.mine[number]
	return own != nil && !own.used && own.holder == holder && !c.lasts(own)
}

// lasts reports whether what is left of the lease is longer than any call.
func (c *Ceiling) lasts(own *slot) bool {
	return c.now().Add(slotMargin).Before(own.until)
}

func (c *Ceiling) write(ctx context.Context, row store.Row, key string, value leased) error {
	document, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("writing slot %s: %w", key, err)
	}
	if row.Key == "" {
		return c.store.InsertWork(ctx, slotPartition, store.Row{Key: key, Document: document})
	}
	row.Document = document
	return c.store.WriteWork(ctx, slotPartition, row)
}

func (c *Ceiling) free(own *slot) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	own.used = false
}

// GiveBack gives the slots back that this process has and does not use. A failure
// costs the others the rest of the lease.
func (c *Ceiling) GiveBack(ctx context.Context) {
	for _, own := range c.idle() {
		key := fmt.Sprintf("%02d", own.number)
		row, err := c.store.ReadWork(ctx, slotPartition, key)
		if err != nil {
			continue
		}
		var now leased
		err = json.Unmarshal(row.Document, &now)
		if err != nil || now.Holder != own.holder {
			continue
		}
		// Guarded by the version that was just read: if somebody has taken the lapsed
		// slot meanwhile, it stays his.
		_ = c.write(ctx, row, key, leased{})
	}
}

// idle takes the unused slots out of this process's hands.
func (c *Ceiling) idle() []*slot {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var unused []*slot
	for number, own := range c.mine {
		if !own.used {
			unused = append(unused, own)
			delete(c.mine, number)
		}
	}
	return unused
}
