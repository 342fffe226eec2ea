package store

import "context"

// DeleteRow deletes one row of the ledger outside the lease: used only for outbox
// rows, which are no part of a grant's state. An absent row is success.
func (s *Store) DeleteRow(ctx context.Context, workload, key string) error {
	err := checkPlace(workload, key)
	if err != nil {
		return invalid("delete row", key, err)
	}
	return s.deleteEntity(ctx, place{tableLedger, workload, key})
}
