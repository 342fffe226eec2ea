package engine

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
)

// ExposurePage is one page of the newest complete survey, sorted by object id. Next is
// empty on the last page.
type ExposurePage struct {
	Exposure
	Rows []ExposedWorkload `json:"rows"`
	Next string            `json:"next,omitempty"`
}

// ReachersPage is one page of the workloads that reach a mailbox, may reach it, or can
// give themselves access, as the newest complete survey has it.
type ReachersPage struct {
	Mailbox   grant.Mailbox  `json:"mailbox"`
	Operation string         `json:"operation"`
	AsOf      time.Time      `json:"asOf"`
	Workloads []ShownReacher `json:"workloads"`
	// Unknown is what keeps the list from being complete.
	Unknown []string `json:"unknown"`
	NotSeen []string `json:"notSeen"`
	Next    string   `json:"next,omitempty"`
}

// ShownReacher is one workload of that list.
type ShownReacher struct {
	Workload       grant.Workload      `json:"workload"`
	Verdict        grant.Verdict       `json:"verdict"`
	CanGrantItself grant.Verdict       `json:"canGrantItself"`
	Capabilities   []access.Capability `json:"capabilities"`
	Paths          []ShownPath         `json:"paths"`
	Unknown        []string            `json:"unknown"`
}

// Exposure answers one page of the newest complete survey. The second result is false
// when there is none yet. The error's kind is KindBadCursor for a cursor of a survey that
// has been replaced.
func (e *Engine) Exposure(ctx context.Context, cursor string, limit int) (ExposurePage, bool, error) {
	var known latest
	err := e.readWork(ctx, surveyPartition, latestKey, &known)
	if err != nil || known.Exposure.Operation == "" {
		return ExposurePage{}, false, err
	}
	page := ExposurePage{Exposure: known.Exposure, Rows: []ExposedWorkload{}}
	from, until, err := window(known.Exposure.Operation, cursor, limit)
	if err != nil {
		return ExposurePage{}, true, err
	}
	until = min(until, page.Listed)
	for from < until {
		chunk, err := e.keptResult(ctx, known.Exposure.Operation, from/rowsAChunk)
		if err != nil {
			return ExposurePage{}, true, err
		}
		first := from % rowsAChunk
		if first >= len(chunk) {
			return ExposurePage{}, true, fmt.Errorf("reading survey %s: row %d is missing", known.Exposure.Operation, from)
		}
		last := min(len(chunk), first+until-from)
		page.Rows = append(page.Rows, chunk[first:last]...)
		from += last - first
	}
	page.Next = following(known.Exposure.Operation, from, page.Listed)
	return page, true, nil
}

// keptResult reads one chunk. A chunk that is gone belonged to a survey that has been
// replaced meanwhile.
func (e *Engine) keptResult(ctx context.Context, id string, number int) ([]ExposedWorkload, error) {
	text, _, err := e.keptText(ctx, surveyRows+id, resultName(number))
	if KindOf(err) == KindNotFound {
		return nil, surveyReplaced()
	}
	if err != nil {
		return nil, err
	}
	var rows []ExposedWorkload
	err = json.Unmarshal(text, &rows)
	if err != nil {
		return nil, fmt.Errorf("reading the result of survey %s: %w", id, err)
	}
	return rows, nil
}

func surveyReplaced() error {
	return &Error{Kind: KindBadCursor, Detail: "the survey that this list was read from has been replaced by a newer one: begin again without a cursor"}
}

// window is which rows a page shows: from one up to, and without, another.
func window(id, cursor string, limit int) (int, int, error) {
	size, err := pageSize(limit)
	if err != nil {
		return 0, 0, err
	}
	from, err := position(id, cursor)
	return from, from + size, err
}

// position reads a cursor: the survey and how many rows came before.
func position(id, cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	survey, digits, found := strings.Cut(string(text), ":")
	from, numberErr := strconv.Atoi(digits)
	switch {
	case err != nil || !found || numberErr != nil || from < 0 || !strings.HasPrefix(survey, operationPrefix):
		return 0, &Error{Kind: KindBadCursor, Detail: "the cursor is none that this list has returned"}
	case survey != id:
		return 0, surveyReplaced()
	}
	return from, nil
}

func following(id string, from, all int) string {
	if from >= all {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(id + ":" + strconv.Itoa(from)))
}

// Reachers answers one page of who reaches a mailbox, by address or id, from the newest
// complete survey. The second result is false when there is none yet. The error's kind is
// KindNotFound for a mailbox that the survey has not seen.
func (e *Engine) Reachers(ctx context.Context, mailbox, cursor string, limit int) (ReachersPage, bool, error) {
	var known latest
	err := e.readWork(ctx, surveyPartition, latestKey, &known)
	if err != nil || known.Exposure.Operation == "" {
		return ReachersPage{}, false, err
	}
	id := known.Exposure.Operation
	from, until, err := window(id, cursor, limit)
	if err != nil {
		return ReachersPage{}, true, err
	}
	facts, err := e.keptSurvey(ctx, id)
	if err != nil {
		return ReachersPage{}, true, err
	}
	if len(facts.kept) < len(firstParts())+len(secondParts()) {
		return ReachersPage{}, true, surveyReplaced()
	}
	target, err := facts.mailbox(mailbox, known.Exposure.AsOf)
	if err != nil {
		return ReachersPage{}, true, err
	}
	found := facts.assemble()
	reachers, open := found.index.Reaching(target.GUID)
	page := ReachersPage{Mailbox: target, Operation: id, AsOf: known.Exposure.AsOf, Workloads: []ShownReacher{}, NotSeen: notSeen(),
		Unknown: distinctFold(append(open, found.unknown...))}
	until = min(until, len(reachers))
	for _, one := range reachers[min(from, until):until] {
		page.Workloads = append(page.Workloads, ShownReacher{Workload: one.Workload, Verdict: one.Verdict, CanGrantItself: one.CanGrantItself,
			Capabilities: orNone(one.Capabilities), Paths: found.paths(one.Paths), Unknown: orNone(one.Unknown)})
	}
	page.Next = following(id, until, len(reachers))
	return page, true, nil
}

// mailbox finds a mailbox of the survey by any of its ids and addresses.
func (s *surveyed) mailbox(name string, asOf time.Time) (grant.Mailbox, error) {
	name = strings.ToLower(name)
	for _, one := range s.Mailboxes.Value {
		known := append([]string{one.GUID, one.EntraID, one.Address}, one.Properties["exchangeguid"]...)
		for _, address := range one.Properties["emailaddresses"] {
			known = append(known, address, address[strings.Index(address, ":")+1:])
		}
		if slices.ContainsFunc(known, func(text string) bool { return text != "" && strings.EqualFold(text, name) }) {
			return grant.Mailbox{GUID: one.GUID, Address: one.Address, Type: one.Type, EntraID: one.EntraID}, nil
		}
	}
	if !s.Mailboxes.Read {
		return grant.Mailbox{}, &Error{Kind: KindTenant, Detail: "the survey has no mailboxes: " + s.Mailboxes.Why}
	}
	return grant.Mailbox{}, &Error{Kind: KindNotFound, Detail: "mailbox: the survey of " + asOf.UTC().Format(time.RFC3339) +
		" has no mailbox of this address or id; a " + exchange.Microsoft365Group + " is none; refresh=true makes a new survey"}
}
