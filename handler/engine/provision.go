package engine

import (
	"context"
	"errors"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
	"mailgrant/handler/plan"
)

// provision makes what the plan still wants, one step after the other, and then
// proves it. It reads the tenant anew at every call, so it does not matter where an
// earlier run ended.
func (h *holding) provision(ctx context.Context, live *held) error {
	seen, err := h.sight(ctx, live)
	if err != nil {
		return h.miss(ctx, live, err)
	}
	for ctx.Err() == nil {
		action := plan.Provision(h.situation(live, seen), h.Now())
		switch action.Verb {
		case plan.Record:
			h.keep(live, action.Step)
			seen, err = h.furnished(ctx, live, seen, action.Step)
			if err != nil {
				return h.miss(ctx, live, err)
			}
		case plan.Create:
			done, err := h.create(ctx, live, action.Step, &seen)
			if err != nil || !done {
				return err
			}
			live.Progress()
		case plan.Wait:
			return h.wait(ctx, live, action.Until, action.Reason, action.Message)
		case plan.Prove:
			proved, err := h.proveMade(ctx, live)
			if err != nil || !proved {
				return err
			}
		case plan.Survey:
			clear, err := h.lookForOld(ctx, live, action)
			if err != nil || !clear {
				return err
			}
		case plan.Remove:
			// Of a migration: what the grant takes the place of.
			cut, err := h.wouldCut(ctx, live, action.Step)
			if err != nil || cut {
				return err
			}
			done, err := h.remove(ctx, live, action.Step, &seen)
			if err != nil || !done {
				return err
			}
			live.Progress()
		case plan.Ask:
			cut, err := h.wouldCut(ctx, live, action.Step)
			if err != nil || cut {
				return err
			}
			return h.ask(ctx, live, action)
		case plan.Block:
			if live.Adoption != nil {
				return h.changedSince(ctx, live, action)
			}
			live.Set(grant.Condition{Type: grant.Provisioned, Status: grant.False, Reason: action.Reason, Message: action.Message, Since: h.Now()})
			return h.stuck(ctx, live, action.Reason, action.Message, h.Now())
		default:
			live.Set(grant.Condition{Type: grant.Provisioned, Status: grant.True, Reason: "AsPlanned", Since: h.Now()})
			return h.verify(ctx, live)
		}
	}
	return ctx.Err()
}

func (h *holding) situation(live *held, seen sight) plan.Situation {
	return plan.Situation{Grant: live.Grant, Steps: live.steps, Pointer: h.pointer, PointerNeeded: h.pointerNeeded(live), Facts: seen.Facts,
		Consents: h.consentsFor(live), Permissions: h.permissionsFor(live), Given: h.given(), Taken: h.taken(),
		Group: seen.group, Policies: seen.policies, Held: seen.held, Neighbours: h.neighbours(live), ScopeUsers: seen.users,
		NewMailboxes: seen.newMailboxes, Installation: h.Installation}
}

// create records the intent, writes, and reads back. It reports false when the
// rest has to wait for a later run, which it has then arranged.
func (h *holding) create(ctx context.Context, live *held, step grant.Step, seen *sight) (bool, error) {
	document, err := h.mayGive(ctx, live)
	if err != nil {
		return false, h.miss(ctx, live, err)
	}
	if step.Kind == grant.ConsentStep && document.ConsentBy == grant.Person {
		// The operator has taken back what the service was opted into when the grant was bound.
		return false, h.ask(ctx, live, plan.AskConsent(live.Grant, step))
	}
	if barred := mayMake(step, document); barred != "" {
		return false, h.stuck(ctx, live, "MailboxNotAllowed", barred, h.Now())
	}
	before := step.MayAppearUntil
	step.State, step.Adopted = grant.Creating, false
	step.Sent++
	step.ReadAbsentAt = h.Now()
	step.MayAppearUntil = h.Now().Add(grant.LateEffect)
	h.keep(live, step)
	live.Claim(h.Now())
	err = h.commit(ctx, live, h.entry(grant.EventStep, "Create", string(step.Kind)+" "+step.Name))
	if err != nil {
		return false, err
	}
	wrote := h.write(ctx, live, step)
	if wrote != nil && settled(wrote) {
		// The refusal says what became of this write: only earlier ones are open. One
		// that was accepted stays open until its object is seen, because the tenant may
		// show it late, and its absence would otherwise pass for proof.
		step.MayAppearUntil = before
		step.Sent--
		h.keep(live, disowned(step, wrote))
	}
	present, err := h.readBack(ctx, live, step, seen)
	if err != nil {
		return false, h.miss(ctx, live, wishing(err, wrote))
	}
	if present {
		return true, nil
	}
	if wrote != nil && h.again(ctx, wrote) {
		return true, nil
	}
	if wrote != nil {
		return false, h.miss(ctx, live, wrote)
	}
	return false, h.stuck(ctx, live, "NotYetVisible", "the tenant has accepted "+step.Name+" but does not show it yet", h.Now())
}

// disowned gives a pointer or a consent back to the stranger who made it between our look
// and our create: it bears no name of ours, and no create of ours can have made it.
func disowned(step grant.Step, refused error) grant.Step {
	there := exchange.KindOf(refused) == exchange.AlreadyExists || graph.KindOf(refused) == graph.AlreadyExists
	if step.Kind.Shared() && step.Sent == 0 && there {
		step.State = grant.Wanted
	}
	return step
}

// settled reports whether the answer to a write tells what became of it.
func settled(err error) bool {
	var onGraph *graph.Error
	if errors.As(err, &onGraph) {
		return !onGraph.MayHaveActed
	}
	return err == nil || !exchange.MayHaveActed(err)
}

// write sends the one remote write that makes the step's object.
func (h *holding) write(ctx context.Context, live *held, step grant.Step) error {
	var err error
	switch step.Kind {
	case grant.PointerStep:
		_, err = h.Exchange.NewServicePrincipal(ctx, live.Workload.AppID, live.Workload.ObjectID, live.Workload.DisplayName)
	case grant.ScopeStep:
		_, err = h.Exchange.NewManagementScope(ctx, step.Name, step.Filter)
	case grant.AssignmentStep:
		_, err = h.Exchange.NewManagementRoleAssignment(ctx, exchange.NewRoleAssignment{Name: step.Name, Role: step.Role,
			App: live.Workload.ObjectID, CustomResourceScope: scopeName(live.steps), RecipientAdministrativeUnitScope: step.Unit})
	default:
		err = h.writeConsented(ctx, live, step)
	}
	return err
}

// readBack reads the step's object and puts what was read among the facts. It
// reports whether the object is there.
func (h *holding) readBack(ctx context.Context, live *held, step grant.Step, facts *sight) (bool, error) {
	switch step.Kind {
	case grant.PointerStep:
		pointer, err := h.Engine.pointer(ctx, live.Workload)
		facts.Pointer = access.Known(pointer)
		h.shown = pointer
		return pointer != nil, err
	case grant.ScopeStep:
		scope, err := h.scope(ctx, firstOf(step.RemoteID, step.Name))
		facts.Scopes[step.Name] = access.Known(scope)
		return scope != nil, err
	case grant.AssignmentStep:
	default:
		return h.readBackConsented(ctx, live, step, facts)
	}
	assignment, err := h.assignment(ctx, step.Identity())
	if err != nil {
		return false, err
	}
	facts.Assignments.Value = replaced(facts.Assignments.Value, step, assignment)
	return assignment != nil, nil
}

// replaced is the list with the step's assignment as it was just read.
func replaced(all []access.Assignment, step grant.Step, now *access.Assignment) []access.Assignment {
	var rest []access.Assignment
	for _, assignment := range all {
		if assignment.Name != step.Name && (step.RemoteID == "" || assignment.ID != step.RemoteID) {
			rest = append(rest, assignment)
		}
	}
	if now != nil {
		rest = append(rest, *now)
	}
	return rest
}
