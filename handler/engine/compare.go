package engine

import (
	"context"
	"time"

	"mailgrant/handler/grant"
)

// Discover starts the daily comparison of the tenant with the ledger as an operation,
// so that what it finds can be read. While the last one that it started still runs,
// because the tenant cannot be read, no other is started: that one is taken up.
func (e *Engine) Discover(ctx context.Context) error {
	last, err := e.lastSweep(ctx, SweepDiscover)
	if err != nil {
		return err
	}
	if last.Operation != "" {
		operation, err := e.Operation(ctx, last.Operation)
		if err != nil && KindOf(err) != KindNotFound {
			return err
		}
		if operation.State == Running {
			e.hint(ctx, applyQueue, operation.ID, 0)
			return e.keepTrace(ctx, SweepDiscover, swept{LastAt: e.Now(), Operation: operation.ID})
		}
	}
	operation, err := e.Run(ctx, SweepDiscover, "the timer")
	if err != nil {
		return err
	}
	return e.keepTrace(ctx, SweepDiscover, swept{LastAt: e.Now(), Operation: operation.ID})
}

// mostFindings is how many findings an operation keeps: its row has a largest size.
const mostFindings = 500

// compare does the work of a discover operation. A tenant that cannot be read leaves
// it running: its findings say why, and it is tried again as grants are, for ever.
func (e *Engine) compare(ctx context.Context, operation Operation) error {
	now := e.Now()
	if now.Before(operation.NextTry) {
		return nil
	}
	found, strangers, err := e.discover(ctx)
	if KindOf(err) == KindStorage {
		return err
	}
	if err != nil {
		return e.compareLater(ctx, operation, err)
	}
	for _, finding := range found {
		e.Log.WarnContext(ctx, "discover found something", "operation", operation.ID, "grant", finding.Grant,
			"type", finding.Type, "reason", finding.Reason, "detail", finding.Message)
	}
	err = e.crawl(ctx)
	if KindOf(err) == KindStorage {
		return err
	}
	if err != nil {
		// The next pass goes on with it; until then the lists are older, which every answer says.
		e.Log.WarnContext(ctx, "the crawl of mailbox permissions stopped early", "operation", operation.ID, "error", err.Error())
	}
	operation.Total, operation.Done, operation.NextTry = len(found), len(found), time.Time{}
	operation.Findings = append([]Finding{}, found[:min(len(found), mostFindings)]...)
	operation.Adoptable = strangers
	return e.close(ctx, operation)
}

func (e *Engine) compareLater(ctx context.Context, operation Operation, cause error) error {
	reason, message := reasonOf(cause)
	operation.Attempts++
	wait := max(grant.Backoff(operation.Attempts), retryAfter(cause))
	operation.NextTry = e.Now().Add(wait)
	operation.Findings = []Finding{{Type: "Unread", Reason: reason, Message: message}}
	e.Log.WarnContext(ctx, "the tenant could not be compared with the ledger and will be tried again", "operation", operation.ID,
		"reason", reason, "attempts", operation.Attempts, "next", operation.NextTry, "error", message)
	err := e.keepOperation(ctx, operation)
	e.hint(ctx, applyQueue, operation.ID, wait)
	return err
}
