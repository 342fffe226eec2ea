package plan_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

var lifecycleSeed = flag.Uint64("lifecycle-seed", 0, "repeats the random lives of an earlier run; 0 is a new run")

// stepsPerWalk is how many random steps one workload lives through before everything
// is left to end.
const stepsPerWalk = 50

// walk is what happens to one workload's grants: requests, early ends, sweeps that come
// late or die, and an administrator who changes our objects. What is owed is kept apart
// from the grants, as the service keeps it, and only what is owed is ever taken up.
type walk struct {
	*worker
	owed  map[*life][]grant.Due
	asked map[*life]bool
	// swept is when everything that was owed was last taken up.
	swept time.Time
	trace []string
}

// TestLifeCycleKeepsItsPromises walks at random and holds after every step: what is not
// ended is owed, nothing of an ended grant is in the tenant, nothing goes on past its
// end once it was swept, and an active grant is called drifted exactly when it is.
func TestLifeCycleKeepsItsPromises(t *testing.T) {
	t.Parallel()
	seed := *lifecycleSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	steps := 100_000
	if testing.Short() {
		steps = 10_000
	}
	grants := 0
	for number := range steps / stepsPerWalk {
		w := newWalk(rand.New(rand.NewPCG(seed, uint64(number))))
		err := w.live()
		if err != nil {
			t.Fatalf("walk %d of -lifecycle-seed=%d: %v\n%s", number, seed, err, strings.Join(w.trace, "\n"))
		}
		grants += len(w.lives)
	}
	t.Logf("%d steps, %d grants, 0 broken promises, -lifecycle-seed=%d", steps, grants, seed)
}

func newWalk(random *rand.Rand) *walk {
	return &walk{worker: newWorker(noon(), random.IntN), owed: map[*life][]grant.Due{}, asked: map[*life]bool{}}
}

func (w *walk) live() error {
	for range stepsPerWalk {
		err := w.step()
		if err == nil {
			err = w.holds()
		}
		if err != nil {
			return err
		}
	}
	return w.toTheEnd()
}

func (w *walk) note(format string, args ...any) {
	w.trace = append(w.trace, w.now.Format("02 15:04:05 ")+fmt.Sprintf(format, args...))
}

func (w *walk) step() error {
	switch w.chance(10) {
	case 0, 1:
		return w.request()
	case 2:
		l := w.one(func(l *life) bool { return !l.State.Ended() })
		if l != nil {
			w.note("the end of %s is asked for", l.ID)
			w.asked[l] = true
			w.owed[l] = append(w.owed[l], grant.NewDue(w.now, grant.DueRevoke))
		}
		return nil
	case 3:
		w.drift()
		return nil
	case 4:
		w.faults += 1 + w.chance(6)
		w.note("%d faults lie ahead", w.faults)
		return nil
	}
	spans := []time.Duration{time.Minute, 20 * time.Minute, 3 * time.Hour, 48 * time.Hour}
	w.pass(w.now.Add(time.Duration(w.chance(int(spans[w.chance(len(spans))]/time.Second))) * time.Second))
	if w.chance(5) == 0 {
		w.note("no sweep comes")
		return nil
	}
	return w.sweep()
}

func (w *walk) request() error {
	l, err := newLife(len(w.lives), w.chance)
	if err != nil {
		return err
	}
	l.State, l.ReceivedAt = grant.Bound, w.now
	l.StartsAt = w.now.Add(time.Duration(w.chance(6)) * time.Hour)
	l.ExpiresAt = l.StartsAt.Add(3*time.Hour + time.Duration(w.chance(72*3600))*time.Second)
	l.Claim(w.now)
	w.lives = append(w.lives, l)
	w.owed[l] = l.Owes()
	w.note("%s is requested until %s", l.ID, l.ExpiresAt)
	return nil
}

// one is any of the lives of which is holds; nil when there is none.
func (w *walk) one(is func(*life) bool) *life {
	var found []*life
	for _, l := range w.lives {
		if is(l) {
			found = append(found, l)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found[w.chance(len(found))]
}

// drift is an administrator's hand on an object of an active grant.
func (w *walk) drift() {
	l := w.one(func(l *life) bool { return l.State == grant.Active })
	if l == nil {
		return
	}
	step := l.steps[1+w.chance(len(l.steps)-1)]
	assignment, there := w.assignments[step.Name]
	what := w.chance(6)
	w.note("an administrator does %d to %s", what, step.Name)
	switch what {
	case 0:
		delete(w.assignments, step.Name)
		return
	case 1:
		clear(w.assignments)
		w.tenant.pointer = false
		return
	case 2:
		if _, scoped := w.scopes[l.steps[0].Name]; scoped {
			w.scopes[l.steps[0].Name] = "Alias -ne 'x'"
		}
		return
	case 3:
		assignment.Scope, assignment.Unscoped = "", true
	case 4:
		assignment.Scope = "theirs"
	case 5:
		assignment.Enabled = false
	}
	if there {
		w.assignments[step.Name] = assignment
	}
}

// sweep takes up what is owed now, the earliest request first.
func (w *walk) sweep() error {
	w.swept = w.now
	for _, l := range w.lives {
		for _, due := range w.owed[l] {
			if due.At.After(w.now) {
				continue
			}
			err := w.advance(l)
			if err != nil {
				return fmt.Errorf("%s %s: %w", l.State, l.ID, err)
			}
			w.owed[l] = l.Owes()
			break
		}
	}
	return nil
}

// advance is one invocation for one grant.
func (w *walk) advance(l *life) error {
	next := w.move(l)
	if next != "" {
		w.note("%s goes from %s to %s", l.ID, l.State, next)
		err := l.Move(next)
		if err != nil {
			return err
		}
	}
	l.Claim(w.now)
	switch l.State {
	case grant.Provisioning:
		return w.work(l, plan.Provision, grant.Active)
	case grant.Active:
		l.Work.RetestAt = w.now.Add(time.Hour)
		return w.retest(l)
	case grant.Revoking:
		return w.work(l, plan.Revoke, grant.RevokedState)
	}
	return nil
}

// move is the state that the grant goes to before it is worked on; empty for none.
func (w *walk) move(l *life) grant.State {
	over := l.Over(w.now) || w.asked[l]
	switch l.State {
	case grant.Bound, grant.Scheduled:
		if over {
			return grant.Denied
		}
		if !w.now.Before(l.ProvisionAt()) {
			return grant.Provisioning
		}
		if l.State == grant.Bound {
			return grant.Scheduled
		}
	case grant.Provisioning, grant.Active:
		if over {
			return grant.Revoking
		}
	}
	return ""
}

func (w *walk) work(l *life, next func(plan.Situation, time.Time) plan.Action, then grant.State) error {
	if w.now.Before(l.Work.NotBefore) {
		return nil
	}
	finished, err := w.run(l, next)
	var wants blocked
	if errors.As(err, &wants) && wants.Reason != plan.NameTaken && l.State == grant.Provisioning {
		// An administrator took the pointer away; the grant waits, and is seen to.
		err = nil
	}
	if err != nil {
		return err
	}
	if !finished {
		l.Miss(w.now, w.now)
		return nil
	}
	w.note("%s is %s", l.ID, then)
	l.Work.RetestAt = w.now.Add(time.Hour)
	return l.Move(then)
}

// retest holds what is inspected against what the tenant really has.
func (w *walk) retest(l *life) error {
	facts := w.facts(plan.ScopeName(l.steps))
	found := plan.Inspect(plan.Situation{Grant: l.Grant, Steps: l.steps, Pointer: w.worker.pointer, Facts: facts}, w.now)
	really := w.asPlanned(l)
	switch {
	case really != nil && len(found) == 0:
		return fmt.Errorf("drift is not seen: %w", really)
	case really == nil && len(found) > 0:
		return fmt.Errorf("drift is seen where there is none: %s %s", found[0].Reason, found[0].Message)
	}
	return nil
}

// asPlanned says in what the tenant differs from the grant.
func (w *walk) asPlanned(l *life) error {
	for _, step := range l.steps {
		if w.assignments[step.Name].Unscoped || step.Kind == grant.AssignmentStep && !w.assignments[step.Name].Enabled {
			return fmt.Errorf("the assignment %s was widened or disabled", step.Name)
		}
	}
	return w.whole(l)
}

// holds are the promises that hold at any time.
func (w *walk) holds() error {
	owners := map[string]*life{}
	for _, l := range w.lives {
		err := w.owes(l)
		if err != nil {
			return err
		}
		for _, step := range l.steps {
			owners[step.Name] = l
		}
	}
	for name := range w.assignments {
		l := owners[name]
		if l == nil || !l.MayHaveMade() {
			return fmt.Errorf("the assignment %s is in the tenant and nobody answers for it", name)
		}
	}
	return w.nothingLeft()
}

// owes: an end that may have to be taken away is owed no later than it comes.
func (w *walk) owes(l *life) error {
	if l.State.Ended() {
		return nil
	}
	if len(w.owed[l]) == 0 {
		return fmt.Errorf("%s %s owes nothing", l.State, l.ID)
	}
	if l.State == grant.Revoking {
		return nil
	}
	first := w.owed[l][0].At
	for _, due := range w.owed[l] {
		if due.At.Before(first) {
			first = due.At
		}
	}
	if first.After(l.ExpiresAt.Add(time.Second)) {
		return fmt.Errorf("%s %s ends at %s and owes nothing before %s", l.State, l.ID, l.ExpiresAt, first)
	}
	if !w.swept.Before(l.ExpiresAt.Add(time.Second)) {
		return fmt.Errorf("%s %s was swept at %s and its end was %s", l.State, l.ID, w.swept, l.ExpiresAt)
	}
	return nil
}

// toTheEnd lets everything end without any more faults.
func (w *walk) toTheEnd() error {
	w.faults = 0
	for range 40 {
		w.pass(w.now.Add(25 * time.Hour))
		err := w.sweep()
		if err == nil {
			err = w.holds()
		}
		if err != nil {
			return err
		}
	}
	for _, l := range w.lives {
		if !l.State.Ended() {
			return fmt.Errorf("%s never ended: it is %s", l.ID, l.State)
		}
	}
	if w.tenant.pointer || len(w.scopes) > 0 || len(w.assignments) > 0 {
		return fmt.Errorf("in the end the tenant holds a pointer: %t, scopes %v, assignments %v", w.tenant.pointer, w.scopes, w.assignments)
	}
	return nil
}
