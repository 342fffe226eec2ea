package exchange

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Error is the one error of this package. Its texts are bounded, free of control characters and of
// tokens; they are for people. Programs look at Kind, RetryAfter and MayHaveActed.
type Error struct {
	// Operation is what was attempted, with the cmdlet: "remove a management scope (Remove-ManagementScope)".
	Operation string
	// Subject is what it was attempted on, as the caller named it.
	Subject string
	// Status is the HTTP status; 0 when there was none.
	Status int
	// Code is the tenant's short code ("NotFound"); empty when it gave none.
	Code string
	// ExceptionType is the full name of the .NET exception; empty when none was given.
	ExceptionType string
	// Message is the tenant's own text, or ours when the refusal is local; at most 4 KiB.
	Message string
	// RequestID is the tenant's id of the request, else the one that was sent with it; empty when
	// nothing was sent.
	RequestID string
	// Diagnostics is the header x-ms-diagnostics, which holds the real reason of some refusals.
	Diagnostics string
	// Kind is what the failure means.
	Kind Kind
	// RetryAfter is how long the tenant asked to wait, rounded up to whole seconds; 0 when it did
	// not say.
	RetryAfter time.Duration
	// MayHaveActed is true for a write whose effect is not known: the answer was lost, unreadable,
	// or a failure of the service. Read before writing again, and know that the effect can still
	// land minutes later. Always false for reads.
	MayHaveActed bool

	cause error
}

// Error says what was attempted, on what, what came back, and what to do.
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString(e.Operation)
	if e.Subject != "" {
		text.WriteString(" " + strconv.Quote(clean(e.Subject, headerLimit)))
	}
	text.WriteString(": " + e.answer())
	if e.RequestID != "" {
		text.WriteString("; request " + e.RequestID)
	}
	if e.MayHaveActed {
		text.WriteString("; the write may have taken effect")
	}
	text.WriteString("; " + e.Kind.advice())
	return text.String()
}

// answer joins what came back, most general first.
func (e *Error) answer() string {
	parts := []string{string(e.Kind)}
	if e.Status != 0 {
		parts = append(parts, "answered "+strconv.Itoa(e.Status))
	}
	for _, part := range []string{e.Code, shortType(e.ExceptionType), e.Message, e.Diagnostics} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// Unwrap returns the failure below (a context's, a connection's, the credential's); nil when the
// tenant itself answered.
func (e *Error) Unwrap() error { return e.cause }

// MayHaveActed reports whether err leaves open what a write did: true for an Error that says so and
// for an error that is not an Error at all, false for nil.
func MayHaveActed(err error) bool {
	if err == nil {
		return false
	}
	var fault *Error
	if !errors.As(err, &fault) {
		return true
	}
	return fault.MayHaveActed
}
