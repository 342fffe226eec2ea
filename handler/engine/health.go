package engine

import "context"

// Health says whether the store answers and whether new access is given. It does
// not ask the tenant.
func (e *Engine) Health(ctx context.Context) Health {
	health := Health{Storage: "ok", Document: "ok", NewAccess: true}
	err := e.Store.Ping(ctx)
	if err != nil {
		health.Storage, health.NewAccess = err.Error(), false
	}
	_, err = e.document(ctx)
	if err != nil {
		health.Document, health.NewAccess = err.Error(), false
	}
	return health
}
