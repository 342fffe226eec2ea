package main

import (
	"net/http"
	"slices"
	"strings"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// run triggers a sweep now and answers with the operation that follows it.
func (s *server) run(c echo.Context) error {
	ctx := c.Request().Context()
	kind := c.Param("kind")
	if !slices.Contains(engine.Sweeps(), kind) {
		return notFound("there is no sweep of this name; there are " + strings.Join(engine.Sweeps(), ", "))
	}
	e, err := s.backend.ready(ctx)
	if err != nil {
		return err
	}
	operation, err := e.Run(ctx, kind, callerOf(c).name)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", "/api/operations/"+operation.ID)
	c.Response().Header().Set("Retry-After", pollAfter)
	operation.Findings = present(operation.Findings)
	return c.JSON(http.StatusAccepted, operation)
}
