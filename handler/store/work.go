package store

import (
	"context"
	"fmt"
)

// ReadWork returns one row of table work, or KindNotFound.
func (s *Store) ReadWork(ctx context.Context, partition, key string) (Row, error) {
	return s.readRow(ctx, place{tableWork, partition, key})
}

// WriteWork replaces or creates a row. With row.ETag it replaces only that very
// version: KindConflict when it has changed, KindNotFound when it is gone.
func (s *Store) WriteWork(ctx context.Context, partition string, row Row) error {
	at := place{tableWork, partition, row.Key}
	encoded, err := encodeRow(partition, row)
	if err != nil {
		return invalid("write", at.String(), err)
	}
	return s.writeEntity(ctx, at, encoded, row.ETag)
}

// InsertWork adds a row; KindExists when the key is taken, KindLost when the
// answer was lost and the row is not to be seen.
func (s *Store) InsertWork(ctx context.Context, partition string, row Row) error {
	return s.insertRow(ctx, place{tableWork, partition, row.Key}, row)
}

// ListWork returns a page of a partition's rows sorted by key, and the cursor of
// the next page, "" when there is none. A limit of 0 or less means 50, more than
// 500 means 500. KindBadCursor for a cursor not made here.
func (s *Store) ListWork(ctx context.Context, partition, cursor string, limit int) ([]Row, string, error) {
	err := checkName(partition)
	if err != nil {
		return nil, "", invalid("list", tableWork+" "+partition, err)
	}
	after, limit, err := pageFilter(columnRow, cursor, limit)
	if err != nil {
		return nil, "", subject{"list", tableWork + " " + partition}.failed(KindBadCursor, err)
	}
	filter := fmt.Sprintf("PartitionKey eq %s and %s", quoted(partition), after)
	rows, err := s.queryRows(ctx, query{table: tableWork, filter: filter, limit: limit + 1})
	if err != nil {
		return nil, "", err
	}
	if len(rows) <= limit {
		return rows, "", nil
	}
	return rows[:limit], cursorAfter(rows[limit-1].Key), nil
}

// DeleteWork removes a row whatever its version; absent is success.
func (s *Store) DeleteWork(ctx context.Context, partition, key string) error {
	at := place{tableWork, partition, key}
	err := checkPlace(partition, key)
	if err != nil {
		return invalid("delete", at.String(), err)
	}
	return s.deleteEntity(ctx, at)
}
