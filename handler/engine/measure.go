package engine

import (
	"context"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
	"mailgrant/handler/telemetry"
)

// liveStates are those of grants that have not ended.
func liveStates() []grant.State {
	return []grant.State{grant.Received, grant.Bound, grant.AwaitingApproval, grant.Scheduled, grant.Provisioning, grant.Active, grant.Revoking}
}

// measure counts the live grants for whoever watches. It reads every claim's row, so it goes
// with the less frequent of the two sweeps, and only where somebody has asked for
// telemetry. A store that refuses costs the measurement and not the sweep.
func (e *Engine) measure(ctx context.Context) {
	if !e.Telemetry.On() {
		return
	}
	now := e.Now()
	count := telemetry.Count{ByState: map[string]int{}}
	var stuck []store.Claim
	for _, state := range liveStates() {
		number := 0
		err := e.eachIn(ctx, state, func(claim store.Claim, r record) {
			number++
			if !r.ExpiresAt.IsZero() && now.Sub(r.ExpiresAt) > lateAfter {
				count.Overdue++
			}
			if r.Stuck != "" {
				stuck = append(stuck, claim)
			}
		})
		if err != nil {
			e.Log.WarnContext(ctx, "the grants could not be counted for telemetry", "error", err.Error())
			return
		}
		count.ByState[string(state)] = number
	}
	count.StuckFor = e.stuckFor(ctx, stuck, now)
	e.Telemetry.Grants(ctx, count)
}

// stuckFor is since when the longest stuck of these grants is stuck; one that cannot be
// read counts for nothing.
func (e *Engine) stuckFor(ctx context.Context, stuck []store.Claim, now time.Time) time.Duration {
	longest := time.Duration(0)
	for _, claim := range stuck {
		view, err := e.Show(ctx, claim.ID)
		if err != nil {
			e.Log.WarnContext(ctx, "a stuck grant could not be read for telemetry", "id", claim.ID, "error", err.Error())
			continue
		}
		condition := view.Condition(grant.Stuck)
		if condition.Status == grant.True {
			longest = max(longest, now.Sub(condition.Since))
		}
	}
	return longest
}
