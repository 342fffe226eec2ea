package graph

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind is what a failure means for the caller. Decisions are made on kinds,
// never on texts.
type Kind string

const (
	// NotFound: the service says, with its own code, that there is no such
	// object. The only kind that means absent.
	NotFound Kind = "NotFound"
	// AlreadyExists: the service refuses to make what is there already. Read it
	// and compare.
	AlreadyExists Kind = "AlreadyExists"
	// Forbidden: our identity lacks an app role.
	Forbidden Kind = "Forbidden"
	// Unauthorized: no token could be had, or the service refused it.
	Unauthorized Kind = "Unauthorized"
	// Throttled: too many requests; RetryAfter says how long to stay away.
	Throttled Kind = "Throttled"
	// Transient: the service failed and may not fail next time.
	Transient Kind = "Transient"
	// Lost: no complete answer arrived; whether the request did is unknown.
	Lost Kind = "Lost"
	// BadRequest: the request was wrong and will be wrong again. With Status 0
	// it was refused before anything was sent.
	BadRequest Kind = "BadRequest"
	// Incomplete: an answer came, but not the whole of what was asked, or about
	// something else. Nothing may be concluded from it.
	Incomplete Kind = "Incomplete"
	// Unknown: anything else. Nothing may be concluded from it.
	Unknown Kind = "Unknown"
)

// The app roles of least privilege that open the reads in this package
// (Microsoft Graph permissions reference: get and list of servicePrincipal,
// application, appRoleAssignment; group, its members and owners;
// administrativeUnit and its members; unifiedRoleAssignment; user).
const (
	roleForApplications = "Application.Read.All"
	roleForUnits        = "AdministrativeUnit.Read.All"
	roleForDirectory    = "RoleManagement.Read.Directory"
	// roleForConsents opens the writes (the reference, appRoleAssignedTo: post and
	// delete). Its holder can give itself any permission.
	roleForConsents = "AppRoleAssignment.ReadWrite.All"
)

// Error is every failure that this package returns, apart from those of [New].
type Error struct {
	// Operation is what was attempted, in words.
	Operation string
	// Subject is the id that was asked about, as the caller gave it; it may be
	// hostile text and is quoted when printed.
	Subject string
	// Status is the HTTP status; 0 when there was no answer.
	Status int
	// Code is the service's error code; empty when the answer had none.
	Code string
	// Message is the service's or our own text, for people; bounded, one line.
	Message string
	// RequestID is the service's name for the request, for a support case;
	// empty when unknown.
	RequestID string
	// Kind is never empty.
	Kind Kind
	// RetryAfter is how long the service wants to be left alone, rounded up to
	// whole seconds; 0 when it did not say.
	RetryAfter time.Duration
	// MayHaveActed is true for a write whose effect is not known: the answer was
	// lost, unusable, or a failure of the service. Read before writing again, and
	// know that the effect can still land later. Always false for reads.
	MayHaveActed bool
	// Cause is the underlying error; nil when the service answered.
	Cause error

	// requires is the app role that the call takes.
	requires string
	// neverLeft is whether the transport says that no byte went out.
	neverLeft bool
}

// KindOf returns the kind of the first [Error] in err's chain, [Unknown] for
// any other error, and the empty kind for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var failure *Error
	if errors.As(err, &failure) {
		return failure.Kind
	}
	return Unknown
}

// MayHaveActed reports whether err leaves open what a write did: true for an
// [Error] that says so and for any other error, false for nil.
func MayHaveActed(err error) bool {
	if err == nil {
		return false
	}
	var failure *Error
	if !errors.As(err, &failure) {
		return true
	}
	return failure.MayHaveActed
}

// Error says what was attempted, on what, what came back, and what to do.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "microsoft graph: %s %q: %s", e.Operation, printable(e.Subject, 80), e.outcome())
	if e.RequestID != "" {
		fmt.Fprintf(&text, " (request id %s)", e.RequestID)
	}
	if e.MayHaveActed {
		text.WriteString("; the write may have taken effect")
	}
	fmt.Fprintf(&text, "; %s", e.advice())
	return text.String()
}

// Unwrap returns the cause, so that an ended context can be told.
func (e *Error) Unwrap() error { return e.Cause }

func (e *Error) outcome() string {
	parts := make([]string, 0, 4)
	if e.Status != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, e.Code)))
	}
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	if e.Cause != nil {
		parts = append(parts, printable(e.Cause.Error(), messageLimit))
	}
	if len(parts) == 0 {
		return string(e.Kind)
	}
	return strings.Join(parts, ": ")
}

func (e *Error) advice() string {
	switch e.Kind {
	case NotFound:
		return "check the id, and that it is one of this tenant"
	case AlreadyExists:
		return "read what is there and compare it with what was wanted"
	case Forbidden:
		return "grant mailgrant's own identity the Microsoft Graph app role " + e.requires + ", if it is missing"
	case Unauthorized:
		return "check that mailgrant's own identity exists in this tenant and can sign in"
	case Throttled:
		return "ask again after " + max(e.RetryAfter, firstPause).String()
	case Transient, Lost:
		return "ask again later"
	case BadRequest:
		return "correct the request; repeating it does not help"
	default:
		return "nothing is concluded from this; ask again, then report it"
	}
}
