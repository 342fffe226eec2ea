package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"mailgrant/handler/engine"
	"mailgrant/handler/grant"
	"mailgrant/handler/store"

	"github.com/labstack/echo/v4"
)

// problem is an answer that is not what the caller hoped for (RFC 9457). Type tells
// programs what happened and is stable; the rest is for people.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Grant is the id of the grant that the answer is about; empty where there is none.
	Grant string `json:"grant,omitempty"`
	// Invocation is what an operator looks for in the log.
	Invocation string        `json:"invocation,omitempty"`
	Faults     []grant.Fault `json:"faults,omitempty"`

	// retryAfter is in seconds; 0 means that asking again would not help.
	retryAfter int
}

// Error makes a problem something that a function can return.
func (p *problem) Error() string { return p.Title + ": " + p.Detail }

// kinds of problem, by the name at the end of their type.
func problemOf(name string, status int, title, detail string) *problem {
	return &problem{Type: "/problems/" + name, Title: title, Status: status, Detail: detail}
}

func notFound(detail string) *problem {
	return problemOf("not-found", http.StatusNotFound, "There is nothing here", detail)
}

func badParameter(detail string) *problem {
	return problemOf("parameter", http.StatusBadRequest, "A parameter cannot be used", detail)
}

// explain finds the problem that an error is.
func explain(err error) *problem {
	var known *problem
	var tooLarge *http.MaxBytesError
	var routing *echo.HTTPError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tooLarge):
		return problemOf("too-large", http.StatusRequestEntityTooLarge, "The body is too large", fmt.Sprintf("%d bytes are allowed", tooLarge.Limit))
	case errors.As(err, &routing):
		return explainRouting(routing)
	case store.FromLaterRelease(err):
		return problemOf("internal", http.StatusInternalServerError, "Something is wrong here",
			"a row was written by a later release of this program and is left alone; deploy that release again")
	case engine.KindOf(err) != engine.KindInternal:
		return explainEngine(err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		timeout := problemOf("timeout", http.StatusServiceUnavailable, "The answer took too long", "what was begun is taken up again by itself; ask again")
		timeout.retryAfter = 10
		return timeout
	}
	return problemOf("internal", http.StatusInternalServerError, "Something is wrong here", "the log names it under this invocation")
}

func explainRouting(err *echo.HTTPError) *problem {
	switch err.Code {
	case http.StatusNotFound:
		return notFound("no resource has this address")
	case http.StatusMethodNotAllowed:
		return problemOf("method", err.Code, "The method is not for this address", "")
	}
	return problemOf("request", err.Code, http.StatusText(err.Code), "")
}

// explainEngine words the engine's kinds for HTTP.
func explainEngine(err error) *problem {
	var typed *engine.Error
	errors.As(err, &typed)
	found := kindProblem(typed.Kind)
	found.Detail, found.Faults = typed.Detail, typed.Faults
	if typed.Kind == engine.KindDocument && typed.Cause != nil {
		found.Detail += ": " + typed.Cause.Error()
	}
	return found
}

func kindProblem(kind engine.Kind) *problem {
	switch kind {
	case engine.KindNotFound:
		return notFound("")
	case engine.KindMalformed:
		return problemOf("malformed", http.StatusBadRequest, "The body is not JSON", "")
	case engine.KindShape:
		return problemOf("shape", http.StatusUnprocessableEntity, "The request has faults", "")
	case engine.KindKeyReused:
		return problemOf("key-reused", http.StatusUnprocessableEntity, "The idempotency key belongs to another request", "")
	case engine.KindEnded:
		return problemOf("ended", http.StatusConflict, "The grant has ended", "")
	case engine.KindState:
		return problemOf("state", http.StatusConflict, "The grant is in no state for this", "")
	case engine.KindBadCursor:
		return problemOf("cursor", http.StatusBadRequest, "The cursor cannot be used", "")
	case engine.KindInvalid:
		return badParameter("")
	case engine.KindDocument:
		return later(problemOf("no-new-access", http.StatusServiceUnavailable, "No new access is given at present", ""), 60)
	case engine.KindTenant:
		return later(problemOf("tenant", http.StatusServiceUnavailable, "The tenant could not be asked", ""), 30)
	case engine.KindLate:
		return later(problemOf("late", http.StatusGatewayTimeout, "The tenant did not answer in time", ""), 30)
	case engine.KindStorage:
		return later(problemOf("storage", http.StatusServiceUnavailable, "The storage cannot be reached", ""), 10)
	}
	return problemOf("internal", http.StatusInternalServerError, "Something is wrong here", "")
}

func later(p *problem, seconds int) *problem {
	p.retryAfter = seconds
	return p
}

// fail answers whatever a route returned as an error. Calls of the host's triggers
// get the host's kind of answer.
func (s *server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	ctx := c.Request().Context()
	if isTrigger(c) {
		s.settle(c, err)
		return
	}
	answer := *explain(err)
	answer.Invocation = invocationOf(ctx)
	if answer.Status >= http.StatusInternalServerError {
		s.log.ErrorContext(ctx, "a call failed", "route", c.Path(), "problem", answer.Type, "error", err.Error())
	}
	err = answer.write(c)
	if err != nil {
		s.log.WarnContext(ctx, "an answer could not be written", "error", err.Error())
	}
}

func (p problem) write(c echo.Context) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("writing a problem: %w", err)
	}
	if p.retryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	return c.Blob(p.Status, "application/problem+json", text)
}
