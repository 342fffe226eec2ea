package plan

import (
	"slices"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// Line is one thing that a grant does in its life, as it is foreseen.
type Line struct {
	// Verb is Create, Remove, Prove, Survey, Wait, or Record for what is only noted.
	Verb Verb
	// Step is the step as it then is; empty for Prove, and for a Wait that concerns none.
	Step grant.Step
	// Person: an administrator does it, because the service was not opted into it.
	Person bool
	// NotBefore is the earliest instant at which it is done; for Wait, its end.
	NotBefore time.Time
	// Reason (for programs) and Message (for people) are set for Wait.
	Reason, Message string
	// Lasts is how long a Wait takes; zero for the others.
	Lasts time.Duration
}

// Course is a part of that life: its lines in their order.
type Course struct {
	Lines []Line
	// Ends is when nothing is left to do.
	Ends time.Time
	// Stopped is what the course cannot get past as the tenant is now; nil when nothing.
	Stopped *Action
}

// Rehearsal is the whole life of a grant on paper.
type Rehearsal struct {
	Grant grant.Grant
	// Scope is the name of the grant's management scope; empty where it has none.
	Scope           string
	Making, Removal Course
	// CutAt is when the removal has taken away what gives access; zero when it does not
	// get there.
	CutAt time.Time
}

// Rehearse plays the life of a grant on paper: Provision and Revoke are asked for the next
// action as they are for a real grant, and what they want done is done to a copy of what
// was read. Everything is taken to succeed at once, and nobody else to change anything.
// Making begins at now, the removal at the grant's end. s itself is left as it is.
func Rehearse(s Situation, now time.Time) Rehearsal {
	paper := sheet{Situation: s.copied(), now: now}
	made := Rehearsal{Grant: s.Grant, Scope: ScopeName(s.Steps)}
	paper.takeOver()
	made.Making = paper.play(Provision)
	if made.Making.Stopped == nil && s.Grant.Scope.Kind() != grant.ByOrganization {
		// Its last act, whatever the mechanism.
		made.Making.Lines = append(made.Making.Lines, Line{Verb: Prove, NotBefore: paper.now})
	}
	made.Making.Ends = paper.now
	paper.now = latest(paper.now, s.Grant.ExpiresAt)
	paper.lines = nil
	made.Removal = paper.play(Revoke)
	// With what was known only when it was made.
	made.Grant.Mailboxes, made.Scope = paper.Grant.Mailboxes, ScopeName(paper.Steps)
	made.CutAt = paper.cutAt
	return made
}

// copied shares nothing with s that a sheet changes.
func (s Situation) copied() Situation {
	s.Steps, s.Consents, s.Permissions, s.Given = slices.Clone(s.Steps), slices.Clone(s.Consents), slices.Clone(s.Permissions), slices.Clone(s.Given)
	scopes := map[string]access.Reading[*access.Scope]{}
	for name, scope := range s.Facts.Scopes {
		scopes[name] = scope
	}
	s.Facts.Scopes = scopes
	s.Facts.Assignments.Value = slices.Clone(s.Facts.Assignments.Value)
	s.Facts.Consents.Value = slices.Clone(s.Facts.Consents.Value)
	s.Policies.Value = slices.Clone(s.Policies.Value)
	s.Held.Value = slices.Clone(s.Held.Value)
	if s.Group.Value != nil {
		group := *s.Group.Value
		group.Members = slices.Clone(group.Members)
		s.Group.Value = &group
	}
	if s.Grant.Migration != nil {
		migration := *s.Grant.Migration
		s.Grant.Migration = &migration
	}
	return s
}

// sheet is the paper on which a life is played, with the time there.
type sheet struct {
	Situation
	now   time.Time
	cutAt time.Time
	lines []Line
	// waited is the last wait since something was done.
	waited *Action
}

// mostActions is far more than any grant takes: a plan that never finishes is stopped.
const mostActions = 2000

// notOnPaper is the reason why a course stops that the sheet cannot play to its end.
const notOnPaper = "NotForeseen"

// play asks for one action after the other until nothing is left to do.
func (p *sheet) play(next func(Situation, time.Time) Action) Course {
	p.waited, p.cutAt = nil, time.Time{}
	for range mostActions {
		action := next(p.Situation, p.now)
		if p.cutAt.IsZero() && AccessGone(p.Giving()) {
			p.cutAt = p.now
		}
		if action.Verb == Finished {
			return Course{Lines: p.lines, Ends: p.now}
		}
		if !p.do(action) {
			return Course{Lines: p.lines, Ends: p.now, Stopped: &action}
		}
	}
	return Course{Lines: p.lines, Ends: p.now, Stopped: &Action{Verb: Block, Reason: notOnPaper, Message: "the plan does not come to its end"}}
}

// do does one action on paper; false where the plan cannot go on.
func (p *sheet) do(action Action) bool {
	step := action.Step
	switch action.Verb {
	case Wait:
		return p.wait(action)
	case Prove:
		p.Grant.Migration.ProvedAt = p.now
		p.write(Line{Verb: Prove})
		return true
	case Survey:
		p.Grant.ClearedAt = p.now
		p.write(Line{Verb: Survey, Step: step, Reason: action.Reason, Message: action.Message})
		return true
	case Record:
		p.note(step)
		p.keep(step)
		return step.Kind != grant.MailboxStep || p.layOut()
	}
	person := action.Verb == Ask
	switch {
	case action.Verb == Create, person && action.Reason == ConsentNeeded:
		step.State, step.ReadAbsentAt = grant.Creating, p.now
		p.write(Line{Verb: Create, Step: step, Person: person})
		p.keep(step)
		return p.put(step)
	case action.Verb == Remove, person && action.Reason == ConsentRemovalNeeded:
		step.State = grant.Removing
		p.write(Line{Verb: Remove, Step: step, Person: person})
		p.keep(step)
		return p.take(step)
	}
	return false
}

// wait lets the time pass that the plan asks for; false when it asks for the same again.
func (p *sheet) wait(action Action) bool {
	again := p.waited != nil && p.waited.Reason == action.Reason && p.waited.Step.Name == action.Step.Name
	if again || action.Reason == NotRead || !action.Until.After(p.now) {
		return false
	}
	lasts := action.Until.Sub(p.now)
	p.now = action.Until
	p.write(Line{Verb: Wait, Step: action.Step, Reason: action.Reason, Message: action.Message, Lasts: lasts})
	p.waited = &action
	return true
}

func (p *sheet) write(line Line) {
	line.NotBefore = p.now
	p.waited = nil
	p.lines = append(p.lines, line)
}

// note writes a line for what is there already and is used, taken over or left.
func (p *sheet) note(step grant.Step) {
	before := p.stored(step).State
	found := step.State == grant.Made && (before == grant.Wanted || before == grant.Gone || before == grant.Left)
	if found || step.State == grant.Left {
		p.write(Line{Verb: Record, Step: step})
	}
}

// stored is the step as the sheet has it.
func (p *sheet) stored(step grant.Step) grant.Step {
	if step.Kind == grant.PointerStep {
		return p.Pointer
	}
	for _, shared := range slices.Concat(p.Consents, p.Permissions) {
		if shared.Step.Kind == step.Kind && shared.Step.Name == step.Name {
			return shared.Step
		}
	}
	for _, own := range p.Steps {
		if !step.Kind.Shared() && own.Number == step.Number {
			return own
		}
	}
	return grant.Step{}
}

// keep replaces the step by what has become of it.
func (p *sheet) keep(step grant.Step) {
	switch step.Kind {
	case grant.PointerStep:
		p.Pointer = step
	case grant.ConsentStep:
		p.keepConsent(step)
	case grant.MailboxPermissionStep:
		replaceShared(p.Permissions, step)
	default:
		for i := range p.Steps {
			if p.Steps[i].Number == step.Number {
				p.Steps[i] = step
			}
		}
	}
}

func (p *sheet) keepConsent(step grant.Step) {
	replaceShared(p.Consents, step)
	known := slices.IndexFunc(p.Given, func(given grant.Step) bool { return given.Name == step.Name })
	if known < 0 {
		p.Given = append(p.Given, step)
		return
	}
	p.Given[known] = step
}

func replaceShared(all []Shared, step grant.Step) {
	for i := range all {
		if all[i].Step.Name == step.Name {
			all[i].Step = step
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
