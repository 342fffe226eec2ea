package engine

import (
	"context"
	"time"
)

// Health says whether the store answers, whether new access is given, and whether the
// sweeps run. It does not ask the tenant.
func (e *Engine) Health(ctx context.Context) Health {
	health := Health{Storage: "ok", Document: "ok", NewAccess: true}
	err := e.Store.Ping(ctx)
	if err == nil {
		err = e.OwnStorage(ctx)
	}
	if err == nil {
		err = e.look(ctx, &health)
	}
	if err != nil {
		health.Storage, health.NewAccess = err.Error(), false
	}
	_, err = e.document(ctx)
	if err != nil {
		health.Document, health.NewAccess = err.Error(), false
	}
	return health
}

// look reads what the rows say of the service itself.
func (e *Engine) look(ctx context.Context, health *Health) error {
	freeze, err := e.Frozen(ctx)
	if err != nil {
		return err
	}
	if freeze.Frozen {
		health.NewAccess = false
		health.Frozen = "since " + freeze.At.UTC().Format(time.RFC3339) + "; GET /api/freeze says by whom and why"
	}
	last, err := e.lastSweep(ctx, SweepExpire)
	if err != nil {
		return err
	}
	health.LastSweep = last.LastAt
	health.SweepLate, err = e.silent(ctx, last.LastAt)
	if err != nil {
		return err
	}
	health.LaterRelease, err = e.leftToLater(ctx)
	return err
}
