package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// record is what the row of a claim holds beside the request itself: all there is
// before a workload is known, and copies for lists afterwards.
type record struct {
	State       grant.State     `json:"state"`
	Workload    *grant.Workload `json:"workload,omitempty"`
	Permissions []string        `json:"permissions,omitempty"`
	StartsAt    time.Time       `json:"startsAt,omitzero"`
	ExpiresAt   time.Time       `json:"expiresAt,omitzero"`
	Owner       string          `json:"owner,omitempty"`
	Ticket      grant.Ticket    `json:"ticket,omitzero"`
	Stuck       string          `json:"stuck,omitempty"`
	Ending      grant.Ending    `json:"ending,omitempty"`
	Faults      []grant.Fault   `json:"faults,omitempty"`
	// History of a claim that has no ledger partition.
	History []grant.Entry `json:"history,omitempty"`
	// Work is the ladder of a binding that fails.
	Work grant.Work `json:"work,omitzero"`
	// Taken is until when a worker binds the claim; zero while none does.
	Taken time.Time `json:"taken,omitzero"`
	// Condition is set while binding fails.
	Condition *grant.Condition `json:"condition,omitempty"`
}

func decodeRecord(claim store.Claim) (record, error) {
	var r record
	err := json.Unmarshal(claim.Document, &r)
	if err != nil {
		return record{}, fmt.Errorf("reading the row of %s: %w", claim.ID, err)
	}
	return r, nil
}

// put writes the record into the claim. With the claim's ETag it is refused when
// someone else has written meanwhile.
func (e *Engine) put(ctx context.Context, claim store.Claim, r record) error {
	document, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("writing the row of %s: %w", claim.ID, err)
	}
	claim.Document = document
	claim.State = string(r.State)
	claim.EndsAt = r.ExpiresAt
	_, err = e.Store.UpdateClaim(ctx, claim)
	return err
}

// copyOf is what a list shows of a grant.
func copyOf(g grant.Grant) record {
	workload := g.Workload
	r := record{State: g.State, Workload: &workload, Permissions: g.Permissions, StartsAt: g.StartsAt,
		ExpiresAt: g.ExpiresAt, Owner: g.Owner, Ticket: g.Ticket, Ending: g.Ending}
	stuck := g.Condition(grant.Stuck)
	if stuck.Status == grant.True {
		r.Stuck = stuck.Reason
	}
	return r
}

// claim reads a claim with its record; the error's kind is KindNotFound when there
// is none.
func (e *Engine) claim(ctx context.Context, id string) (store.Claim, record, error) {
	if !grant.IsID(id) {
		return store.Claim{}, record{}, &Error{Kind: KindNotFound, Detail: fmt.Sprintf("there is no grant %q", id)}
	}
	claim, err := e.Store.ReadClaim(ctx, id)
	if err != nil {
		return store.Claim{}, record{}, storage(err, "there is no grant "+id)
	}
	r, err := decodeRecord(claim)
	if err != nil {
		return store.Claim{}, record{}, err
	}
	return claim, r, nil
}

// storage turns a store's error into the engine's: absence says what was missing,
// everything else that a retry may help.
func storage(err error, absent string) error {
	if err == nil {
		return nil
	}
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	switch store.KindOf(err) {
	case store.KindNotFound:
		return &Error{Kind: KindNotFound, Detail: absent, Cause: err}
	case store.KindBadCursor:
		return &Error{Kind: KindBadCursor, Detail: "the cursor is none that this list has returned", Cause: err}
	case store.KindInvalid:
		return &Error{Kind: KindInternal, Detail: "a row cannot be read or written", Cause: err}
	}
	return &Error{Kind: KindStorage, Detail: "the store cannot be used at present; try again", Cause: err}
}
