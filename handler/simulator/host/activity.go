package host

import (
	"crypto/rand"
	"fmt"
	"sync"
	"time"
)

// FailureKind says in which way an invocation failed.
type FailureKind string

// The kinds of failure.
const (
	// FailureStatus: the answer's status was not 2xx.
	FailureStatus FailureKind = "status"
	// FailureContentType: the answer was 2xx but not application/json.
	FailureContentType FailureKind = "contentType"
	// FailureEmpty: the answer was 2xx with an empty or null body. In the real
	// host the invocation then hangs until functionTimeout kills the process
	// (inferred from its code); here it fails at once and loudly.
	FailureEmpty FailureKind = "empty"
	// FailureBody: the answer's body was not the expected JSON object.
	FailureBody FailureKind = "body"
	// FailureTimeout: the invocation outlived functionTimeout, and the child was
	// killed for it.
	FailureTimeout FailureKind = "timeout"
	// FailureConnection: there was no child to ask, or it went away.
	FailureConnection FailureKind = "connection"
	// FailureEncoding: a message's text was not what messageEncoding promises.
	FailureEncoding FailureKind = "encoding"
	// FailurePoisoned: a message was given up and moved to the poison queue.
	FailurePoisoned FailureKind = "poisoned"
)

// Failure is one failed invocation.
type Failure struct {
	Function     string
	InvocationID string
	// At is on the shared clock.
	At     time.Time
	Kind   FailureKind
	Detail string
}

// Error describes the failure for logs.
func (f *Failure) Error() string {
	return fmt.Sprintf("invocation %s of %s failed (%s): %s", f.InvocationID, f.Function, f.Kind, f.Detail)
}

// activity counts invocations and keeps the failed ones.
type activity struct {
	mu       sync.Mutex
	begun    int
	running  int
	failures []Failure
}

func (a *activity) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begun++
	a.running++
}

func (a *activity) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running--
}

// state returns how many invocations ever began and how many run now.
func (a *activity) state() (int, int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.begun, a.running
}

func (a *activity) fail(failure *Failure) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failures = append(a.failures, *failure)
}

func (a *activity) all() []Failure {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]Failure(nil), a.failures...)
}

// newIdentifier returns a random UUID of version 4.
func newIdentifier() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
