package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
	"mailgrant/handler/store"
)

// Show returns one grant as it is now. The error is KindNotFound when there is none.
func (e *Engine) Show(ctx context.Context, id string) (View, error) {
	claim, r, err := e.claim(ctx, id)
	if err != nil {
		return View{}, err
	}
	if claim.Workload != "" {
		g, err := e.grant(ctx, claim.Workload, id)
		if err == nil {
			return e.view(ctx, g)
		}
		if KindOf(err) != KindNotFound {
			return View{}, err
		}
	}
	return e.unbound(claim, r)
}

// grant reads a grant from its partition, live or ended.
func (e *Engine) grant(ctx context.Context, workload, id string) (grant.Grant, error) {
	row, err := e.Store.ReadRow(ctx, workload, "g|"+id)
	if store.KindOf(err) == store.KindNotFound {
		row, err = e.Store.ReadRow(ctx, workload, "x|"+id)
	}
	if err != nil {
		return grant.Grant{}, storage(err, "there is no grant "+id+" in its partition")
	}
	var g grant.Grant
	err = json.Unmarshal(row.Document, &g)
	if err != nil {
		return grant.Grant{}, fmt.Errorf("reading row %s of workload %s: %w", row.Key, workload, err)
	}
	return g, nil
}

// unbound shows a claim that has no ledger row: as it was asked, with what keeps it
// from being bound.
func (e *Engine) unbound(claim store.Claim, r record) (View, error) {
	request, _, err := grant.ParseRequest(claim.Body, claim.ReceivedAt)
	if err != nil {
		return View{}, fmt.Errorf("the stored request of %s cannot be read again: %w", claim.ID, err)
	}
	g := grant.Grant{ID: claim.ID, State: r.State, Mechanism: request.Mechanism, ConfineExisting: request.ConfineExisting,
		Workload: grant.Workload{AppID: request.AppID, ObjectID: request.ObjectID}, Permissions: request.Permissions,
		Scope: request.Scope, Mailboxes: []grant.Mailbox{}, Canaries: []grant.Mailbox{}, Conditions: []grant.Condition{},
		ReceivedAt: claim.ReceivedAt, StartsAt: request.StartsAt, ExpiresAt: request.ExpiresAt, Ticket: request.Ticket,
		Requester: request.Requester, Owner: request.Owner, Justification: request.Justification, Source: claim.Source, Ending: r.Ending}
	if r.Condition != nil {
		g.Conditions = append(g.Conditions, *r.Condition)
	}
	view := View{Grant: g, Steps: []ShownStep{}, Evidence: []grant.Evidence{}, Faults: r.Faults}
	view.tries(r.Work)
	return view, nil
}

// tries tells of the ladder while work on the grant fails.
func (v *View) tries(work grant.Work) {
	if work.Attempts > 0 && !v.State.Ended() {
		v.Attempts, v.NextTry = work.Attempts, work.NotBefore
	}
}

func (e *Engine) view(ctx context.Context, g grant.Grant) (View, error) {
	view := View{Grant: g, Steps: []ShownStep{}, Evidence: []grant.Evidence{}}
	view.Conditions = g.ConditionsAt(e.Now())
	view.tries(g.Work)
	view.Work = grant.Work{}
	rows, err := e.Store.ReadRows(ctx, g.Workload.ObjectID, "s|"+g.ID+"|")
	if err != nil {
		return View{}, storage(err, "")
	}
	rows = append(e.sharedRows(ctx, g), rows...)
	for _, row := range rows {
		var step grant.Step
		err := json.Unmarshal(row.Document, &step)
		if err != nil {
			return View{}, fmt.Errorf("reading row %s: %w", row.Key, err)
		}
		view.Steps = append(view.Steps, ShownStep{Kind: step.Kind, Name: step.Name, State: step.State, RemoteID: step.RemoteID, Adopted: step.Adopted})
	}
	view.Evidence, err = e.evidence(ctx, g)
	if err != nil {
		return View{}, err
	}
	view.MemberMailboxes, err = e.memberMailboxes(ctx, g)
	view.Handover = e.handover(g, view.MemberMailboxes)
	return view, err
}

// sharedRows are the steps of the workload that the grant needs, those that exist. They
// are left out where they cannot be read.
func (e *Engine) sharedRows(ctx context.Context, g grant.Grant) []store.Row {
	keys := []string{pointerKey}
	if g.Mechanism == grant.AccessPolicy {
		keys = nil
	}
	for _, step := range append(plan.PermissionSteps(g), plan.ConsentSteps(g)...) {
		keys = append(keys, sharedKey(step))
	}
	var rows []store.Row
	for _, key := range keys {
		row, err := e.Store.ReadRow(ctx, g.Workload.ObjectID, key)
		if err == nil {
			rows = append(rows, row)
		}
	}
	return rows
}

// memberMailboxes are those that the scope held when it was last looked at; nil for
// named mailboxes, and where there are too many to be kept by name.
func (e *Engine) memberMailboxes(ctx context.Context, g grant.Grant) ([]grant.Mailbox, error) {
	if !g.Scope.Counted() {
		return nil, nil
	}
	row, err := e.Store.ReadRow(ctx, g.Workload.ObjectID, rollKey(g.ID))
	if store.KindOf(err) == store.KindNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, storage(err, "")
	}
	var members roll
	err = json.Unmarshal(row.Document, &members)
	if err != nil {
		return nil, fmt.Errorf("reading row %s: %w", row.Key, err)
	}
	return members.current(), nil
}

func (e *Engine) evidence(ctx context.Context, g grant.Grant) ([]grant.Evidence, error) {
	rows, err := e.Store.ReadRows(ctx, g.Workload.ObjectID, "e|"+g.ID+"|")
	if err != nil {
		return nil, storage(err, "")
	}
	all := make([]grant.Evidence, len(rows))
	for i, row := range rows {
		err := json.Unmarshal(row.Document, &all[i])
		if err != nil {
			return nil, fmt.Errorf("reading row %s: %w", row.Key, err)
		}
	}
	return all, nil
}

const (
	defaultPage = 50
	largestPage = 200
)

func pageSize(limit int) (int, error) {
	if limit < 0 || limit > largestPage {
		return 0, &Error{Kind: KindInvalid, Detail: fmt.Sprintf("limit is between 1 and %d", largestPage)}
	}
	if limit == 0 {
		return defaultPage, nil
	}
	return limit, nil
}

// List returns a page of all grants, sorted by id, from their copies.
func (e *Engine) List(ctx context.Context, query Query) (Page, error) {
	limit, err := pageSize(query.Limit)
	if err != nil {
		return Page{}, err
	}
	if query.State != "" && !known(query.State) {
		return Page{}, &Error{Kind: KindInvalid, Detail: fmt.Sprintf("no state is called %q", query.State)}
	}
	claims, next, err := e.Store.ListClaims(ctx, store.ListQuery{Cursor: query.Cursor, Limit: limit, State: query.State})
	if err != nil {
		return Page{}, storage(err, "")
	}
	page := Page{Grants: []Summary{}, Next: next, AsOf: e.Now()}
	for _, claim := range claims {
		r, err := decodeRecord(claim)
		if err != nil {
			return Page{}, err
		}
		page.Grants = append(page.Grants, Summary{ID: claim.ID, State: r.State, Workload: r.Workload, Permissions: r.Permissions,
			ExpiresAt: r.ExpiresAt, Owner: r.Owner, Ticket: r.Ticket, Stuck: r.Stuck})
	}
	return page, nil
}

func known(state string) bool {
	for _, one := range grant.States() {
		if string(one) == state {
			return true
		}
	}
	return false
}

// History returns a page of a grant's history, oldest first. The cursor is the key
// of the last entry seen.
func (e *Engine) History(ctx context.Context, id, cursor string, limit int) (HistoryPage, error) {
	limit, err := pageSize(limit)
	if err != nil {
		return HistoryPage{}, err
	}
	claim, r, err := e.claim(ctx, id)
	if err != nil {
		return HistoryPage{}, err
	}
	if claim.Workload == "" {
		return HistoryPage{Entries: r.History}, nil
	}
	prefix := "h|" + id + "|"
	rows, err := e.Store.ReadRows(ctx, claim.Workload, prefix)
	if err != nil {
		return HistoryPage{}, storage(err, "")
	}
	if len(rows) == 0 && len(r.History) > 0 {
		return HistoryPage{Entries: r.History}, nil
	}
	return historyPage(rows, prefix, cursor, limit)
}

func historyPage(rows []store.Row, prefix, cursor string, limit int) (HistoryPage, error) {
	page := HistoryPage{Entries: []grant.Entry{}}
	last := cursor
	for _, row := range rows {
		key := strings.TrimPrefix(row.Key, prefix)
		if key <= cursor {
			continue
		}
		if len(page.Entries) == limit {
			page.Next = last
			break
		}
		var entry grant.Entry
		err := json.Unmarshal(row.Document, &entry)
		if err != nil {
			return HistoryPage{}, fmt.Errorf("reading row %s: %w", row.Key, err)
		}
		page.Entries = append(page.Entries, entry)
		last = key
	}
	return page, nil
}
