package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

const (
	orphanPartition = "orphan"
	// orphanAge is how far apart two passes must have seen an orphan before it is
	// removed: a pass that meets a half-restored ledger must not act on it.
	orphanAge = 24 * time.Hour
)

// orphan is an object under our mark that no grant knows, as it is kept between
// passes.
type orphan struct {
	Kind      grant.StepKind `json:"kind"`
	Name      string         `json:"name"`
	RemoteID  string         `json:"remoteId"`
	FirstSeen time.Time      `json:"firstSeen"`
	Why       string         `json:"why"`
}

// marked is one object of the tenant that bears our installation's mark.
type marked struct {
	kind     grant.StepKind
	name, id string
	grantID  string
}

// discover compares what bears our mark with the ledger, both ways. Another
// installation's objects are not even looked at. The second result is what bears no mark
// and could be adopted.
func (e *Engine) discover(ctx context.Context) ([]Finding, []Adoptable, error) {
	began := e.Now()
	suspects, err := e.suspects(ctx)
	if err != nil {
		return nil, nil, err
	}
	objects, strangers, err := e.marked(ctx)
	if err != nil {
		return nil, nil, err
	}
	missing, err := e.missing(ctx, objects, began)
	if err != nil {
		return nil, nil, err
	}
	orphans, err := e.orphans(ctx, objects)
	return slices.Concat(suspects, missing, orphans), strangers, err
}

// orphans meets what bears the mark and belongs to no grant.
func (e *Engine) orphans(ctx context.Context, objects []marked) ([]Finding, error) {
	var findings []Finding
	known := map[string]string{}
	seen := map[string]bool{}
	// Assignments first: Exchange keeps a scope as long as an assignment names it.
	for _, kind := range []grant.StepKind{grant.AssignmentStep, grant.ScopeStep, grant.PolicyStep} {
		for _, object := range objects {
			if object.kind != kind {
				continue
			}
			why, err := e.whyOrphan(ctx, object.grantID, known)
			if err != nil {
				return nil, err
			}
			if why == "" {
				continue
			}
			seen[object.name] = true
			finding, err := e.meet(ctx, object, why)
			if err != nil {
				return nil, err
			}
			findings = append(findings, finding)
		}
	}
	return findings, e.forgetOrphans(ctx, seen)
}

// marked lists the management scopes, role assignments and application access policies
// that bear the mark: in their names, and policies in their descriptions. The second result
// is what bears none and opens mailboxes.
func (e *Engine) marked(ctx context.Context) ([]marked, []Adoptable, error) {
	scopes, err := e.Exchange.ListManagementScopes(ctx)
	if err != nil {
		return nil, nil, err
	}
	assignments, err := e.Exchange.ListApplicationRoleAssignments(ctx)
	if err != nil {
		return nil, nil, err
	}
	policies, err := e.Exchange.ListApplicationAccessPolicies(ctx)
	if err != nil {
		return nil, nil, err
	}
	strangers, err := e.adoptable(ctx, assignments, policies)
	if err != nil {
		return nil, nil, err
	}
	var objects []marked
	for _, policy := range policies {
		id, ours := grant.ParseRemoteName(e.Installation, policy.Description)
		if ours {
			objects = append(objects, marked{kind: grant.PolicyStep, name: policy.Description, id: policy.Identity, grantID: id})
		}
	}
	for _, scope := range scopes {
		id, ours := grant.ParseRemoteName(e.Installation, scope.Name)
		if ours {
			objects = append(objects, marked{kind: grant.ScopeStep, name: scope.Name, id: firstOf(scope.GUID, scope.Identity), grantID: id})
		}
	}
	for _, assignment := range assignments {
		id, ours := grant.ParseRemoteName(e.Installation, assignment.Name)
		if ours {
			objects = append(objects, marked{kind: grant.AssignmentStep, name: assignment.Name, id: firstOf(assignment.GUID, assignment.Identity), grantID: id})
		}
	}
	return objects, strangers, nil
}

// whyOrphan says why no grant knows an object; empty when one does. Each grant is
// looked up once a pass.
func (e *Engine) whyOrphan(ctx context.Context, id string, known map[string]string) (string, error) {
	why, asked := known[id]
	if asked {
		return why, nil
	}
	claim, _, err := e.claim(ctx, id)
	switch {
	case KindOf(err) == KindNotFound:
		why = "the ledger knows no grant of this id"
	case err != nil:
		return "", err
	case claim.Workload == "":
		why = "its grant was never bound"
	default:
		why, err = e.whyEnded(ctx, claim)
		if err != nil {
			return "", err
		}
	}
	known[id] = why
	return why, nil
}

func (e *Engine) whyEnded(ctx context.Context, claim store.Claim) (string, error) {
	g, err := e.grant(ctx, claim.Workload, claim.ID)
	switch {
	case KindOf(err) == KindNotFound:
		return "its grant is not in the ledger", nil
	case err != nil:
		return "", err
	case g.State == grant.Abandoned:
		// Known and given up by a decision: listed with the grant, touched by nobody.
		return "", nil
	case g.State.Ended():
		return fmt.Sprintf("its grant has ended %s", g.State), nil
	}
	return "", nil
}

// meet notes an orphan, or removes one that an earlier pass has seen long enough ago.
func (e *Engine) meet(ctx context.Context, object marked, why string) (Finding, error) {
	finding := Finding{Grant: object.grantID, Type: "Orphan", Reason: "SeenOnce", Message: fmt.Sprintf("%s %s: %s", object.kind, object.name, why)}
	noted, err := e.note(ctx, object, why)
	if err != nil {
		return finding, err
	}
	if object.kind == grant.PolicyStep {
		// It may confine a consent: without it the whole organization would be open.
		finding.Reason = "LeftToPerson"
		return finding, nil
	}
	why, err = e.whyNotRemoved(ctx, object, noted)
	if err != nil || why != "" {
		finding.Reason = why
		return finding, err
	}
	finding.Reason = e.removeOrphan(ctx, object)
	return finding, nil
}

// whyNotRemoved is the finding's reason why an orphan stays for now; empty when it goes.
func (e *Engine) whyNotRemoved(ctx context.Context, object marked, noted orphan) (string, error) {
	recent, err := e.restoredLately(ctx)
	if err != nil {
		return "", err
	}
	if recent {
		may, err := e.confirmed(ctx, CapOrphans, object.name)
		if err != nil || may {
			return "", err
		}
		return "AfterRestore", nil
	}
	if e.Now().Sub(noted.FirstSeen) < orphanAge {
		return "SeenOnce", nil
	}
	may, err := e.allowed(ctx, CapOrphans, object.name)
	if err != nil || may {
		return "", err
	}
	return "CapReached", nil
}

// removeOrphan removes one object and reads it back. It returns the finding's reason.
func (e *Engine) removeOrphan(ctx context.Context, object marked) string {
	remove, find := e.Exchange.RemoveManagementScope, e.scopeGone
	if object.kind == grant.AssignmentStep {
		remove, find = e.Exchange.RemoveManagementRoleAssignment, e.assignmentGone
	}
	err := remove(ctx, object.id)
	if err != nil && exchange.KindOf(err) != exchange.NotFound {
		e.Log.WarnContext(ctx, "an orphan could not be removed", "name", object.name, "error", err.Error())
	}
	gone, err := find(ctx, object.name)
	if err != nil || !gone {
		return "StillThere"
	}
	e.Log.WarnContext(ctx, "an orphan was removed", "kind", string(object.kind), "name", object.name)
	return "Removed"
}

func (e *Engine) scopeGone(ctx context.Context, name string) (bool, error) {
	scope, err := e.scope(ctx, name)
	return scope == nil, err
}

func (e *Engine) assignmentGone(ctx context.Context, name string) (bool, error) {
	assignment, err := e.assignment(ctx, name)
	return assignment == nil, err
}

// note keeps since when an orphan has been seen.
func (e *Engine) note(ctx context.Context, object marked, why string) (orphan, error) {
	var noted orphan
	err := e.readWork(ctx, orphanPartition, object.name, &noted)
	if err != nil {
		return orphan{}, err
	}
	// A made-anew object of the same name is another one.
	if !noted.FirstSeen.IsZero() && noted.RemoteID == object.id {
		return noted, nil
	}
	noted = orphan{Kind: object.kind, Name: object.name, RemoteID: object.id, FirstSeen: e.Now(), Why: why}
	return noted, e.keepWork(ctx, orphanPartition, object.name, noted)
}

// forgetOrphans deletes the notes of what this pass has not seen any more.
func (e *Engine) forgetOrphans(ctx context.Context, seen map[string]bool) error {
	cursor := ""
	for {
		rows, next, err := e.Store.ListWork(ctx, orphanPartition, cursor, largestPage)
		if err != nil {
			return storage(err, "")
		}
		for _, row := range rows {
			if seen[row.Key] {
				continue
			}
			err := e.Store.DeleteWork(ctx, orphanPartition, row.Key)
			if err != nil {
				return storage(err, "")
			}
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

// missing reports what active grants should have in the tenant and the pass did not
// see. Only grants count that were active from before the tenant was read until after:
// what was made or taken away meanwhile is not missing.
func (e *Engine) missing(ctx context.Context, objects []marked, began time.Time) ([]Finding, error) {
	present := map[string]bool{}
	for _, object := range objects {
		present[strings.ToLower(object.name)] = true
	}
	absent, err := e.absent(ctx, present)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for id, names := range absent {
		view, err := e.Show(ctx, id)
		if err != nil {
			return nil, err
		}
		if view.State != grant.Active || !view.VerifiedAt.Before(began) {
			continue
		}
		for _, name := range names {
			if !view.made(name) {
				continue
			}
			findings = append(findings, Finding{Grant: id, Type: "Missing", Reason: "NotInTenant", Message: name + " is in the ledger and not in the tenant"})
		}
	}
	slices.SortFunc(findings, func(a, b Finding) int { return strings.Compare(a.Message, b.Message) })
	return findings, nil
}

// made reports whether the grant has made an object of this name that a pass sees.
func (v View) made(name string) bool {
	return slices.ContainsFunc(v.Steps, func(step ShownStep) bool {
		seen := step.Kind == grant.ScopeStep || step.Kind == grant.AssignmentStep
		return seen && step.Name == name && step.State == grant.Made
	})
}

// absent lists, by grant, the names that active grants may have, as far as their copies
// tell, and that are not present.
func (e *Engine) absent(ctx context.Context, present map[string]bool) (map[string][]string, error) {
	absent := map[string][]string{}
	err := e.eachActive(ctx, func(claim store.Claim, r record) {
		for number := range len(r.Permissions) + 1 {
			name := grant.RemoteName(e.Installation, claim.ID, number)
			if !present[name] {
				absent[claim.ID] = append(absent[claim.ID], name)
			}
		}
	})
	return absent, err
}
