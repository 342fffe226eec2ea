package grant

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// ByWorkload is the means of evidence that the workload's owner has reported: a claim of
// a caller, where every other means is an answer of the tenant to the service itself.
const ByWorkload = "workload"

// mostObservations bounds a report: what one grant can be tried by is far less.
const mostObservations = 40

// Observation is one call of the data plane as a workload reports it.
type Observation struct {
	Permission string
	// Mailbox is the mailbox's GUID, in small letters.
	Mailbox string
	// Method and URL are those of the call that was asked for.
	Method, URL string
	// Status is the HTTP status; 0 where no answer came.
	Status int
	// Error is the code of Microsoft Graph's error, empty where it had none.
	Error     string
	RequestID string
	// At is when the workload says it called; zero where it does not say.
	At time.Time
}

// ProbeReport is what a workload has met, with the one-time code that lets it say so.
type ProbeReport struct {
	Code         string
	Observations []Observation
}

// ProbeWish is what a code is asked for with. SendFrom and SendTo are both empty unless
// one mail is to be sent.
type ProbeWish struct {
	SendFrom, SendTo string
}

// ParseProbeReport reads {"code", "observations": [{"permission", "mailbox", "method",
// "url", "status", "error", "requestId", "at"}]}, of which the last three may be left
// out. It returns every fault of shape at once, sorted by pointer; the error is for a body
// that is no JSON value at all.
func ParseProbeReport(body []byte) (ProbeReport, []Fault, error) {
	root, duplicates, err := parseTree(body)
	if err != nil {
		return ProbeReport{}, nil, err
	}
	check := checker{faults: duplicates}
	report := check.probeReport(root)
	if len(check.faults) > 0 {
		return ProbeReport{}, check.sorted(), nil
	}
	return report, nil, nil
}

// ParseProbeWish reads {"send": {"from", "to"}}; no body, and no send, ask for no mail.
// Faults and error are as for ParseProbeReport.
func ParseProbeWish(body []byte) (ProbeWish, []Fault, error) {
	if len(body) == 0 {
		return ProbeWish{}, nil, nil
	}
	root, duplicates, err := parseTree(body)
	if err != nil {
		return ProbeWish{}, nil, err
	}
	check := checker{faults: duplicates}
	wish := check.probeWish(root)
	if len(check.faults) > 0 {
		return ProbeWish{}, check.sorted(), nil
	}
	return wish, nil, nil
}

func (c *checker) sorted() []Fault {
	slices.SortStableFunc(c.faults, func(a, b Fault) int { return cmp.Compare(a.Pointer, b.Pointer) })
	return c.faults
}

func (c *checker) probeWish(root node) ProbeWish {
	if !c.object(root, "send") {
		return ProbeWish{}
	}
	send, asked := root.members["send"]
	if !asked || !c.object(send, "from", "to") {
		return ProbeWish{}
	}
	var wish ProbeWish
	from, ok := c.member(send, "from")
	if ok {
		wish.SendFrom = c.mailbox(from)
	}
	to, ok := c.member(send, "to")
	if ok {
		wish.SendTo = c.mailbox(to)
	}
	if IsGUID(wish.SendTo) {
		c.fault(to, "mailbox", "a mail is sent to an address")
	}
	return wish
}

func (c *checker) probeReport(root node) ProbeReport {
	if !c.object(root, "code", "observations") {
		return ProbeReport{}
	}
	var report ProbeReport
	code, ok := c.member(root, "code")
	if ok {
		report.Code = c.line(code, 64)
	}
	list, ok := c.member(root, "observations")
	switch {
	case !ok:
	case list.kind != '[':
		c.fault(list, "type", "this has to be an array")
	case len(list.items) == 0:
		c.fault(list, "empty", "at least one is needed")
	case len(list.items) > mostObservations:
		c.fault(list, "tooLong", fmt.Sprintf("these are %d; %d are allowed", len(list.items), mostObservations))
	default:
		for _, item := range list.items {
			report.Observations = append(report.Observations, c.observation(item))
		}
	}
	return report
}

func (c *checker) observation(n node) Observation {
	if !c.object(n, "permission", "mailbox", "method", "url", "status", "error", "requestId", "at") {
		return Observation{}
	}
	var seen Observation
	for _, part := range []struct {
		name string
		read func(node)
	}{
		{"permission", func(member node) { seen.Permission = c.permission(member) }},
		{"mailbox", func(member node) { seen.Mailbox = c.guid(member) }},
		{"method", func(member node) { seen.Method = c.line(member, 16) }},
		{"url", func(member node) { seen.URL = c.line(member, 2048) }},
		{"status", func(member node) { seen.Status = c.httpStatus(member) }},
	} {
		member, ok := c.member(n, part.name)
		if ok {
			part.read(member)
		}
	}
	seen.Error, seen.RequestID = c.blank(n, "error"), c.blank(n, "requestId")
	at, ok := n.members["at"]
	if ok {
		seen.At = c.instant(at)
	}
	return seen
}

// blank reads an optional line that may also be empty: an answer without an error has an
// empty code.
func (c *checker) blank(n node, name string) string {
	member, ok := n.members[name]
	if !ok || member.kind == '"' && member.text == "" {
		return ""
	}
	return c.line(member, 128)
}

func (c *checker) httpStatus(n node) int {
	status, err := strconv.Atoi(n.text)
	if n.kind != '0' || err != nil || status != 0 && (status < 100 || status > 599) {
		c.fault(n, "type", "this has to be an HTTP status such as 403, or 0 where no answer came")
		return 0
	}
	return status
}
