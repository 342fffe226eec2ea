package main

import (
	"context"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// expire sends a message for everything that is owed by now.
func (s *server) expire(c echo.Context) error {
	return s.timed(c, func(ctx context.Context, e *engine.Engine) error { return e.Expire(ctx) })
}
