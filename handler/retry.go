package main

import (
	"context"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// retry hurries a grant whose work fails and waits for its next try.
func (s *server) retry(c echo.Context) error {
	return s.asked(c, func(ctx context.Context, e *engine.Engine, id string, said statement) (engine.View, error) {
		return e.Retry(ctx, id, said.by)
	})
}
