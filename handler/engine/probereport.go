package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// ProbeOutcome is what a report comes to.
type ProbeOutcome struct {
	Grant string `json:"grant"`
	// Observed is the condition that the grant will show.
	Observed grant.Condition `json:"observed"`
	// Evidence has one line for every call that the code was given for.
	Evidence []grant.Evidence `json:"evidence"`
}

// probeUse is the row that uses a code up: at what time, by which body.
type probeUse struct {
	At   time.Time `json:"at"`
	Body string    `json:"body"`
}

// Probe takes in what a workload's owner reports. It changes no access: the report is a
// claim of whoever holds the code, not the tenant's word; one that contradicts the grant
// makes the service ask the tenant at once. Errors: KindMalformed; KindShape for what does
// not fit the code's calls, before the code is used up; KindState for a code that was used
// or has lapsed, and as for ProbeCode; KindStorage, after which the same report may be
// sent again.
func (e *Engine) Probe(ctx context.Context, id, by string, body []byte) (ProbeOutcome, error) {
	report, faults, err := grant.ParseProbeReport(body)
	if err != nil {
		return ProbeOutcome{}, &Error{Kind: KindMalformed, Detail: err.Error()}
	}
	if len(faults) > 0 {
		return ProbeOutcome{}, &Error{Kind: KindShape, Detail: "the report has faults; the code was not used", Faults: faults}
	}
	claim, g, err := e.probed(ctx, id)
	if err != nil {
		return ProbeOutcome{}, err
	}
	code, err := e.codeOf(ctx, g, report.Code)
	if err != nil {
		return ProbeOutcome{}, err
	}
	found, faults := match(code.Calls, report.Observations)
	if len(faults) > 0 {
		return ProbeOutcome{}, &Error{Kind: KindShape, Detail: "the report does not fit what was to be tried; the code was not used", Faults: faults}
	}
	stands, err := e.standing(ctx, g)
	if err != nil {
		return ProbeOutcome{}, err
	}
	hash := codeHash(report.Code)
	at, err := e.useUp(ctx, g, hash, body)
	if err != nil {
		return ProbeOutcome{}, err
	}
	evidence := evidenceOf(code.Calls, found, stands, at)
	err = e.noteProbe(ctx, claim, hash, grant.Entry{At: at, Event: grant.EventProbed, By: by, Evidence: evidence})
	if err != nil {
		return ProbeOutcome{}, err
	}
	observed := count(evidence).observed()
	observed.Since = at
	return ProbeOutcome{Grant: id, Observed: observed, Evidence: evidence}, nil
}

// codeOf reads what a code was given for.
func (e *Engine) codeOf(ctx context.Context, g grant.Grant, text string) (probeCode, error) {
	row, err := e.Store.ReadRow(ctx, g.Workload.ObjectID, codeKey(g.ID, codeHash(text)))
	if store.KindOf(err) == store.KindNotFound {
		return probeCode{}, &Error{Kind: KindShape, Detail: "the report does not fit the grant", Faults: []grant.Fault{misfit("unknownCode", "this is no code of the grant, or one that lapsed long ago", "code")}}
	}
	if err != nil {
		return probeCode{}, storage(err, "")
	}
	var code probeCode
	err = json.Unmarshal(row.Document, &code)
	if err != nil {
		return probeCode{}, fmt.Errorf("reading row %s: %w", row.Key, err)
	}
	if !e.Now().Before(code.ExpiresAt) {
		return probeCode{}, &Error{Kind: KindState, Detail: "the code lapsed at " + code.ExpiresAt.UTC().Format(time.RFC3339) + "; ask for a new one"}
	}
	return code, nil
}

// standing returns whether a call still stands on the side on which it was named: another
// grant may have come to cover the canary, and a group may have lost the mailbox.
func (e *Engine) standing(ctx context.Context, g grant.Grant) (func(ProbeCall) bool, error) {
	mailboxes, err := e.mailboxesOf(ctx, g)
	if err != nil {
		return nil, err
	}
	return func(call ProbeCall) bool {
		side := mailboxes
		if call.Expected == grant.Refused {
			side = g.Canaries
		}
		return slices.ContainsFunc(side, func(one grant.Mailbox) bool { return strings.EqualFold(one.GUID, call.Mailbox) })
	}, nil
}

// useUp marks a code as used, by inserting only, and returns when it was used. The very
// report that used it may come again as long as it is not in the history, so that an answer
// that was lost costs no second probe.
func (e *Engine) useUp(ctx context.Context, g grant.Grant, hash string, body []byte) (time.Time, error) {
	use := probeUse{At: e.Now(), Body: bodyHash(body)}
	document, err := json.Marshal(use)
	if err != nil {
		return time.Time{}, fmt.Errorf("using up a code of grant %s: %w", g.ID, err)
	}
	key := usedKey(g.ID, hash)
	err = e.Store.InsertRow(ctx, g.Workload.ObjectID, store.Row{Key: key, Document: document})
	if store.KindOf(err) != store.KindExists {
		return use.At, storage(err, "")
	}
	row, err := e.Store.ReadRow(ctx, g.Workload.ObjectID, key)
	if err != nil {
		return time.Time{}, storage(err, "")
	}
	var before probeUse
	err = json.Unmarshal(row.Document, &before)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading row %s: %w", key, err)
	}
	if before.Body != use.Body {
		return time.Time{}, usedBefore()
	}
	return before.At, nil
}

func usedBefore() error {
	return &Error{Kind: KindState, Detail: "this code was used before; ask for a new one"}
}

// noteProbe writes the report into the history, from where a worker brings it into the
// grant. The row's key follows from the code, so that it is written once.
func (e *Engine) noteProbe(ctx context.Context, claim store.Claim, hash string, entry grant.Entry) error {
	judged := count(entry.Evidence)
	entry.Reason = judged.observed().Reason
	entry.Detail = judged.observed().Message
	row := historyRow(claim.ID, entry.At, 0, entry)
	row.Key = fmt.Sprintf("h|%s|%s-00-%s", claim.ID, entry.At.UTC().Format(rowTime), hash[:8])
	err := e.askBy(ctx, claim, entry.At, row)
	if store.KindOf(err) == store.KindExists {
		return usedBefore()
	}
	if err != nil {
		return storage(err, "")
	}
	if len(judged.reached) > 0 {
		e.Log.ErrorContext(ctx, "a workload is reported to reach what must stay refused", "id", claim.ID, "reached", several(judged.reached))
	}
	return nil
}

// foldProbes brings reports into the grant that no worker has taken up, each with its
// evidence and in a batch of its own.
func (h *holding) foldProbes(ctx context.Context, live *held, entries []grant.Entry) error {
	number := 0
	for _, entry := range entries {
		if entry.Event != grant.EventProbed {
			continue
		}
		number++
		if number <= live.Work.Probes {
			continue
		}
		live.Work.Probes = number
		h.foldProbe(live, entry)
		err := h.commit(ctx, live)
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *holding) foldProbe(live *held, entry grant.Entry) {
	judged := count(entry.Evidence)
	switch {
	case judged.everyGranted():
		live.Work.ObservedAt = entry.At
	case len(judged.refused) > 0:
		live.Work.ObservedAt = time.Time{}
	}
	if len(judged.reached) > 0 {
		// A claim proves nothing, but it is reason enough to ask the tenant now.
		live.Work.RetestAt = earlier(live.Work.RetestAt, entry.At)
	}
	live.evidence = entry.Evidence
	h.declare(live, judged.observed())
}
