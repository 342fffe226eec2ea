package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// neighbours are the policy steps of the workload's other live grants.
func (h *holding) neighbours(but *held) []grant.Step {
	var steps []grant.Step
	for _, live := range h.grants {
		if live != but && live.Mechanism == grant.AccessPolicy {
			steps = append(steps, stepOf(live.steps, grant.PolicyStep))
		}
	}
	return steps
}

// ownConsents marks those consents that grants have made or taken over.
func (h *holding) ownConsents(consents []access.Consent) []access.Consent {
	marked := slices.Clone(consents)
	for i, one := range marked {
		step, known := h.shared[sharedKey(grant.Step{Kind: grant.ConsentStep, Name: string(one.Resource) + "/" + one.Value})]
		marked[i].Ours = known && step.Exists() && step.RemoteID == one.ID
	}
	return marked
}

// askEvery is how often it is looked whether a person has done what was asked for.
const askEvery = 5 * time.Minute

// ask shows the call that a person has to send, and looks again soon. An access that
// waits to begin is no trouble; one that waits for its end is.
func (h *holding) ask(ctx context.Context, live *held, action plan.Action) error {
	if action.Reason == plan.ConsentNeeded {
		_, err := h.mayGive(ctx, live)
		if err != nil {
			return h.miss(ctx, live, err)
		}
	}
	call, err := h.consentCall(ctx, live, action)
	if err != nil {
		return h.miss(ctx, live, err)
	}
	message := action.Message + ": " + call
	if action.Reason == plan.ConsentRemovalNeeded {
		message += h.declaredToo(ctx, live, action.Step)
	}
	if action.Reason == plan.ConsentNeeded {
		step := action.Step
		step.State, step.ReadAbsentAt = grant.Creating, h.Now()
		h.keep(live, step)
		return h.wait(ctx, live, h.Now().Add(askEvery), action.Reason, message)
	}
	now := h.Now()
	// Written at every look: an alarm reads the newest lines and must not fall silent.
	h.Log.WarnContext(ctx, "an end waits for a person to remove a consent", "id", live.ID, "call", call)
	live.Postpone(now.Add(askEvery))
	var entries []grant.Entry
	if live.Set(grant.Condition{Type: grant.Stuck, Status: grant.True, Reason: action.Reason, Message: message, Since: now}) {
		entries = append(entries, h.entry(grant.EventCondition, "Stuck"+action.Reason, message))
	}
	err = h.commit(ctx, live, entries...)
	h.hint(ctx, applyQueue, live.ID, askEvery)
	return err
}

// consentCall is the call on Microsoft Graph (v1.0 reference, Grant an appRoleAssignment
// for a service principal; Delete appRoleAssignment) as an administrator can send it.
func (h *holding) consentCall(ctx context.Context, live *held, action plan.Action) (string, error) {
	if action.Reason == plan.ConsentRemovalNeeded {
		return fmt.Sprintf("DELETE https://graph.microsoft.com/v1.0/servicePrincipals/%s/appRoleAssignments/%s", live.Workload.ObjectID, action.Step.RemoteID), nil
	}
	resource, err := h.Graph.FindResource(ctx, resourceOf(action.Step))
	if err != nil {
		return "", err
	}
	for _, role := range resource.AppRoles {
		if role.Value == action.Step.Permission {
			return fmt.Sprintf(`POST https://graph.microsoft.com/v1.0/servicePrincipals/%s/appRoleAssignedTo {"principalId":"%s","resourceId":"%s","appRoleId":"%s"}`,
				resource.ObjectID, live.Workload.ObjectID, resource.ObjectID, role.ID), nil
		}
	}
	return "", &Error{Kind: KindInternal, Detail: resource.DisplayName + " lists no app role " + action.Step.Permission}
}
