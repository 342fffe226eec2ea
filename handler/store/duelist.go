package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

const defaultDueLimit = 1000

// ListDue returns the earliest rows whose time is not after until, sorted by
// time, then kind, then id, and whether that was all of them. A limit of 0 or less
// means 1,000. It asks each of the 16 shards, four at a time.
//
// A row that cannot be understood must not hold up the others: then the good rows
// are returned together with an error of KindInvalid that names the bad ones. With
// every other error there are no rows.
func (s *Store) ListDue(ctx context.Context, until time.Time, limit int) ([]Due, bool, error) {
	if limit <= 0 {
		limit = defaultDueLimit
	}
	end, err := endOf(until)
	if err != nil {
		return nil, false, err
	}
	var perShard [shards]dueRows
	err = inParallel(shards, func(i int) error {
		var err error
		// One more than wanted, so that "there is more" is known.
		perShard[i], err = s.readShard(ctx, dueFilter(shardName(i), end), limit+1)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	var all dueRows
	for _, part := range perShard {
		all.dues = append(all.dues, part.dues...)
		all.faults = append(all.faults, part.faults...)
	}
	slices.SortFunc(all.dues, compareDue)
	complete := len(all.dues) <= limit
	return all.dues[:min(limit, len(all.dues))], complete && len(all.faults) == 0, all.err()
}

// ListDueOf returns the rows of one id whose time is not after until, sorted by
// time; the zero until means all of them. Bad rows are treated as in ListDue.
func (s *Store) ListDueOf(ctx context.Context, id string, until time.Time) ([]Due, error) {
	err := checkName(id)
	if err != nil {
		return nil, invalid("list due", id, err)
	}
	end := "9999"
	if !until.IsZero() {
		end, err = endOf(until)
	}
	if err != nil {
		return nil, err
	}
	found, err := s.readShard(ctx, dueFilter(shardOf(id), end)+" and id eq "+quoted(id), 0)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found.dues, compareDue)
	return found.dues, found.err()
}

// endOf is the least key after every key of until's second.
func endOf(until time.Time) (string, error) {
	until = until.UTC().Truncate(time.Second).Add(time.Second)
	if until.Year() < 1970 || until.Year() > 9999 {
		return "", invalid("list due", tableDue, fmt.Errorf("year %d cannot be sorted", until.Year()))
	}
	return until.Format(dueTime), nil
}

type dueRows struct {
	dues   []Due
	faults []error
}

func (r dueRows) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	return invalid("list due", tableDue, errors.Join(r.faults...))
}

func dueFilter(shard, end string) string {
	return "PartitionKey eq " + quoted(shard) + " and RowKey lt " + quoted(end)
}

func (s *Store) readShard(ctx context.Context, filter string, limit int) (dueRows, error) {
	found, _, err := s.queryAll(ctx, query{table: tableDue, filter: filter, limit: limit})
	if err != nil {
		return dueRows{}, err
	}
	var rows dueRows
	for _, data := range found {
		due, err := decodeDue(data)
		if err != nil {
			rows.faults = append(rows.faults, err)
			continue
		}
		rows.dues = append(rows.dues, due)
	}
	return rows, nil
}

func compareDue(a, b Due) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}
