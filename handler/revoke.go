package main

import (
	"context"
	"net/http"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// revoke asks for the end of a grant before its time.
func (s *server) revoke(c echo.Context) error {
	return s.asked(c, func(ctx context.Context, e *engine.Engine, id string, said statement) (engine.View, error) {
		return e.Revoke(ctx, id, said.by, said.reason)
	})
}

// asked takes in what a caller wants of one grant, and answers with the grant as it is
// before the work that follows.
func (s *server) asked(c echo.Context, ask func(context.Context, *engine.Engine, string, statement) (engine.View, error), required ...string) error {
	ctx := c.Request().Context()
	id, err := grantID(c)
	if err != nil {
		return err
	}
	said, err := stated(c, required...)
	if err != nil {
		return err
	}
	e, err := s.backend.ready(ctx)
	if err != nil {
		return err
	}
	view, err := ask(ctx, e, id, said)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/api/grants/"+id)
	c.Response().Header().Set("Retry-After", pollAfter)
	return c.JSON(http.StatusAccepted, shown(view))
}
