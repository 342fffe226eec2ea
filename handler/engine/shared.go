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
func (h *holding) given() []grant.Step {
	var steps []grant.Step
	for _, step := range h.shared {
		if step.Kind == grant.ConsentStep {
			steps = append(steps, step)
		}
	}
	return steps
}

// consentsFor are the consents that the grant needs, and whether others need them too.
func (h *holding) consentsFor(live *held) []plan.Shared {
	return h.sharedFor(live, plan.ConsentSteps)
}

// permissionsFor are the mailbox permissions that the grant needs, as consentsFor.
func (h *holding) permissionsFor(live *held) []plan.Shared {
	return h.sharedFor(live, plan.PermissionSteps)
}

func (h *holding) sharedFor(live *held, needs func(grant.Grant) []grant.Step) []plan.Shared {
	var all []plan.Shared
	for _, wanted := range needs(live.Grant) {
		needed := slices.ContainsFunc(h.grants, func(other *held) bool {
			return other != live && other.Mechanism.Consents() && h.hasAccess(other) &&
				slices.ContainsFunc(needs(other.Grant), func(step grant.Step) bool { return step.Name == wanted.Name })
		})
		all = append(all, plan.Shared{Step: h.known(wanted), Needed: needed})
	}
	return all
}

// giveUpShared: for what a dropped grant leaves behind no grant answers any more, so that
// a consent or a mailbox permission is again what it is without us, somebody's.
func (h *holding) giveUpShared(dropped *held) {
	for _, shared := range append(h.consentsFor(dropped), h.permissionsFor(dropped)...) {
		step := shared.Step
		if !shared.Needed && step.Exists() {
			step.State, step.RemoteID = grant.Wanted, ""
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

// giving are the steps by which the grant alone gives access.
func (h *holding) giving(live *held) []grant.Step {
	return plan.Situation{Steps: live.steps, Permissions: h.permissionsFor(live)}.Giving()
}

// resourceOf is the app id of the API on which a consent's step is.
func resourceOf(step grant.Step) string {
	if strings.HasPrefix(step.Name, string(access.Exchange)+"/") {
		return graph.ExchangeAppID
	}
	return graph.GraphAppID
}
