package main

import (
	"context"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// discover compares the tenant with the ledger, as an operation.
func (s *server) discover(c echo.Context) error {
	return s.timed(c, func(ctx context.Context, e *engine.Engine) error { return e.Discover(ctx) })
}
