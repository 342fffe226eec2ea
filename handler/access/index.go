package access

import (
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/grant"
)

// Index is a tenant's facts made ready for questions: every group, unit, scope and
// policy is worked out once as a set of mailboxes, and each workload is a union of
// few of them. An index never changes once it is made and may be asked concurrently.
type Index struct {
	mailboxes  *universe
	groups     []groupSpan
	groupNamed map[string]int
	units      map[string]scopeSpan
	scopes     map[string]scopeSpan
	policies   *policyIndex
	rights     *rightIndex
	subjects   []Subject
	places     map[string]int
	unread     tenantGaps
}

// tenantGaps says why a part of the tenant was not read; empty where it was.
type tenantGaps struct {
	groups, units, scopes string
}

// scopeSpan is what a scope matches, and what keeps it from being certain.
type scopeSpan struct {
	span
	unknown []string
}

// NewIndex works out the sets. What was not read stays unknown in every answer.
func NewIndex(tenant Tenant) *Index {
	x := &Index{mailboxes: newUniverse(tenant.Mailboxes), subjects: slices.Clone(tenant.Workloads), places: map[string]int{}}
	slices.SortStableFunc(x.subjects, func(a, b Subject) int {
		return strings.Compare(strings.ToLower(a.Workload.ObjectID), strings.ToLower(b.Workload.ObjectID))
	})
	x.placeSubjects()
	x.addGroups(tenant.Groups)
	x.addUnits(tenant.Units)
	x.addScopes(tenant.Scopes)
	x.policies = newPolicyIndex(x, tenant)
	x.rights = newRightIndex(x.mailboxes, tenant.MailboxPermissions)
	return x
}

// placeSubjects finds workloads by object id, and by application id where no object
// id is the same.
func (x *Index) placeSubjects() {
	for place, subject := range x.subjects {
		x.places[strings.ToLower(subject.Workload.ObjectID)] = place
	}
	for place, subject := range x.subjects {
		appID := strings.ToLower(subject.Workload.AppID)
		_, taken := x.places[appID]
		if appID != "" && !taken {
			x.places[appID] = place
		}
	}
}

// Workloads are the workloads of the index, sorted by object id.
func (x *Index) Workloads() []grant.Workload {
	all := make([]grant.Workload, len(x.subjects))
	for i, subject := range x.subjects {
		all[i] = subject.Workload
	}
	return all
}

// subject finds a workload by object id or application id.
func (x *Index) subject(id string) (Subject, bool) {
	place, known := x.places[strings.ToLower(id)]
	if !known {
		return Subject{}, false
	}
	return x.subjects[place], true
}

// addUnits works out the administrative units. Only their own mailboxes count.
func (x *Index) addUnits(units Reading[[]Unit]) {
	x.units = map[string]scopeSpan{}
	if !units.Read {
		x.unread.units = "administrative units: " + units.Why
		return
	}
	for _, unit := range units.Value {
		matched := scopeSpan{span: x.mailboxes.of(unit.Members.Value)}
		if !unit.Members.Read {
			matched = scopeSpan{x.mailboxes.anybody(), []string{fmt.Sprintf("members of the administrative unit %s: %s", unit.ID, unit.Members.Why)}}
		}
		x.units[strings.ToLower(unit.ID)] = matched
	}
}

// addScopes works out the tenant's management scopes, and those that were read for
// one workload alone.
func (x *Index) addScopes(scopes Reading[[]Scope]) {
	x.scopes = map[string]scopeSpan{}
	if !scopes.Read {
		x.unread.scopes = "management scopes: " + scopes.Why
	}
	for _, scope := range scopes.Value {
		x.addScope(scope)
	}
	for _, subject := range x.subjects {
		for _, scope := range subject.Facts.Scopes {
			if scope.Read && scope.Value != nil {
				x.addScope(*scope.Value)
			}
		}
	}
}

// addScope makes a scope known by its name and by its id, by either of which an
// assignment may name it.
func (x *Index) addScope(scope Scope) {
	matched := x.matchScope(scope)
	for _, name := range []string{scope.Name, scope.ID} {
		if name != "" {
			x.scopes[strings.ToLower(name)] = matched
		}
	}
}

// matchScope works out one management scope. An exclusive one does not limit an
// application (Microsoft Learn, Role Based Access Control for Applications,
// Limitations), so beyond what it matches everything stays possible.
func (x *Index) matchScope(scope Scope) scopeSpan {
	filter, err := ParseFilter(scope.Filter)
	if err != nil {
		return scopeSpan{x.mailboxes.anybody(), []string{fmt.Sprintf("management scope %q: its filter is not understood: %v", scope.Name, err)}}
	}
	matched := scopeSpan{span: x.match(filter.root)}
	if !matched.certain() {
		matched.unknown = []string{fmt.Sprintf("management scope %q: %s was not read of every mailbox, or is asked for in a way that is not understood", scope.Name, strings.Join(x.asks(filter), ", "))}
	}
	if scope.Exclusive {
		matched.possible = x.mailboxes.all
		matched.unknown = append(matched.unknown, fmt.Sprintf("management scope %q: it is exclusive, and exclusive scopes do not limit applications", scope.Name))
	}
	return matched
}

// scopeOf works out whom an assignment reaches, by what limits it.
func (x *Index) scopeOf(assignment Assignment) scopeSpan {
	switch {
	case assignment.Unscoped:
		return scopeSpan{span: x.mailboxes.everybody()}
	case assignment.Unit != "":
		return x.find(x.units, assignment.Unit, "administrative unit", x.unread.units)
	case assignment.Group != "":
		return x.groupScope(assignment.Group)
	case assignment.Scope != "" && strings.EqualFold(assignment.ScopeType, "AdministrativeUnit"):
		return x.find(x.units, assignment.Scope, "administrative unit", x.unread.units)
	}
	return x.find(x.scopes, assignment.Scope, "management scope", x.unread.scopes)
}

// find looks a scope up by name. One that is not there was not read, or is gone while
// an assignment names it; either way nothing is known of what it matches.
func (x *Index) find(spans map[string]scopeSpan, name, what, gap string) scopeSpan {
	found, known := spans[strings.ToLower(name)]
	switch {
	case known:
		return found
	case gap != "":
		return scopeSpan{x.mailboxes.anybody(), []string{gap}}
	}
	return scopeSpan{x.mailboxes.anybody(), []string{fmt.Sprintf("%s %q: it was not found", what, name)}}
}
