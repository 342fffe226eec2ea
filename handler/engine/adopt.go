package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
	"mailgrant/handler/policy"
)

// adopting is what an adoption has found in the tenant.
type adopting struct {
	adoption    grant.Adoption
	permissions []string
	scope       grant.Scope
	// steps are the objects that were named, by their exact ids, and the scope that limits
	// them.
	steps []grant.Step
	// shared are those objects that the workload's grants share, by their exact ids too.
	shared []grant.Step
}

func (a *adopting) notice(format string, arguments ...any) {
	a.adoption.Notices = append(a.adoption.Notices, fmt.Sprintf(format, arguments...))
}

// lookUpAdoption reads what an adoption names, and out of it what the grant is about. Only
// a name is a fault: what exists is not refused for being worse than what would be granted.
func (e *Engine) lookUpAdoption(ctx context.Context, request grant.Request, document policy.Document) (binding, []grant.Fault, error) {
	b := binding{request: request, document: document}
	var err error
	b.resolved, b.faults, err = e.resolve(ctx, request, document)
	if err != nil || b.resolved.workload.ObjectID == "" {
		return b, b.faults, err
	}
	found := adopting{adoption: grant.Adoption{Assignments: request.Adopt.Assignments, Policies: request.Adopt.Policies}}
	var faults []grant.Fault
	switch request.Mechanism {
	case grant.AccessPolicy:
		faults, err = e.adoptPolicies(ctx, &b, &found)
	case grant.MailboxPermission:
		faults, err = e.adoptPermissions(ctx, &b, &found)
	default:
		faults, err = e.adoptAssignments(ctx, &b, &found)
	}
	b.faults = append(b.faults, faults...)
	b.adoption, b.request.Scope, b.request.Permissions = &found, found.scope, found.permissions
	b.protectedNotice()
	if request.Mechanism == grant.AccessPolicy {
		// They were there before the grant and end with it.
		b.request.ConfineExisting = found.permissions
	}
	return b, b.faults, err
}

// adoptAssignments takes the named role assignments over, which have to share one limit: a
// grant has one scope.
func (e *Engine) adoptAssignments(ctx context.Context, b *binding, found *adopting) ([]grant.Fault, error) {
	chosen, faults, err := e.namedAssignments(ctx, b, found.adoption.Assignments)
	if err != nil || len(faults) > 0 {
		return faults, err
	}
	limit := limitedBy(chosen[0])
	for i, one := range chosen {
		if !strings.EqualFold(limitedBy(one), limit) {
			faults = append(faults, grant.At("severalScopes", fmt.Sprintf("%q is limited by %s and %q by %s; a grant has one scope: adopt each by a request of its own",
				chosen[0].Name, limit, one.Name, limitedBy(one)), "assignments", strconv.Itoa(i)))
		}
	}
	if len(faults) > 0 {
		return faults, nil
	}
	for i, one := range chosen {
		role, _ := access.LookUpRole(one.Role)
		found.permissions = union(found.permissions, role.Permissions)
		step := grant.Step{Number: i + 1, Kind: grant.AssignmentStep, Name: one.Name, RemoteID: one.ID, State: grant.Made, Adopted: true,
			Role: one.Role, Unit: one.Unit, Unscoped: one.Unscoped}
		if len(role.Permissions) == 1 {
			step.Permission = role.Permissions[0]
		}
		if one.Scope == "" {
			step.Group = one.Group
		}
		if !one.Enabled {
			found.notice("the role assignment %q is disabled; whether that counts for applications is not documented, so it is taken for access", one.Name)
		}
		found.steps = append(found.steps, step)
	}
	return e.adoptScope(ctx, b, found, chosen[0])
}

// limitedBy names what limits an assignment, and tells what is limited by different kinds
// of things apart.
func limitedBy(one access.Assignment) string {
	switch {
	case one.Unscoped:
		return "nothing"
	case one.Unit != "":
		return "the administrative unit " + one.Unit
	case one.Scope != "":
		return "the management scope " + one.Scope
	}
	return "the group " + one.Group
}

// namedAssignments finds each by its name or GUID among those of the workload. Assignments
// of management roles that open no mailbox, and those that only hand a role on, are no
// access that a grant could be.
func (e *Engine) namedAssignments(ctx context.Context, b *binding, names []string) ([]access.Assignment, []grant.Fault, error) {
	var chosen []access.Assignment
	var faults []grant.Fault
	for i, name := range names {
		at := func(reason, detail string) {
			faults = append(faults, grant.At(reason, detail, "assignments", strconv.Itoa(i)))
		}
		one, why, err := e.namedAssignment(ctx, b, name)
		if err != nil {
			return nil, nil, err
		}
		_, known := access.LookUpRole(one.Role)
		same := slices.IndexFunc(chosen, func(other access.Assignment) bool { return other.ID == one.ID })
		switch {
		case why == strangerReason:
			at("otherWorkload", fmt.Sprintf("the role assignment %q is not one of %s", name, b.resolved.workload.DisplayName))
		case why != "":
			at("unknownAssignment", "Exchange knows no role assignment by this name or GUID")
		case one.Delegating:
			at("noMailAccess", fmt.Sprintf("%q lets its holder hand the role on and opens no mailbox", one.Name))
		case !known:
			at("unknownRole", fmt.Sprintf("%q is an assignment of %s, of which it is not known what mailboxes it opens; end it by hand", one.Name, one.Role))
		case same >= 0:
			at("duplicate", fmt.Sprintf("this is the same role assignment as entry %d", same))
		default:
			chosen = append(chosen, one)
		}
	}
	return chosen, faults, nil
}

const (
	strangerReason = "stranger"
	absentReason   = "absent"
)

// namedAssignment answers for one name; the second result says why there is none.
func (e *Engine) namedAssignment(ctx context.Context, b *binding, name string) (access.Assignment, string, error) {
	for _, one := range b.resolved.facts.Assignments.Value {
		if strings.EqualFold(one.Name, name) || strings.EqualFold(one.ID, name) {
			return one, "", nil
		}
	}
	found, err := e.Exchange.FindManagementRoleAssignment(ctx, name)
	switch {
	case exchange.KindOf(err) == exchange.NotFound:
		return access.Assignment{}, absentReason, nil
	case err != nil:
		return access.Assignment{}, "", err
	case !heldBy(found, b.resolved):
		return access.Assignment{}, strangerReason, nil
	}
	// The workload's list lags behind.
	return judged(found), "", nil
}

// heldBy goes by every name under which Exchange may show the workload.
func heldBy(found exchange.RoleAssignment, known resolved) bool {
	names := []string{known.workload.ObjectID, known.workload.AppID}
	if pointer := known.facts.Pointer.Value; pointer != nil {
		names = append(names, pointer.Names...)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return name != "" && (strings.EqualFold(name, found.RoleAssignee) || strings.EqualFold(name, found.RoleAssigneeName))
	})
}

// weighAdoption judges an adoption beside the workload's other grants. That no canary is
// left keeps it from being proved, and from nothing else.
func (h *holding) weighAdoption(ctx context.Context, live *held, b binding) (*held, []grant.Fault, error) {
	faults := slices.Concat(b.faults, h.adoptionFaults(live.Grant, b))
	if len(faults) > 0 {
		return live, faults, nil
	}
	live.steps = b.adoption.steps
	if live.Scope.Kind() == grant.ByOrganization {
		return live, nil, nil
	}
	canaries, lacking, err := h.chooseCanaries(ctx, live, b)
	if len(lacking) > 0 && len(b.request.Canaries) > 0 {
		return live, lacking, err
	}
	live.Canaries = canaries
	if err == nil {
		err = h.takeOverShared(ctx, live, b)
	}
	return live, nil, err
}

// adoptionFaults: what a live grant answers for, or bears our mark, is not a stranger's.
func (h *holding) adoptionFaults(g grant.Grant, b binding) []grant.Fault {
	faults := limitFaults(grant.Grant{StartsAt: g.StartsAt, ExpiresAt: g.ExpiresAt}, b.document)
	if len(h.grants) >= b.document.Limits.LiveGrants {
		faults = append(faults, tooManyGrants(g, len(h.grants), b.document))
	}
	field := "assignments"
	switch g.Mechanism {
	case grant.AccessPolicy:
		field = "policies"
		faults = append(faults, h.openedFurther(g, field)...)
	case grant.MailboxPermission:
		return slices.Concat(faults, h.nothingNew(b), h.openedFurther(g, "mailboxPermissions"))
	}
	place := 0
	for _, step := range b.adoption.steps {
		if step.Kind == grant.ScopeStep {
			continue
		}
		by := h.answersFor(step)
		id, marked := grant.ParseRemoteName(h.Installation, step.Name)
		switch {
		case by != "":
			faults = append(faults, grant.At("managed", fmt.Sprintf("%s is managed already, by the grant %s", step.Name, by), field, strconv.Itoa(place)))
		case marked:
			faults = append(faults, grant.At("managed", fmt.Sprintf("%s bears the mark of this installation, for the grant %s: it is not a stranger's", step.Name, id), field, strconv.Itoa(place)))
		}
		place++
	}
	for _, live := range h.grants {
		if g.Mechanism == grant.AccessPolicy && live.Migration != nil && live.State == grant.Provisioning {
			faults = append(faults, grant.At("managed", "the migration "+live.ID+" is about to end the consents and policies of this workload", field))
		}
	}
	return faults
}

// openedFurther refuses to answer for consents that open the mailboxes of another grant
// further than that asked for, or for what is opened further by its consents: as a
// stranger's that is told by that grant, and as ours by nobody. What was adopted before was
// so already, beside this.
func (h *holding) openedFurther(g grant.Grant, field string) []grant.Fault {
	asked := []grant.Grant{g}
	for _, live := range h.grants {
		if live.Adoption == nil {
			asked = append(asked, live.Grant)
		}
	}
	excess := append(plan.Excess(asked), plan.ExcessOfPermissions(asked, nil)...)
	if len(excess) == 0 {
		return nil
	}
	return []grant.Fault{grant.At("excess", "together with the application's other grants this opens "+several(excess)+
		", which no grant asked for: revoke those grants, or remove the further consents, first", field)}
}

// answersFor is the live grant that has the step's object; empty when none has.
func (h *holding) answersFor(adopted grant.Step) string {
	for _, live := range h.grants {
		has := slices.ContainsFunc(live.steps, func(step grant.Step) bool {
			return step.Kind == adopted.Kind && step.RemoteID != "" && strings.EqualFold(step.RemoteID, adopted.RemoteID) && step.Exists()
		})
		if has {
			return live.ID
		}
	}
	return ""
}
