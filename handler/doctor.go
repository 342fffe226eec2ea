package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// doctorReady is how long the storage is waited for before it is examined as it is.
const doctorReady = 15 * time.Second

// doctor examines the service and what it works with. Faults are findings: the answer to
// a call that came through is always 200.
func (s *server) doctor(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := s.backend.built()
	if err != nil {
		return err
	}
	// A storage that cannot be prepared is one of the things that are examined.
	preparing, cancel := context.WithTimeout(ctx, doctorReady)
	_, _ = s.backend.ready(preparing)
	cancel()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	// Commands are to be copied as they are, angle brackets included.
	encoder.SetEscapeHTML(false)
	err = encoder.Encode(e.Doctor(ctx))
	if err != nil {
		return fmt.Errorf("writing the diagnosis: %w", err)
	}
	return c.JSONBlob(http.StatusOK, text.Bytes())
}
