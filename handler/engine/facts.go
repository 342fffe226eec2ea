package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
)

// workloadFacts reads what the tenant holds about a workload: its consents, its
// pointer in Exchange and its role assignments. The error is the first part that
// could not be read.
func (e *Engine) workloadFacts(ctx context.Context, workload grant.Workload, read consentReader) (access.Facts, error) {
	facts := access.Facts{Scopes: map[string]access.Reading[*access.Scope]{}}
	group, ctx := readTogether(ctx)
	group.Go(func() error {
		var err error
		facts.Consents, err = read(ctx, workload.ObjectID)
		return err
	})
	group.Go(func() error {
		pointer, err := e.pointer(ctx, workload)
		facts.Pointer = access.Known(pointer)
		facts.Assignments = access.Known[[]access.Assignment](nil)
		if err != nil || pointer == nil {
			return err
		}
		assignments, err := e.assignments(ctx, workload, pointer)
		facts.Assignments = access.Known(assignments)
		return err
	})
	err := group.Wait()
	if err != nil {
		return access.Facts{}, err
	}
	return facts, nil
}

// facts adds the management scope of the grant, and those of its role assignments
// that the list does not have: without a pointer Exchange lists none, and a list may
// lag, so only the answer to each one's name proves that it is absent.
func (h *holding) facts(ctx context.Context, live *held) (access.Facts, error) {
	var facts access.Facts
	var scope *access.Scope
	name := scopeName(live.steps)
	fresh := h.freshFor(live)
	group, groupCtx := readTogether(ctx)
	group.Go(func() error {
		var err error
		if fresh != nil {
			facts = *fresh
			return nil
		}
		facts, err = h.workloadFacts(groupCtx, live.Workload, h.consentsAsNeeded(live))
		return err
	})
	group.Go(func() error {
		identity := scopeIdentity(live.steps)
		if identity == "" {
			return nil // an administrative unit limits the assignments itself
		}
		var err error
		scope, err = h.scope(groupCtx, identity)
		return err
	})
	err := group.Wait()
	if err != nil {
		return access.Facts{}, err
	}
	facts.Scopes[name] = access.Known(scope)
	h.shown = facts.Pointer.Value
	unlisted, err := h.unlisted(ctx, live.steps, facts.Assignments.Value)
	facts.Assignments = access.Known(append(slices.Clone(facts.Assignments.Value), unlisted...))
	return facts, err
}

// freshFor returns what was read before the grant was bound, once and for that grant
// alone: it was read before this invocation held the workload, so for every other
// grant it may be older than what another worker has done meanwhile. Where it does not
// know a pointer that the ledger has, it is older for this one too.
func (h *holding) freshFor(live *held) *access.Facts {
	fresh := h.fresh
	if fresh == nil || live.ID != h.bound || live.State != grant.Provisioning {
		return nil
	}
	h.fresh = nil
	if h.pointer.Exists() && fresh.Pointer.Value == nil {
		return nil
	}
	return fresh
}

// scopeIdentity addresses the grant's management scope: by the id that the tenant
// returned, because an administrator can rename a scope.
func scopeIdentity(steps []grant.Step) string {
	for _, step := range steps {
		if step.Kind == grant.ScopeStep {
			return firstOf(step.RemoteID, step.Name)
		}
	}
	return ""
}

func (h *holding) unlisted(ctx context.Context, steps []grant.Step, listed []access.Assignment) ([]access.Assignment, error) {
	var found []access.Assignment
	for _, step := range steps {
		seen := slices.ContainsFunc(listed, func(one access.Assignment) bool {
			return !step.Adopted && strings.EqualFold(one.Name, step.Name) || step.RemoteID != "" && strings.EqualFold(one.ID, step.RemoteID)
		})
		if step.Kind != grant.AssignmentStep || !step.Exists() || seen {
			continue
		}
		assignment, err := h.assignment(ctx, step.Identity())
		if err != nil {
			return nil, err
		}
		if assignment != nil {
			found = append(found, *assignment)
		}
	}
	return found, nil
}

// consentReader reads the consents of a principal.
type consentReader func(ctx context.Context, objectID string) (access.Reading[[]access.Consent], error)

// knownConsents fails where the consents cannot be read, for whatever reason.
func (e *Engine) knownConsents(ctx context.Context, objectID string) (access.Reading[[]access.Consent], error) {
	consents, err := e.consents(ctx, objectID)
	return access.Known(consents), err
}

// consentsIfThere leaves the consents unread where the directory does not know the
// principal. A workload that was deleted must not keep what its grants have made from
// being removed; what it held is not taken for nothing either, because a directory may
// lag.
func (e *Engine) consentsIfThere(ctx context.Context, objectID string) (access.Reading[[]access.Consent], error) {
	known, err := e.knownConsents(ctx, objectID)
	if graph.KindOf(err) == graph.NotFound {
		return access.NotRead[[]access.Consent]("the workload is not in the directory"), nil
	}
	return known, err
}

// consentsAsNeeded is how consents are read for the grant. What gives access in Exchange
// goes at its end whether or not the directory answers: only what depends on the consents,
// last of all the pointer, waits for it then. An answer that asks to wait is obeyed.
func (h *holding) consentsAsNeeded(live *held) consentReader {
	if live.State != grant.Revoking {
		return h.consentsIfThere
	}
	return func(ctx context.Context, objectID string) (access.Reading[[]access.Consent], error) {
		read, err := h.consentsIfThere(ctx, objectID)
		_, held := heldBack(err)
		if err == nil || held || retryAfter(err) > 0 || ctx.Err() != nil {
			return read, err
		}
		return access.NotRead[[]access.Consent](err.Error()), nil
	}
}

// consents reads every consent of the principal. The two resources whose roles open
// mailboxes are read only when there is a consent to understand.
func (e *Engine) consents(ctx context.Context, objectID string) ([]access.Consent, error) {
	listed, err := e.Graph.ListConsents(ctx, objectID)
	if err != nil || len(listed) == 0 {
		return nil, err
	}
	var resources [2]graph.Resource
	group, ctx := readTogether(ctx)
	for i, appID := range []string{graph.GraphAppID, graph.ExchangeAppID} {
		group.Go(func() error {
			var err error
			resources[i], err = e.Graph.FindResource(ctx, appID)
			return err
		})
	}
	err = group.Wait()
	if err != nil {
		return nil, err
	}
	consents := make([]access.Consent, len(listed))
	for i, consent := range listed {
		consents[i] = understood(consent, resources[0], resources[1])
	}
	return consents, nil
}

func understood(consent graph.Consent, onGraph, onExchange graph.Resource) access.Consent {
	known := access.Consent{ID: consent.ID, Resource: access.Other, ResourceName: consent.ResourceName, AppRoleID: consent.AppRoleID}
	var roles []graph.AppRole
	switch consent.ResourceID {
	case onGraph.ObjectID:
		known.Resource, roles = access.Graph, onGraph.AppRoles
	case onExchange.ObjectID:
		known.Resource, roles = access.Exchange, onExchange.AppRoles
	}
	for _, role := range roles {
		if role.ID == consent.AppRoleID {
			known.Value = role.Value
		}
	}
	return known
}

// pointer returns nil when Exchange says that it has none.
func (e *Engine) pointer(ctx context.Context, workload grant.Workload) (*access.Pointer, error) {
	found, err := e.Exchange.FindServicePrincipal(ctx, workload.ObjectID)
	if exchange.KindOf(err) == exchange.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &access.Pointer{ObjectID: found.ObjectID, AppID: found.AppID, ID: found.ObjectID,
		Names: []string{found.Name, found.Identity, found.GUID, found.DisplayName}}, nil
}

// scope returns nil when Exchange says that there is none of this name.
func (e *Engine) scope(ctx context.Context, name string) (*access.Scope, error) {
	found, err := e.Exchange.FindManagementScope(ctx, name)
	if exchange.KindOf(err) == exchange.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &access.Scope{Name: found.Name, ID: firstOf(found.GUID, found.Identity, found.Name), Filter: found.RecipientFilter, Exclusive: found.Exclusive}, nil
}

// assignment returns nil when Exchange says that there is none of this name.
func (e *Engine) assignment(ctx context.Context, name string) (*access.Assignment, error) {
	found, err := e.Exchange.FindManagementRoleAssignment(ctx, name)
	if exchange.KindOf(err) == exchange.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	assignment := judged(found)
	return &assignment, nil
}

func (e *Engine) assignments(ctx context.Context, workload grant.Workload, pointer *access.Pointer) ([]access.Assignment, error) {
	known := []string{workload.AppID, workload.DisplayName}
	if pointer != nil {
		known = append(known, pointer.Names...)
	}
	listed, err := e.Exchange.ListManagementRoleAssignments(ctx, workload.ObjectID, known...)
	if err != nil {
		return nil, err
	}
	assignments := make([]access.Assignment, len(listed))
	for i, assignment := range listed {
		assignments[i] = judged(assignment)
	}
	return assignments, nil
}

// judged says whether an assignment is limited at all. The scope of an assignment
// may stand in either of two properties, and whatever is not plainly limited counts
// as organization-wide.
func judged(found exchange.RoleAssignment) access.Assignment {
	scope, unit := firstOf(found.CustomResourceScope, found.CustomRecipientWriteScope), unitOf(found)
	if strings.EqualFold(found.RecipientWriteScope, "AdministrativeUnit") {
		scope = ""
	}
	limited := scope != "" || unit != "" || found.RecipientGroupScope != ""
	return access.Assignment{Name: found.Name, ID: firstOf(found.GUID, found.Identity, found.Name), Role: found.Role, Scope: scope,
		Unit: unit, Group: found.RecipientGroupScope, ScopeType: found.RecipientWriteScope, Enabled: found.Enabled,
		Delegating: strings.HasPrefix(strings.ToLower(found.DelegationType), "delegating"), Unscoped: !limited}
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// lastKind says whether an edge's error is worth an explanation of its own.
func reasonOf(err error) (string, string) {
	var own *Error
	var onExchange *exchange.Error
	var onGraph *graph.Error
	switch {
	case errors.As(err, &own) && own.Kind == KindDocument:
		return "DocumentUnusable", err.Error()
	case errors.As(err, &onExchange):
		return "Exchange" + camel(string(onExchange.Kind)), err.Error()
	case errors.As(err, &onGraph):
		return "Graph" + string(onGraph.Kind), err.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "OutOfTime", err.Error()
	}
	return "Failed", err.Error()
}

// camel turns "not found" into "NotFound".
func camel(words string) string {
	var joined strings.Builder
	for word := range strings.FieldsSeq(words) {
		joined.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return joined.String()
}
