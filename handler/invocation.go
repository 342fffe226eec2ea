package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"mailgrant/handler/engine"

	"github.com/labstack/echo/v4"
)

// envelope is what the host posts for a trigger that is not HTTP (Microsoft Learn,
// Azure Functions custom handlers, Request payload). The metadata is not read: a
// message says whose rows to look at, and the rows say everything else.
type envelope struct {
	Data map[string]json.RawMessage `json:"Data"`
}

// timer is what a timer trigger's data holds. encoding/json matches the names in
// any case, which is needed: the host's spelling differs between its languages.
type timer struct {
	IsPastDue bool
}

// readEnvelope returns the data of the named binding. One that is missing is taken
// from an envelope with a single binding, whatever its name.
func readEnvelope(body io.Reader, binding string) (json.RawMessage, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("reading the host's envelope: %w", err)
	}
	var call envelope
	err = json.Unmarshal(text, &call)
	if err != nil {
		return nil, fmt.Errorf("decoding the host's envelope: %w", err)
	}
	for name, data := range call.Data {
		if strings.EqualFold(name, binding) || len(call.Data) == 1 {
			return data, nil
		}
	}
	return nil, errors.New("decoding the host's envelope: it holds no data for " + binding)
}

// readMessage returns the text of a queue message. The host encodes a string once
// more before it puts it into the envelope (azure-functions-host,
// ScriptInvocationContextExtensions), so the text comes with quotes of its own; the
// plain form is accepted too.
func readMessage(data json.RawMessage) (string, error) {
	var text string
	err := json.Unmarshal(data, &text)
	if err != nil {
		return "", fmt.Errorf("decoding the message: %w", err)
	}
	var inner string
	err = json.Unmarshal([]byte(text), &inner)
	if err == nil {
		text = inner
	}
	text = strings.TrimSpace(text)
	if text == "" || len(text) > 128 || !printable(text) {
		return "", errors.New("decoding the message: it is no id")
	}
	return text, nil
}

// readTimer decodes a timer's data, which may be encoded once more as text is.
func readTimer(data json.RawMessage) (timer, error) {
	var text string
	if json.Unmarshal(data, &text) == nil {
		data = json.RawMessage(text)
	}
	var read timer
	err := json.Unmarshal(data, &read)
	if err != nil {
		return timer{}, fmt.Errorf("decoding the timer: %w", err)
	}
	return read, nil
}

// queued answers a queue trigger: it reads the id and hands it to work.
func (s *server) queued(c echo.Context, work func(context.Context, *engine.Engine, string) error) error {
	data, err := readEnvelope(c.Request().Body, "message")
	if err != nil {
		return err
	}
	id, err := readMessage(data)
	if err != nil {
		return err
	}
	return s.triggered(c, func(ctx context.Context, e *engine.Engine) error { return work(ctx, e, id) })
}

// timed answers a timer trigger. The envelope is read for the log alone: an
// envelope that cannot be read must not stop a sweep.
func (s *server) timed(c echo.Context, work func(context.Context, *engine.Engine) error) error {
	ctx := c.Request().Context()
	data, err := readEnvelope(c.Request().Body, "timer")
	var read timer
	if err == nil {
		read, err = readTimer(data)
	}
	if err != nil {
		s.log.WarnContext(ctx, "the timer's envelope is not understood; the sweep goes on", "error", err.Error())
	}
	if read.IsPastDue {
		s.log.WarnContext(ctx, "the host runs this timer late", "route", c.Path())
	}
	return s.triggered(c, work)
}

func (s *server) triggered(c echo.Context, work func(context.Context, *engine.Engine) error) error {
	ctx := c.Request().Context()
	e, err := s.backend.ready(ctx)
	if err == nil {
		err = work(ctx, e)
	}
	s.settle(c, err)
	return nil
}

// settle tells the host how a call ended. Anything but 2xx means "a retry may help",
// which is so only when the store could not be written: every other failure is
// recorded in rows that owe the work. The body must hold a value, because the host
// waits for ever on an empty one (inferred from azure-functions-host,
// DefaultHttpWorkerService).
func (s *server) settle(c echo.Context, err error) {
	status := http.StatusOK
	if err != nil {
		s.log.ErrorContext(c.Request().Context(), "a triggered call failed", "route", c.Path(), "error", err.Error())
	}
	if engine.KindOf(err) == engine.KindStorage {
		status = http.StatusServiceUnavailable
	}
	err = c.JSONBlob(status, []byte("{}"))
	if err != nil {
		s.log.WarnContext(c.Request().Context(), "the host did not take the answer", "error", err.Error())
	}
}
