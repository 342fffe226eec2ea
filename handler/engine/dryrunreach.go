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

// reaching is by which paths a workload reaches now what a request is about.
type reaching struct {
	grant   grant.Grant
	paths   []access.Path
	unknown []string
	// taken are the ids of the consents that the grant takes over or takes the place of.
	taken []string
}

// reach reads the workload's paths that overlap with the request, those by its other
// grants among them.
func (h *holding) reach(ctx context.Context, g grant.Grant, b binding) (reaching, error) {
	nobodys := func(access.Assignment) bool { return false }
	asked := elsewhere{g.Workload, b.resolved.facts, b.resolved.directory, g.Permissions, nobodys, h.madePolicy}
	// Those of the grants are paths here like all others.
	asked.facts.Consents.Value = slices.Clone(asked.facts.Consents.Value)
	found := reaching{grant: g}
	for i, consent := range asked.facts.Consents.Value {
		asked.facts.Consents.Value[i].Ours = false
		if consent.Resource == access.Graph && g.Adoption == nil && slices.Contains(takenBy(g), consent.Value) {
			found.taken = append(found.taken, consent.ID)
		}
	}
	var err error
	found.paths, found.unknown, err = h.otherWays(ctx, asked)
	return found, err
}

// after says what becomes of the paths when the grant is made.
func (r reaching) after(played plan.Rehearsal) PlannedReach {
	told := PlannedReach{Now: []string{}, Then: []string{}, Stops: []string{}, Unknown: orNone(r.unknown)}
	for _, path := range r.paths {
		told.Now = append(told.Now, path.String())
		if path.Kind == access.ByConsent && slices.Contains(r.taken, path.ID) {
			told.Stops = append(told.Stops, r.stop(path, played))
			continue
		}
		told.Then = append(told.Then, path.String())
	}
	if r.grant.Adoption == nil {
		told.Then = append(told.Then, r.opened(played)...)
	}
	return told
}

// stop says how much less a consent reaches that the grant confines or replaces.
func (r reaching) stop(path access.Path, played plan.Rehearsal) string {
	value := strings.Join(path.Values, ", ")
	if r.grant.Mechanism != grant.AccessPolicy {
		return fmt.Sprintf("%s: it is removed%s, and %s is left in %s only", path, by(goneAt(played, value)), value, inWords(r.grant))
	}
	return fmt.Sprintf("%s: %s stops everywhere but in %s%s", path, value, inWords(r.grant), by(confinedAt(played)))
}

func by(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return " by " + at.UTC().Format(time.RFC3339)
}

// goneAt is when the plan removes the consent; zero when it does not get there.
func goneAt(played plan.Rehearsal, value string) time.Time {
	for _, line := range played.Making.Lines {
		if line.Verb == plan.Remove && line.Step.Kind == grant.ConsentStep && line.Step.Permission == value {
			return line.NotBefore
		}
	}
	return time.Time{}
}

// confinedAt is when the policy that the plan makes is sure to be obeyed.
func confinedAt(played plan.Rehearsal) time.Time {
	for _, line := range played.Making.Lines {
		if line.Verb == plan.Create && line.Step.Kind == grant.PolicyStep {
			return line.NotBefore.Add(played.Grant.Waits.Policy)
		}
	}
	return time.Time{}
}

// opened are the paths that the plan makes.
func (r reaching) opened(played plan.Rehearsal) []string {
	var paths []string
	for _, line := range played.Making.Lines {
		if line.Verb != plan.Create && line.Verb != plan.Record {
			continue
		}
		path := r.pathOf(line.Step)
		if path != "" {
			paths = append(paths, path)
		}
	}
	return paths
}

// pathOf says what the step's object opens; empty for one that opens nothing by itself.
func (r reaching) pathOf(step grant.Step) string {
	what := ""
	switch step.Kind {
	case grant.AssignmentStep:
		what = fmt.Sprintf("the role assignment %q of %s", step.Name, step.Role)
	case grant.ConsentStep:
		limit := "the application access policy of this grant"
		if r.grant.Mechanism == grant.MailboxPermission {
			limit = "the mailbox permissions of this grant"
		}
		what = fmt.Sprintf("the consent to %s, within %s,", step.Permission, limit)
	default:
		return ""
	}
	words := make([]string, 0, 4)
	for _, capability := range access.Confers([]string{step.Permission}) {
		words = append(words, string(capability))
	}
	return fmt.Sprintf("%s opens %s in %s", what, strings.Join(words, ", "), inWords(r.grant))
}

// inWords says which mailboxes a grant is about.
func inWords(g grant.Grant) string {
	if len(g.Mailboxes) == 0 {
		return g.Scope.String()
	}
	return strings.Join(addresses(g.Mailboxes), ", ")
}
