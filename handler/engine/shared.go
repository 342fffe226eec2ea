package engine

import (
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
	"mailgrant/handler/plan"
)

// sharedPrefix begins the rows of what a workload's grants share, the pointer's among them.
const sharedPrefix = "r|"

// sharedKey is the row of a step that grants share: keys of the store may hold no slash.
func sharedKey(step grant.Step) string {
	return sharedPrefix + string(step.Kind) + "|" + strings.ReplaceAll(step.Name, "/", "|")
}

// known is the workload's shared step, as wanted where no grant has needed it yet.
func (h *holding) known(wanted grant.Step) grant.Step {
	step, known := h.shared[sharedKey(wanted)]
	if known {
		return step
	}
	return wanted
}

// given are all consents that the workload's grants have had, whoever needs them now.
func (h *holding) given() []grant.Step { return h.sharedOf(grant.ConsentStep) }

// taken are all mailbox permissions that they have had.
func (h *holding) taken() []grant.Step { return h.sharedOf(grant.MailboxPermissionStep) }

func (h *holding) sharedOf(kind grant.StepKind) []grant.Step {
	var steps []grant.Step
	for _, step := range h.shared {
		if step.Kind == kind {
			steps = append(steps, step)
		}
	}
	return steps
}

// consentsFor are the consents that the grant needs, and whether others need them too.
func (h *holding) consentsFor(live *held) []plan.Shared {
	return h.sharedFor(live, plan.ConsentSteps, h.hasAccess)
}

// permissionsFor are the mailbox permissions that the grant needs, as consentsFor. One that
// ends needs none: two that end together would keep them for each other.
func (h *holding) permissionsFor(live *held) []plan.Shared {
	return h.sharedFor(live, plan.PermissionSteps, func(other *held) bool { return other.MayHaveMade() && other.State != grant.Revoking })
}

func (h *holding) sharedFor(live *held, needs func(grant.Grant) []grant.Step, counts func(*held) bool) []plan.Shared {
	var all []plan.Shared
	for _, wanted := range needs(live.Grant) {
		needed := slices.ContainsFunc(h.grants, func(other *held) bool {
			return other != live && other.Mechanism.Consents() && counts(other) &&
				slices.ContainsFunc(needs(other.Grant), func(step grant.Step) bool { return step.Name == wanted.Name })
		})
		all = append(all, plan.Shared{Step: h.known(wanted), Needed: needed})
	}
	return all
}

// giveUpShared: for what a dropped grant leaves behind no grant answers any more, so that
// a consent or a mailbox permission is again what it is without us, somebody's. One that
// ends still answers for it.
func (h *holding) giveUpShared(dropped *held) {
	answers := func(other *held) bool { return other.MayHaveMade() }
	for _, shared := range append(h.sharedFor(dropped, plan.ConsentSteps, answers), h.sharedFor(dropped, plan.PermissionSteps, answers)...) {
		step := shared.Step
		if !shared.Needed && step.Exists() {
			step.State, step.RemoteID, step.Adopted = grant.Wanted, "", false
			h.keep(dropped, step)
		}
	}
}

// hasAccess reports whether the grant may give access now: what has not begun may end
// without ever having done so, and what has been removed is no more.
func (h *holding) hasAccess(live *held) bool {
	if !live.MayHaveMade() || live.State != grant.Revoking {
		return live.MayHaveMade()
	}
	steps := slices.Clone(live.steps)
	for _, wanted := range plan.PermissionSteps(live.Grant) {
		steps = append(steps, h.known(wanted))
	}
	return !plan.AccessGone(steps)
}

// resourceOf is the app id of the API on which a consent's step is.
func resourceOf(step grant.Step) string {
	if strings.HasPrefix(step.Name, string(access.Exchange)+"/") {
		return graph.ExchangeAppID
	}
	return graph.GraphAppID
}
