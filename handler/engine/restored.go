package engine

import (
	"context"
	"fmt"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

const (
	restoreKey = "restore"
	// afterRestore is how long after a restore nothing is removed that the ledger does not
	// know, unless an operator confirms it.
	afterRestore = 7 * 24 * time.Hour
)

// Restore is the note that the ledger was restored. Until then nothing is removed that
// the ledger does not know and nobody has confirmed.
type Restore struct {
	By    string    `json:"by"`
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
	// Operation is the comparison with the tenant that was begun.
	Operation string `json:"operation"`
}

// Restored notes that the tables were restored from a copy. The copy does not know what
// came after it, a revocation included, so no new access is given until an operator allows
// it again; and a comparison with the tenant is begun, which lists what he should look at.
// The error's kind is KindStorage; calling again is right then.
func (e *Engine) Restored(ctx context.Context, by string) (Restore, error) {
	now := e.Now()
	_, err := e.SetFreeze(ctx, Freeze{Frozen: true, By: by, Reason: "the tables were restored from a copy"})
	if err != nil {
		return Restore{}, err
	}
	err = e.keepWork(ctx, switchPartition, restoreKey, Freeze{By: by, At: now})
	if err != nil {
		return Restore{}, err
	}
	operation, err := e.begin(ctx, SweepDiscover, by)
	if err != nil {
		return Restore{}, err
	}
	e.Log.WarnContext(ctx, "the ledger was restored from a copy", "by", by, "operation", operation.ID)
	return Restore{By: by, At: now, Until: now.Add(afterRestore), Operation: operation.ID}, nil
}

// restoredLately reports whether the ledger was restored in the last seven days.
func (e *Engine) restoredLately(ctx context.Context) (bool, error) {
	var note Freeze
	err := e.readWork(ctx, switchPartition, restoreKey, &note)
	return !note.At.IsZero() && e.Now().Sub(note.At) < afterRestore, err
}

// suspects lists, after a restore, the grants that would be given something once new access
// is allowed again: each may have been revoked since the copy was made. What every live
// grant owes is written anew on the way, because the rows of a copy are not of one moment.
func (e *Engine) suspects(ctx context.Context) ([]Finding, error) {
	recent, err := e.restoredLately(ctx)
	if err != nil || !recent {
		return nil, err
	}
	var findings []Finding
	// Ended ones too: the copy of a grant's state is younger than its row in the ledger.
	for _, state := range grant.States() {
		var claims []store.Claim
		err := e.eachIn(ctx, state, func(claim store.Claim, _ record) { claims = append(claims, claim) })
		if err != nil {
			return nil, err
		}
		for _, claim := range claims {
			now, err := e.oweAgain(ctx, claim)
			if err != nil {
				return nil, err
			}
			if now == grant.Active || now == grant.Revoking || now.Ended() {
				continue
			}
			findings = append(findings, Finding{Grant: claim.ID, Type: "Suspect", Reason: "MayHaveEnded",
				Message: fmt.Sprintf("it is %s in the copy and may have been revoked since: revoke it, or leave it, before new access is allowed again", now)})
		}
	}
	return findings, nil
}

// oweAgain writes what a live grant owes, and a look at it now, and returns its state: the
// ledger's where that knows it, since the claim's is a copy.
func (e *Engine) oweAgain(ctx context.Context, claim store.Claim) (grant.State, error) {
	owed := []grant.Due{grant.NewDue(e.Now(), grant.DueRevoke)}
	state := grant.State(claim.State) // until the ledger says otherwise
	if claim.Workload != "" {
		found, err := e.grant(ctx, claim.Workload, claim.ID)
		if err != nil && KindOf(err) != KindNotFound {
			return state, err
		}
		if err == nil {
			state, owed = found.State, append(owed, found.Work.Owed...)
		}
	}
	if state.Ended() {
		return state, nil
	}
	return state, storage(e.Store.WriteDue(ctx, dues(claim.ID, claim.Workload, owed)...), "")
}
