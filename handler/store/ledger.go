package store

import (
	"context"
	"fmt"
	"time"
)

// leaseKey is the row that every batch of a partition must change: the fence.
const leaseKey = "lease"

// Partition is everything live about one workload.
type Partition struct {
	Workload string
	Lease    Lease
	Rows     []Row // sorted by key; the lease row is not among them
}

// Lease says who may write a partition, and until when. The store compares only
// ETag; holder and time are for those who decide whether a lease has lapsed.
type Lease struct {
	Holder string    // "" when released or never taken
	Until  time.Time // zero when released or never taken
	ETag   string    // "" when the partition has no lease row yet
}

// consistentTries bounds the re-reading of a partition of more than one page
// that is being written meanwhile.
const consistentTries = 3

// ReadPartition returns every row of the workload except history (h|…), evidence (e|…)
// and ended grants (x|…), with the lease as of the same moment. A workload never seen is an
// empty partition, not an error.
//
// One page (1,000 rows) is one snapshot. Pages are not: when there are several,
// they are read again between two readings of the lease until both agree, since
// every batch changes it; KindConflict when that fails three times.
func (s *Store) ReadPartition(ctx context.Context, workload string) (Partition, error) {
	err := checkName(workload)
	if err != nil {
		return Partition{}, invalid("read partition", workload, err)
	}
	partition, pages, err := s.readPages(ctx, workload)
	if err != nil || pages == 1 {
		return partition, err
	}
	for range consistentTries {
		var still bool
		partition, still, err = s.readStill(ctx, workload)
		if err != nil || still {
			return partition, err
		}
	}
	return Partition{}, subject{"read partition", workload}.failed(KindConflict, nil)
}

// readStill reads all pages between two readings of the lease and tells whether
// the partition stood still meanwhile.
func (s *Store) readStill(ctx context.Context, workload string) (Partition, bool, error) {
	before, err := s.readLease(ctx, workload)
	if err != nil {
		return Partition{}, false, err
	}
	partition, _, err := s.readPages(ctx, workload)
	if err != nil {
		return Partition{}, false, err
	}
	after, err := s.readLease(ctx, workload)
	if err != nil {
		return Partition{}, false, err
	}
	partition.Lease = after.Lease
	return partition, before.ETag == after.ETag, nil
}

func (s *Store) readPages(ctx context.Context, workload string) (Partition, int, error) {
	// '}' follows '|' in the order of keys.
	filter := "PartitionKey eq " + quoted(workload) +
		" and (RowKey lt 'h|' or RowKey ge 'h}') and (RowKey lt 'x|' or RowKey ge 'x}') and (RowKey lt 'e|' or RowKey ge 'e}')"
	found, pages, err := s.queryAll(ctx, query{table: tableLedger, filter: filter})
	if err != nil {
		return Partition{}, pages, err
	}
	partition := Partition{Workload: workload, Rows: make([]Row, 0, len(found))}
	for _, data := range found {
		row, err := decodeRow(data, "")
		if err != nil {
			return Partition{}, pages, invalid("read partition", workload, err)
		}
		if row.Key != leaseKey {
			partition.Rows = append(partition.Rows, row)
			continue
		}
		held, err := decodeLease(data, row.ETag)
		if err != nil {
			return Partition{}, pages, invalid("read lease", workload, err)
		}
		partition.Lease = held.Lease
	}
	return partition, pages, nil
}

// ReadRows returns the rows whose key begins with prefix, for example "h|id|",
// sorted by key; none is an empty list.
func (s *Store) ReadRows(ctx context.Context, workload, prefix string) ([]Row, error) {
	err := checkName(workload)
	if err != nil {
		return nil, invalid("read rows", workload, err)
	}
	end, err := afterPrefix(prefix)
	if err != nil {
		return nil, invalid("read rows", workload+"/"+prefix, err)
	}
	filter := fmt.Sprintf("PartitionKey eq %s and RowKey ge %s and RowKey lt %s", quoted(workload), quoted(prefix), quoted(end))
	return s.queryRows(ctx, query{table: tableLedger, filter: filter})
}

// ReadRow returns one ledger row, or KindNotFound.
func (s *Store) ReadRow(ctx context.Context, workload, key string) (Row, error) {
	return s.readRow(ctx, place{tableLedger, workload, key})
}

// InsertRow adds one row without touching the lease. It is meant only for what
// arrives from outside the worker, such as the history row of a revoke request:
// the worker that holds the lease folds it in. KindExists when the key is taken;
// KindLost when the answer was lost and the row is not to be seen.
func (s *Store) InsertRow(ctx context.Context, workload string, row Row) error {
	at := place{tableLedger, workload, row.Key}
	if row.Key == leaseKey {
		return invalid("insert", at.String(), fmt.Errorf("%q is the lease", leaseKey))
	}
	return s.insertRow(ctx, at, row)
}

func (s *Store) insertRow(ctx context.Context, at place, row Row) error {
	encoded, err := encodeRow(at.partition, row)
	if err != nil {
		return invalid("insert", at.String(), err)
	}
	return s.insertEntity(ctx, at, encoded)
}

func (s *Store) readRow(ctx context.Context, at place) (Row, error) {
	err := checkPlace(at.partition, at.row)
	if err != nil {
		return Row{}, invalid("read", at.String(), err)
	}
	found, err := s.readEntity(ctx, at)
	if err != nil {
		return Row{}, err
	}
	row, err := decodeRow(found.data, found.etag)
	if err != nil {
		return Row{}, invalid("read", at.String(), err)
	}
	return row, nil
}

func (s *Store) queryRows(ctx context.Context, q query) ([]Row, error) {
	found, _, err := s.queryAll(ctx, q)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, 0, len(found))
	for _, data := range found {
		row, err := decodeRow(data, "")
		if err != nil {
			return nil, invalid("query", q.table, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
