package engine

import (
	"context"
	"fmt"

	"mailgrant/handler/grant"
)

// replaceFaults: the grant whose place is taken has to be there, to be the workload's, and
// to be left by nobody else already.
func (h *holding) replaceFaults(g grant.Grant) []grant.Fault {
	if g.Replaces == "" {
		return nil
	}
	old := h.find(g.Replaces)
	if old == nil || old.State == grant.Revoking {
		return []grant.Fault{grant.At("noGrant", "this application has no live grant "+g.Replaces+" whose place could be taken", "replaces")}
	}
	for _, live := range h.grants {
		if live.ID != g.ID && live.Replaces == g.Replaces && live.State != grant.Revoking {
			return []grant.Fault{grant.At("noGrant", "the grant "+live.ID+" takes the place of this one already", "replaces")}
		}
	}
	return nil
}

// replace ends the grant whose place this one takes, once this one works: it was proved
// just now, nothing of it differs from the plan, and by the published limit data access has
// followed. Before that nothing of the old one is touched, so that nobody is cut.
func (h *holding) replace(ctx context.Context, live *held) error {
	old := h.replaced(live)
	proved := live.Condition(grant.Provisioned).Status == grant.True && live.Condition(grant.Verified).Status == grant.True
	if old == nil || !proved || h.Now().Before(live.EffectiveBy) {
		return nil
	}
	live.pending = append(live.pending, h.entry(grant.EventReplacing, "", fmt.Sprintf("proved again; the grant %s (%s), whose place this one takes, ends now", old.ID, old.Mechanism)))
	err := h.commit(ctx, live)
	if err != nil {
		return err
	}
	err = h.endReplaced(ctx, live, old)
	if err != nil {
		return err
	}
	return h.replace(ctx, live)
}

func (h *holding) endReplaced(ctx context.Context, live, old *held) error {
	if !old.MayHaveMade() {
		return h.endUnmade(ctx, old, grant.Replaced)
	}
	return h.end(ctx, old, grant.Replaced, fmt.Sprintf("the grant %s (%s) has taken its place and was proved", live.ID, live.Mechanism))
}

// replaced is the grant that ends next for this one; nil when none is left. One that was to
// take another's place, and has not yet, leaves that to whoever takes its own: the farthest
// ends first, because the way to it goes by the others.
func (h *holding) replaced(live *held) *held {
	var last *held
	for old := h.find(live.Replaces); old != nil && !old.State.Ended() && old.State != grant.Revoking; old = h.find(old.Replaces) {
		last = old
	}
	return last
}
