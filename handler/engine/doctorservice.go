package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// mostSkew is by how much clocks may differ: a lease is given for 90 seconds, and dates in
// answers are whole seconds.
const mostSkew = time.Minute

// examineClocks compares our clock with those that the tenant and the storage told.
func (x *examination) examineClocks() []Symptom {
	var off, told, silent []string
	for i, name := range []string{"the tenant", "the storage"} {
		one := x.skews[i]
		switch {
		case !one.read:
			silent = append(silent, name)
		case one.ahead.Abs() > mostSkew:
			off = append(off, fmt.Sprintf("%s %s %s", one.ahead.Abs().Round(time.Second), aheadOrBehind(one.ahead), name))
		default:
			told = append(told, name)
		}
	}
	var found []Symptom
	if len(off) > 0 {
		found = append(found, x.find("clockOff", "our clock is "+strings.Join(off, " and ")))
	}
	if len(silent) > 0 {
		found = append(found, x.find("clockNotCompared", strings.Join(silent, " and ")+" did not tell the time"))
	}
	if len(told) > 0 && len(off) == 0 {
		found = append(found, x.find("clock", "our clock agrees with "+strings.Join(told, " and ")+" to the minute"))
	}
	return found
}

func aheadOrBehind(ahead time.Duration) string {
	if ahead > 0 {
		return "ahead of"
	}
	return "behind"
}

// examineDocument reads the operator's document as every call does.
func (x *examination) examineDocument(ctx context.Context) []Symptom {
	document, err := x.Document()
	if err == nil {
		return []Symptom{x.find("document", fmt.Sprintf("the operator's document is sound: %d canaries, %d protected mailboxes, %s", len(document.Canaries), len(document.Protected), mechanismsInWords(document.Mechanisms)))}
	}
	last := "there is no earlier good one"
	row, readErr := x.Store.ReadWork(ctx, documentPartition, documentKey)
	switch {
	case readErr == nil:
		last = "the last good one, kept since " + firstOf(row.Properties[keptAtProperty], "an earlier release") + ", is used for what exists"
	case store.KindOf(readErr) != store.KindNotFound:
		last = "whether there is an earlier good one was not read"
	}
	return []Symptom{x.find("documentRefused", fmt.Sprintf("%s; %s", err, last))}
}

func mechanismsInWords(mechanisms []grant.Mechanism) string {
	words := make([]string, len(mechanisms))
	for i, one := range mechanisms {
		words[i] = string(one)
	}
	return strings.Join(words, ", ")
}

// sweepLimits are how long each sweep may have been silent before it is called stale. The
// schedules are settings of the host; these leave the usual ones (a minute, a quarter of an
// hour, a day) room for one that was missed.
func sweepLimits() []struct {
	kind  string
	limit time.Duration
} {
	return []struct {
		kind  string
		limit time.Duration
	}{{SweepExpire, silentAfter}, {SweepRetest, 2 * time.Hour}, {SweepDiscover, 50 * time.Hour}}
}

// examineSweeps looks at the traces that the timers have left.
func (x *examination) examineSweeps(ctx context.Context) []Symptom {
	var found []Symptom
	var fine []string
	for _, one := range sweepLimits() {
		last, err := x.lastSweep(ctx, one.kind)
		age := x.began.Sub(last.LastAt)
		silent := age > one.limit
		if err == nil && one.kind == SweepExpire {
			silent, err = x.silent(ctx, last.LastAt)
		}
		switch {
		case err != nil:
			found = append(found, x.find("sweepsNotRead", "when "+one.kind+" ran last was not read: "+err.Error()))
		case last.LastAt.IsZero() && !(silent && one.kind == SweepExpire):
			found = append(found, x.find("sweepsNotRun", one.kind+" has not run yet"))
		case silent:
			found = append(found, x.find("sweepsStale", fmt.Sprintf("%s has not run since %s", one.kind, last.LastAt.UTC().Format(time.RFC3339)), "sweep", one.kind))
		case last.LateBy != "":
			found = append(found, x.find("sweepsLate", fmt.Sprintf("%s was late by %s when it ran last", one.kind, last.LateBy)))
		default:
			fine = append(fine, fmt.Sprintf("%s ran %s ago", one.kind, age.Round(time.Second)))
		}
	}
	if len(fine) > 0 {
		found = append(found, x.find("sweeps", strings.Join(fine, ", ")))
	}
	return found
}

// mostExamined bounds how many canaries and how many workloads are looked at.
const mostExamined = 200

// examineCanaries looks each canary up and compares it with what is granted.
func (x *examination) examineCanaries(ctx context.Context) []Symptom {
	if len(x.document.Canaries) == 0 {
		return []Symptom{x.find("noCanaryLeft", "the operator's document, or the last good one, names no canary")}
	}
	covered, err := x.coveredMailboxes(ctx)
	if err != nil {
		x.leave("whether grants cover canaries: %s", err)
	}
	var found []Symptom
	usable := 0
	for _, name := range x.document.Canaries[:min(len(x.document.Canaries), mostExamined)] {
		looked, err := x.recipient(ctx, name)
		if err != nil {
			found = append(found, x.find("canariesNotRead", name+" was not looked up: "+err.Error()))
			continue
		}
		why := unusableCanary(looked, covered)
		if why == "" {
			usable++
			continue
		}
		found = append(found, x.find("canaryUnusable", name+": "+why))
	}
	if left := len(x.document.Canaries) - mostExamined; left > 0 {
		x.leave("%d further canaries", left)
	}
	unread := slices.ContainsFunc(found, func(one Symptom) bool { return one.Code == "canariesNotRead" })
	switch {
	case usable > 0:
		return append(found, x.find("canaries", fmt.Sprintf("%d of %d canaries exist, are mailboxes of an allowed type, and are in no live grant that was read", usable, len(x.document.Canaries))))
	case !unread:
		found = append(found, x.find("noCanaryLeft", "none of the canaries can be used"))
	}
	return found
}

// unusableCanary says why a mailbox proves nothing; empty when it does.
func unusableCanary(looked looked, covered []*held) string {
	switch {
	case looked.fault != "":
		return looked.fault
	case !grantable(looked.recipient.Type):
		return "it is a " + looked.recipient.Type + ", and only user, shared, room and equipment mailboxes can be canaries"
	}
	var by []string
	for _, live := range covered {
		if live.mayCover(looked.recipient.GUID) {
			by = append(by, live.ID)
		}
	}
	if len(by) > 0 {
		return "it lies inside the live grant(s) " + strings.Join(by, ", ")
	}
	return ""
}

// coveredMailboxes are the live grants of the workloads that were read; what was left out is
// noted.
func (x *examination) coveredMailboxes(ctx context.Context) ([]*held, error) {
	workloads := map[string]bool{}
	for _, state := range []grant.State{grant.Provisioning, grant.Active, grant.Revoking} {
		err := x.eachIn(ctx, state, func(claim store.Claim, _ record) { workloads[claim.Workload] = true })
		if err != nil {
			return nil, err
		}
	}
	var live []*held
	for i, workload := range sortedKeys(workloads) {
		if i >= mostExamined {
			x.leave("the grants of %d further workloads", len(workloads)-i)
			break
		}
		h, err := x.peek(ctx, workload)
		if err != nil {
			return live, err
		}
		live = append(live, h.grants...)
	}
	return live, nil
}
