package plan_test

import (
	"fmt"
	"slices"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// life is one grant of the model with its stored steps.
type life struct {
	grant.Grant
	steps []grant.Step
}

// worker executes plans on the tenant as the service does: what it keeps is lost
// when it dies, unless it was stored before a write or at the end of a run.
type worker struct {
	*tenant
	lives   []*life
	pointer grant.Step
	// chance returns one of n; a fault happens while faults last.
	chance func(n int) int
	faults int
}

// loss is what becomes of one write.
type loss int

const (
	none           loss = iota
	refused             // no effect, and the answer says so
	lostBefore          // no effect, no answer
	lostAfter           // effect, no answer
	lostLate            // effect within 15 minutes, no answer
	diesBefore          // the worker dies between the intent and the write
	diesAfter           // the worker dies between the write and what follows
	unseen              // effect and answer, but the read-back fails
	numberOfLosses      // for choosing one
)

func (w *worker) draw() loss {
	if w.faults == 0 || w.chance(3) > 0 {
		return none
	}
	w.faults--
	return loss(w.chance(int(numberOfLosses)-1) + 1)
}

// run is one invocation: it plans and acts until the plan says that it is finished
// (true), or that it has to wait, or a fault ends it. The error is a broken rule.
func (w *worker) run(l *life, next func(plan.Situation, time.Time) plan.Action) (bool, error) {
	memory, pointer := slices.Clone(l.steps), w.pointer
	facts := w.read(plan.ScopeName(memory))
	for range 100 {
		action := next(plan.Situation{Grant: l.Grant, Steps: memory, Pointer: pointer, PointerNeeded: w.needed(l), Facts: facts}, w.now)
		keepStep := func(step grant.Step) {
			if step.Kind == grant.PointerStep {
				pointer = step
				return
			}
			memory[step.Number] = step
		}
		store := func() { l.steps, w.pointer = slices.Clone(memory), pointer }
		switch action.Verb {
		case plan.Record:
			keepStep(action.Step)
		case plan.Create, plan.Remove:
			goesOn, err := w.write(action, memory, keepStep, store)
			if err != nil || !goesOn {
				return false, err
			}
			facts = w.read(plan.ScopeName(memory))
		case plan.Wait:
			if !action.Until.After(w.now) || action.Until.Sub(w.now) > grant.LateEffect {
				return false, fmt.Errorf("waits from %s until %s", w.now, action.Until)
			}
			store()
			return false, nil
		case plan.Finished:
			store()
			return true, nil
		default:
			return false, blocked{action}
		}
	}
	return false, fmt.Errorf("a run of grant %s does not end", l.ID)
}

// blocked is the error of a run whose plan wants a person.
type blocked struct{ plan.Action }

func (b blocked) Error() string {
	return fmt.Sprintf("%s %s blocks: %s: %s", b.Step.Kind, b.Step.Name, b.Reason, b.Message)
}

// read sees everything, or in a fault everything but one part.
func (w *worker) read(scope string) access.Facts {
	facts := w.facts(scope)
	if w.faults == 0 || w.chance(20) > 0 {
		return facts
	}
	w.faults--
	switch w.chance(4) {
	case 0:
		facts.Pointer = access.NotRead[*access.Pointer]("fault")
	case 1:
		facts.Scopes[scope] = access.NotRead[*access.Scope]("fault")
	case 2:
		facts.Assignments = access.NotRead[[]access.Assignment]("fault")
	default:
		facts.Consents = access.NotRead[[]access.Consent]("fault")
	}
	return facts
}

// needed reports whether a grant other than this one may have access by the pointer.
func (w *worker) needed(but *life) bool {
	return slices.ContainsFunc(w.lives, func(l *life) bool {
		return l != but && l.MayHaveMade() && (l.State != grant.Revoking || !plan.AccessGone(l.steps))
	})
}

// write stores the intent and sends it. It reports false when the run ends here.
func (w *worker) write(action plan.Action, memory []grant.Step, keepStep func(grant.Step), store func()) (bool, error) {
	step, scope := action.Step, plan.ScopeName(memory)
	creates := action.Verb == plan.Create
	err := w.check(action, memory)
	if err != nil {
		return false, err
	}
	settled := step
	if creates {
		step.State, step.MayAppearUntil = grant.Creating, w.now.Add(grant.LateEffect)
		step.Sent++
		settled.State, settled.Sent = step.State, step.Sent
	} else {
		step.State, step.MayVanishUntil = grant.Removing, w.now.Add(grant.LateEffect)
		step.RemovalsSent++
		settled.State, settled.RemovalsSent = step.State, step.RemovalsSent
	}
	keepStep(step)
	store()
	effect := func() bool {
		if creates {
			return w.create(step, scope)
		}
		return w.remove(step)
	}
	loss := w.draw()
	acted := w.send(loss, effect)
	switch loss {
	case none, refused, unseen:
		if !acted && creates {
			settled.Sent--
		}
		if !acted && !creates {
			settled.RemovalsSent--
		}
		keepStep(settled)
	case diesBefore, diesAfter:
		return false, nil
	}
	if loss == unseen || loss == refused {
		store()
		return false, nil
	}
	return true, nil
}

func (w *worker) send(loss loss, effect func() bool) bool {
	switch loss {
	case none, lostAfter, diesAfter, unseen:
		return effect()
	case lostLate:
		at := w.now.Add(time.Duration(1+w.chance(15*60)) * time.Second)
		w.late = append(w.late, lateWrite{at: at, write: func() { effect() }})
	}
	return false
}

// check holds the rules of a single write: an assignment only beside its scope as
// intended, and no removal of what we never made.
func (w *worker) check(action plan.Action, memory []grant.Step) error {
	step := action.Step
	switch {
	case action.Verb == plan.Remove && !step.Exists():
		return fmt.Errorf("%s %s is %s and is removed", step.Kind, step.Name, step.State)
	case action.Verb == plan.Create && step.State == grant.Made:
		return fmt.Errorf("%s %s was made and is created again", step.Kind, step.Name)
	case action.Verb == plan.Create && step.Kind == grant.AssignmentStep:
		if memory[0].State != grant.Made || w.scopes[memory[0].Name] != memory[0].Filter {
			return fmt.Errorf("%s is created while its scope is %s with filter %q", step.Name, memory[0].State, w.scopes[memory[0].Name])
		}
	}
	return nil
}
