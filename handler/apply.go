package main

import (
	"context"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// apply takes the rows of one grant, or one operation, as far as they can go now.
func (s *server) apply(c echo.Context) error {
	return s.queued(c, func(ctx context.Context, e *engine.Engine, id string) error { return e.Apply(ctx, id) })
}
