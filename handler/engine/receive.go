package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// The queues that the functions of the same name are triggered by.
const (
	applyQueue  = "apply"
	notifyQueue = "notify"
)

// Receive takes a request in: it checks its shape, claims its id and makes sure
// that a sweep will take it up. The tenant is not asked. The same source, key and
// body give the same receipt again; another body under the same key is refused.
func (e *Engine) Receive(ctx context.Context, delivery Delivery) (Receipt, error) {
	delivery.at = e.Now()
	id := grant.NewID(delivery.Source, delivery.Key)
	hash := bodyHash(delivery.Body)
	known, err := e.received(ctx, id, hash)
	if known || err != nil {
		return Receipt{ID: id, Repeated: known}, err
	}
	request, err := shaped(delivery)
	if err != nil {
		return Receipt{}, err
	}
	if request.DryRun {
		return Receipt{}, &Error{Kind: KindInvalid, Detail: "the request asks for a plan, and nothing may be stored for it"}
	}
	_, err = e.newAccess(ctx)
	if err != nil {
		return Receipt{}, err
	}
	return e.take(ctx, delivery, id, hash, request)
}

// shaped reads a request; the error tells every fault of its shape.
func shaped(delivery Delivery) (grant.Request, error) {
	request, faults, err := grant.ParseRequest(delivery.Body, delivery.at)
	if err != nil {
		return request, &Error{Kind: KindMalformed, Detail: err.Error()}
	}
	if request.Scope.Filter != "" {
		_, wrong := access.OperatorFilter(request.Scope.Filter)
		faults = append(faults, filterFaults(wrong)...)
	}
	if len(faults) > 0 {
		return request, &Error{Kind: KindShape, Detail: "the request has faults; nothing was stored", Faults: faults}
	}
	return request, nil
}

// received reports whether the id is claimed already; the error is KindKeyReused
// when it is, by another body.
func (e *Engine) received(ctx context.Context, id, hash string) (bool, error) {
	claim, err := e.Store.ReadClaim(ctx, id)
	if store.KindOf(err) == store.KindNotFound {
		return false, nil
	}
	if err != nil {
		return false, storage(err, "")
	}
	if claim.BodyHash != hash {
		return false, &Error{Kind: KindKeyReused, Detail: "this idempotency key came with another body before, for grant " + id}
	}
	return true, nil
}

// take writes what is owed before the claim: a death between the two leaves a due
// row that owes nothing, and never a claim that nobody takes up.
func (e *Engine) take(ctx context.Context, delivery Delivery, id, hash string, request grant.Request) (Receipt, error) {
	now := delivery.at
	r := record{State: grant.Received, Permissions: request.Permissions, StartsAt: request.StartsAt, ExpiresAt: request.ExpiresAt,
		Owner: request.Owner, Ticket: request.Ticket}
	r.History = []grant.Entry{{At: now, Event: grant.EventReceived, By: request.Requester, Detail: "received from " + delivery.Source}}
	r.Work.Owed = []grant.Due{grant.NewDue(now.Add(grant.PickUp), grant.DueReceive)}
	document, err := json.Marshal(r)
	if err != nil {
		return Receipt{}, fmt.Errorf("writing the row of %s: %w", id, err)
	}
	err = e.Store.WriteDue(ctx, dues(id, "", r.Work.Owed)...)
	if err != nil {
		return Receipt{}, storage(err, "")
	}
	err = e.Store.InsertClaim(ctx, store.Claim{ID: id, Source: delivery.Source, BodyHash: hash, Body: delivery.Body,
		ReceivedAt: now, Trace: e.Telemetry.Carry(ctx), Document: document, State: string(r.State), EndsAt: r.ExpiresAt})
	if store.KindOf(err) == store.KindExists || store.KindOf(err) == store.KindLost {
		// The same delivery at the same moment, or our own insert whose answer was
		// lost: the row tells which body it holds.
		return e.settle(ctx, id, hash)
	}
	if err != nil {
		return Receipt{}, storage(err, "")
	}
	e.hint(ctx, applyQueue, id, 0)
	return Receipt{ID: id}, nil
}

func (e *Engine) settle(ctx context.Context, id, hash string) (Receipt, error) {
	known, err := e.received(ctx, id, hash)
	if err != nil {
		return Receipt{}, err
	}
	if !known {
		return Receipt{}, &Error{Kind: KindStorage, Detail: "the request could not be stored; send it again"}
	}
	e.hint(ctx, applyQueue, id, 0)
	return Receipt{ID: id, Repeated: true}, nil
}

// longestHint is the longest delay that a message is sent with; what is later is
// left to the sweep that meets its due row.
const longestHint = 10 * time.Minute

// hint sends a message. A hint that is lost costs time and nothing else: the due
// row owes the work, so a failure is logged and not returned.
func (e *Engine) hint(ctx context.Context, queue, id string, delay time.Duration) {
	if delay > longestHint {
		return
	}
	e.Telemetry.Sent(ctx, queue)
	err := e.Store.Send(ctx, queue, id, max(delay, 0))
	if err != nil {
		e.Log.WarnContext(ctx, "a message could not be sent; the next sweep takes its work up", "queue", queue, "id", id, "error", err.Error())
	}
}

func dues(id, workload string, owed []grant.Due) []store.Due {
	rows := make([]store.Due, len(owed))
	for i, due := range owed {
		rows[i] = store.Due{At: due.At, Kind: string(due.Kind), ID: id, Workload: workload}
	}
	return rows
}

func bodyHash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// awaitEvery is how often a held answer looks for the outcome of binding.
const awaitEvery = 150 * time.Millisecond

// AwaitBinding returns the grant as soon as binding has an outcome, or as it is
// when wait is over or ctx ends; the second result says whether there is one.
func (e *Engine) AwaitBinding(ctx context.Context, id string, wait time.Duration) (View, bool, error) {
	limit := time.NewTimer(wait)
	defer limit.Stop()
	tick := time.NewTicker(awaitEvery)
	defer tick.Stop()
	for {
		_, r, err := e.claim(ctx, id)
		if err != nil {
			return View{}, false, err
		}
		bound := r.State != grant.Received
		if bound {
			view, err := e.Show(ctx, id)
			return view, true, err
		}
		select {
		case <-tick.C:
		case <-limit.C:
			view, err := e.Show(ctx, id)
			return view, false, err
		case <-ctx.Done():
			return View{}, false, ctx.Err()
		}
	}
}
