package engine

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"mailgrant/handler/grant"
)

// deniedCode is the one error code that is a refusal. Microsoft Graph words it in two
// ways, by the layer that refused (Microsoft Graph documentation, Limiting application
// permissions to specific mailboxes); the words are never looked at.
const deniedCode = "ErrorAccessDenied"

// verdictOn judges one call by its status and error code alone.
func verdictOn(seen grant.Observation) grant.Verdict {
	switch {
	case seen.Status >= 200 && seen.Status <= 299 && seen.Error == "":
		return grant.Allowed
	case seen.Status == 403 && seen.Error == deniedCode:
		return grant.Refused
	}
	return grant.Unsure
}

// match finds for each call what was observed of it, nil where nothing was. Whatever
// belongs to none of the calls is a fault, by its pointer.
func match(calls []ProbeCall, observations []grant.Observation) ([]*grant.Observation, []grant.Fault) {
	found := make([]*grant.Observation, len(calls))
	var faults []grant.Fault
	for i := range observations {
		seen := &observations[i]
		index, fault := callOf(calls, *seen)
		switch {
		case fault != "":
			faults = append(faults, misfit("notAsked", "none of the calls that the code was given for has this "+fault, "observations", strconv.Itoa(i), fault))
		case found[index] != nil:
			faults = append(faults, misfit("duplicate", "this call is reported twice", "observations", strconv.Itoa(i)))
		default:
			found[index] = seen
		}
	}
	return found, faults
}

// callOf returns the index of the call, or the name of the first member by which no call
// fits any more.
func callOf(calls []ProbeCall, seen grant.Observation) (int, string) {
	fits := make([]int, len(calls))
	for i := range calls {
		fits[i] = i
	}
	for _, member := range []struct {
		name string
		is   func(ProbeCall) bool
	}{
		{"permission", func(call ProbeCall) bool { return call.Permission == seen.Permission }},
		{"mailbox", func(call ProbeCall) bool { return strings.EqualFold(call.Mailbox, seen.Mailbox) }},
		{"method", func(call ProbeCall) bool { return call.Method == seen.Method }},
		{"url", func(call ProbeCall) bool { return call.URL == seen.URL }},
	} {
		var rest []int
		for _, i := range fits {
			if member.is(calls[i]) {
				rest = append(rest, i)
			}
		}
		if len(rest) == 0 {
			return 0, member.name
		}
		fits = rest
	}
	return fits[0], ""
}

// evidenceOf is one line for every call that was asked for. A call that nobody reports,
// and one whose mailbox has meanwhile come to stand on the other side, prove nothing.
func evidenceOf(calls []ProbeCall, found []*grant.Observation, stands func(ProbeCall) bool, at time.Time) []grant.Evidence {
	all := make([]grant.Evidence, len(calls))
	for i, call := range calls {
		all[i] = grant.Evidence{At: at, Means: grant.ByWorkload, Subject: call.Mailbox, Permission: call.Permission,
			Expected: call.Expected, Verdict: grant.Unsure, Detail: "not reported"}
		seen := found[i]
		if seen == nil {
			continue
		}
		all[i].Verdict, all[i].RequestID, all[i].Detail = verdictOn(*seen), seen.RequestID, told(*seen)
		if !stands(call) {
			all[i].Verdict = grant.Unsure
			all[i].Detail += "; since the code was given this mailbox has left, or come into, what is granted"
		}
	}
	return all
}

// told repeats what was reported. The time is the caller's own and decides nothing.
func told(seen grant.Observation) string {
	text := strings.TrimSpace(fmt.Sprintf("%s: %d %s", seen.Method, seen.Status, seen.Error))
	if !seen.At.IsZero() {
		text += ", said to be of " + seen.At.UTC().Format(time.RFC3339)
	}
	return text
}

// tally counts a report.
type tally struct {
	// allowed of granted calls were answered, and refused of canaries were denied.
	granted, allowed, canaries, denied int
	// reached and refused name what contradicts the grant.
	reached, refused []string
}

func count(evidence []grant.Evidence) tally {
	var t tally
	for _, one := range evidence {
		about := one.Permission + " on " + one.Subject
		if one.Expected == grant.Refused {
			t.canaries++
		} else {
			t.granted++
		}
		switch {
		case one.Verdict == grant.Unsure:
		case one.Expected == grant.Refused && one.Verdict == grant.Allowed:
			t.reached = append(t.reached, about)
		case one.Expected == grant.Refused:
			t.denied++
		case one.Verdict == grant.Refused:
			t.refused = append(t.refused, about)
		default:
			t.allowed++
		}
	}
	return t
}

// everyGranted: something was to be allowed, and all of it was.
func (t tally) everyGranted() bool { return t.granted > 0 && t.allowed == t.granted }

// observed states a report as a condition, without its time.
func (t tally) observed() grant.Condition {
	c := grant.Condition{Type: grant.Observed, Status: grant.Unknown}
	switch {
	case len(t.reached) > 0:
		c.Status, c.Reason = grant.False, "CanaryReached"
		c.Message = "the workload's owner reports that it reaches what must stay refused: " + several(t.reached)
	case len(t.refused) > 0:
		c.Status, c.Reason = grant.False, "MailboxRefused"
		c.Message = "the workload's owner reports that it is refused what is granted: " + several(t.refused)
	case t.everyGranted() && t.canaries > 0 && t.denied == t.canaries:
		c.Status, c.Reason = grant.True, "AsGranted"
		c.Message = fmt.Sprintf("the workload's owner reports %d calls that were answered and %d that were refused, as they should be", t.allowed, t.denied)
	default:
		c.Reason = "NotObserved"
		c.Message = fmt.Sprintf("of %d calls that should be answered %d were, of %d that should be refused %d: the rest proves nothing", t.granted, t.allowed, t.canaries, t.denied)
	}
	return c
}
