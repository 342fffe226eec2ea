package store

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// Kind says what a failure means for the caller. Compare it by value.
type Kind string

const (
	// KindNone is the kind of nil and of errors that this package did not make.
	KindNone Kind = ""
	// KindLost means that a write may have happened: its answer was lost, late or
	// a server error. Read before deciding anything.
	KindLost Kind = "lost"
	// KindConflict means that the row (or the lease) is no longer the one that was
	// read, or that a row to be inserted by a batch exists. Nothing was written.
	KindConflict Kind = "conflict"
	// KindUnavailable means that the store cannot be used now, and that nothing was
	// written: no connection, throttled, access refused, a missing table or queue.
	KindUnavailable Kind = "unavailable"
	// KindNotFound means that the row is certainly absent. A missing table or an
	// answer without the service's own code is KindUnavailable instead.
	KindNotFound Kind = "notFound"
	// KindExists means that the key of a single insert is taken.
	KindExists Kind = "exists"
	// KindBadCursor means that a list cursor was not made by this package.
	KindBadCursor Kind = "badCursor"
	// KindInvalid means that the request can never succeed as it is, or that a
	// stored row cannot be understood.
	KindInvalid Kind = "invalid"
)

// Error is the only error type that this package returns (possibly wrapped).
type Error struct {
	Operation string // what was attempted, for example "commit"
	Subject   string // table and row, or queue, that it was about
	Status    int    // HTTP status, inside a batch the inner one; 0 when no answer came
	Code      string // the service's error code; "" when none came
	RequestID string // the service's x-ms-request-id; "" when none came
	Kind      Kind
	// MayHaveActed is true when the write may be in the table, now or some time
	// later. It is false for reads and wherever the store made certain.
	MayHaveActed bool
	Err          error // the cause; may be nil

	transient bool
	retry     string
}

// Error names operation, subject, status, code and request id. It leaves out
// request URLs, since those can carry a signature.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "store: %s %s: %s", e.Operation, e.Subject, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&text, ": HTTP %d", e.Status)
	}
	if e.Code != "" {
		fmt.Fprintf(&text, " %s", e.Code)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&text, " (request %s)", e.RequestID)
	}
	if e.Err != nil && e.Status == 0 {
		fmt.Fprintf(&text, ": %s", withoutURL(e.Err))
	}
	return text.String()
}

// Unwrap returns the cause, so that a cancelled context can be recognised.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of err, or KindNone when err is nil or foreign.
func KindOf(err error) Kind {
	failure, ours := asError(err)
	if !ours {
		return KindNone
	}
	return failure.Kind
}

// asError finds the error of this package in the chain of err.
func asError(err error) (*Error, bool) {
	var failure *Error
	ours := errors.As(err, &failure)
	return failure, ours
}

func withoutURL(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err.Error()
	}
	return err.Error()
}

// subject names a call in errors.
type subject struct{ operation, name string }

func (s subject) failed(kind Kind, err error) *Error {
	return &Error{Operation: s.operation, Subject: s.name, Kind: kind, Err: err}
}

func invalid(operation, name string, err error) *Error {
	return subject{operation, name}.failed(KindInvalid, err)
}

// classify turns what one attempt met into an Error, as if it had been a read.
func classify(s subject, err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var response *azcore.ResponseError
	if !errors.As(err, &response) {
		failure := s.failed(KindUnavailable, err)
		failure.transient = true
		return failure
	}
	failure := s.failed(kindOfAnswer(response.StatusCode, response.ErrorCode), err)
	failure.Status, failure.Code = response.StatusCode, response.ErrorCode
	failure.transient = transientStatus(response.StatusCode)
	if response.RawResponse != nil {
		failure.RequestID = response.RawResponse.Header.Get("x-ms-request-id")
		failure.retry = response.RawResponse.Header.Get("Retry-After")
	}
	return failure
}

// kindOfAnswer maps the service's answers. Codes: Microsoft Learn, "Table service
// error codes" and "Common REST API error codes".
func kindOfAnswer(status int, code string) Kind {
	switch {
	case status == http.StatusNotFound && (code == "ResourceNotFound" || code == "EntityNotFound"):
		return KindNotFound
	case status == http.StatusConflict && strings.HasSuffix(code, "AlreadyExists"):
		return KindExists
	case status == http.StatusPreconditionFailed:
		return KindConflict
	case transientStatus(status), status == http.StatusNotFound, status == http.StatusConflict,
		status == http.StatusUnauthorized, status == http.StatusForbidden:
		return KindUnavailable
	}
	return KindInvalid
}

func transientStatus(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500
}

// uncertain tells whether a write that ended so may have happened. A refused
// connection certainly wrote nothing. That a throttled request (429) did not
// either is inferred from the meaning of the status; a 503 is not trusted so far,
// since a gateway may send it after the tables have acted.
func (e *Error) uncertain() bool {
	var network *net.OpError
	if errors.As(e.Err, &network) && network.Op == "dial" {
		return false
	}
	return e.transient && e.Status != http.StatusTooManyRequests
}
