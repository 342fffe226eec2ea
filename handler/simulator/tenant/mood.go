package tenant

import (
	"slices"
	"strconv"
	"time"
)

// Mood is how the tenant behaves without planted faults.
type Mood int

const (
	// Calm answers at once, in order, in full pages and in English.
	Calm Mood = iota
	// Unruly loses 2 % of the answers to writes, lets 1 % of the writes take effect without an
	// answer up to 10 minutes of the shared clock later, throttles 2 % and refuses 1 % of the calls to
	// Graph and Exchange, hides new objects for up to 2 s of the shared clock, and answers in random
	// order, small pages and changing languages.
	Unruly
)

const (
	lostPercent        = 2
	latePercent        = 1
	throttledPercent   = 2
	unavailablePercent = 1
	longestLag         = 2 * time.Second
	longestLate        = 10 * time.Minute
	largestSmallPage   = 5
	longestRetryAfter  = 3
)

// moodFor leaves tokens and the data plane alone: their figures are what a proof looks at.
func (t *Tenant) moodFor(c *call) conditions {
	if t.options.Mood != Unruly || c.kind != kindGraph && c.kind != kindExchange {
		return conditions{}
	}
	met := conditions{shuffle: true, pageSize: 1 + t.random.below(largestSmallPage)}
	if c.write {
		met.lag = t.random.upTo(longestLag)
		met.lostAfter = t.random.percent(lostPercent)
		if t.random.percent(latePercent) {
			met.late = t.random.upTo(longestLate)
		}
	}
	if t.random.percent(throttledPercent) {
		replaced := throttled(c.kind, strconv.Itoa(1+t.random.below(longestRetryAfter)), 429)
		met.instead = &replaced
		return met
	}
	if t.random.percent(unavailablePercent) {
		replaced := refused(c.kind, 503, "ServiceUnavailable", "The service is temporarily unavailable.")
		met.instead = &replaced
	}
	return met
}

// ordered shuffles a list where the mood asks for it; directory order otherwise.
func ordered[T any](t *Tenant, met conditions, list []T) []T {
	if !met.shuffle {
		return list
	}
	list = slices.Clone(list)
	t.random.shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// resultLanguage is that of words in a result: English, for which the calls ask by
// Accept-Language, unless a fault says otherwise. That Exchange goes by it is inferred.
func (t *Tenant) resultLanguage(met conditions) int {
	if met.localized {
		return t.random.below(languages)
	}
	return english
}

// language picks the language of error texts.
func (t *Tenant) language() int {
	if t.options.Mood != Unruly {
		return english
	}
	return t.random.below(languages)
}
