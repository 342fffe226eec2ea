// Package plan turns a grant, its ledger rows and the facts of the tenant into the
// next thing to do: plan = wanted minus present. A file per mechanism.
//
// It is pure and is asked again after every step, so that a run which died is
// continued by exactly the code that a fresh run uses. It must not do anything
// itself, and it never plans a write to an object that is not ours.
package plan

import (
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// Situation is everything that a plan depends on.
type Situation struct {
	Grant grant.Grant
	// Steps are the grant's own, in the order in which they are made.
	Steps []grant.Step
	// Pointer is the workload's shared step; its state is wanted when the ledger has none.
	Pointer grant.Step
	// PointerNeeded: another live grant of the workload needs the pointer.
	PointerNeeded bool
	Facts         access.Facts
}

// Verb is what is to be done with a step.
type Verb string

// The verbs of an action.
const (
	// Create: record the intent, write, read back.
	Create Verb = "create"
	// Remove: record the intent, write, read back.
	Remove Verb = "remove"
	// Record: nothing to send; the step's state follows from what was read.
	Record Verb = "record"
	// Wait: nothing can be done before Until.
	Wait Verb = "wait"
	// Block: nothing can be done until a person or the tenant changes something.
	Block Verb = "block"
	// Finished: nothing is left to do.
	Finished Verb = "finished"
)

// Action is the next thing to do.
type Action struct {
	Verb Verb
	// Step is the step that it concerns, by value; for Record it is as it should
	// be stored.
	Step grant.Step
	// Until is set for Wait.
	Until time.Time
	// Reason (for programs) and Message (for people) are set for Wait and Block.
	Reason, Message string
	// Change names what somebody else has done to an object of ours; empty where
	// nobody has.
	Change Change
}

// Change is a kind of drift: what somebody else has done to an object of ours.
type Change string

// The kinds of drift that are seen in the objects themselves.
const (
	PointerRemoved     Change = "PointerRemoved"
	PointerReplaced    Change = "PointerReplaced"
	ScopeRemoved       Change = "ScopeRemoved"
	FilterChanged      Change = "FilterChanged"
	AssignmentRemoved  Change = "AssignmentRemoved"
	AssignmentWidened  Change = "AssignmentWidened"
	ScopeSwapped       Change = "ScopeSwapped"
	RoleChanged        Change = "RoleChanged"
	AssignmentDisabled Change = "AssignmentDisabled"
)

func removal(kind grant.StepKind) Change {
	switch kind {
	case grant.PointerStep:
		return PointerRemoved
	case grant.ScopeStep:
		return ScopeRemoved
	}
	return AssignmentRemoved
}

func changed(action *Action, change Change) *Action {
	action.Change = change
	return action
}

// Reasons of Wait and Block.
const (
	NotRead          = "NotRead"
	MayStillAppear   = "MayStillAppear"
	MayStillVanish   = "MayStillVanish"
	NameTaken        = "NameTaken"
	Differs          = "Differs"
	RemovedByOther   = "RemovedByOther"
	PointerIdentity  = "PointerIdentity"
	notReadMessage   = "the tenant could not be read: "
	againAfterNoRead = 30 * time.Second
)

func unread(step grant.Step, why string, now time.Time) *Action {
	return &Action{Verb: Wait, Step: step, Until: now.Add(againAfterNoRead), Reason: NotRead, Message: notReadMessage + why}
}

func record(step grant.Step, state grant.StepState, remoteID string) *Action {
	step.State = state
	if remoteID != "" {
		step.RemoteID = remoteID
	}
	return &Action{Verb: Record, Step: step}
}

func block(step grant.Step, reason, message string) *Action {
	return &Action{Verb: Block, Step: step, Reason: reason, Message: message}
}
