package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

const (
	operationPrefix    = "op-"
	operationPartition = "op"
	afterProperty      = "after"
)

// The sweeps that an operator can run.
const (
	SweepExpire   = "expire"
	SweepRetest   = "retest"
	SweepDiscover = "discover"
)

// Sweeps lists them.
func Sweeps() []string { return []string{SweepExpire, SweepRetest, SweepDiscover} }

// Run starts a sweep as an operation that can be polled. The error is KindInvalid
// for a kind that is not known.
func (e *Engine) Run(ctx context.Context, kind, by string) (Operation, error) {
	if !slices.Contains(Sweeps(), kind) {
		return Operation{}, &Error{Kind: KindInvalid, Detail: fmt.Sprintf("no sweep is called %q; there are %s", kind, strings.Join(Sweeps(), ", "))}
	}
	return e.begin(ctx, kind, by)
}

// begin starts an operation of any kind.
func (e *Engine) begin(ctx context.Context, kind, by string) (Operation, error) {
	now := e.Now()
	operation := Operation{ID: operationPrefix + strings.ToLower(rand.Text()[:grant.IDLength]), Kind: kind, State: Running, By: by,
		StartedAt: now, Findings: []Finding{}}
	err := e.Store.WriteDue(ctx, dues(operation.ID, "", []grant.Due{sweepDue(operation)})...)
	if err != nil {
		return Operation{}, storage(err, "")
	}
	err = e.keepOperation(ctx, operation)
	if err != nil {
		return Operation{}, err
	}
	e.hint(ctx, applyQueue, operation.ID, 0)
	return operation, nil
}

// sweepDue is the row by which an operation is taken up again after a death. It
// follows from the operation, so that it can be deleted at its end.
func sweepDue(operation Operation) grant.Due {
	return grant.NewDue(operation.StartedAt.Add(grant.PickUp), grant.DueSweep)
}

// Operation returns an operation as it stands; KindNotFound when there is none.
func (e *Engine) Operation(ctx context.Context, id string) (Operation, error) {
	if !strings.HasPrefix(id, operationPrefix) || !grant.IsID(strings.TrimPrefix(id, operationPrefix)) {
		return Operation{}, &Error{Kind: KindNotFound, Detail: fmt.Sprintf("there is no operation %q", id)}
	}
	row, err := e.Store.ReadWork(ctx, operationPartition, id)
	if err != nil {
		return Operation{}, storage(err, "there is no operation "+id)
	}
	var operation Operation
	err = json.Unmarshal(row.Document, &operation)
	if err != nil {
		return Operation{}, fmt.Errorf("reading operation %s: %w", id, err)
	}
	operation.after = row.Properties[afterProperty]
	return operation, nil
}

func (e *Engine) keepOperation(ctx context.Context, operation Operation) error {
	document, err := json.Marshal(operation)
	if err != nil {
		return fmt.Errorf("writing operation %s: %w", operation.ID, err)
	}
	return storage(e.Store.WriteWork(ctx, operationPartition, store.Row{Key: operation.ID, Document: document,
		Properties: map[string]string{afterProperty: operation.after}}), "")
}

// sweepFor is how long one invocation works on an operation before it leaves the
// rest to the next.
const sweepFor = 100 * time.Second

// sweep does the work of an operation grant by grant and writes down what it found.
func (e *Engine) sweep(ctx context.Context, id string) error {
	operation, err := e.Operation(ctx, id)
	if KindOf(err) == KindNotFound {
		return nil
	}
	if err != nil || operation.State == Done {
		return err
	}
	switch operation.Kind {
	case SweepDiscover:
		return e.compare(ctx, operation)
	case SweepExposure:
		return e.survey(ctx, id)
	}
	ids, err := e.sweepIDs(ctx, operation.Kind)
	if err != nil {
		return err
	}
	budget, cancel := context.WithTimeout(ctx, sweepFor)
	defer cancel()
	// Sorted, and gone on with where the last invocation left off: beginning anew each
	// time, a sweep that takes longer than one invocation would never end.
	slices.Sort(ids)
	ids = slices.DeleteFunc(ids, func(one string) bool { return one <= operation.after })
	operation.Total = operation.Done + len(ids)
	for _, one := range ids {
		if budget.Err() != nil {
			return e.leave(ctx, operation)
		}
		findings, err := e.sweepOne(ctx, operation.Kind, one)
		if err != nil {
			return err
		}
		operation.Findings = append(operation.Findings, findings...)
		operation.Done++
		operation.after = one
	}
	return e.close(ctx, operation)
}

// close ends an operation; from then on nothing is owed for it.
func (e *Engine) close(ctx context.Context, operation Operation) error {
	operation.State, operation.FinishedAt = Done, e.Now()
	err := e.keepOperation(ctx, operation)
	if err != nil {
		return err
	}
	return storage(e.Store.DeleteDue(ctx, dues(operation.ID, "", []grant.Due{sweepDue(operation)})...), "")
}

func (e *Engine) leave(ctx context.Context, operation Operation) error {
	err := e.keepOperation(context.WithoutCancel(ctx), operation)
	e.hint(context.WithoutCancel(ctx), applyQueue, operation.ID, 0)
	return err
}

// sweepIDs lists what an operation is about: everything that is owed, or every
// active grant.
func (e *Engine) sweepIDs(ctx context.Context, kind string) ([]string, error) {
	if kind == SweepExpire {
		return e.dueIDs(ctx, grant.DueReceive, grant.DueApply, grant.DueEnd, grant.DueRevoke)
	}
	var ids []string
	err := e.eachActive(ctx, func(claim store.Claim, _ record) { ids = append(ids, claim.ID) })
	return ids, err
}

// eachActive goes through the claims of all active grants, page by page.
func (e *Engine) eachActive(ctx context.Context, do func(store.Claim, record)) error {
	return e.eachIn(ctx, grant.Active, do)
}

// eachIn does so for the grants in any one state.
func (e *Engine) eachIn(ctx context.Context, state grant.State, do func(store.Claim, record)) error {
	cursor := ""
	for {
		claims, next, err := e.Store.ListClaims(ctx, store.ListQuery{Cursor: cursor, Limit: largestPage, State: string(state)})
		if err != nil {
			return storage(err, "")
		}
		for _, claim := range claims {
			r, err := decodeRecord(claim)
			if err != nil {
				return err
			}
			do(claim, r)
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

// busyTries and busyWait bound how long a sweep waits for another worker.
const (
	busyTries = 20
	busyWait  = 150 * time.Millisecond
)

// sweepOne works on one grant and reports what a person should see of it.
func (e *Engine) sweepOne(ctx context.Context, kind, id string) ([]Finding, error) {
	err := e.patiently(ctx, id, kind == SweepRetest)
	var busy errBusy
	if errors.As(err, &busy) || store.KindOf(err) == store.KindConflict {
		e.hint(ctx, applyQueue, id, busy.rest)
		return []Finding{{Grant: id, Type: "Busy", Reason: "LeaseHeld", Message: "another worker had this workload; the work was left to it"}}, nil
	}
	if err != nil {
		return unlooked(ctx, id, err)
	}
	view, err := e.Show(ctx, id)
	if KindOf(err) == KindNotFound {
		return nil, nil
	}
	if err != nil {
		return unlooked(ctx, id, err)
	}
	return view.findings(e.Now()), nil
}

// unlooked turns a failure that a retry would meet again, such as a row that cannot be
// read, into a finding: one grant may not keep the sweep from the others for ever.
func unlooked(ctx context.Context, id string, err error) ([]Finding, error) {
	if KindOf(err) != KindInternal || ctx.Err() != nil {
		return nil, err
	}
	return []Finding{{Grant: id, Type: "Failed", Reason: "NotLookedAt", Message: err.Error()}}, nil
}

func (e *Engine) patiently(ctx context.Context, id string, forced bool) error {
	var err error
	for range busyTries {
		err = e.takeUp(ctx, id, forced)
		var busy errBusy
		if !errors.As(err, &busy) {
			return err
		}
		wait := time.NewTimer(busyWait)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		}
	}
	return err
}

// findings are the grant's conditions that are not as they should be, and a grant
// that is past its end.
func (v View) findings(now time.Time) []Finding {
	var found []Finding
	for _, c := range v.Conditions {
		if c.NeedsAttention() {
			found = append(found, Finding{Grant: v.ID, Type: string(c.Type), Reason: c.Reason, Message: c.Message})
		}
	}
	if !v.State.Ended() && now.After(v.ExpiresAt) {
		found = append(found, Finding{Grant: v.ID, Type: "Overdue", Reason: "PastItsEnd", Message: "its end was " + v.ExpiresAt.UTC().Format(time.RFC3339)})
	}
	return found
}
