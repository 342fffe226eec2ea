package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// haltsAnswer is every kind of capped work as it stands.
type haltsAnswer struct {
	Halts []engine.Halt `json:"halts"`
}

// halts lists what was stopped by a cap and waits for a person.
func (s *server) halts(c echo.Context) error {
	return s.answer(c, func(ctx context.Context, e *engine.Engine) (any, error) {
		halts, err := e.Halts(ctx)
		return haltsAnswer{Halts: present(halts)}, err
	})
}

// confirm lets the work of one kind go on that waits at this moment.
func (s *server) confirm(c echo.Context) error {
	ctx := c.Request().Context()
	kind := c.Param("kind")
	if !slices.Contains(engine.Caps(), kind) {
		return notFound("nothing of this name is capped; there are " + strings.Join(engine.Caps(), ", "))
	}
	said, err := stated(c)
	if err != nil {
		return err
	}
	e, err := s.backend.ready(ctx)
	if err != nil {
		return err
	}
	halt, err := e.Confirm(ctx, kind, said.by)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/api/halts")
	c.Response().Header().Set("Retry-After", pollAfter)
	return c.JSON(http.StatusAccepted, halt)
}
