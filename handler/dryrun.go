package main

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// rehearse answers what a request would do: as JSON, or as the script of the same where
// the caller asks for plain text. Nothing is stored.
func (s *server) rehearse(c echo.Context, e *engine.Engine, delivery engine.Delivery) error {
	made, err := e.Rehearse(c.Request().Context(), delivery)
	if err != nil {
		return unrehearsed(err)
	}
	// Without a key of the caller's own the next call is another one, with another id.
	made.NamesHold = len(c.Request().Header.Values("Idempotency-Key")) > 0
	if accepts(c.Request().Header.Values("Accept"), "text/plain") {
		return c.Blob(http.StatusOK, "text/plain; charset=utf-8", []byte(made.PowerShell()))
	}
	return c.JSON(http.StatusOK, made)
}

// unrehearsed answers as the request itself would be answered, and passes a wait on that
// the tenant asked for.
func unrehearsed(err error) error {
	var typed *engine.Error
	switch {
	case !errors.As(err, &typed):
		return err
	case typed.Kind == engine.KindRefused:
		p := problemOf("binding", http.StatusUnprocessableEntity, "The request cannot be granted", typed.Detail)
		p.Faults = typed.Faults
		return p
	}
	p := explain(err)
	rest := typed.RetryAfter + time.Second - 1
	p.retryAfter = max(p.retryAfter, int(rest/time.Second))
	return p
}

// accepts: the caller names this type. Whoever takes anything gets JSON.
func accepts(headers []string, wanted string) bool {
	for accepted := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		kind, _, _ := strings.Cut(accepted, ";")
		if strings.EqualFold(strings.TrimSpace(kind), wanted) {
			return true
		}
	}
	return false
}
