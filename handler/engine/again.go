package engine

import (
	"context"
	"time"

	"mailgrant/handler/exchange"
	"mailgrant/handler/graph"
)

// The bounds of sending a refused write again within one invocation. Longer waits are
// left to the next one.
const (
	againTries    = 4
	againFirst    = time.Second
	againPatience = 20 * time.Second
)

// patience is what is left of an invocation's tries and of the time that it may spend
// waiting between writes.
type patience struct {
	tries int
	spent time.Duration
}

// again waits as long as the refusal asks for and reports whether the write is to be
// planned again now. Only for a write whose object was read after the refusal: the next
// plan starts from that reading. To begin anew in a later invocation would cost all the
// reads again, from a tenant that has just asked for fewer.
func (h *holding) again(ctx context.Context, refused error) bool {
	onExchange, onGraph := exchange.KindOf(refused), graph.KindOf(refused)
	if onExchange != exchange.Throttled && onExchange != exchange.Transient && onGraph != graph.Throttled && onGraph != graph.Transient {
		return false
	}
	wait := max(retryAfter(refused), againFirst<<h.patience.tries)
	if h.patience.tries+1 >= againTries || h.patience.spent+wait > againPatience {
		return false
	}
	h.patience.tries++
	h.patience.spent += wait
	return h.Wait(ctx, wait) == nil
}

func waitOnTimer(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
