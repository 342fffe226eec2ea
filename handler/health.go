package main

import (
	"net/http"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// The three answers of health.
const (
	healthOK       = "ok"
	healthDegraded = "degraded" // no new access is given, or the sweep over the ends is late, or work is left to a later release
	healthDown     = "down"     // nothing can be recorded
)

// healthAnswer is the engine's health and what the process can add.
type healthAnswer struct {
	Status string `json:"status"`
	engine.Health
	// SimulatedClock is true in a build whose time is set from outside.
	SimulatedClock bool `json:"simulatedClock,omitempty"`
}

// health says whether the service can do its work, without asking the tenant:
// anybody may call this, and as often as he likes.
func (s *server) health(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := s.backend.built()
	if err != nil {
		return err
	}
	// On the first call of a new installation the tables are made here; whether that
	// failed is told by the look at the storage that follows.
	_, _ = s.backend.ready(ctx)
	answer := healthAnswer{Status: healthOK, Health: e.Health(ctx), SimulatedClock: simulatedClock}
	status := http.StatusOK
	switch {
	case answer.Storage != healthOK:
		answer.Status, status = healthDown, http.StatusServiceUnavailable
		c.Response().Header().Set("Retry-After", "10")
	case answer.Document != healthOK || !answer.NewAccess || answer.SweepLate || answer.LaterRelease != "":
		answer.Status = healthDegraded
	}
	return c.JSON(status, answer)
}
