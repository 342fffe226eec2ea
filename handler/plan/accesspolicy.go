package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// policySteps are those of a grant by an application access policy: a closed and hidden
// group, each mailbox as its member, and the policy that restricts the workload to the
// group. The consents, which a policy confines, belong to the workload.
func policySteps(g grant.Grant, installation string) []grant.Step {
	group := grant.RemoteName(installation, g.ID, 0)
	steps := []grant.Step{
		{Number: 0, Kind: grant.GroupStep, Name: group, State: grant.Wanted},
		{Number: 1, Kind: grant.HidingStep, Name: group, State: grant.Wanted},
	}
	for _, mailbox := range g.Mailboxes {
		steps = append(steps, grant.Step{Number: len(steps), Kind: grant.MemberStep, Name: mailbox.GUID, State: grant.Wanted})
	}
	number := len(steps)
	return append(steps, grant.Step{Number: number, Kind: grant.PolicyStep, Name: grant.RemoteName(installation, g.ID, number), State: grant.Wanted})
}

// ConsentStep is the shared step of a consent of the workload on Microsoft Graph, before
// anything is known of it.
func ConsentStep(permission string) grant.Step { return consentStep(access.Graph, permission) }

func consentStep(resource access.Resource, permission string) grant.Step {
	return grant.Step{Kind: grant.ConsentStep, Name: string(resource) + "/" + permission, State: grant.Wanted, Permission: permission}
}

// provisionPolicy makes the group and the policy, waits until the policy has settled, and
// only then consents. The usual guides consent first, and for as long as the policy
// takes the whole organization is open.
func (s Situation) provisionPolicy(now time.Time) Action {
	for _, step := range s.Steps {
		action := makeStep(step, s.seen(step), now)
		if action != nil && action.Verb == Create && step.Kind == grant.PolicyStep {
			action = firstAction(s.besidePolicy(step, now), action)
		}
		if action != nil {
			return *action
		}
	}
	foreign := s.foreignPolicies()
	if len(foreign) > 0 {
		return *foreign[0]
	}
	policy := policyStep(s.Steps)
	settled := policy.MadeAt.Add(s.Grant.Waits.Policy)
	if now.Before(settled) {
		return Action{Verb: Wait, Step: policy, Until: settled, Reason: PolicySettling,
			Message: "the policy is made; a consent before it has settled would open every mailbox"}
	}
	for _, consent := range s.Consents {
		action := s.makeConsent(consent.Step, now)
		if action != nil {
			return *action
		}
	}
	return Action{Verb: Finished}
}

// besidePolicy is what has come to stand since the grant was bound and keeps its policy
// from being made: a policy of somebody else's, whose consents it would open further, and
// a consent that nobody named, which it would cut.
func (s Situation) besidePolicy(step grant.Step, now time.Time) *Action {
	if !s.Facts.Consents.Read {
		return unread(step, s.Facts.Consents.Why, now)
	}
	policies := s.foreignPolicies()
	if len(policies) > 0 {
		return policies[0]
	}
	_, consents := s.standing()
	consents = slices.DeleteFunc(consents, func(name string) bool {
		return slices.ContainsFunc(s.Grant.ConfineExisting, func(permission string) bool { return ConsentStep(permission).Name == name })
	})
	if len(consents) > 0 {
		return block(step, ExistingConsent, fmt.Sprintf("since the grant was bound the workload was consented to %s, which the policy would confine; remove that consent first", strings.Join(consents, ", ")))
	}
	return nil
}

func firstAction(actions ...*Action) *Action {
	for _, action := range actions {
		if action != nil {
			return action
		}
	}
	return nil
}

// makeConsent takes over a consent that was handed to the grant, and leaves a new one to
// a person unless the service was opted into it.
func (s Situation) makeConsent(step grant.Step, now time.Time) *Action {
	seen := s.seen(step)
	adopted := slices.Contains(s.Grant.ConfineExisting, step.Permission)
	if adopted && seen.present && !step.Exists() {
		return record(dated(step, now), grant.Made, seen.id)
	}
	return s.asked(makeStep(step, seen, now))
}

// asked leaves a consent that is to be given to a person, where the service may not.
func (s Situation) asked(action *Action) *Action {
	if action == nil || action.Verb != Create || s.Grant.ConsentBy != grant.Person {
		return action
	}
	asked := AskConsent(s.Grant, action.Step)
	return &asked
}

// AskConsent asks a person for a consent that the service may not give itself.
func AskConsent(g grant.Grant, step grant.Step) Action {
	return Action{Verb: Ask, Step: step, Reason: ConsentNeeded,
		Message: fmt.Sprintf("%s; now an administrator has to consent to %s for %s", ready(g.Mechanism), step.Name, g.Workload.DisplayName)}
}

// ready says what stands before a consent may be given.
func ready(mechanism grant.Mechanism) string {
	if mechanism == grant.MailboxPermission {
		return "the mailbox permissions stand"
	}
	return "the policy stands and has settled"
}

// revokePolicy empties the group, which cuts the access, takes the consents away, waits
// until no token that was minted under them can live, and only then removes the policy
// and the group. A policy is never removed while a consent that it confines stands.
func (s Situation) revokePolicy(now time.Time) Action {
	for _, action := range []func(time.Time) *Action{s.emptyGroup, s.removeConsents, s.removePolicy, s.removeGroup} {
		next := action(now)
		if next != nil {
			return *next
		}
	}
	return Action{Verb: Finished}
}

func (s Situation) emptyGroup(now time.Time) *Action {
	action := s.removeKind(grant.MemberStep, now)
	group := stepOfKind(s.Steps, grant.GroupStep)
	if action != nil || s.Group.Value == nil || !group.Exists() || group.RemoteID == "" {
		return action
	}
	for _, member := range s.Group.Value.Members {
		// Whoever has put it into the grant's group: what is left in there is reached until
		// the consents are gone.
		return &Action{Verb: Remove, Step: grant.Step{Number: slippedIn, Kind: grant.MemberStep, Name: member, State: grant.Made}}
	}
	return nil
}

// slippedIn is the number of what is no step of the grant.
const slippedIn = -1

func (s Situation) removeKind(kind grant.StepKind, now time.Time) *Action {
	for _, step := range s.Steps {
		if step.Kind != kind {
			continue
		}
		action := removeStep(step, s.seen(step), now)
		if action != nil {
			return action
		}
	}
	return nil
}

func (s Situation) removeConsents(now time.Time) *Action {
	for _, consent := range s.Consents {
		if consent.Needed {
			continue
		}
		seen := s.seen(consent.Step)
		handedOver := slices.Contains(s.Grant.ConfineExisting, consent.Step.Permission) && policyStep(s.Steps).Exists()
		if handedOver && seen.present && !consent.Step.Exists() && consent.Step.State != grant.Gone {
			// The end came before the policy had settled, and the consent was handed over to end
			// with the grant.
			return record(dated(consent.Step, now), grant.Made, seen.id)
		}
		action := removeStep(consent.Step, s.seen(consent.Step), now)
		if action != nil {
			return s.askedToRemove(action)
		}
	}
	return nil
}

// askedToRemove leaves a consent that is to be removed to a person, where the service may
// not.
func (s Situation) askedToRemove(action *Action) *Action {
	if action.Verb != Remove || s.Grant.ConsentBy != grant.Person {
		return action
	}
	cut := "no mailbox is open by this grant any more; now"
	if s.OpenByConsent() {
		cut = "the grant is at its end, but its mailboxes stay open to it until then, by permissions that another grant needs or that were there before; now"
	}
	if s.Grant.Adoption != nil && s.Grant.Mechanism == grant.AccessPolicy {
		cut = "the access goes on until then: the group of the policy is not ours to empty. The end has come, and now"
	}
	return &Action{Verb: Ask, Step: action.Step, Reason: ConsentRemovalNeeded,
		Message: fmt.Sprintf("%s an administrator has to remove the consent to %s of %s", cut, action.Step.Name, s.Grant.Workload.DisplayName)}
}

func (s Situation) removePolicy(now time.Time) *Action {
	step := policyStep(s.Steps)
	if step.Exists() {
		held := s.policyHeld(step, now)
		if held != nil {
			return held
		}
	}
	return s.removeKind(grant.PolicyStep, now)
}

// policyHeld is what keeps the policy from being removed: a consent that it confines, or
// a token minted under one. Neither does while another policy of ours, settled and still
// in the tenant, restricts the workload.
func (s Situation) policyHeld(step grant.Step, now time.Time) *Action {
	if !s.Policies.Read {
		return unread(step, s.Policies.Why, now)
	}
	if !s.Facts.Consents.Read {
		return unread(step, s.Facts.Consents.Why, now)
	}
	for _, other := range s.Neighbours {
		settled := other.State == grant.Made && !now.Before(other.MadeAt.Add(s.Grant.Waits.Policy))
		seen := s.seenPolicy(other)
		if settled && seen.present && seen.differs == "" {
			return nil
		}
	}
	own, foreign := s.standing()
	switch {
	case own:
		return &Action{Verb: Wait, Step: step, Until: now.Add(againForOthers), Reason: PolicySettling,
			Message: "another grant needs the consents, and its own policy has not settled yet"}
	case len(foreign) > 0:
		step.Holds = true
		return block(step, ConsentRemovalNeeded, fmt.Sprintf("the policy stays, because it confines the consent to %s, which no grant answers for; remove that consent and the policy goes", strings.Join(foreign, ", ")))
	case step.Holds:
		// Tokens were minted under that consent as well, until somebody removed it.
		step.Holds, step.ReleasedAt = false, now
		return record(step, step.State, "")
	}
	outstanding := s.tokensUntil()
	if released := step.ReleasedAt.Add(s.Grant.Waits.Tokens); !step.ReleasedAt.IsZero() && released.After(outstanding) {
		outstanding = released
	}
	if now.Before(outstanding) {
		return &Action{Verb: Wait, Step: step, Until: outstanding, Reason: TokensOutstanding,
			Message: "the consents are gone; a token that was minted under them may live until then, and the policy confines it"}
	}
	return nil
}

// againForOthers is how soon it is looked again whether another grant's policy has settled.
const againForOthers = 10 * time.Minute

// standing reports whether a consent stands, or is needed, that another grant answers
// for, and names those that stand, that a policy confines, and that no grant answers for.
func (s Situation) standing() (bool, []string) {
	own := slices.ContainsFunc(s.Consents, func(consent Shared) bool { return consent.Needed })
	var foreign []string
	for _, consent := range s.Facts.Consents.Value {
		permission, known := access.LookUp(consent.Resource, consent.Value)
		// An app role that its own resource does not list may be one that the policy confines.
		nameless := consent.Value == "" && consent.Resource != access.Other
		if !nameless && (!known || !permission.PolicyConfined) {
			continue
		}
		name := string(consent.Resource) + "/" + consent.Value
		if slices.ContainsFunc(s.Given, func(step grant.Step) bool { return step.Name == name && step.Exists() }) {
			own = true
			continue
		}
		foreign = append(foreign, name)
	}
	return own, foreign
}

// tokensUntil is when the last token dies that may have been minted under a consent that
// a grant of the workload had; the grants confine each other's.
func (s Situation) tokensUntil() time.Time {
	var last time.Time
	for _, consent := range s.Given {
		if consentResource(consent) == access.Graph && consent.GoneAt.After(last) {
			last = consent.GoneAt
		}
	}
	if last.IsZero() {
		return last
	}
	return last.Add(s.Grant.Waits.Tokens)
}

func (s Situation) removeGroup(now time.Time) *Action {
	action := s.removeKind(grant.GroupStep, now)
	if action != nil {
		return action
	}
	for _, step := range s.Steps {
		if step.Kind == grant.HidingStep && step.State != grant.Gone {
			// It went with the group.
			return record(step.SeenGone(), grant.Gone, "")
		}
	}
	return nil
}

func (s Situation) inspectPolicy(now time.Time) []Action {
	var found []Action
	for _, step := range s.Steps {
		action := makeStep(step, s.seen(step), now)
		if action != nil {
			found = append(found, *action)
		}
	}
	for _, consent := range s.Consents {
		action := makeStep(consent.Step, s.seen(consent.Step), now)
		if action != nil {
			found = append(found, *action)
		}
	}
	for _, action := range s.foreignPolicies() {
		found = append(found, *action)
	}
	return found
}

// foreignPolicies are policies that no grant made and that let the workload's consents
// reach another group as well.
func (s Situation) foreignPolicies() []*Action {
	step := policyStep(s.Steps)
	if !s.Policies.Read {
		return []*Action{{Verb: Block, Step: step, Reason: NotRead, Message: notReadMessage + s.Policies.Why}}
	}
	var found []*Action
	for _, policy := range s.Policies.Value {
		if s.Grant.Adoption != nil && holds(s.Grant.Adoption.Beside, policy.ID) {
			continue
		}
		if policy.Right != access.DenyAccess && !policy.Ours {
			found = append(found, changed(block(step, ForeignPolicy, fmt.Sprintf("the application access policy %s, which no grant made, opens its group to every consent of this workload", policy.ID)), PolicyAdded))
		}
	}
	return found
}

func policyStep(steps []grant.Step) grant.Step { return stepOfKind(steps, grant.PolicyStep) }

func stepOfKind(steps []grant.Step, kind grant.StepKind) grant.Step {
	for _, step := range steps {
		if step.Kind == kind {
			return step
		}
	}
	return grant.Step{}
}
