package store

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// Landed reports whether the row exists and bears this write id. False is no
// proof that a batch whose answer was lost will not still arrive; Commit makes
// certain of that itself. Errors are those of a read, never KindNotFound.
func (s *Store) Landed(ctx context.Context, workload, key, writeID string) (bool, error) {
	row, err := s.ReadRow(ctx, workload, key)
	if KindOf(err) == KindNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return writeID != "" && row.Properties[WriteProperty] == writeID, nil
}

// fate is what a look at the partition tells about a batch.
type fate int

const (
	fateUnknown    fate = iota
	fateLanded          // it is in the table
	fatePending         // it is not, and may still arrive: the lease is as held
	fateSuperseded      // it is not, and never will be: the lease has moved on
	fateRuledOut        // it is not, and never will be: we have sealed the lease
)

// inspect finds out what became of b, and the lease to hold if it landed.
func (s *Store) inspect(ctx context.Context, b *batch) (fate, Lease, error) {
	current, err := s.readLease(ctx, b.workload)
	if err != nil {
		return fateUnknown, b.held, err
	}
	switch {
	case current.token == b.token:
		return fateLanded, current.Lease, nil
	case current.token == b.sealToken():
		return fateRuledOut, current.Lease, nil
	case current.ETag == b.held.ETag:
		return fatePending, b.held, nil
	case b.historyKey == "" && len(b.keys) > 1:
		return fateUnknown, b.held, nil
	case b.historyKey == "":
		return fateSuperseded, b.held, nil
	}
	landed, err := s.Landed(ctx, b.workload, b.historyKey, b.writeID)
	if err != nil {
		return fateUnknown, b.held, err
	}
	if landed {
		return fateLanded, b.done(""), nil
	}
	return fateSuperseded, b.held, nil
}

// settle turns a lost answer into a known one wherever that can be done.
func (s *Store) settle(ctx context.Context, b *batch, lost *Error) (Lease, error) {
	for try := 1; try <= attempts; try++ {
		found, lease, err := s.inspect(ctx, b)
		switch {
		case err == nil && found == fateLanded:
			return lease, nil
		case err == nil && found == fateSuperseded:
			return lease, b.subject(leaseKey).failed(KindConflict, lost)
		case err == nil && found == fateRuledOut:
			return lease, b.subject(leaseKey).failed(KindUnavailable, lost)
		case err == nil && found == fatePending:
			sealed, err := s.seal(ctx, b)
			if err == nil {
				return sealed, b.subject(leaseKey).failed(KindUnavailable, lost)
			}
		}
		if try < attempts && !s.rest(ctx, try, "") {
			break
		}
	}
	lost.MayHaveActed = true
	return b.held, lost
}

func (b *batch) sealToken() string { return b.token + "-ruled-out" }

// seal rewrites the lease as it was held. Its new ETag makes every late arrival
// of b fail its first condition.
func (s *Store) seal(ctx context.Context, b *batch) (Lease, error) {
	at := leasePlace(b.workload)
	encoded, err := encodeLease(b.workload, b.held, b.sealToken()).encoded()
	if err != nil {
		return Lease{}, invalid("seal", at.String(), err)
	}
	sealed := b.held
	client := s.tables.NewClient(tableLedger)
	err = s.writeOnce(ctx, subject{"seal", at.String()}, func(ctx context.Context) error {
		if b.held.ETag == "" {
			answer, err := client.AddEntity(ctx, encoded, nil)
			sealed.ETag = string(answer.ETag)
			return err
		}
		answer, err := client.UpdateEntity(ctx, encoded, updateOptions(aztables.UpdateModeReplace, b.held.ETag))
		sealed.ETag = string(answer.ETag)
		return err
	})
	return sealed, err
}

// confirmConflict rules out that the conflict is the batch's own second arrival,
// sent again by something between us and the service.
func (s *Store) confirmConflict(ctx context.Context, b *batch, conflict *Error) (Lease, error) {
	found, lease, err := s.inspect(ctx, b)
	if err != nil {
		conflict.MayHaveActed = true
		return b.held, conflict
	}
	if found == fateLanded {
		return lease, nil
	}
	return b.held, conflict
}
