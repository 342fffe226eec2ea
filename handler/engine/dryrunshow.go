package engine

import (
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// DryRun is a request as it would be carried out. Nothing of it was done.
type DryRun struct {
	// ID is that of the grant which a request of the same source and key becomes.
	ID string `json:"id"`
	// NamesHold: the request came with a key of the caller's own, so that the real one can
	// have the same, and with it the same id and names. It is for the caller to set.
	NamesHold   bool            `json:"namesHold"`
	Mechanism   grant.Mechanism `json:"mechanism"`
	Workload    grant.Workload  `json:"workload"`
	Permissions []string        `json:"permissions"`
	Scope       grant.Scope     `json:"scope"`
	// Members sums up what a group, unit or filter holds; nil for named mailboxes.
	Members *grant.Members `json:"members,omitempty"`
	// Mailboxes are those that were named, or that the scope holds, a thousand at most.
	Mailboxes []grant.Mailbox `json:"mailboxes"`
	Canaries  []grant.Mailbox `json:"canaries"`
	StartsAt  time.Time       `json:"startsAt"`
	ExpiresAt time.Time       `json:"expiresAt"`
	// Steps make the access, Removal takes it away, in this order.
	Steps   []PlannedStep `json:"steps"`
	Removal []PlannedStep `json:"removal"`
	// Stopped is what the plan cannot get past as the tenant is now, when making or when
	// removing; empty when nothing.
	Stopped        string `json:"stopped,omitempty"`
	RemovalStopped string `json:"removalStopped,omitempty"`
	// EffectiveBy and GoneBy are when data access follows, by the published limits, where
	// nothing fails on the way; zero where the plan does not get there.
	EffectiveBy time.Time `json:"effectiveBy,omitzero"`
	GoneBy      time.Time `json:"goneBy,omitzero"`
	// Replaces is the grant that ends when this one is seen to work, not before EffectiveBy.
	Replaces string `json:"replaces,omitempty"`
	// Migration is what the grant would take the place of; nil for every other request.
	Migration *grant.Migration `json:"migration,omitempty"`
	Reach     PlannedReach     `json:"reach"`
	// Declared is what the app registration would bring back when all of this is done.
	Declared Declared `json:"declared"`
	// Adoption is what would be taken over; nil for every other request.
	Adoption *grant.Adoption `json:"adoption,omitempty"`

	printed plan.Printed
}

// PlannedStep is one line of a plan.
type PlannedStep struct {
	// Do is create, remove, wait, prove, takeOver or leave; the last two for what is there
	// already.
	Do   string         `json:"do"`
	Kind grant.StepKind `json:"kind,omitempty"`
	Name string         `json:"name,omitempty"`
	What string         `json:"what"`
	// By is who does it: the service, or an administrator.
	By grant.ConsentBy `json:"by"`
	// NotBefore is the earliest instant; of a wait, its end. Reason is why one waits.
	NotBefore time.Time `json:"notBefore"`
	Reason    string    `json:"reason,omitempty"`
}

// PlannedReach says in words by which paths the workload reaches what the request is
// about: now, and when the request is carried out. Stops is what it reaches no longer then.
// Unknown names what could not be read, so that there may be more paths.
type PlannedReach struct {
	Now     []string `json:"now"`
	Then    []string `json:"then"`
	Stops   []string `json:"stops"`
	Unknown []string `json:"unknown"`
}

// PowerShell is the plan as a script that an administrator could run by hand.
func (d DryRun) PowerShell() string {
	d.printed.NamesHold = d.NamesHold
	return d.printed.PowerShell()
}

func dryRun(live *held, played plan.Rehearsal) DryRun {
	made := DryRun{ID: live.ID, Mechanism: live.Mechanism, Workload: live.Workload, Permissions: live.Permissions, Scope: live.Scope, Replaces: live.Replaces, Migration: live.Migration,
		Members: live.Members, Mailboxes: orNone(live.reached()), Canaries: orNone(live.Canaries), StartsAt: live.StartsAt, ExpiresAt: live.ExpiresAt,
		Steps: planned(played, played.Making), Removal: planned(played, played.Removal), Adoption: live.Adoption}
	if stopped := played.Making.Stopped; stopped != nil {
		made.Stopped = stopped.Reason + ": " + stopped.Message
	} else if live.Scope.Kind() != grant.ByOrganization {
		made.EffectiveBy = played.Making.Ends.Add(live.FollowsAfter())
	}
	if stopped := played.Removal.Stopped; stopped != nil {
		made.RemovalStopped = stopped.Reason + ": " + stopped.Message
	}
	if !played.CutAt.IsZero() {
		made.GoneBy = played.CutAt.Add(live.GoneAfter())
	}
	return made
}

func planned(played plan.Rehearsal, course plan.Course) []PlannedStep {
	steps := make([]PlannedStep, len(course.Lines))
	for i, line := range course.Lines {
		steps[i] = PlannedStep{Do: deed(line), Kind: line.Step.Kind, Name: line.Step.Name, What: played.What(line), By: grant.Service,
			NotBefore: line.NotBefore, Reason: line.Reason}
		if line.Person {
			steps[i].By = grant.Person
		}
	}
	return steps
}

func deed(line plan.Line) string {
	switch {
	case line.Verb != plan.Record:
		return string(line.Verb)
	case line.Step.State == grant.Left:
		return "leave"
	}
	return "takeOver"
}

// testedOf are the mailboxes that a script asks about: of a scope that is counted a few.
func testedOf(live *held, played plan.Rehearsal) []grant.Mailbox {
	if !live.Scope.Counted() {
		return played.Grant.Mailboxes
	}
	return live.seen[:min(len(live.seen), fewCalls)]
}
