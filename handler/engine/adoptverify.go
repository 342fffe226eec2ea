package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// verifyAdopted makes an adopted grant active where it proves as a grant of ours has to,
// and else leaves everything as it is until its end: access that somebody relies on is not
// cut for being worse than what would be granted.
func (h *holding) verifyAdopted(ctx context.Context, live *held, found proof) error {
	verified := live.Condition(grant.Verified)
	switch {
	case verified.Status == grant.True && len(access.Defeating(found.paths)) == 0 && found.slid == "":
		return h.activate(ctx, live)
	case verified.Status == grant.Unknown:
		return h.stuck(ctx, live, verified.Reason, verified.Message, h.Now().Add(found.rest))
	}
	return h.lookLater(ctx, live)
}

// reachesAll says of a grant over the whole organization what is known without a test.
func (h *holding) reachesAll(ctx context.Context, live *held) error {
	message := "it was adopted without any limit and reaches every mailbox of the organization"
	h.declare(live, grant.Condition{Type: grant.Verified, Status: grant.False, Reason: unscopedReason, Message: message})
	h.declare(live, grant.Condition{Type: grant.Confined, Status: grant.False, Reason: unscopedReason, Message: message})
	return h.lookLater(ctx, live)
}

// changedSince tells what somebody has changed of it before it was proved. It is looked at
// again, and what is left of it goes at the end.
func (h *holding) changedSince(ctx context.Context, live *held, action plan.Action) error {
	h.declare(live, inspected([]plan.Action{action}))
	h.mark(live, []plan.Action{action})
	return h.stuck(ctx, live, action.Reason, action.Message, h.Now())
}

const unscopedReason = "Unscoped"

// lookLater ends a look that has found everything as it was adopted, and no proof.
func (h *holding) lookLater(ctx context.Context, live *held) error {
	live.Hit()
	live.Postpone(h.Now().Add(RetestEvery))
	if live.Condition(grant.Stuck).Status == grant.True {
		live.Set(grant.Condition{Type: grant.Stuck, Status: grant.False, Reason: "Resolved", Since: h.Now()})
	}
	return h.commit(ctx, live)
}

// scopeUsers names the role assignments that use the management scope of an adopted grant,
// its own left out. Every assignment of the tenant is looked at, whoever holds it. They show
// the scope by the name that it has now, so that it is read anew by its id.
func (h *holding) scopeUsers(ctx context.Context, live *held) (access.Reading[[]string], error) {
	if live.Adoption == nil || scopeName(live.steps) == "" {
		return access.Known[[]string](nil), nil
	}
	scope, err := h.scope(ctx, scopeIdentity(live.steps))
	if err != nil {
		return access.NotRead[[]string](err.Error()), err
	}
	if scope == nil {
		return access.Known[[]string](nil), nil
	}
	all, err := h.Exchange.ListApplicationRoleAssignments(ctx)
	if err != nil {
		return access.NotRead[[]string](err.Error()), err
	}
	own := map[string]bool{}
	for _, step := range live.steps {
		own[strings.ToLower(step.RemoteID)] = true
	}
	var users []string
	for _, one := range all {
		uses := strings.EqualFold(one.CustomResourceScope, scope.Name) || strings.EqualFold(one.CustomRecipientWriteScope, scope.Name)
		if uses && !own[strings.ToLower(judged(one).ID)] {
			users = append(users, fmt.Sprintf("%q", one.Name))
		}
	}
	return access.Known(users), nil
}

// mayNarrow reports whether the filter of a scope is the grant's alone to set back: of one
// that was adopted others may live.
func (h *holding) mayNarrow(ctx context.Context, live *held, action plan.Action) bool {
	if !action.Step.Adopted {
		return true
	}
	users, err := h.scopeUsers(ctx, live)
	return err == nil && len(users.Value) == 0 && action.Step.State == grant.Made
}

// adopted is the entry that says who has handed over what, and why.
func (b binding) adopted(entry grant.Entry) grant.Entry {
	entry.Event, entry.By, entry.Ends = grant.EventAdopted, firstOf(b.request.Requester, "operator"), time.Time{}
	entry.Reason = firstOf(b.request.Ticket.ID, b.request.Justification)
	var objects []string
	for _, step := range slices.Concat(b.adoption.steps, b.adoption.shared) {
		objects = append(objects, fmt.Sprintf("%s %s (%s)", step.Kind, step.Name, step.RemoteID))
	}
	entry.Detail = "adopted by exact id, without a change: " + strings.Join(objects, "; ")
	return entry
}
