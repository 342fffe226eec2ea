package tenant

import (
	"slices"
	"sync"
	"time"
)

// Request is one request that the tenant got. Kind is graph, exchange, token, data or unknown; Name
// is the cmdlet, or the method and path. Start and End are on the machine's time; Status is 0 while
// it is being answered and when the connection was closed without an answer.
type Request struct {
	Number int       `json:"number"`
	Kind   string    `json:"kind"`
	Name   string    `json:"name"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	Status int       `json:"status"`
	Write  bool      `json:"write"`
}

// journal keeps requests in the order in which they came.
type journal struct {
	mutex    sync.Mutex
	numbered int
	requests []Request
	unknown  []Request
}

// open counts on over resets, so that numbers stay unique within a run.
func (j *journal) open(kind, name string, write bool, now time.Time) int {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.numbered++
	j.requests = append(j.requests, Request{Number: j.numbered, Kind: kind, Name: name, Start: now, Write: write})
	return j.numbered
}

// close does nothing for a request that reset has forgotten meanwhile.
func (j *journal) close(number, status int, now time.Time) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	index := slices.IndexFunc(j.requests, func(each Request) bool { return each.Number == number })
	if index < 0 {
		return
	}
	j.requests[index].Status = status
	j.requests[index].End = now
	if status == statusUnknown {
		j.unknown = append(j.unknown, j.requests[index])
	}
}

func (j *journal) list() []Request {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return append([]Request{}, j.requests...)
}

func (j *journal) listUnknown() []Request {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return append([]Request{}, j.unknown...)
}

// reset keeps the list of unknown requests: a test must not be able to lose one.
func (j *journal) reset() {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.requests = nil
}
