package main

import (
	"context"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// notify delivers what one grant's outbox holds.
func (s *server) notify(c echo.Context) error {
	return s.queued(c, func(ctx context.Context, e *engine.Engine, id string) error { return e.Notify(ctx, id) })
}
