// Package plan turns a grant, its ledger rows and the facts of the tenant into the
// next thing to do: plan = wanted minus present. A file per mechanism.
//
// It is pure and is asked again after every step, so that a run which died is
// continued by exactly the code that a fresh run uses. It must not do anything
// itself, and it never plans a write to an object that is not ours.
package plan

import (
	"slices"
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

	// Consents are the workload's shared steps that the grant needs, in the order of its
	// permissions; empty where the mechanism needs none.
	Consents []Shared
	// Permissions are the mailbox permissions that the grant needs, shared like consents;
	// empty for the other mechanisms.
	Permissions []Shared
	// Given are all consents that the workload's grants have had, whoever needs them now.
	Given []grant.Step
	// Taken are all mailbox permissions that the workload's grants have had.
	Taken []grant.Step
	// Group is the grant's own group as it was read; its value is nil when it is absent.
	Group access.Reading[*Group]
	// Policies are the application access policies that concern the workload.
	Policies access.Reading[[]access.Policy]
	// Neighbours are the policy steps of the workload's other live grants.
	Neighbours []grant.Step
	// ScopeUsers names the role assignments of anybody that use the management scope of an
	// adopted grant, its own left out. It is read for the end of such a grant only.
	ScopeUsers access.Reading[[]string]
	// Held are the rights that the workload holds on the grant's mailboxes.
	Held access.Reading[[]access.MailboxPermission]
	// NewMailboxes are those that bear the names or addresses of the mailboxes that the
	// grant makes; read until they are made.
	NewMailboxes access.Reading[[]NewMailbox]
	// Installation is in every remote name.
	Installation string
}

// Shared is a shared step and whether another live grant of the workload needs it.
type Shared struct {
	Step   grant.Step
	Needed bool
}

// Group is a mail-enabled security group as it was read.
type Group struct {
	ID, Name string
	// Hidden: it is not in the address lists. Open: people may join it by themselves.
	Hidden, Open bool
	// Members are the GUIDs of its direct members, whatever they are.
	Members []string
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
	// Prove: what is made has to be proved before anything is taken away for it.
	Prove Verb = "prove"
	// Ask: a person has to do what the service was not opted into doing itself.
	Ask Verb = "ask"
	// Survey: it has to be known what else the next consent would open.
	Survey Verb = "survey"
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

	GroupRemoved   Change = "GroupRemoved"
	GroupOpened    Change = "GroupOpened"
	GroupShown     Change = "GroupShown"
	MemberAdded    Change = "MemberAdded"
	MemberRemoved  Change = "MemberRemoved"
	PolicyRemoved  Change = "PolicyRemoved"
	PolicyChanged  Change = "PolicyChanged"
	PolicyAdded    Change = "PolicyAdded"
	ConsentRemoved Change = "ConsentRemoved"

	MailboxPermissionRemoved Change = "MailboxPermissionRemoved"
	MailboxPermissionDenied  Change = "MailboxPermissionDenied"
)

func removal(kind grant.StepKind) Change {
	return map[grant.StepKind]Change{
		grant.PointerStep: PointerRemoved, grant.ScopeStep: ScopeRemoved, grant.AssignmentStep: AssignmentRemoved,
		grant.GroupStep: GroupRemoved, grant.HidingStep: GroupShown, grant.MemberStep: MemberRemoved,
		grant.PolicyStep: PolicyRemoved, grant.ConsentStep: ConsentRemoved,
		grant.MailboxPermissionStep: MailboxPermissionRemoved,
	}[kind]
}

func changed(action *Action, change Change) *Action {
	action.Change = change
	return action
}

// Reasons of Wait and Block.
const (
	NotRead         = "NotRead"
	MayStillAppear  = "MayStillAppear"
	MayStillVanish  = "MayStillVanish"
	NameTaken       = "NameTaken"
	Differs         = "Differs"
	RemovedByOther  = "RemovedByOther"
	PointerIdentity = "PointerIdentity"
	// ConsentNeeded and ConsentRemovalNeeded wait for a person.
	ConsentNeeded        = "ConsentNeeded"
	ConsentRemovalNeeded = "ConsentRemovalNeeded"
	// EffectiveFirst: what replaces an access has to work before that is taken away.
	EffectiveFirst = "EffectiveFirst"
	// ExistingConsent: the policy would confine a consent that the request did not name.
	ExistingConsent = "ExistingConsent"
	// PolicySettling: a consent given now might not be confined yet.
	PolicySettling = "PolicySettling"
	// TokensOutstanding: a token that was minted under a consent may still live.
	TokensOutstanding = "TokensOutstanding"
	// CrawlNeeded: it is not known yet which old mailbox permissions the consent would
	// bring alive. OldPermissions: some would come alive that nobody asked for.
	CrawlNeeded    = "CrawlNeeded"
	OldPermissions = "OldPermissions"
	// ForeignPolicy: a policy of somebody else's would open its group to our consent.
	ForeignPolicy    = "ForeignPolicy"
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

// Steps lays out the steps that are the grant's own. Every name and filter is chosen
// here, before the first remote call.
func Steps(g grant.Grant, installation string) ([]grant.Step, error) {
	if g.Unmade() {
		return mailboxSteps(g, installation), nil
	}
	switch g.Mechanism {
	case grant.AccessPolicy:
		return policySteps(g, installation), nil
	case grant.MailboxPermission:
		return nil, nil // all of its steps belong to the workload
	}
	return roleSteps(g, installation)
}

// Provision returns the next action towards a grant that is completely made.
func Provision(s Situation, now time.Time) Action {
	action := s.makeMailboxes(now)
	if action != nil {
		return *action
	}
	s = s.withoutMailboxes()
	if s.Grant.Adoption != nil {
		return s.provisionAdopted(now)
	}
	switch s.Grant.Mechanism {
	case grant.AccessPolicy:
		return s.provisionPolicy(now)
	case grant.MailboxPermission:
		return s.provisionPermissions(now)
	}
	return s.provisionRoles(now)
}

// Revoke returns the next action towards a grant of which nothing is left, in the order
// that never widens access on the way.
func Revoke(s Situation, now time.Time) Action {
	if !s.Grant.Unmade() {
		action := s.withoutMailboxes().revoke(now)
		if action.Verb != Finished {
			return action
		}
	}
	action := s.endMailboxes(now)
	if action != nil {
		return *action
	}
	return Action{Verb: Finished}
}

func (s Situation) revoke(now time.Time) Action {
	if s.Grant.Adoption != nil {
		return s.revokeAdopted(now)
	}
	switch s.Grant.Mechanism {
	case grant.AccessPolicy:
		return s.revokePolicy(now)
	case grant.MailboxPermission:
		return s.revokePermissions(now)
	}
	return s.revokeRoles(now)
}

// Inspect returns everything in which the tenant differs from a grant that was
// completely made: what was removed, changed or could not be read. Empty means
// that all is as planned.
func Inspect(s Situation, now time.Time) []Action {
	s = s.withoutMailboxes()
	if s.Grant.Adoption != nil {
		return s.inspectAdopted(now)
	}
	switch s.Grant.Mechanism {
	case grant.AccessPolicy:
		return s.inspectPolicy(now)
	case grant.MailboxPermission:
		return s.inspectPermissions(now)
	}
	return s.inspectRoles(now)
}

// Present reports whether the step's object was read, and read present.
func (s Situation) Present(step grant.Step) bool {
	seen := s.seen(step)
	return seen.read && seen.present
}

// AccessGone reports whether everything is gone by which the steps gave access, which is
// when data access begins to end: role assignments, the members of a policy's group,
// mailbox permissions, or a policy that was adopted, whose group is not the grant's. What
// was there before us, and stays, gave nothing that we give.
func AccessGone(steps []grant.Step) bool {
	for _, step := range steps {
		gives := step.Kind == grant.AssignmentStep || step.Kind == grant.MemberStep || step.Kind == grant.MailboxPermissionStep ||
			step.Kind == grant.PolicyStep && step.Adopted
		if gives && step.State != grant.Gone && step.State != grant.Left {
			return false
		}
	}
	return true
}

// Giving are the steps by which the grant gives access and that no other grant needs.
func (s Situation) Giving() []grant.Step {
	giving := slices.Clone(s.Steps)
	for _, permission := range s.Permissions {
		if !permission.Needed {
			giving = append(giving, permission.Step)
		}
	}
	return giving
}

func block(step grant.Step, reason, message string) *Action {
	return &Action{Verb: Block, Step: step, Reason: reason, Message: message}
}
