package main

import (
	"context"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// retest sends a message for every live grant whose proof is to be renewed.
func (s *server) retest(c echo.Context) error {
	return s.timed(c, func(ctx context.Context, e *engine.Engine) error { return e.Retest(ctx) })
}
