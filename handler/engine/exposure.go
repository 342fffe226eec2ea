package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// Exposure is what a survey of the whole tenant has found, without its rows.
type Exposure struct {
	// Operation is the survey's id; AsOf is when the oldest part was read.
	Operation  string    `json:"operation"`
	AsOf       time.Time `json:"asOf"`
	FinishedAt time.Time `json:"finishedAt"`
	// Mailboxes and Workloads are how many were looked at; Listed is how many rows there are.
	Mailboxes int            `json:"mailboxes"`
	Workloads int            `json:"workloads"`
	Listed    int            `json:"listed"`
	Counts    ExposureCounts `json:"counts"`
	Coverage  Coverage       `json:"mailboxPermissions"`
	// Leftovers are assignments of ApplicationImpersonation, whoever holds them.
	Leftovers []string `json:"leftovers"`
	// Unknown are the parts of the tenant that were not read.
	Unknown []string `json:"unknown"`
	NotSeen []string `json:"notSeen"`
}

// ExposureCounts count workloads by class; one can be in several. Only what is certain
// is counted; Uncertain have something about them that is not known.
type ExposureCounts struct {
	OrganizationWide    int `json:"organizationWide"`
	ConfinedByPolicy    int `json:"confinedByPolicy"`
	Scoped              int `json:"scoped"`
	ByMailboxPermission int `json:"byMailboxPermission"`
	CanGrantItself      int `json:"canGrantItself"`
	Ours                int `json:"ours"`
	Uncertain           int `json:"uncertain"`
}

// Coverage says of how many mailboxes the permissions were listed, and how old the
// oldest list is; zero where there is none.
type Coverage struct {
	Mailboxes int       `json:"mailboxes"`
	Covered   int       `json:"covered"`
	Complete  bool      `json:"complete"`
	Oldest    time.Time `json:"oldest,omitzero"`
}

// ExposedWorkload is one workload that reaches a mailbox, may reach one, can give itself
// access, or keeps a leftover.
type ExposedWorkload struct {
	Workload            grant.Workload      `json:"workload"`
	OrganizationWide    grant.Verdict       `json:"organizationWide"`
	ConfinedByPolicy    grant.Verdict       `json:"confinedByPolicy"`
	Scoped              grant.Verdict       `json:"scoped"`
	ByMailboxPermission grant.Verdict       `json:"byMailboxPermission"`
	CanGrantItself      grant.Verdict       `json:"canGrantItself"`
	Reached             int                 `json:"reached"`
	Possible            int                 `json:"possible"`
	Capabilities        []access.Capability `json:"capabilities"`
	Paths               []ShownPath         `json:"paths"`
	// PathsLeftOut is how many more there are than a row shows.
	PathsLeftOut int `json:"pathsLeftOut,omitempty"`
	// Foreign counts the paths that no grant has made.
	Foreign   int           `json:"foreign"`
	Remedies  []ShownRemedy `json:"remedies"`
	Leftovers []string      `json:"leftovers"`
	Unknown   []string      `json:"unknown"`
}

// ShownRemedy is one thing that would have to go for least privilege.
type ShownRemedy struct {
	What string `json:"what"`
	ID   string `json:"id,omitempty"`
	Why  string `json:"why"`
}

const (
	latestKey = "latest"
	// rowsAChunk is how many workloads one row of the table holds.
	rowsAChunk = 25
	// mostPathsShown bounds a workload's row.
	mostPathsShown = 100
)

// conclude judges every workload and keeps the result, row by row, from where the last
// invocation left off. The facts are kept, so each invocation judges the same.
func (s *surveying) conclude(ctx, budget context.Context) error {
	found := s.facts.assemble()
	all := found.index.Exposure()
	chunks := slices.Collect(slices.Chunk(all, rowsAChunk))
	parts := len(firstParts()) + len(secondParts())
	s.operation.Total = parts + len(all)
	kept, err := strconv.Atoi(firstOf(s.operation.after, "0"))
	if err != nil {
		return fmt.Errorf("reading the progress of survey %s: %w", s.operation.ID, err)
	}
	for number := kept; number < len(chunks); number++ {
		if budget.Err() != nil {
			return s.leave(ctx, s.operation)
		}
		err := s.keepResult(ctx, number, found.exposed(chunks[number]))
		if err != nil {
			return err
		}
		s.operation.after = strconv.Itoa(number + 1)
		s.operation.Done = min(s.operation.Total, parts+(number+1)*rowsAChunk)
		err = s.keepOperation(ctx, s.operation)
		if err != nil {
			return err
		}
	}
	return s.publish(ctx, s.summary(found, all))
}

func (s *surveying) keepResult(ctx context.Context, number int, rows []ExposedWorkload) error {
	text, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("writing the result of survey %s: %w", s.operation.ID, err)
	}
	return s.keepText(ctx, s.partition(), resultName(number), text, s.facts.ReadAt)
}

func resultName(number int) string { return fmt.Sprintf("result-%06d", number) }

// latest is the newest survey that is complete, and the one that it replaces.
type latest struct {
	Exposure Exposure `json:"exposure"`
	Older    string   `json:"older,omitempty"`
}

// publish makes the result the one that is answered with, deletes the one before it and
// ends the operation. A death in between is made good by the next invocation, which finds
// its own result published.
func (s *surveying) publish(ctx context.Context, made Exposure) error {
	var known latest
	err := s.readWork(ctx, surveyPartition, latestKey, &known)
	if err != nil {
		return err
	}
	if known.Exposure.Operation != made.Operation {
		known = latest{Exposure: made, Older: known.Exposure.Operation}
		err = s.keepWork(ctx, surveyPartition, latestKey, known)
		if err != nil {
			return err
		}
	}
	if known.Older != "" {
		err = s.forgetRows(ctx, surveyRows+known.Older)
		if err != nil {
			return err
		}
	}
	s.operation.Done, s.operation.NextTry, s.operation.Findings = s.operation.Total, time.Time{}, []Finding{}
	for _, text := range made.Unknown[:min(len(made.Unknown), mostFindings)] {
		s.operation.Findings = append(s.operation.Findings, Finding{Type: "Unread", Reason: "NotRead", Message: text})
	}
	return s.close(ctx, s.operation)
}

// exposed shows one chunk of the result.
func (a assembled) exposed(chunk []access.Exposed) []ExposedWorkload {
	rows := make([]ExposedWorkload, len(chunk))
	for i, one := range chunk {
		shown := min(len(one.Paths), mostPathsShown)
		rows[i] = ExposedWorkload{Workload: one.Workload, OrganizationWide: one.OrganizationWide, ConfinedByPolicy: one.ConfinedByPolicy,
			Scoped: one.Scoped, ByMailboxPermission: one.ByMailboxPermission, CanGrantItself: one.CanGrantItself, Reached: one.Reached,
			Possible: one.Possible, Capabilities: orNone(one.Capabilities), Paths: a.paths(one.Paths[:shown]),
			PathsLeftOut: len(one.Paths) - shown, Foreign: one.Foreign, Remedies: []ShownRemedy{}, Leftovers: orNone(one.Leftovers), Unknown: orNone(one.Unknown)}
		for _, remedy := range one.Remedies[:min(len(one.Remedies), mostPathsShown)] {
			rows[i].Remedies = append(rows[i].Remedies, ShownRemedy{What: remedy.What, ID: remedy.ID, Why: remedy.Why})
		}
	}
	return rows
}

func (s *surveying) summary(found assembled, all []access.Exposed) Exposure {
	permissions := s.facts.Permissions.Value
	made := Exposure{Operation: s.operation.ID, AsOf: s.facts.ReadAt, FinishedAt: s.Now(), Mailboxes: len(s.facts.Mailboxes.Value),
		Workloads: len(found.index.Workloads()), Listed: len(all), Leftovers: orNone(found.leftovers), Unknown: orNone(found.unknown), NotSeen: notSeen(),
		Coverage: Coverage{Mailboxes: len(s.facts.Mailboxes.Value), Covered: len(permissions.Covered), Complete: permissions.Complete, Oldest: permissions.OldestRead}}
	for _, one := range all {
		made.Counts.add(one)
	}
	return made
}

func (c *ExposureCounts) add(one access.Exposed) {
	count := func(counter *int, is bool) {
		if is {
			*counter++
		}
	}
	count(&c.OrganizationWide, one.OrganizationWide == grant.Allowed)
	count(&c.ConfinedByPolicy, one.ConfinedByPolicy == grant.Allowed)
	count(&c.Scoped, one.Scoped == grant.Allowed)
	count(&c.ByMailboxPermission, one.ByMailboxPermission == grant.Allowed)
	count(&c.CanGrantItself, one.CanGrantItself == grant.Allowed)
	count(&c.Ours, slices.ContainsFunc(one.Paths, func(path access.Path) bool { return path.Ours }))
	count(&c.Uncertain, len(one.Unknown) > 0)
}
