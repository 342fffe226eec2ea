package store

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"
)

// shards is the number of partitions of table due. It is part of the layout: a
// change would hide every row already written.
const shards = 16

const dueTime = "2006-01-02T15:04:05Z"

// Due says that something is owed to a grant at a time. A due row that no longer
// means anything is harmless: whoever finds it looks at the grant.
type Due struct {
	At time.Time
	// Kind is what is owed, a word such as "end"; ID is the grant's id. Neither may
	// hold a vertical bar.
	Kind, ID string
	Workload string // workload object id; "" before it is bound
}

// Key is the row key, for example "2026-12-01T08:00:00Z|end|<id>". Keys sort by
// time. Fractions of a second are rounded up: nothing falls due before its time.
func (d Due) Key() string {
	at := d.At.UTC()
	if at.Nanosecond() > 0 {
		at = at.Truncate(time.Second).Add(time.Second)
	}
	return at.Format(dueTime) + "|" + d.Kind + "|" + d.ID
}

// shardOf spreads ids over "00" to "15" by a hash that never changes (FNV-1a).
func shardOf(id string) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(id)) // a hash never fails
	return shardName(int(hash.Sum32() % shards))
}

func shardName(number int) string { return fmt.Sprintf("%02d", number) }

func (d Due) place() place { return place{tableDue, shardOf(d.ID), d.Key()} }

func (d Due) check() error {
	year := d.At.UTC().Year()
	switch {
	case year < 1970 || year > 9998:
		return fmt.Errorf("year %d cannot be sorted", year)
	case d.Kind == "" || strings.Contains(d.Kind, "|"):
		return fmt.Errorf("kind %q is not a word", d.Kind)
	case d.ID == "" || strings.Contains(d.ID, "|"):
		return fmt.Errorf("id %q is not an id", d.ID)
	}
	return checkKey(d.Key())
}

// encodeDue keeps the id as a column of its own, since a filter cannot look into
// the middle of a key.
func encodeDue(d Due) columns {
	row := newColumns(shardOf(d.ID), d.Key())
	row.putText("id", d.ID)
	row.putText("workload", d.Workload)
	return row
}

// decodeDue accepts only keys that Key would make: a key of another shape would
// sort wrongly, and deleting it by its parts would miss it.
func decodeDue(data []byte) (Due, error) {
	decoded, err := decodeFields(data)
	if err != nil {
		return Due{}, err
	}
	key, err := decoded.text(columnRow)
	if err != nil {
		return Due{}, err
	}
	parts := strings.Split(key, "|")
	if len(parts) != 3 {
		return Due{}, fmt.Errorf("due key %q is not in three parts", key)
	}
	at, err := time.Parse(dueTime, parts[0])
	if err != nil {
		return Due{}, fmt.Errorf("due key %q: %w", key, err)
	}
	due := Due{At: at, Kind: parts[1], ID: parts[2]}
	due.Workload, err = decoded.text("workload")
	if err != nil {
		return Due{}, err
	}
	if due.check() != nil || due.Key() != key {
		return Due{}, fmt.Errorf("due key %q was not made here", key)
	}
	return due, nil
}

// WriteDue writes the rows, whether or not they exist. After an error some may be
// written; writing all again is always right.
func (s *Store) WriteDue(ctx context.Context, dues ...Due) error {
	err := checkDues(dues)
	if err != nil {
		return err
	}
	return inParallel(len(dues), func(i int) error {
		return s.writeEntity(ctx, dues[i].place(), encodeDue(dues[i]), "")
	})
}

// DeleteDue removes the rows; absent is success. After an error some may be gone;
// deleting all again is always right.
func (s *Store) DeleteDue(ctx context.Context, dues ...Due) error {
	err := checkDues(dues)
	if err != nil {
		return err
	}
	return inParallel(len(dues), func(i int) error { return s.deleteEntity(ctx, dues[i].place()) })
}

func checkDues(dues []Due) error {
	var faults []error
	for _, due := range dues {
		faults = append(faults, due.check())
	}
	err := errors.Join(faults...)
	if err != nil {
		return invalid("check due rows", tableDue, err)
	}
	return nil
}
