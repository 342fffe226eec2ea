package store

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// Limits of a batch. The service takes 100 rows and 4 MiB (Microsoft Learn,
// "Performing entity group transactions"); the emulator fails badly beyond them,
// so they are held here, with room for the lease row and for the framing.
const (
	maxChanges      = 90
	maxBatchBytes   = 3_500_000
	framingPerEntry = 1_000
)

// Action says what a Change does to its row.
type Action int

const (
	// Insert adds the row; taken is KindConflict.
	Insert Action = iota + 1
	// Replace overwrites an existing row, of exactly Row.ETag when that is set;
	// absent is KindNotFound, another version KindConflict.
	Replace
	// Delete removes an existing row, of exactly Row.ETag when that is set; absent
	// is KindNotFound, another version KindConflict. Only Row.Key and ETag matter.
	Delete
	// Upsert writes the row whether or not it exists.
	Upsert
)

// Change is one row's part in a batch.
type Change struct {
	Action Action
	Row    Row
}

// batch is a Commit ready to be sent, and what is needed to recognise it later.
type batch struct {
	workload   string
	held, next Lease
	token      string // on the lease row
	historyKey string // row that bears WriteProperty; "" when none does
	writeID    string
	keys       []string // by position, the lease first
	actions    []aztables.TransactionAction
}

func newBatch(workload string, held, next Lease, changes []Change) (*batch, error) {
	err := checkName(workload)
	if err != nil {
		return nil, fmt.Errorf("partition: %w", err)
	}
	if len(changes) > maxChanges {
		return nil, fmt.Errorf("%d changes, at most %d", len(changes), maxChanges)
	}
	b := &batch{workload: workload, held: held, next: next, token: rand.Text()}
	first, err := leaseAction(workload, held, next, b.token)
	if err != nil {
		return nil, err
	}
	b.keys, b.actions = []string{leaseKey}, []aztables.TransactionAction{first}
	for _, change := range changes {
		err := b.add(change)
		if err != nil {
			return nil, fmt.Errorf("row %q: %w", change.Row.Key, err)
		}
	}
	return b, b.check()
}

func (b *batch) add(change Change) error {
	action, err := actionOf(b.workload, change)
	if err != nil {
		return err
	}
	b.keys, b.actions = append(b.keys, change.Row.Key), append(b.actions, action)
	writeID := change.Row.Properties[WriteProperty]
	if writeID == "" || change.Action == Delete {
		return nil
	}
	// Only an inserted row can prove that nobody overwrote the id since.
	if change.Action != Insert {
		return errors.New("a row with a write id must be an insert")
	}
	if b.historyKey != "" {
		return errors.New("a second row with a write id")
	}
	b.historyKey, b.writeID = change.Row.Key, writeID
	return nil
}

// check holds what the service refuses only after the whole batch was sent.
func (b *batch) check() error {
	size, seen := 0, map[string]bool{}
	for i, key := range b.keys {
		if seen[key] {
			return fmt.Errorf("row %q occurs twice", key)
		}
		seen[key] = true
		size += len(b.actions[i].Entity) + framingPerEntry
	}
	if size > maxBatchBytes {
		return fmt.Errorf("batch of %d bytes, at most %d", size, maxBatchBytes)
	}
	return nil
}

func actionOf(workload string, change Change) (aztables.TransactionAction, error) {
	row := change.Row
	if change.Action == Delete {
		row = Row{Key: row.Key, ETag: row.ETag}
	}
	encoded, err := encodeRow(workload, row)
	if err != nil {
		return aztables.TransactionAction{}, err
	}
	data, err := encoded.encoded()
	if err != nil {
		return aztables.TransactionAction{}, err
	}
	action := aztables.TransactionAction{Entity: data}
	switch change.Action {
	case Insert:
		action.ActionType = aztables.TransactionTypeAdd
	case Replace:
		// Without If-Match the same request would create the row.
		action.ActionType, action.IfMatch = aztables.TransactionTypeUpdateReplace, version(row.ETag)
	case Delete:
		action.ActionType, action.IfMatch = aztables.TransactionTypeDelete, version(row.ETag)
	case Upsert:
		action.ActionType = aztables.TransactionTypeInsertReplace
	default:
		return aztables.TransactionAction{}, fmt.Errorf("unknown action %d", change.Action)
	}
	return action, nil
}

// version is the If-Match value for an ETag; "" means any version.
func version(etag string) *azcore.ETag {
	value := azcore.ETagAny
	if etag != "" {
		value = azcore.ETag(etag)
	}
	return &value
}
