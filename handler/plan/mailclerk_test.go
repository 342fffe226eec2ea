package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// mailClerk executes plans for several grants by mailbox permissions of one workload, as
// the service does, and looks at the room after every write that takes effect.
type mailClerk struct {
	*mailroom
	lives []*life
	// ended is when a grant that has ended did.
	ended map[string]time.Time
	// shared are the workload's steps by kind and name.
	shared map[string]grant.Step
	// before is the room as strangers had it.
	before *mailroom
	chance func(int) int
	faults int
	// broken is the first promise that was seen broken.
	broken string
}

func newMailClerk(room *mailroom, chance func(int) int) *mailClerk {
	c := &mailClerk{mailroom: room, before: room.copied(), chance: chance, shared: map[string]grant.Step{}, ended: map[string]time.Time{}}
	room.landed = c.look
	return c
}

func (c *mailClerk) known(step grant.Step) grant.Step {
	kept, known := c.shared[string(step.Kind)+step.Name]
	if known {
		return kept
	}
	return step
}

func (c *mailClerk) keep(step grant.Step) { c.shared[string(step.Kind)+step.Name] = step }

func (c *mailClerk) situation(l *life) plan.Situation {
	s := plan.Situation{Grant: l.Grant, Pointer: c.known(plan.Pointer(l.Workload)), Facts: c.facts(), Held: access.Known(c.held(l.Mailboxes))}
	s.PointerNeeded = slices.ContainsFunc(c.lives, func(other *life) bool { return other != l && c.hasAccess(other) })
	s.Consents = c.sharedFor(l, plan.ConsentSteps, c.hasAccess)
	s.Permissions = c.sharedFor(l, plan.PermissionSteps, func(other *life) bool { return other.MayHaveMade() && other.State != grant.Revoking })
	for _, step := range c.shared {
		if step.Kind == grant.ConsentStep {
			s.Given = append(s.Given, step)
		}
		if step.Kind == grant.MailboxPermissionStep {
			s.Taken = append(s.Taken, step)
		}
	}
	return s
}

func (c *mailClerk) sharedFor(l *life, needs func(grant.Grant) []grant.Step, counts func(*life) bool) []plan.Shared {
	var all []plan.Shared
	for _, wanted := range needs(l.Grant) {
		needed := slices.ContainsFunc(c.lives, func(other *life) bool {
			return other != l && counts(other) &&
				slices.ContainsFunc(needs(other.Grant), func(step grant.Step) bool { return step.Name == wanted.Name })
		})
		all = append(all, plan.Shared{Step: c.known(wanted), Needed: needed})
	}
	return all
}

func (c *mailClerk) hasAccess(l *life) bool {
	if !l.MayHaveMade() || l.State != grant.Revoking {
		return l.MayHaveMade()
	}
	var steps []grant.Step
	for _, wanted := range plan.PermissionSteps(l.Grant) {
		steps = append(steps, c.known(wanted))
	}
	return !plan.AccessGone(steps)
}

// read sees everything, or in a fault everything but one part.
func (c *mailClerk) read(l *life) plan.Situation {
	s := c.situation(l)
	if c.faults == 0 || c.chance(20) > 0 {
		return s
	}
	c.faults--
	switch c.chance(3) {
	case 0:
		s.Facts.Pointer = access.NotRead[*access.Pointer]("fault")
	case 1:
		s.Facts.Consents = access.NotRead[[]access.Consent]("fault")
	default:
		s.Held = access.NotRead[[]access.MailboxPermission]("fault")
	}
	return s
}

// run plans and acts until the plan is finished (true), or has to wait, or a fault ends
// it. The error is a broken promise.
func (c *mailClerk) run(l *life, next func(plan.Situation, time.Time) plan.Action) (bool, error) {
	for range 200 {
		action := next(c.read(l), c.now)
		switch action.Verb {
		case plan.Record:
			c.keep(action.Step)
		case plan.Create, plan.Remove:
			if !c.write(action) {
				return false, nil
			}
		case plan.Survey:
			if len(c.old(l)) > 0 {
				return false, nil
			}
			l.ClearedAt = c.now
		case plan.Wait:
			return false, c.sensible(action)
		case plan.Finished:
			return true, nil
		default:
			return false, blocked{action}
		}
	}
	return false, fmt.Errorf("a run of %s does not end", l.ID)
}

func (c *mailClerk) sensible(wait plan.Action) error {
	if !wait.Until.After(c.now) || wait.Until.Sub(c.now) > grant.TokensLive {
		return fmt.Errorf("waits from %s until %s", c.now, wait.Until)
	}
	return nil
}

// old are the rights that the grant's consents would open and that nobody asked for.
func (c *mailClerk) old(l *life) []string {
	var old []string
	for name := range c.rights {
		mailbox, right, _ := strings.Cut(name, "/")
		opens := slices.ContainsFunc(l.Permissions, func(value string) bool { return access.Opens(access.MailboxRight(right), value) })
		step := grant.Step{Kind: grant.MailboxPermissionStep, Name: name}
		if opens && !c.known(step).Exists() && !asks(l, mailbox) {
			old = append(old, name)
		}
	}
	return old
}

func asks(l *life, mailbox string) bool {
	return slices.ContainsFunc(l.Mailboxes, func(one grant.Mailbox) bool { return one.GUID == mailbox })
}

// write sends a planned write, and may lose it or its answer, or let it act late. It
// reports whether the run goes on.
func (c *mailClerk) write(action plan.Action) bool {
	step := action.Step
	settled := step
	if action.Verb == plan.Create {
		step.State, step.MayAppearUntil = grant.Creating, c.now.Add(grant.LateEffect)
		step.ReadAbsentAt = c.now
		step.Sent++
		settled.State, settled.ReadAbsentAt = step.State, step.ReadAbsentAt
	} else {
		step.State, step.MayVanishUntil = grant.Removing, c.now.Add(grant.LateEffect)
		step.RemovalsSent++
		settled.State = step.State
	}
	c.keep(step)
	fate := 0
	if c.faults > 0 && c.chance(3) == 0 {
		c.faults--
		fate = 1 + c.chance(4)
	}
	switch fate {
	case 0:
		if !c.act(action.Verb, step) {
			c.keep(settled)
		}
		return true
	case 1: // the effect is there and its answer is lost
		c.act(action.Verb, step)
	case 2:
		at := c.now.Add(time.Duration(1+c.chance(15*60)) * time.Second)
		c.late = append(c.late, lateWrite{at: at, write: func() { c.act(action.Verb, step) }})
	case 3: // refused
		c.keep(settled)
	}
	return false
}
