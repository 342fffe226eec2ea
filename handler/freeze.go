package main

import (
	"context"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// freeze stops new access for everybody.
func (s *server) freeze(c echo.Context) error { return s.turn(c, true) }

// unfreeze allows new access again.
func (s *server) unfreeze(c echo.Context) error { return s.turn(c, false) }

func (s *server) turn(c echo.Context, frozen bool) error {
	said, err := stated(c)
	if err != nil {
		return err
	}
	return s.answer(c, func(ctx context.Context, e *engine.Engine) (any, error) {
		return e.SetFreeze(ctx, engine.Freeze{Frozen: frozen, By: said.by, Reason: said.reason})
	})
}

// frozen says whether new access is stopped, by whom and why.
func (s *server) frozen(c echo.Context) error {
	return s.answer(c, func(ctx context.Context, e *engine.Engine) (any, error) { return e.Frozen(ctx) })
}
