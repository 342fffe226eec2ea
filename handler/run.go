package main

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// sweeps are what an operator may trigger by hand.
func sweeps() []string { return []string{"expire", "retest"} }

// run triggers a sweep now and answers with the operation that follows it.
func (s *server) run(c echo.Context) error {
	ctx := c.Request().Context()
	kind := c.Param("kind")
	if !slices.Contains(sweeps(), kind) {
		return notFound("there is no sweep of this name; there are " + strings.Join(sweeps(), " and "))
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
