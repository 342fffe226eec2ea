package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Commit writes changes to one workload's partition in one batch, all or none.
// The batch's first part updates the lease row under held.ETag (or inserts it when
// that is ""), so a holder whose lease was taken can write nothing any more.
// next becomes the lease. At most 90 changes, 3.5 MB, no key twice; changes may be
// empty, to take, renew or release the lease. At most one change may bear
// Properties[WriteProperty], and it must be an Insert.
//
// The returned lease is the one to hold from now on, also beside an error: it is
// next with its new ETag on success; held unchanged when nothing was written; held
// with a new ETag when a lost batch had to be ruled out (see below).
//
// Errors: KindInvalid before anything is sent. KindConflict: the lease or a row is
// no longer what was read, the Subject names it; nothing was written. KindNotFound:
// a row to replace or delete is absent; nothing was written. KindUnavailable:
// certainly nothing was written, and the same Commit may be tried again with the
// returned lease. KindLost, with MayHaveActed: unknown; read the partition again.
//
// A lost answer is settled here. The lease row bears a random token of this very
// request: if it is there, the batch landed and Commit succeeds. If the lease is
// still as held, it is rewritten with the same holder and time: the batch can then
// not land any more, however late it arrives, and its absence is certain. If
// somebody else has the lease by now, the row that bears the write id tells
// whether the batch came before; then the returned ETag is "", so that a further
// Commit conflicts. Only when none of this can be read, KindLost remains.
func (s *Store) Commit(ctx context.Context, workload string, held, next Lease, changes []Change) (Lease, error) {
	name := tableLedger + " " + workload
	prepared, err := newBatch(workload, held, next, changes)
	if err != nil {
		return held, invalid("commit", name, err)
	}
	etag, err := s.submit(ctx, prepared)
	if err == nil {
		return prepared.done(etag), nil
	}
	var failure *Error
	if !errors.As(err, &failure) {
		return held, subject{"commit", name}.failed(KindLost, err)
	}
	switch failure.Kind {
	case KindLost:
		return s.settle(ctx, prepared, failure)
	case KindConflict:
		return s.confirmConflict(ctx, prepared, failure)
	}
	return held, err
}

func (b *batch) done(etag string) Lease {
	return Lease{Holder: b.next.Holder, Until: b.next.Until, ETag: etag}
}

func (b *batch) subject(key string) subject {
	return subject{"commit", place{tableLedger, b.workload, key}.String()}
}

// submit sends the batch once and returns the lease row's new ETag.
func (s *Store) submit(ctx context.Context, b *batch) (string, error) {
	var answer *batchAnswer
	err := s.writeOnce(ctx, b.subject(leaseKey), func(ctx context.Context) error {
		_, err := s.tables.NewClient(tableLedger).SubmitTransaction(ctx, b.actions, nil)
		if errors.As(err, &answer) {
			return b.failure(answer)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return answer.parts[0].etag, nil
}

// failure reads the inner answers: the outer status is 202 whatever happened.
func (b *batch) failure(answer *batchAnswer) error {
	failed, found := answer.failed()
	if !found {
		return b.complete(answer)
	}
	key := leaseKey
	if failed.index > 0 && failed.index < len(b.keys) {
		key = b.keys[failed.index]
	} else if failed.index != 0 {
		key = "(row not named)"
	}
	failure := b.subject(key).failed(kindOfAnswer(failed.status, failed.code), nil)
	failure.Status, failure.Code, failure.RequestID = failed.status, failed.code, answer.requestID
	failure.transient = transientStatus(failed.status)
	// A lease row that is gone is as little the one that was read as a changed one.
	if failure.Kind == KindExists || failure.Kind == KindNotFound && key == leaseKey {
		failure.Kind = KindConflict
	}
	return failure
}

// complete accepts a success only if every row was answered and the lease has a
// version; anything else counts as a lost answer.
func (b *batch) complete(answer *batchAnswer) error {
	if len(answer.parts) == len(b.keys) && answer.parts[0].etag != "" {
		return nil
	}
	failure := b.subject(leaseKey).failed(KindUnavailable,
		fmt.Errorf("batch of %d rows answered with %d parts", len(b.keys), len(answer.parts)))
	failure.Status, failure.RequestID, failure.transient = http.StatusAccepted, answer.requestID, true
	return failure
}
