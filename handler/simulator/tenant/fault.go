package tenant

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is one planted misbehaviour.
//
// Name is one of: latency, throttle, unavailable, unauthorized, forbidden, lostBefore, lostAfter,
// late, lag, ignore, partialPages, smallPages, empty, other, concurrency, errors200, plainText.
// Match is graph, exchange, token, data, a cmdlet ("New-*" works), a method and path, or "*"; empty
// means "*". Times is how often it acts, 0 until cleared; After skips that many matching calls
// first. RetryAfter goes into throttle's header as it stands, empty sends none. Delay is a duration
// ("200ms"): of real time for latency, of the shared clock for late and lag. Size is the page size
// of smallPages (1 when absent). Status replaces the usual status of concurrency, plainText and
// throttle.
type Fault struct {
	Name       string `json:"name"`
	Match      string `json:"match,omitempty"`
	Times      int    `json:"times,omitempty"`
	After      int    `json:"after,omitempty"`
	RetryAfter string `json:"retryAfter,omitempty"`
	Delay      string `json:"delay,omitempty"`
	Size       int    `json:"size,omitempty"`
	Status     int    `json:"status,omitempty"`
}

const (
	faultLatency      = "latency"
	faultThrottle     = "throttle"
	faultUnavailable  = "unavailable"
	faultUnauthorized = "unauthorized"
	faultForbidden    = "forbidden"
	faultLostBefore   = "lostBefore"
	faultLostAfter    = "lostAfter"
	faultLate         = "late"
	faultLag          = "lag"
	faultIgnore       = "ignore"
	faultPartialPages = "partialPages"
	faultSmallPages   = "smallPages"
	faultEmpty        = "empty"
	faultOther        = "other"
	faultConcurrency  = "concurrency"
	faultErrors200    = "errors200"
	faultPlainText    = "plainText"
	faultLocalized    = "localized"
)

var faultNames = []string{
	faultLatency, faultThrottle, faultUnavailable, faultUnauthorized, faultForbidden, faultLostBefore, faultLostAfter,
	faultLate, faultLag, faultIgnore, faultPartialPages, faultSmallPages, faultEmpty, faultOther, faultConcurrency,
	faultErrors200, faultPlainText, faultLocalized,
}

// additive faults change how a call goes; of the others the first that matches decides alone.
var additiveFaults = []string{faultLatency, faultLag, faultSmallPages, faultPartialPages, faultLocalized}

// armedFault counts what is left of a fault.
type armedFault struct {
	Fault
	delay   time.Duration
	skipped int
	acted   int
}

// armFault refuses what could never act, so that a mistyped fault cannot make a test pass.
func armFault(planted Fault) (*armedFault, error) {
	if !slices.Contains(faultNames, planted.Name) {
		return nil, fmt.Errorf("there is no fault %q; there are %s", planted.Name, strings.Join(faultNames, ", "))
	}
	armed := &armedFault{Fault: planted}
	if planted.Delay != "" {
		delay, err := time.ParseDuration(planted.Delay)
		if err != nil {
			return nil, fmt.Errorf("plant fault %s: %w", planted.Name, err)
		}
		armed.delay = delay
	}
	timed := planted.Name == faultLatency || planted.Name == faultLate || planted.Name == faultLag
	if timed && armed.delay <= 0 {
		return nil, fmt.Errorf("plant fault %s: it needs a delay above zero", planted.Name)
	}
	if planted.Times < 0 || planted.After < 0 || planted.Size < 0 {
		return nil, fmt.Errorf("plant fault %s: times, after and size are not negative", planted.Name)
	}
	return armed, nil
}

// matches consumes nothing; a fault that has acted often enough matches no more.
func (f *armedFault) matches(c *call) bool {
	if f.Times > 0 && f.acted >= f.Times {
		return false
	}
	if f.Match == "" || f.Match == "*" || f.Match == c.kind {
		return true
	}
	return wildcard(strings.ToLower(f.Match), strings.ToLower(c.name))
}

// wildcard knows the asterisk only, which here may stand for slashes too.
func wildcard(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name = name[at+len(part):]
	}
	return strings.HasSuffix(name, parts[len(parts)-1])
}

// due consumes one matching call and reports whether the fault acts on it.
func (f *armedFault) due() bool {
	if f.skipped < f.After {
		f.skipped++
		return false
	}
	f.acted++
	return true
}

// conditions is what faults and mood do to one call.
type conditions struct {
	latency   time.Duration
	lag       time.Duration
	late      time.Duration
	pageSize  int
	endPages  bool
	lostAfter bool
	ignore    bool
	empty     bool
	other     bool
	shuffle   bool
	// localized: words of a result come in whatever language, and not in the one asked for.
	localized bool
	// instead is an answer that replaces the call altogether.
	instead *answer
}

// conditionsFor needs the tenant's lock, because it consumes faults.
func (t *Tenant) conditionsFor(c *call) conditions {
	met := t.moodFor(c)
	decided := false
	for _, fault := range t.faults {
		additive := slices.Contains(additiveFaults, fault.Name)
		if !fault.matches(c) || decided && !additive {
			continue
		}
		if fault.Name == faultPartialPages && !c.continues() {
			met.pageSize = max(met.pageSize, 1)
			continue
		}
		if !fault.due() {
			continue
		}
		fault.apply(c, &met)
		decided = decided || !additive
	}
	return met
}

// continues reports whether the call follows a link to a further page.
func (c *call) continues() bool { return c.query(pageOption) != "" }

// apply writes what the fault does into the conditions; those that replace the answer fall through.
func (f *armedFault) apply(c *call, met *conditions) {
	switch f.Name {
	case faultLatency:
		met.latency += f.delay
	case faultLag:
		met.lag = f.delay
	case faultSmallPages:
		met.pageSize = max(f.Size, 1)
	case faultPartialPages:
		met.endPages = true
	case faultLostAfter:
		met.lostAfter = true
	case faultLate:
		met.late = f.delay
	case faultIgnore:
		met.ignore = true
	case faultEmpty:
		met.empty = true
	case faultOther:
		met.other = true
	case faultLocalized:
		met.localized = true
	default:
		replaced := f.refusal(c)
		met.instead = &replaced
	}
}

// refusal is the answer of a fault that keeps the call from being looked at.
func (f *armedFault) refusal(c *call) answer {
	switch f.Name {
	case faultThrottle:
		return throttled(c.kind, f.RetryAfter, cmpStatus(f.Status, http.StatusTooManyRequests))
	case faultUnavailable:
		return refused(c.kind, http.StatusServiceUnavailable, "ServiceUnavailable", "The service is temporarily unavailable.")
	case faultUnauthorized:
		return unauthorized(c.kind, "The token was refused.")
	case faultForbidden:
		return nulAnswer()
	case faultConcurrency:
		return plainAnswer(cmpStatus(f.Status, http.StatusTooManyRequests),
			"The maximum number of concurrent requests per tenant was reached. Please try again in a moment.")
	case faultErrors200:
		return softErrors()
	case faultPlainText:
		return plainAnswer(cmpStatus(f.Status, http.StatusInternalServerError), "The backend did not answer.")
	}
	return lostAnswer()
}

func cmpStatus(wanted, usual int) int {
	if wanted != 0 {
		return wanted
	}
	return usual
}
