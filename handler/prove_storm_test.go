package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/simulator/storage"
	"mailgrant/handler/simulator/tenant"
)

// TestProveStorm lets 30 % of all calls fail for ten simulated minutes while a grant is
// provisioned, and again while it is removed: no wait that the tenant asked for is cut
// short, the calls of all lives are at most twice those of as many calm ones, and every
// grant ends right.
func TestProveStorm(t *testing.T) {
	proveFeats(t, 4, "30 % of the calls refused for ten minutes, while provisioning and while removing", storms)
}

// storm is one kind of refusal.
type storm struct {
	name string
	// retryAfter is what 429 asks for, in seconds; 0 asks for nothing. A short wait is
	// waited for within the invocation, a longer one by coming back.
	retryAfter int
	onTenant   bool
	onStorage  bool
}

const (
	stormShare   = 30 // percent
	stormCalls   = 600
	stormLength  = 10 * time.Minute
	stormStep    = 30 * time.Second
	mostCallsFor = 2 // times those of a calm life
)

func storms(full bool, m mechanism) []feat {
	lives := 1
	if full {
		lives = 6
	}
	all := []storm{
		{name: "429 that asks for 2 s, and 503", retryAfter: 2, onTenant: true},
		longWaits(),
		{name: "429 and 503 that ask for nothing", onTenant: true},
		{name: "503 of the storage", onStorage: true},
	}
	if !full || m.sampled > 0 {
		// The waits of the others are waited for in real time.
		all = all[1:2]
	}
	var feats []feat
	for _, one := range all {
		feats = append(feats, feat{name: one.name, run: func(g *ground, f *findings, m mechanism) outcome { return one.blow(g, f, m, lives) }})
	}
	return feats
}

// longWaits asks for more than a call waits, so that only coming back later keeps them.
func longWaits() storm {
	return storm{name: "429 that asks for 45 s, and 503", retryAfter: 45, onTenant: true}
}

// weather is what the calls of one life were.
type weather struct {
	tenant, storage int
	requests        []tenant.Request
	// shifts are the moments at which the shared clock was put forward.
	shifts []shift
	// calms are the moments at which a stretch was over.
	calms []time.Time
}

type shift struct {
	at time.Time
	by time.Duration
}

func (s storm) blow(g *ground, f *findings, m mechanism, lives int) outcome {
	// The waits are what this row is about.
	unhurried := *g
	unhurried.pace = 0
	g = &unhurried
	calm := s.calls(s.live(g, f, m, nil))
	result := outcome{tried: lives}
	sum, worst, asked, undercut := 0.0, 0.0, 0, 0
	for n := range lives {
		wrong := len(f.wrong)
		random := rand.New(rand.NewPCG(seedOf(g.seed, s.name), uint64(n)))
		rough := s.live(g, f, m, random)
		ratio := float64(s.calls(rough)) / float64(calm)
		sum, worst = sum+ratio, max(worst, ratio)
		counted, cut := rough.undercut(time.Duration(s.retryAfter) * time.Second)
		asked, undercut = asked+counted, undercut+len(cut)
		for _, wait := range cut {
			f.Errorf("%s: %s", s.name, wait)
		}
		if len(f.wrong) > wrong {
			result.failed++
		}
	}
	result.note = fmt.Sprintf("%s: %.2f times the calm calls (%d), one life %.2f at most", s.name, sum/float64(lives), calm, worst)
	if s.retryAfter > 0 {
		result.note += fmt.Sprintf(", %d of %d waits undercut (of calls that are not made for several mailboxes side by side)", undercut, asked)
	}
	// One life in a storm is a throw of dice: what a tenant feels is the sum of many.
	if sum/float64(lives) > mostCallsFor && g.full {
		result.missed = append(result.missed, result.note)
		result.failed = lives
	}
	return result
}

// calls are those that the storm is about.
func (s storm) calls(seen weather) int {
	if s.onTenant {
		return seen.tenant
	}
	return seen.tenant + seen.storage
}

// live lives a life of which two stretches of ten minutes are swept every half minute,
// and stormy when there is something to draw from.
func (s storm) live(g *ground, f *findings, m mechanism, random *rand.Rand) weather {
	l, end := g.begin(f, m, fate{})
	defer end()
	var seen weather
	s.brew(l, random)
	l.request()
	l.stretch(&seen)
	l.sweepUntil("active")
	l.stack.Tenant.ClearFaults()
	seen.advance(l, 48*time.Hour)
	s.brew(l, random)
	l.stretch(&seen)
	l.sweepUntil("revoked")
	l.sameAsBefore()
	seen.requests = l.stack.Tenant.Requests()
	for _, request := range seen.requests {
		if request.Kind == "exchange" || request.Kind == "graph" {
			seen.tenant++
		}
	}
	seen.storage = len(l.stack.Wire.Requests())
	return seen
}

func (l *life) stretch(seen *weather) {
	for range stormLength / stormStep {
		seen.advance(l, stormStep)
		l.pass(0, "expire")
	}
	l.stack.Tenant.ClearFaults()
	l.stack.Wire.ClearFaults()
	seen.calms = append(seen.calms, time.Now())
}

func (w *weather) advance(l *life, by time.Duration) {
	// Noted first: what waited for this moment is sent the instant it has come.
	w.shifts = append(w.shifts, shift{time.Now(), by})
	l.stack.Tenant.Advance(by)
}

// brew draws which of the next calls are refused. A fault that is planted later does
// not see the calls that an earlier one has refused.
func (s storm) brew(l *life, random *rand.Rand) {
	if random == nil {
		return
	}
	refused := 0
	for place := range stormCalls {
		if random.IntN(100) >= stormShare {
			continue
		}
		if s.onTenant {
			l.plantFault(s.refusals(random, place-refused)...)
		}
		if s.onStorage {
			l.stack.Wire.Fault(storage.Fault{Name: storage.FaultUnavailable, Match: "*", After: place - refused, Times: 1})
		}
		refused++
	}
}

// refusals is one refusal of each service after so many calls that pass. Tokens are
// left alone: another row is about them.
func (s storm) refusals(random *rand.Rand, after int) []tenant.Fault {
	fault := tenant.Fault{Name: "unavailable", After: after, Times: 1}
	if random.IntN(2) == 0 {
		fault.Name = "throttle"
		if s.retryAfter > 0 {
			fault.RetryAfter = fmt.Sprint(s.retryAfter)
		}
	}
	onGraph, onExchange := fault, fault
	onGraph.Match, onExchange.Match = "graph", "exchange"
	return []tenant.Fault{onGraph, onExchange}
}

// sideBySide are the cmdlets that are asked about several mailboxes at once. The record
// does not tell about which, so another mailbox's call would pass for the refused one.
var sideBySide = map[string]bool{"Get-Recipient": true, "Test-ServicePrincipalAuthorization": true,
	"Test-ApplicationAccessPolicy": true, "Get-MailboxPermission": true, "Get-CASMailbox": true}

// undercut counts the waits that were asked for, and tells of each request that came
// again sooner: the same cmdlet or the same path, on the clock that the service goes by.
func (w weather) undercut(asked time.Duration) (int, []string) {
	counted := 0
	var cut []string
	if asked == 0 {
		return 0, nil
	}
	for i, refused := range w.requests {
		if refused.Status != 429 || refused.Kind == "token" || sideBySide[refused.Name] {
			continue
		}
		counted++
		for _, again := range w.requests[i+1:] {
			if again.Kind != refused.Kind || !strings.EqualFold(again.Name, refused.Name) || again.Start.Before(refused.End) {
				continue
			}
			if w.calmed(refused.End, again.Start) {
				break
			}
			waited := again.Start.Sub(refused.End) + w.shifted(refused.End, again.Start)
			if waited < asked {
				cut = append(cut, fmt.Sprintf("%s was sent again %s after it was asked to wait %s", refused.Name, waited, asked))
			}
			break
		}
	}
	return counted, cut
}

// calmed reports whether a stretch ended between two moments. After it the clock is put
// forward by others, so that how long was waited is not known.
func (w weather) calmed(from, to time.Time) bool {
	return slices.ContainsFunc(w.calms, func(calm time.Time) bool { return calm.After(from) && calm.Before(to) })
}

// shifted is by how much the shared clock was put forward between two moments.
func (w weather) shifted(from, to time.Time) time.Duration {
	var sum time.Duration
	for _, one := range w.shifts {
		if one.at.After(from) && one.at.Before(to) {
			sum += one.by
		}
	}
	return sum
}
