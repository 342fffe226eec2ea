package main

import (
	"context"
	"fmt"
	"io"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// probeCode gives the workload's owner a code and the calls to try. The answer is not to
// be kept by anything on its way: the code in it can be used by whoever has it.
func (s *server) probeCode(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return s.tried(c, func(ctx context.Context, e *engine.Engine, id string, body []byte) (any, error) {
		return e.ProbeCode(ctx, id, callerOf(c).name, body)
	})
}

// probe takes in what the workload's owner has met.
func (s *server) probe(c echo.Context) error {
	return s.tried(c, func(ctx context.Context, e *engine.Engine, id string, body []byte) (any, error) {
		return e.Probe(ctx, id, callerOf(c).name, body)
	})
}

// tried hands the grant's id and the body to one of the two.
func (s *server) tried(c echo.Context, do func(context.Context, *engine.Engine, string, []byte) (any, error)) error {
	id, err := grantID(c)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	return s.answer(c, func(ctx context.Context, e *engine.Engine) (any, error) { return do(ctx, e, id, body) })
}
