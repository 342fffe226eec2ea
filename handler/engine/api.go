// Package engine is the only place where the rules meet the world: it asks the
// pure packages what is to be done, does it through the edges, and records it in
// the store. One file a verb.
//
// It must not know how a call came in (HTTP, queue or timer), and it keeps nothing
// in memory that matters after an invocation.
package engine

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
	"mailgrant/handler/policy"
	"mailgrant/handler/store"
	"mailgrant/handler/telemetry"
)

// Settings are what an Engine works with. All fields are required but those that say
// what their absence means.
type Settings struct {
	// Installation is the mark in every remote name.
	Installation string
	// Tenant is the tenant's id; empty where it is not known.
	Tenant   string
	Store    *store.Store
	Exchange *exchange.Client
	Graph    *graph.Client
	// Ceiling is what the Exchange client passes before every call; nil means that it
	// has none.
	Ceiling *Ceiling
	// Lease is how long a worker has a workload without renewing; 0 means 90 seconds.
	Lease time.Duration
	// Now is the clock. Only main reads the machine's.
	Now func() time.Time
	// Machine is the machine's own clock, by which the service's tokens live; nil means Now.
	Machine func() time.Time
	// Wait is how a run waits before it sends a refused write again: it returns nil after
	// the duration, or the context's error. Nil waits by the machine's time.
	Wait func(context.Context, time.Duration) error
	// Document reads and checks the operator's document anew; its error says why no
	// new access may be given.
	Document func() (policy.Document, error)
	// Telemetry measures and traces; nil does neither.
	Telemetry *telemetry.Telemetry
	// Log gets what operators should see; nil drops it.
	Log *slog.Logger
	// OwnAppID is the application id of the service's own identity; empty where it
	// is not known. It is never a target.
	OwnAppID string
}

// Engine carries out the verbs of a grant's life. Safe for concurrent use.
type Engine struct {
	Settings
}

// New makes an Engine. It does no I/O.
func New(settings Settings) *Engine {
	if settings.Log == nil {
		settings.Log = slog.New(slog.DiscardHandler)
	}
	if settings.Machine == nil {
		settings.Machine = settings.Now
	}
	if settings.Wait == nil {
		settings.Wait = waitOnTimer
	}
	if settings.Lease <= 0 {
		settings.Lease = leaseFor
	}
	return &Engine{Settings: settings}
}

// Delivery is one request as it came in.
type Delivery struct {
	// Source is the caller's configured name; Key makes the delivery one there.
	Source, Key string
	Body        []byte
	// at is when it came in: read once, because the stored request is read again at
	// this very instant and may not have grown too short by then.
	at time.Time
}

// Receipt is what a delivery is answered with.
type Receipt struct {
	ID string
	// Repeated: the same key and body had been received before.
	Repeated bool
}

// Query selects a page of grants. Limit 0 means 50; at most 200.
type Query struct {
	Cursor string
	Limit  int
	State  string
}

// Page is one page of grants, sorted by id. Next is empty on the last page. The
// summaries are copies and may lag behind the grants; AsOf is when they were read.
type Page struct {
	Grants []Summary `json:"grants"`
	Next   string    `json:"next,omitempty"`
	AsOf   time.Time `json:"asOf"`
}

// Summary is a grant in a list.
type Summary struct {
	ID          string          `json:"id"`
	State       grant.State     `json:"state"`
	Workload    *grant.Workload `json:"workload,omitempty"`
	Permissions []string        `json:"permissions,omitempty"`
	ExpiresAt   time.Time       `json:"expiresAt,omitzero"`
	Owner       string          `json:"owner,omitempty"`
	Ticket      grant.Ticket    `json:"ticket,omitzero"`
	// Stuck is the reason why work on the grant fails, empty while it does not.
	Stuck string `json:"stuck,omitempty"`
}

// HistoryPage is one page of a grant's history, oldest first.
type HistoryPage struct {
	Entries []grant.Entry `json:"entries"`
	Next    string        `json:"next,omitempty"`
}

// View is a grant as it is shown: the grant, its steps, its evidence, and what its
// owner needs to use it.
type View struct {
	grant.Grant
	Steps    []ShownStep      `json:"steps"`
	Evidence []grant.Evidence `json:"evidence"`
	Handover *Handover        `json:"handover,omitempty"`
	// MemberMailboxes are those that a group, unit or filter held when it was last looked
	// at; absent for named mailboxes, and where there are more than 1,000.
	MemberMailboxes []grant.Mailbox `json:"memberMailboxes,omitempty"`
	// Faults are why the grant was refused at binding; empty otherwise.
	Faults []grant.Fault `json:"faults,omitempty"`
	// Attempts counts the tries that failed since the last success, and NextTry is when
	// the next one is made; both zero while nothing fails.
	Attempts int       `json:"attempts,omitempty"`
	NextTry  time.Time `json:"nextTry,omitzero"`
}

// Refused reports whether binding refused the grant.
func (v View) Refused() bool { return v.State == grant.Denied && len(v.Faults) > 0 }

// ShownStep is a step as it is shown.
type ShownStep struct {
	Kind     grant.StepKind  `json:"kind"`
	Name     string          `json:"name"`
	State    grant.StepState `json:"state"`
	RemoteID string          `json:"remoteId,omitempty"`
	// Adopted: it was there before the grant.
	Adopted bool `json:"adopted,omitempty"`
}

// Operation is work that was asked for and is polled.
type Operation struct {
	ID         string    `json:"id"`
	Kind       string    `json:"kind"`
	State      string    `json:"state"`
	By         string    `json:"by,omitempty"`
	StartedAt  time.Time `json:"startedAt"`
	FinishedAt time.Time `json:"finishedAt,omitzero"`
	Total      int       `json:"total"`
	Done       int       `json:"done"`
	Findings   []Finding `json:"findings"`
	// Adoptable is what a discover found that no grant answers for, fifty at most.
	Adoptable []Adoptable `json:"adoptable,omitempty"`
	// Attempts counts the tries that failed because the tenant could not be read, and
	// NextTry is when the next one is made; both zero for an operation that did not fail.
	Attempts int       `json:"attempts,omitempty"`
	NextTry  time.Time `json:"nextTry,omitzero"`
	// after is the last id that was worked on, where an invocation left the rest to the
	// next one.
	after string
}

// The states of an operation.
const (
	Running = "running"
	Done    = "done"
)

// Finding is something that a sweep saw and a person should.
type Finding struct {
	Grant   string `json:"grant"`
	Type    string `json:"type"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Health is what the service can say of itself without asking the tenant.
type Health struct {
	// Storage and Document are "ok" or say what is wrong.
	Storage  string `json:"storage"`
	Document string `json:"document"`
	// NewAccess says whether new access is given at present.
	NewAccess bool `json:"newAccess"`
	// Frozen says since when new access is stopped by hand; empty while it is not. By
	// whom and why is not told here, because anybody may ask.
	Frozen string `json:"frozen,omitempty"`
	// LastSweep is when the sweep over the ends ran last; zero before the first.
	LastSweep time.Time `json:"lastSweep,omitzero"`
	// SweepLate: that sweep should have run and has not.
	SweepLate bool `json:"sweepLate,omitempty"`
	// LaterRelease says that work is left undone because a later release has written its
	// rows; empty when none was met in the last hour.
	LaterRelease string `json:"laterRelease,omitempty"`
}

// Kind is what an error means to a caller.
type Kind int

// The kinds of an engine's error.
const (
	// KindInternal is every error that is none of the others.
	KindInternal Kind = iota
	// KindNotFound: there is no such grant or operation.
	KindNotFound
	// KindMalformed: the body is not JSON.
	KindMalformed
	// KindShape: the body is JSON with faults; they are listed.
	KindShape
	// KindKeyReused: the idempotency key came with another body before.
	KindKeyReused
	// KindDocument: the operator's document gives no new access at present.
	KindDocument
	// KindStorage: the store cannot be read or written; a retry may help.
	KindStorage
	// KindEnded: the grant has ended already.
	KindEnded
	// KindState: the grant is in no state for this.
	KindState
	// KindBadCursor: the cursor is none that a list has returned.
	KindBadCursor
	// KindInvalid: a parameter has a value that is not known here.
	KindInvalid
	// KindTenant: the tenant could not be asked what the answer cannot do without.
	KindTenant
	// KindLate: the tenant did not answer in the time that the question had.
	KindLate
	// KindRefused: binding would refuse the request; the faults are listed.
	KindRefused
)

// Error is what every verb of the engine returns when it fails. Detail is one
// sentence for a person.
type Error struct {
	Kind   Kind
	Detail string
	Faults []grant.Fault
	Cause  error
	// RetryAfter is how long the other side asked to wait; zero when it did not say.
	RetryAfter time.Duration
}

// Error says what failed and why.
func (e *Error) Error() string {
	parts := []string{e.Detail}
	for _, fault := range e.Faults {
		parts = append(parts, fault.Pointer+": "+fault.Detail)
	}
	if e.Cause != nil {
		parts = append(parts, e.Cause.Error())
	}
	return strings.Join(parts, "; ")
}

// Unwrap returns the error of the edge, or nil.
func (e *Error) Unwrap() error { return e.Cause }

// KindOf returns the kind of the engine's error in err's chain, KindInternal when
// there is none.
func KindOf(err error) Kind {
	var typed *Error
	if errors.As(err, &typed) {
		return typed.Kind
	}
	return KindInternal
}
