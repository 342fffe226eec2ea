package plan_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// newLife is grant number n of the workload, over a few mailboxes and permissions.
func newLife(n int, chance func(int) int) (*life, error) {
	g := grant.Grant{ID: grant.NewID("model", fmt.Sprint(n)), State: grant.Scheduled, Workload: grant.Workload{AppID: appID, ObjectID: objectID}}
	for i := range 1 + chance(2) {
		g.Mailboxes = append(g.Mailboxes, grant.Mailbox{GUID: []string{firstGUID, secondGUID}[i]})
	}
	g.Permissions = []string{"Mail.Send", "Mail.Read", "Calendars.Read"}[:1+chance(3)]
	steps, err := plan.Steps(g, installation)
	return &life{Grant: g, steps: steps}, err
}

func newWorker(now time.Time, chance func(int) int) *worker {
	return &worker{tenant: newTenant(now), pointer: plan.Pointer(grant.Workload{ObjectID: objectID}), chance: chance}
}

// until runs again and again, some time apart, until the plan is finished; then no
// more faults happen than were given.
func (w *worker) until(l *life, next func(plan.Situation, time.Time) plan.Action, most int) error {
	for range most {
		finished, err := w.run(l, next)
		if err != nil || finished {
			return err
		}
		w.pass(w.now.Add(time.Duration(1+w.chance(600)) * time.Second))
	}
	return fmt.Errorf("%s %s does not converge in %d runs", l.State, l.ID, most)
}

// whole says what of a grant that was made is not in the tenant as planned.
func (t *tenant) whole(l *life) error {
	if !t.pointer {
		return fmt.Errorf("the pointer that %s needs is gone", l.ID)
	}
	for _, step := range l.steps {
		switch step.Kind {
		case grant.ScopeStep:
			if t.scopes[step.Name] != step.Filter {
				return fmt.Errorf("the scope %s has the filter %q", step.Name, t.scopes[step.Name])
			}
		case grant.AssignmentStep:
			found, there := t.assignments[step.Name]
			if !there || found.Scope != l.steps[0].Name || found.Role != step.Role {
				return fmt.Errorf("the assignment %s is %+v", step.Name, found)
			}
		}
	}
	return nil
}

// leftover names what is still in the tenant of a grant that has ended.
func (t *tenant) leftover(l *life) error {
	for _, step := range l.steps {
		_, scope := t.scopes[step.Name]
		_, assignment := t.assignments[step.Name]
		if scope || assignment {
			return fmt.Errorf("%s %s of an ended grant is in the tenant", step.Kind, step.Name)
		}
	}
	return nil
}

// TestProvisionAndRevokeConverge: from any sequence of losses and deaths a grant
// comes to be whole when it is provisioned on; and from wherever it was left it
// comes to nothing when it is revoked, and stays nothing, also when the next grant
// begins at once.
func TestProvisionAndRevokeConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chance := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "chance") }
		w := newWorker(noon(), chance)
		strangers := rapid.Bool().Draw(t, "the pointer is a stranger's")
		w.tenant.pointer = strangers
		for number := range rapid.IntRange(1, 3).Draw(t, "grants, one after the other") {
			l, err := newLife(number, chance)
			if err != nil {
				t.Fatal(err)
			}
			w.lives = append(w.lives, l)
			provisionSomehow(t, w, l)
			l.State = grant.Revoking
			w.faults = rapid.IntRange(0, 12).Draw(t, "faults while revoking")
			err = w.until(l, plan.Revoke, 80)
			if err != nil {
				t.Fatalf("revoking: %v", err)
			}
			l.State = grant.RevokedState
			if w.tenant.pointer != strangers {
				t.Fatalf("after grant %d the pointer is there: %t; before: %t", number, w.tenant.pointer, strangers)
			}
		}
		// Looked at when nothing can be on its way any more.
		w.pass(w.now.Add(grant.LateEffect))
		err := w.nothingLeft()
		if err != nil || w.tenant.pointer != strangers {
			t.Fatalf("in the end: %v; the pointer is there: %t; before: %t", err, w.tenant.pointer, strangers)
		}
	})
}

// provisionSomehow makes the grant whole, or leaves it after a few runs.
func provisionSomehow(t *rapid.T, w *worker, l *life) {
	l.State = grant.Provisioning
	w.faults = rapid.IntRange(0, 12).Draw(t, "faults while provisioning")
	if rapid.Bool().Draw(t, "is made whole") {
		err := w.until(l, plan.Provision, 60)
		if err != nil {
			t.Fatalf("provisioning: %v", err)
		}
		err = w.whole(l)
		if err != nil {
			t.Fatalf("provisioned: %v", err)
		}
		return
	}
	for range rapid.IntRange(0, 4).Draw(t, "runs") {
		_, err := w.run(l, plan.Provision)
		if err != nil {
			t.Fatalf("provisioning: %v", err)
		}
		w.pass(w.now.Add(time.Duration(w.chance(600)) * time.Second))
	}
}

// nothingLeft looks at every grant that has ended.
func (w *worker) nothingLeft() error {
	if w.cut != "" {
		return errors.New(w.cut)
	}
	for _, l := range w.lives {
		if !l.State.Ended() {
			continue
		}
		err := w.leftover(l)
		if err != nil {
			return err
		}
	}
	return nil
}
