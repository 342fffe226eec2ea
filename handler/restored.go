package main

import (
	"context"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// restored notes that the ledger was restored from a copy.
func (s *server) restored(c echo.Context) error {
	said, err := stated(c)
	if err != nil {
		return err
	}
	return s.answer(c, func(ctx context.Context, e *engine.Engine) (any, error) { return e.Restored(ctx, said.by) })
}
