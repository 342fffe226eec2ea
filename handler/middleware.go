package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"mailgrant/handler/telemetry"

	"github.com/labstack/echo/v4"
)

// invocationHeader carries the host's id of a call. A caller can send it too, so it
// is used in logs, and to tell two deliveries apart, and is never proof of anything.
const invocationHeader = "X-Azure-Functions-InvocationId"

// observe gives the call its invocation id and writes one line when it is over. The
// query is left out: the host forwards a caller's key there.
func (s *server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		request := c.Request()
		if request.URL.Path == "/" {
			return next(c)
		}
		started := time.Now()
		ctx := withInvocation(request.Context(), invocationID(request))
		ctx, traced := s.traced(ctx, c)
		c.SetRequest(request.WithContext(ctx))
		err := next(c)
		if err != nil {
			// Answered here and not by the router, so that the line has the status.
			c.Error(err)
		}
		s.log.InfoContext(ctx, "call", "method", request.Method, "route", c.Path(),
			"status", c.Response().Status, "milliseconds", time.Since(started).Milliseconds())
		traced(c.Response().Status)
		return nil
	}
}

// traced begins the span of a call. The messages of queues get theirs from the engine,
// which knows whose trace they go on with; a call to no route at all gets none.
func (s *server) traced(ctx context.Context, c echo.Context) (context.Context, func(int)) {
	route := c.Path()
	if route == "" || route == "/apply" || route == "/notify" {
		return ctx, func(int) {}
	}
	return s.backend.telemetry.Serve(ctx, telemetry.Served{Method: c.Request().Method, Route: route, Invocation: invocationOf(ctx), Header: c.Request().Header})
}

// invocationID returns the host's id of a call, and nothing of what could not be one.
func invocationID(request *http.Request) string {
	id := request.Header.Get(invocationHeader)
	if len(id) > 64 || !printable(id) {
		return ""
	}
	return id
}

func printable(text string) bool {
	for _, letter := range []byte(text) {
		if letter < 0x20 || letter > 0x7e {
			return false
		}
	}
	return true
}

// survive turns a panic into an error, so that one call does not end the others.
func (s *server) survive(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		var failure error
		func() {
			defer func() {
				cause := recover()
				if cause == nil {
					return
				}
				s.log.ErrorContext(c.Request().Context(), "a call panicked", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
				failure = errPanicked
			}()
			failure = next(c)
		}()
		return failure
	}
}

var errPanicked = errors.New("a call panicked; the log holds where")

// within gives a call its deadline.
func within(limit time.Duration) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			ctx, cancel := context.WithTimeout(c.Request().Context(), limit)
			defer cancel()
			c.SetRequest(c.Request().WithContext(ctx))
			return next(c)
		}
	}
}

// bounded cuts a body off where it is too long; whoever reads it gets the error.
func bounded(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		limit := int64(maxBody)
		if isTrigger(c) {
			limit = maxEnvelope
		}
		c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, limit)
		return next(c)
	}
}

// triggerMark is the context's key that sets the host's triggers apart from HTTP.
const triggerMark = "trigger"

func marked(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(triggerMark, true)
		return next(c)
	}
}

// isTrigger reports whether a call came to one of the host's triggers and not by HTTP.
func isTrigger(c echo.Context) bool { return c.Get(triggerMark) != nil }
