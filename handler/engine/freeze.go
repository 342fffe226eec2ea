package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/policy"
	"mailgrant/handler/store"
)

const (
	switchPartition = "switch"
	freezeKey       = "freeze"
)

// Freeze is the switch that stops new access for everybody.
type Freeze struct {
	Frozen bool      `json:"frozen"`
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

// SetFreeze stops new access, or allows it again. Sweeps, retests and removals go
// on either way. Doing it twice changes nothing but who did it last.
func (e *Engine) SetFreeze(ctx context.Context, freeze Freeze) (Freeze, error) {
	freeze.At = e.Now()
	err := e.keepWork(ctx, switchPartition, freezeKey, freeze)
	if err != nil {
		return Freeze{}, err
	}
	e.Log.WarnContext(ctx, "new access was switched", "frozen", freeze.Frozen, "by", freeze.By, "reason", freeze.Reason)
	return freeze, nil
}

// Frozen returns the switch as it stands; never set is not frozen.
func (e *Engine) Frozen(ctx context.Context) (Freeze, error) {
	var freeze Freeze
	err := e.readWork(ctx, switchPartition, freezeKey, &freeze)
	return freeze, err
}

// newAccess returns the operator's document when new access may be given now; the
// error's kind is KindDocument while it may not, and says why.
func (e *Engine) newAccess(ctx context.Context) (policy.Document, error) {
	freeze, err := e.Frozen(ctx)
	if err != nil {
		return policy.Document{}, err
	}
	if freeze.Frozen {
		return policy.Document{}, &Error{Kind: KindDocument, Detail: fmt.Sprintf("no new access is given: frozen by %s at %s: %s", freeze.By, freeze.At.UTC().Format(time.RFC3339), freeze.Reason)}
	}
	return e.document(ctx)
}

// mayGive returns the operator's document when the grant may be given something now; the
// error's kind is KindDocument while it may not: also where the mechanism was withdrawn
// since the grant was bound.
func (h *holding) mayGive(ctx context.Context, live *held) (policy.Document, error) {
	document, err := h.newAccess(ctx)
	if err == nil && !slices.Contains(document.Mechanisms, live.Mechanism) {
		return document, &Error{Kind: KindDocument, Detail: fmt.Sprintf("no new access is given by %s: the operator's document does not allow it any more", live.Mechanism)}
	}
	return document, err
}

// Stopped is the answer of the red button.
type Stopped struct {
	Workload string   `json:"workload"`
	Grants   []string `json:"grants"`
	// StillOpen says what caches and tokens allow yet, and for how long.
	StillOpen string    `json:"stillOpen"`
	GoneBy    time.Time `json:"goneBy"`
	// Now is the command that shuts the workload out at once, for an administrator.
	Now string `json:"now"`
}

// RevokeWorkload asks for the end of every grant of a workload, named by the object
// id of its enterprise application, above every cap; requests that were received
// before and are not bound yet are denied when they are. A workload without grants
// gives an empty list. The error is KindInvalid for what is no GUID; after KindStorage
// some of the grants may not have been asked, and asking again is right.
func (e *Engine) RevokeWorkload(ctx context.Context, workload, by, reason string) (Stopped, error) {
	if !grant.IsGUID(workload) {
		return Stopped{}, &Error{Kind: KindInvalid, Detail: "a workload is named by the object id of its enterprise application, a GUID"}
	}
	workload = strings.ToLower(workload)
	now := e.Now()
	err := e.noteStop(ctx, workload, by, reason, now)
	if err != nil {
		return Stopped{}, err
	}
	rows, err := e.Store.ReadRows(ctx, workload, "g|")
	if err != nil {
		return Stopped{}, storage(err, "")
	}
	stopped := Stopped{Workload: workload, Grants: []string{}, GoneBy: now.Add(grant.Lead),
		StillOpen: "Exchange may honour what it has cached for up to two hours after the removal. Consents that this service did not give are not touched.",
		Now:       "Update-MgServicePrincipal -ServicePrincipalId " + workload + " -AccountEnabled:$false"}
	for _, row := range rows {
		id := row.Key[len("g|"):]
		claim := store.Claim{ID: id, Workload: workload}
		err := e.ask(ctx, claim, grant.Entry{At: now, Event: grant.EventRevokeAsked, By: by, Reason: reason})
		if err != nil {
			return stopped, storage(err, "")
		}
		stopped.Grants = append(stopped.Grants, id)
	}
	return stopped, nil
}
