package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// organization is Entra and Exchange as far as the mechanism accessPolicy can tell. A
// policy acts when it has stood for as long as it may take to settle; a consent acts for
// as long as a token that was minted under it may live.
type organization struct {
	now      time.Time
	groups   map[string]*plan.Group
	policies map[string]time.Time // by name: since when
	consents map[string]bool
	// tokens is until when a token may live that was minted under a consent, by permission.
	tokens map[string]time.Time
	late   []lateWrite
	chance func(int) int
	faults int
}

func newOrganization(chance func(int) int) *organization {
	return &organization{now: noon(), groups: map[string]*plan.Group{}, policies: map[string]time.Time{}, consents: map[string]bool{}, tokens: map[string]time.Time{}, chance: chance}
}

func policyWaits() grant.Waits { return grant.WaitsOf(grant.AccessPolicy) }

// wide says what reaches every mailbox: a consent, or a token that may live, while no
// policy has stood for as long as it may take to settle. Empty when nothing does.
func (o *organization) wide() string {
	for _, since := range o.policies {
		if !o.now.Before(since.Add(policyWaits().Policy)) {
			return ""
		}
	}
	for permission := range o.consents {
		return "the consent to " + permission + " is confined by no policy that has settled"
	}
	for permission, until := range o.tokens {
		if o.now.Before(until) {
			return "a token minted under the consent to " + permission + " is confined by no policy that has settled"
		}
	}
	return ""
}

func (o *organization) pass(to time.Time) {
	slices.SortStableFunc(o.late, func(a, b lateWrite) int { return a.at.Compare(b.at) })
	for len(o.late) > 0 && !o.late[0].at.After(to) {
		o.now = o.late[0].at
		o.late[0].write()
		o.late = o.late[1:]
	}
	o.now = to
}

func (o *organization) act(verb plan.Verb, step grant.Step, group string) bool {
	if verb == plan.Remove {
		return o.remove(step, group)
	}
	own := o.groups[group]
	switch step.Kind {
	case grant.GroupStep:
		if own != nil {
			return false
		}
		o.groups[step.Name] = &plan.Group{ID: "id of " + step.Name, Name: step.Name}
	case grant.HidingStep:
		if own == nil {
			return false
		}
		own.Hidden = true
	case grant.MemberStep:
		if own == nil || slices.Contains(own.Members, step.Name) {
			return false
		}
		own.Members = append(own.Members, step.Name)
	case grant.PolicyStep:
		if _, there := o.policies[step.Name]; there || own == nil {
			return false
		}
		o.policies[step.Name] = o.now
	default:
		if o.consents[step.Permission] {
			return false
		}
		o.consents[step.Permission] = true
	}
	return true
}

func (o *organization) remove(step grant.Step, group string) bool {
	switch step.Kind {
	case grant.GroupStep:
		there := o.groups[step.Name] != nil
		delete(o.groups, step.Name)
		return there
	case grant.MemberStep:
		own := o.groups[group]
		if own == nil || !slices.Contains(own.Members, step.Name) {
			return false
		}
		own.Members = slices.DeleteFunc(slices.Clone(own.Members), func(one string) bool { return one == step.Name })
	case grant.PolicyStep:
		_, there := o.policies[step.Name]
		delete(o.policies, step.Name)
		return there
	default:
		there := o.consents[step.Permission]
		delete(o.consents, step.Permission)
		if there {
			o.tokens[step.Permission] = o.now.Add(policyWaits().Tokens)
		}
		return there
	}
	return true
}

// clerk executes plans as the service does, for several grants of one workload.
type clerk struct {
	*organization
	lives []*life
	// shared are the workload's consents by permission.
	shared map[string]grant.Step
}

func (c *clerk) situation(l *life) plan.Situation {
	s := plan.Situation{Grant: l.Grant, Steps: slices.Clone(l.steps), Group: access.Known(c.groups[l.steps[0].Name]),
		Facts: access.Facts{Consents: access.Known[[]access.Consent](nil), Assignments: access.Known[[]access.Assignment](nil)}}
	if group := s.Group.Value; group != nil {
		copied := *group
		s.Group = access.Known(&copied)
	}
	for permission := range c.consents {
		s.Facts.Consents.Value = append(s.Facts.Consents.Value, access.Consent{ID: "id of " + permission, Resource: access.Graph, Value: permission})
	}
	policies := []access.Policy{}
	for name := range c.policies {
		policies = append(policies, access.Policy{ID: "id of " + name, Description: name, Right: access.RestrictAccess, Ours: true})
	}
	s.Policies = access.Known(policies)
	for _, other := range c.lives {
		if other != l {
			s.Neighbours = append(s.Neighbours, other.steps[len(other.steps)-1])
		}
	}
	for _, permission := range l.Permissions {
		s.Consents = append(s.Consents, plan.Shared{Step: c.consent(permission), Needed: c.needed(l, permission)})
	}
	for _, step := range c.shared {
		s.Given = append(s.Given, step)
	}
	return s
}

func (c *clerk) consent(permission string) grant.Step {
	if step, known := c.shared[permission]; known {
		return step
	}
	return plan.ConsentStep(permission)
}

func (c *clerk) needed(but *life, permission string) bool {
	return slices.ContainsFunc(c.lives, func(l *life) bool {
		gone := l.State == grant.Revoking && plan.AccessGone(l.steps)
		return l != but && l.MayHaveMade() && !gone && slices.Contains(l.Permissions, permission)
	})
}

func (c *clerk) keep(l *life, step grant.Step) {
	if step.Kind == grant.ConsentStep {
		c.shared[step.Permission] = step
		return
	}
	l.steps[step.Number] = step
}

// run plans and acts until the plan is finished (true), or has to wait, or a fault ends
// it. The error is a broken promise.
func (c *clerk) run(l *life, next func(plan.Situation, time.Time) plan.Action) (bool, error) {
	for range 200 {
		action := next(c.situation(l), c.now)
		switch action.Verb {
		case plan.Record:
			c.keep(l, action.Step)
		case plan.Create, plan.Remove:
			if !c.write(l, action) {
				return false, nil
			}
		case plan.Wait:
			return false, nil
		case plan.Finished:
			return true, nil
		default:
			return false, fmt.Errorf("%s %s: %s %s", action.Verb, action.Step.Kind, action.Reason, action.Message)
		}
		if wide := c.wide(); wide != "" {
			return false, fmt.Errorf("after %s %s %s at %s: %s", action.Verb, action.Step.Kind, action.Step.Name, c.now.Format("15:04:05"), wide)
		}
	}
	return false, fmt.Errorf("a run of %s does not end", l.ID)
}

// write sends a planned write, and may lose it or its answer, or let it act late. It
// reports whether the run goes on.
func (c *clerk) write(l *life, action plan.Action) bool {
	step := action.Step
	settled := step
	if action.Verb == plan.Create {
		step.State, step.MayAppearUntil = grant.Creating, c.now.Add(grant.LateEffect)
		step.Sent++
		settled.State, settled.Sent = step.State, step.Sent
	} else {
		step.State, step.MayVanishUntil = grant.Removing, c.now.Add(grant.LateEffect)
		step.RemovalsSent++
		settled.State, settled.RemovalsSent = step.State, step.RemovalsSent
	}
	c.keep(l, step)
	effect := func() bool { return c.act(action.Verb, step, l.steps[0].Name) }
	fate := 0
	if c.faults > 0 && c.chance(3) == 0 {
		c.faults--
		fate = 1 + c.chance(3)
	}
	switch fate {
	case 0:
		if effect() {
			c.keep(l, settled)
		} else if action.Verb == plan.Create {
			settled.Sent--
			c.keep(l, settled)
		} else {
			settled.RemovalsSent--
			c.keep(l, settled)
		}
		return true
	case 1: // the effect is there and its answer is lost
		effect()
	case 2:
		at := c.now.Add(time.Duration(1+c.chance(15*60)) * time.Second)
		c.late = append(c.late, lateWrite{at: at, write: func() { effect() }})
	}
	return false
}

// TestPoliciesNeverWiden lets overlapping grants of one workload begin and end in any
// order, with lost and late writes, and holds at every instant: no consent, and no token
// that may live, is without a policy that has settled.
func TestPoliciesNeverWiden(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chance := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "chance") }
		c := &clerk{organization: newOrganization(chance), shared: map[string]grant.Step{}}
		c.faults = rapid.IntRange(0, 12).Draw(t, "faults")
		for range rapid.IntRange(1, 3).Draw(t, "grants") {
			c.lives = append(c.lives, newPolicyLife(t, len(c.lives)))
		}
		for range rapid.IntRange(5, 60).Draw(t, "runs") {
			c.somebodyMoves(t)
			c.pass(c.now.Add(time.Duration(c.chance(3*3600)) * time.Second))
			if wide := c.wide(); wide != "" {
				t.Fatalf("at %s: %s", c.now.Format("15:04:05"), wide)
			}
		}
		c.end(t)
	})
}

func newPolicyLife(t *rapid.T, number int) *life {
	g := grant.Grant{ID: grant.NewID("model", fmt.Sprint(number)), State: grant.Scheduled, Mechanism: grant.AccessPolicy, Waits: policyWaits(), ConsentBy: grant.Service,
		Workload: grant.Workload{AppID: appID, ObjectID: objectID}, Permissions: []string{"Mail.Send", "Mail.Read"}, Mailboxes: []grant.Mailbox{{GUID: firstGUID}, {GUID: secondGUID}}}
	steps, err := plan.Steps(g, installation)
	if err != nil {
		t.Fatal(err)
	}
	return &life{Grant: g, steps: steps}
}

// somebodyMoves begins a grant, goes on with it, or begins or goes on with its end.
func (c *clerk) somebodyMoves(t *rapid.T) {
	l := c.lives[c.chance(len(c.lives))]
	switch {
	case l.State == grant.Scheduled:
		l.State = grant.Provisioning
	case l.State != grant.Revoking && !l.State.Ended() && c.chance(4) == 0:
		l.State = grant.Revoking
	}
	c.goOn(t, l)
}

func (c *clerk) goOn(t *rapid.T, l *life) {
	var finished bool
	var err error
	switch l.State {
	case grant.Provisioning:
		finished, err = c.run(l, plan.Provision)
		if finished {
			l.State = grant.Active
			found := plan.Inspect(c.situation(l), c.now)
			if len(found) > 0 {
				t.Fatalf("what was made is not as planned: %s %s", found[0].Reason, found[0].Message)
			}
		}
	case grant.Revoking:
		finished, err = c.run(l, plan.Revoke)
		if finished {
			l.State = grant.RevokedState
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// end revokes everything and holds that nothing is left, and stays nothing.
func (c *clerk) end(t *rapid.T) {
	c.faults = 0
	for _, l := range c.lives {
		if l.MayHaveMade() {
			l.State = grant.Revoking
		}
	}
	for range 40 {
		for _, l := range c.lives {
			c.goOn(t, l)
		}
		c.pass(c.now.Add(time.Hour))
		if wide := c.wide(); wide != "" {
			t.Fatalf("while all ends: %s", wide)
		}
	}
	var left []string
	for _, l := range c.lives {
		if !l.State.Ended() && l.State != grant.Scheduled {
			left = append(left, fmt.Sprintf("%s is %s", l.ID, l.State))
		}
	}
	if len(c.groups)+len(c.policies)+len(c.consents) > 0 || len(left) > 0 {
		t.Fatalf("in the end there are groups %v, policies %v, consents %v; %s", c.groups, c.policies, c.consents, strings.Join(left, ", "))
	}
}
