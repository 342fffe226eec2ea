package grant

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Request is a grant as it was asked for, its shape checked and its instants
// worked out; nothing of it has been looked up in the tenant.
type Request struct {
	AppID         string // of the workload; empty when ObjectID is set
	ObjectID      string
	Mechanism     Mechanism
	Permissions   []string
	Scope         Scope
	Canaries      []string
	StartsAt      time.Time
	ExpiresAt     time.Time
	Ticket        Ticket
	Requester     string
	Owner         string
	Justification string
	// ConfineExisting are permissions that the workload is consented to already and that
	// the grant is to confine; TakeOverConsents hands them over with it.
	ConfineExisting  []string
	TakeOverConsents bool
	// Replaces is the id of a grant of the same workload that ends when this one works;
	// empty for none.
	Replaces string
	// DryRun asks what the request would do. Nothing may be stored or done for it.
	DryRun bool
	// Migrate asks for the scoped access that takes the place of what the workload is
	// consented to. Scope and permissions may then be empty: they follow from what is
	// found in the tenant.
	Migrate bool
	// Adopt names what exists and is to become a grant; nil for every other request. Scope
	// and permissions are then empty: they are read out of it.
	Adopt *Adopt
	// Nested is set for a migration only.
	Nested Nested
	// Create asks for the mailboxes that do not exist; nil where they are a fault.
	Create *NewMailbox
}

// Fault is one thing that is wrong with a request. Pointer is the JSON pointer of
// the value (RFC 6901), empty for the whole; Reason is for programs, Detail for people.
type Fault struct {
	Pointer string `json:"pointer"`
	Reason  string `json:"reason"`
	Detail  string `json:"detail"`
}

// ParseRequest reads the canonical body, received at now. It returns every fault
// of shape at once, sorted by pointer; the error is for a body that is no JSON
// value at all, or nested too deeply.
func ParseRequest(body []byte, now time.Time) (Request, []Fault, error) {
	root, duplicates, err := parseTree(body)
	if err != nil {
		return Request{}, nil, err
	}
	check := checker{faults: duplicates}
	request := check.request(root, now)
	slices.SortStableFunc(check.faults, func(a, b Fault) int { return cmp.Compare(a.Pointer, b.Pointer) })
	return request, check.faults, nil
}

func (c *checker) request(root node, now time.Time) Request {
	if !c.object(root, "workload", "mechanism", "permissions", "scope", "canaries", "startsAt", "expiresAt", "duration", "endBy",
		"ticket", "requester", "owner", "justification", "confineExisting", "takeOverConsents", "appId", migrationMember, nestedMember, createMember, dryRunMember, replacesMember,
		adoptionMember, "servicePrincipalId", "assignments", "policies", rightsMember) {
		return Request{}
	}
	adopt := c.adoption(root)
	migrate := adopt == nil && c.migrates(root)
	request := Request{
		Migrate:       migrate,
		Adopt:         adopt,
		DryRun:        c.dryRun(root),
		Canaries:      c.list(root, "canaries", false, c.mailbox),
		Requester:     c.optional(root, "requester", 256),
		Owner:         c.optional(root, "owner", 256),
		Justification: c.optional(root, "justification", 2048),
	}
	request.Ticket = c.ticket(root)
	if adopt != nil {
		request.AppID, request.ObjectID = c.adoptedWorkload(root)
		request.Mechanism = adopt.Mechanism()
		request.StartsAt, request.ExpiresAt = c.adoptedTimes(root, now)
		return request
	}
	request.Permissions = c.list(root, "permissions", !migrate, c.permission)
	request.AppID, request.ObjectID = c.workload(root)
	if _, named := root.members["scope"]; named || !migrate {
		request.Scope = c.scope(root)
	}
	request.Replaces = c.replaces(root, migrate)
	request.Create = c.createMailbox(root, migrate, request.Scope)
	request.Nested = c.nested(root, migrate, request.Scope)
	request.Mechanism = c.mechanism(root, request.Scope)
	request.ConfineExisting, request.TakeOverConsents = c.takeOver(root, request.Mechanism)
	request.StartsAt, request.ExpiresAt = c.times(root, request.Mechanism, now)
	return request
}

func (c *checker) workload(root node) (string, string) {
	byItself, short := root.members["appId"]
	if _, named := root.members["workload"]; short && !named {
		return c.guid(byItself), ""
	}
	member, ok := c.member(root, "workload")
	if !ok {
		return "", ""
	}
	return c.workloadOf(member)
}

func (c *checker) workloadOf(member node) (string, string) {
	if !c.object(member, "appId", "objectId") {
		return "", ""
	}
	appID, byApp := member.members["appId"]
	objectID, byObject := member.members["objectId"]
	switch {
	case byApp == byObject:
		c.fault(member, "oneOf", "exactly one of appId and objectId names the workload")
		return "", ""
	case byApp:
		return c.guid(appID), ""
	}
	return "", c.guid(objectID)
}

// The longest texts of a scope: a name as Entra allows it, and a filter far beyond what
// Exchange takes, so that the refusal of a long one can say where it goes wrong.
const (
	longestName   = 256
	longestFilter = 64 << 10
)

func (c *checker) scope(root node) Scope {
	member, ok := c.member(root, "scope")
	if !ok || !c.object(member, "mailboxes", "group", "groups", "administrativeUnit", "filter") {
		return Scope{}
	}
	scope, given := Scope{}, 0
	for _, one := range []struct {
		name    string
		into    *string
		longest int
	}{{"group", &scope.Group, longestName}, {"administrativeUnit", &scope.AdministrativeUnit, longestName}, {"filter", &scope.Filter, longestFilter}} {
		value, named := member.members[one.name]
		if named {
			given++
			*one.into = c.line(value, one.longest)
		}
	}
	if _, named := member.members["mailboxes"]; named {
		given++
		scope.Mailboxes = c.list(member, "mailboxes", true, c.mailbox)
	}
	if _, named := member.members["groups"]; named {
		given++
		scope.Groups = c.list(member, "groups", true, func(n node) string { return c.line(n, longestName) })
	}
	if given != 1 {
		c.fault(member, "oneOf", "exactly one of mailboxes, group, groups, administrativeUnit and filter says which mailboxes are meant")
	}
	return scope
}

func (c *checker) ticket(root node) Ticket {
	member, ok := root.members["ticket"]
	if !ok || !c.object(member, "system", "id", "url") {
		return Ticket{}
	}
	ticket := Ticket{
		System: c.optional(member, "system", 64),
		ID:     c.optional(member, "id", 128),
	}
	if url, given := member.members["url"]; given {
		ticket.URL = c.link(url)
	}
	return ticket
}

// times works out start and end. The three ways to say the end exclude each other.
func (c *checker) times(root node, mechanism Mechanism, now time.Time) (time.Time, time.Time) {
	starts, startKnown := c.start(root, now)
	before := len(c.faults)
	end, ok := c.end(root, starts)
	switch {
	case !ok || len(c.faults) > before:
		return starts, time.Time{}
	case !end.at.After(now):
		// Judged whatever the start is, so that a fault there does not hide this one.
		c.fault(end.node, "pastEnd", fmt.Sprintf("the end, %s, is not after now, %s", show(end.at), show(now)))
	case startKnown:
		c.judgeLength(starts, end, mechanism, now)
	}
	return starts, end.at
}

// adoptedTimes is the same for what works already: it begins now, and may end as soon as
// anybody likes.
func (c *checker) adoptedTimes(root node, now time.Time) (time.Time, time.Time) {
	before := len(c.faults)
	end, ok := c.end(root, now.UTC())
	if ok && len(c.faults) == before && !end.at.After(now) {
		c.fault(end.node, "pastEnd", fmt.Sprintf("the end, %s, is not after now, %s", show(end.at), show(now)))
	}
	return now.UTC(), end.at
}

// start returns now, and false, where the start that was sent is no instant.
func (c *checker) start(root node, now time.Time) (time.Time, bool) {
	member, given := root.members["startsAt"]
	if !given {
		return now.UTC(), true
	}
	starts := c.instant(member)
	if starts.IsZero() {
		return now.UTC(), false
	}
	return starts, true
}

type end struct {
	node node
	at   time.Time
}

func (c *checker) end(root node, starts time.Time) (end, bool) {
	var ends []end
	for _, name := range []string{"expiresAt", "duration", "endBy"} {
		member, given := root.members[name]
		if !given {
			continue
		}
		ends = append(ends, end{node: member, at: c.endAt(name, member, starts)})
	}
	if len(ends) != 1 {
		c.fault(root, "end", "exactly one of expiresAt, duration and endBy says when the access ends")
		return end{}, false
	}
	return ends[0], true
}

func (c *checker) endAt(name string, member node, starts time.Time) time.Time {
	switch name {
	case "duration":
		return starts.Add(c.duration(member))
	case "endBy":
		// Gone by then: removal starts as much earlier as data access may lag behind it.
		return c.instant(member).Add(-Lead)
	}
	return c.instant(member)
}

func (c *checker) judgeLength(starts time.Time, end end, mechanism Mechanism, now time.Time) {
	lead := leadTime(mechanism, WaitsOf(mechanism))
	switch {
	case !end.at.After(starts):
		c.fault(end.node, "endBeforeStart", fmt.Sprintf("the end, %s, is not after the start, %s", show(end.at), show(starts)))
	case end.at.Sub(later(starts.Add(-lead), now)) < lead+leastUse:
		c.fault(end.node, "tooShort", fmt.Sprintf("access may take %s to begin to work; a grant shorter than %s would end before it was of use", lead, lead+leastUse))
	}
}

func show(at time.Time) string { return at.UTC().Format(time.RFC3339) }
