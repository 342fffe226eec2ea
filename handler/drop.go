package main

import (
	"context"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// drop gives up what cannot be removed. Somebody has to say why, because access is
// left behind that nobody will take away.
func (s *server) drop(c echo.Context) error {
	return s.asked(c, func(ctx context.Context, e *engine.Engine, id string, said statement) (engine.View, error) {
		return e.Drop(ctx, id, said.by, said.reason)
	}, "reason")
}
