package storage

import (
	"sync"
	"time"
)

// Request is one request of the program under test as the wire saw it.
type Request struct {
	// Kind is "table", "queue" or "blob".
	Kind string
	// Name is the request in words: "table ledger batch".
	Name string
	// Start and End are wall time; End is zero while the request runs.
	Start, End time.Time
	// Status is the HTTP status that was answered, 0 when the connection was
	// closed instead.
	Status int
	// Write tells whether the request asks for a change.
	Write bool
}

// record is the wire's list of requests.
type record struct {
	mu       sync.Mutex
	requests []*Request
}

// Requests returns the requests of the program under test since the start or
// the last reset, in the order of their beginning.
func (w *Wire) Requests() []Request {
	w.record.mu.Lock()
	defer w.record.mu.Unlock()
	all := make([]Request, len(w.record.requests))
	for i, request := range w.record.requests {
		all[i] = *request
	}
	return all
}

// ResetRequests empties the list; requests under way are forgotten too.
func (w *Wire) ResetRequests() {
	w.record.mu.Lock()
	defer w.record.mu.Unlock()
	w.record.requests = nil
}

func (r *record) begin(asked call) *Request {
	entry := &Request{Kind: asked.service, Name: asked.name(), Start: time.Now(), Write: asked.write}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, entry)
	return entry
}

func (r *record) finish(entry *Request, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	entry.End = time.Now()
	entry.Status = status
}
