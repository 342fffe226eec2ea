package storage

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The faults a wire can make, by name.
const (
	// FaultDown closes every matching connection without an answer and without
	// an effect, until cleared; Times and After do not apply.
	FaultDown = "down"
	// FaultUnavailable answers 503 ServerBusy without an effect.
	FaultUnavailable = "unavailable"
	// FaultLostBefore closes the connection before the request has an effect.
	FaultLostBefore = "lostBefore"
	// FaultLostAfter lets the request act and closes the connection instead of
	// answering.
	FaultLostAfter = "lostAfter"
	// FaultForbidden answers 403, as to an identity that has no role on the data.
	FaultForbidden = "forbidden"
	// FaultUnconditional takes the condition off an update of one row, so that it is
	// carried out whatever the row's version: what stands before the tables does not
	// hand If-Match on. A batch carries its conditions inside and keeps them.
	FaultUnconditional = "unconditional"
	// FaultLatency delays the request by Delay, give or take a quarter.
	FaultLatency = "latency"
)

// Fault spoils requests that match.
type Fault struct {
	// Name is one of the Fault constants; any other name spoils nothing.
	Name string
	// Match is "*" or the leading words of a request's name: "table",
	// "table ledger", "table ledger batch", "queue apply put".
	Match string
	// Writes limits the fault to requests that change something.
	Writes bool
	// After lets so many matching requests pass first.
	After int
	// Times is how many are then spoiled; 0 means all until cleared.
	Times int
	// Percent spoils so many of a hundred of them, drawn by the wire's seed; 0 means
	// every one.
	Percent int
	// Delay is used by FaultLatency only.
	Delay time.Duration
}

// Unruly is how a wire misbehaves all the time: it loses the answers to 2 % of the
// writes, batches included, and finds the service busy in 3 % of all requests. Azure
// Storage has one answer, 503, for throttled and for unavailable (Azure Storage REST
// reference, Common error codes).
func Unruly() []Fault {
	return []Fault{
		{Name: FaultLostAfter, Match: "*", Writes: true, Percent: 2},
		{Name: FaultUnavailable, Match: "*", Percent: 3},
	}
}

// faults are the armed faults of a wire in the order in which they were armed.
type faults struct {
	mu    sync.Mutex
	armed []*Fault
	// standing are there from the start, come after the armed ones, and are never cleared.
	standing []*Fault
	random   *rand.Rand
}

func newFaults(options WireOptions) *faults {
	f := &faults{random: rand.New(rand.NewPCG(options.Seed, 0))}
	for _, one := range options.Standing {
		f.standing = append(f.standing, &one)
	}
	return f
}

// Fault arms a fault. Faults add up; a request is spoiled by the first armed
// one that matches it.
func (w *Wire) Fault(f Fault) {
	w.faults.mu.Lock()
	defer w.faults.mu.Unlock()
	w.faults.armed = append(w.faults.armed, &f)
}

// ClearFaults disarms all faults but the standing ones.
func (w *Wire) ClearFaults() {
	w.faults.mu.Lock()
	defer w.faults.mu.Unlock()
	w.faults.armed = nil
}

// take returns the fault that spoils the request, and uses it up by one.
func (f *faults) take(asked call) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, one := range slices.Concat(f.armed, f.standing) {
		if !one.matches(asked) || one.Percent > 0 && f.random.IntN(100) >= one.Percent {
			continue
		}
		if one.Name == FaultDown {
			return *one, true
		}
		if one.After > 0 {
			one.After--
			continue
		}
		taken := *one
		if one.Times == 1 && i < len(f.armed) {
			f.armed = slices.Delete(f.armed, i, i+1)
		} else if one.Times > 1 {
			one.Times--
		}
		return taken, true
	}
	return Fault{}, false
}

func (f *Fault) matches(asked call) bool {
	if f.Writes && !asked.write {
		return false
	}
	return f.Match == "*" || strings.HasPrefix(asked.name()+" ", f.Match+" ")
}

// wait delays by the fault's latency, give or take a quarter.
func (f *faults) wait(ctx context.Context, fault Fault) {
	f.mu.Lock()
	spread := f.random.Float64()*0.5 + 0.75
	f.mu.Unlock()
	timer := time.NewTimer(time.Duration(float64(fault.Delay) * spread))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// busy is the answer of a throttled service: JSON from tables, XML from the
// others, the code repeated in a header (Azure Storage REST reference, Common
// error codes).
func busy(service string) *reply {
	return refused(service, http.StatusServiceUnavailable, "ServerBusy", "The server is busy.")
}

// forbidden is the answer to who has no role that allows the operation (Azure Storage REST
// reference, Common error codes).
func forbidden(service string) *reply {
	return refused(service, http.StatusForbidden, "AuthorizationPermissionMismatch", "This request is not authorized to perform this operation using this permission.")
}

func refused(service string, status int, code, text string) *reply {
	header := http.Header{"X-Ms-Error-Code": {code}, "X-Ms-Request-Id": {"00000000-0000-0000-0000-000000000" + strconv.Itoa(status)}}
	body := `<?xml version="1.0" encoding="utf-8"?><Error><Code>` + code + `</Code><Message>` + text + `</Message></Error>`
	header.Set("Content-Type", "application/xml")
	if service == serviceTable {
		body = `{"odata.error":{"code":"` + code + `","message":{"lang":"en-US","value":"` + text + `"}}}`
		header.Set("Content-Type", "application/json")
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	return &reply{status: status, header: header, body: []byte(body)}
}
