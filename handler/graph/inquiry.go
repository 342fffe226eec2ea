package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"mailgrant/handler/telemetry"

	"github.com/google/uuid"
)

const (
	triesPerRequest  = 5
	requestTimeout   = 30 * time.Second
	firstPause       = time.Second
	pausesPerInquiry = 20 * time.Second
)

// inquiry is one question of a caller, with as many requests as it takes. It
// carries what is left of the time that may be spent waiting, so that a list of
// many pages waits no longer than a single object does.
type inquiry struct {
	operation string
	subject   string
	requires  string
	left      time.Duration
	wait      func(context.Context, time.Duration) error
	telemetry *telemetry.Telemetry
}

func (c *Client) inquire(operation, subject string) *inquiry {
	return &inquiry{operation: operation, subject: subject, requires: roleForApplications, left: pausesPerInquiry, wait: c.wait, telemetry: c.telemetry}
}

// needing names the app role that the inquiry takes, for the advice in its errors.
func (i *inquiry) needing(role string) *inquiry {
	i.requires = role
	return i
}

// identifier returns the subject in the form in which it goes into a path. The
// shape is checked because an empty id would ask for the whole collection, and
// any other text could change what the path means.
func (i *inquiry) identifier() (string, error) {
	id, err := uuid.Parse(i.subject)
	if err != nil || len(i.subject) != len(uuid.Nil.String()) {
		return "", i.fail(BadRequest, "not sent: the id is not a GUID")
	}
	return id.String(), nil
}

func (i *inquiry) fail(kind Kind, format string, values ...any) *Error {
	return &Error{Operation: i.operation, Subject: i.subject, Kind: kind, Message: fmt.Sprintf(format, values...), requires: i.requires}
}

// read sends one request, again where that can help, and returns its answer or
// an [Error] that names the inquiry.
func read[T any](ctx context.Context, i *inquiry, ask func(context.Context) (T, error)) (T, error) {
	for try := 1; ; try++ {
		answer, failure := askOnce(ctx, i, false, ask)
		if failure == nil {
			return answer, nil
		}
		again := try < triesPerRequest && failure.mayPass() && i.pause(ctx, try, failure.RetryAfter)
		if !again {
			var none T
			return none, failure
		}
	}
}

// write sends one request once, whatever becomes of it. Its error says whether
// the request may have been carried out all the same.
func write[T any](ctx context.Context, i *inquiry, ask func(context.Context) (T, error)) (T, error) {
	answer, failure := askOnce(ctx, i, true, ask)
	if failure == nil {
		return answer, nil
	}
	var none T
	failure.MayHaveActed = failure.leavesOpen()
	return none, failure
}

// leavesOpen is false only for a refusal, which is an answer, and for what never
// left: for lack of a token or of a connection.
func (e *Error) leavesOpen() bool {
	if e.Status == 0 {
		return e.Kind != Unauthorized && !e.neverLeft
	}
	return e.Status < http.StatusBadRequest || e.Status >= http.StatusInternalServerError || e.Status == http.StatusRequestTimeout
}

// askOnce sends one request, traced and counted; its error, nil for none, names the inquiry.
func askOnce[T any](ctx context.Context, i *inquiry, writes bool, ask func(context.Context) (T, error)) (T, *Error) {
	traced, done := i.telemetry.Call(ctx, telemetry.Call{Edge: "graph", Operation: i.operation, Write: writes})
	bounded, cancel := context.WithTimeout(traced, requestTimeout)
	defer cancel()
	answer, err := ask(bounded)
	if err == nil {
		done(telemetry.OutcomeFine)
		return answer, nil
	}
	failure := i.explain(ctx, err)
	outcome := string(failure.Kind)
	if failure.Kind == NotFound && !writes {
		outcome = telemetry.OutcomeAbsent
	}
	done(outcome)
	return answer, failure
}

// explain gives every error that comes up through the library a kind. What is
// neither the guard's, nor an ended context, nor a missing token, was raised
// while a whole answer was being decoded.
func (i *inquiry) explain(ctx context.Context, err error) *Error {
	var known *Error
	var unsigned *tokenError
	switch {
	case errors.As(err, &known):
		named := *known
		named.Operation, named.Subject, named.requires = i.operation, i.subject, i.requires
		return &named
	case ctx.Err() != nil:
		return i.caused(Lost, "not answered in time", err)
	case errors.As(err, &unsigned):
		return i.caused(Unauthorized, "not sent", unsigned)
	default:
		return i.caused(Incomplete, "the answer cannot be decoded", err)
	}
}

func (i *inquiry) caused(kind Kind, message string, cause error) *Error {
	failure := i.fail(kind, "%s", message)
	failure.Cause = cause
	return failure
}

// mayPass tells whether the same request may succeed a moment later.
func (e *Error) mayPass() bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return e.Kind == Lost
	}
}

// pause waits before the next try and tells whether there is to be one. The
// service's wish is never undercut: where it does not fit into what is left, or
// before the context's deadline, the caller gets the error, with the wish in it,
// at once instead of after a useless wait.
func (i *inquiry) pause(ctx context.Context, try int, wish time.Duration) bool {
	length := max(wish, time.Duration(try)*firstPause)
	if length > i.left || !endsInTime(ctx, length) {
		return false
	}
	i.left -= length
	err := i.wait(ctx, length)
	return err == nil
}

// endsInTime compares by means of the context package, which keeps the earlier
// of two deadlines, because this package does not read the clock.
func endsInTime(ctx context.Context, length time.Duration) bool {
	deadline, limited := ctx.Deadline()
	if !limited {
		return true
	}
	shortened, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	end, _ := shortened.Deadline()
	return end.Before(deadline)
}

func sleep(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// same checks that the answer is about what was asked.
func (i *inquiry) same(name, asked, answered string) error {
	if !strings.EqualFold(asked, answered) {
		return i.fail(Incomplete, "the answer's %s is %q", name, printable(answered, 80))
	}
	return nil
}
