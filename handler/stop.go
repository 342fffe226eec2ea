package main

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// stop is the red button: everything of one workload ends now.
func (s *server) stop(c echo.Context) error {
	ctx := c.Request().Context()
	said, err := stated(c)
	if err != nil {
		return err
	}
	e, err := s.backend.ready(ctx)
	if err != nil {
		return err
	}
	stopped, err := e.RevokeWorkload(ctx, c.Param("id"), said.by, said.reason)
	if err != nil {
		return err
	}
	stopped.Grants = present(stopped.Grants)
	c.Response().Header().Set("Retry-After", pollAfter)
	return c.JSON(http.StatusAccepted, stopped)
}
