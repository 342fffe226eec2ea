package main

import (
	"context"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// operation answers how far work that was asked for has come.
func (s *server) operation(c echo.Context) error {
	id := c.Param("id")
	if id == "" || len(id) > 64 || !printable(id) {
		return notFound("no operation has this id")
	}
	return s.answer(c, func(ctx context.Context, e *engine.Engine) (any, error) {
		found, err := e.Operation(ctx, id)
		found.Findings = present(found.Findings)
		if err == nil && found.State == engine.Running {
			c.Response().Header().Set("Retry-After", pollAfter)
		}
		return found, err
	})
}
