package engine

import (
	"context"
	"time"

	"mailgrant/handler/grant"
)

// fold reads what callers have asked of the grant since and brings it into the
// grant. The history is also where the agreed end stands.
func (h *holding) fold(ctx context.Context, live *held) error {
	entries, err := h.history(ctx, live)
	if err != nil {
		return err
	}
	live.agreed = agreedEnd(entries)
	strayed := !live.agreed.IsZero() && !live.agreed.Equal(live.ExpiresAt)
	if strayed && !h.Now().Before(live.Work.RetestAt) { // once a retest, and not at every look
		h.Log.ErrorContext(ctx, "the end in a grant's row is not the one that its history agrees on, which holds", "id", live.ID,
			"row", live.ExpiresAt, "agreed", live.agreed)
	}
	err = h.foldProbes(ctx, live, entries)
	if err != nil {
		return err
	}
	if live.Ending == "" && h.stopped.covers(live.ReceivedAt) {
		return h.foldEntry(ctx, live, h.stopped.wish())
	}
	for _, entry := range entries {
		err := h.foldEntry(ctx, live, entry)
		if err != nil || live.State.Ended() {
			return err
		}
	}
	return nil
}

func (h *holding) foldEntry(ctx context.Context, live *held, entry grant.Entry) error {
	switch {
	case entry.Event == grant.EventRetryAsked && entry.At.After(live.Work.RetriedAt):
		live.Work.RetriedAt = entry.At
		// Who asks for a try has mended something: what was tried before tells no more.
		live.Progress()
		live.Work.RetestAt = earlier(live.Work.RetestAt, entry.At)
	case entry.Event == grant.EventDropAsked && live.State == grant.Revoking:
		live.Ending = grant.Dropped
		h.giveUpShared(live)
		return h.move(ctx, live, grant.Abandoned, grant.EventAbandoned, string(grant.Dropped), entry.Reason)
	case entry.Event == grant.EventRevokeAsked && live.Ending == "":
		if live.MayHaveMade() {
			return h.end(ctx, live, grant.Revoked, entry.Reason)
		}
		return h.endUnmade(ctx, live, grant.RevokedBeforeStart)
	}
	return nil
}

// agreedEnd is the end that the history agrees on; zero when it agrees on none.
func agreedEnd(entries []grant.Entry) time.Time {
	var agreed time.Time
	for _, entry := range entries {
		if !entry.Ends.IsZero() {
			agreed = entry.Ends
		}
	}
	return agreed
}

// over says whether the grant has reached its end, and whether that end was agreed.
// The history decides: an end that only the grant's row knows was scheduled by
// nobody, and an end that only the row has lost still holds.
func (l *held) over(now time.Time) (bool, bool) {
	if !l.agreed.IsZero() && !now.Before(l.agreed) {
		return true, true
	}
	return l.Over(now), l.agreed.IsZero() || l.agreed.Equal(l.ExpiresAt)
}

// endOver ends a grant whose time is over. An end that nobody agreed on is bounded
// by a cap: a table that was written to by mistake must not take everything away.
func (h *holding) endOver(ctx context.Context, live *held, ending grant.Ending, detail string, agreed bool) error {
	if agreed {
		late := lateBy(h.Now(), live.agreed)
		if late != "" {
			detail += ", " + late + " late"
		}
		return h.end(ctx, live, ending, detail)
	}
	may, err := h.allowed(ctx, CapEnds, live.ID)
	if err != nil {
		return err
	}
	if may {
		return h.end(ctx, live, ending, "the end in the grant's row, which the history does not agree on")
	}
	return h.stuck(ctx, live, "CapReached", "its row ends it at "+live.ExpiresAt.UTC().Format(time.RFC3339)+", its history at "+
		live.agreed.UTC().Format(time.RFC3339)+"; more such ends than the cap allows wait for an operator: confirm them or mend the rows", h.Now().Add(time.Hour))
}

// owes is what the grant owes, with its end where the history has it: a row that was
// written to by mistake must neither hide the end nor bring it back every minute.
func (l *held) owes() []grant.Due {
	owed := l.Owes()
	for i, due := range owed {
		if due.Kind == grant.DueEnd && !l.agreed.IsZero() {
			owed[i] = grant.NewDue(l.agreed, grant.DueEnd)
		}
	}
	return owed
}
