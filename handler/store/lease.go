package store

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// heldLease is the lease row with the token of the request that wrote it last.
type heldLease struct {
	Lease
	token string
}

func leasePlace(workload string) place { return place{tableLedger, workload, leaseKey} }

func encodeLease(workload string, lease Lease, token string) columns {
	row := newColumns(workload, leaseKey)
	row.putText("holder", lease.Holder)
	row.putTime("until", lease.Until)
	row[columnToken] = token
	return row
}

func decodeLease(data []byte, etag string) (heldLease, error) {
	decoded, err := decodeFields(data)
	if err != nil {
		return heldLease{}, err
	}
	lease := heldLease{Lease: Lease{ETag: etag}}
	lease.Holder, err = decoded.text("holder")
	if err != nil {
		return heldLease{}, err
	}
	lease.Until, err = decoded.time("until")
	if err != nil {
		return heldLease{}, err
	}
	lease.token, err = decoded.text(columnToken)
	return lease, err
}

// readLease returns the zero lease when the partition has none.
func (s *Store) readLease(ctx context.Context, workload string) (heldLease, error) {
	found, err := s.readEntity(ctx, leasePlace(workload))
	if KindOf(err) == KindNotFound {
		return heldLease{}, nil
	}
	if err != nil {
		return heldLease{}, err
	}
	lease, err := decodeLease(found.data, found.etag)
	if err != nil {
		return heldLease{}, invalid("read lease", workload, err)
	}
	return lease, nil
}

// leaseAction is the first action of every batch: it succeeds only while the
// lease row is the one that was read.
func leaseAction(workload string, held, next Lease, token string) (aztables.TransactionAction, error) {
	encoded, err := encodeLease(workload, next, token).encoded()
	if err != nil {
		return aztables.TransactionAction{}, err
	}
	if held.ETag == "" {
		return aztables.TransactionAction{ActionType: aztables.TransactionTypeAdd, Entity: encoded}, nil
	}
	return aztables.TransactionAction{
		ActionType: aztables.TransactionTypeUpdateReplace, Entity: encoded, IfMatch: version(held.ETag),
	}, nil
}
