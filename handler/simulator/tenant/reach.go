package tenant

import (
	"slices"
	"strings"
	"time"
)

// How long the data plane may still judge by an old configuration. Microsoft Learn, Role Based
// Access Control for Applications, Limitations: 30 minutes for an application without recent calls,
// up to 2 hours for an active one. How that splits into the two spans below is inferred: a
// configuration reaches the front end after 30 minutes, and what the front end loaded lives 90
// minutes while it is used, which together gives 30 minutes at least and 2 hours at most.
const (
	reachSpread = 30 * time.Minute
	reachIdle   = 30 * time.Minute
	reachLife   = 90 * time.Minute
)

// reach is what the configuration gives one workload from a moment on, until the next one.
type reach struct {
	from time.Time
	rows []reachRow
}

type reachRow struct {
	permissions []string
	everywhere  bool
	unit        string
	filter      filter
	filterText  string
}

// covers judges by mailbox, groups and units as they are now: it is the assignments that the front
// end caches. An assignment by group filters by the group's distinguished name, and so sees direct
// members only.
func (r reachRow) covers(target mailbox, among *memberships) bool {
	if r.everywhere {
		return true
	}
	if r.unit != "" {
		return among.inUnit(r.unit, target)
	}
	return r.filter != nil && r.filter.matches(among.properties(target))
}

// reachOf is the configuration as it stands now. That a disabled assignment gives nothing is inferred.
func (s *state) reachOf(objectID string) []reachRow {
	var rows []reachRow
	for _, each := range s.assignments {
		if !strings.EqualFold(each.Workload, objectID) || each.Delegating || each.Disabled {
			continue
		}
		role, _ := applicationRoleByName(each.Role)
		rows = append(rows, s.reachRow(each, role.permissions))
	}
	return rows
}

// reachRow resolves an assignment's scope by name, as it stands at this moment.
func (s *state) reachRow(given assignment, permissions []string) reachRow {
	made := reachRow{permissions: permissions, unit: given.AdministrativeUnit}
	if given.Scope == "" {
		made.everywhere = given.AdministrativeUnit == ""
		return made
	}
	for _, each := range s.scopes {
		if strings.EqualFold(each.Name, given.Scope) {
			made.filterText = each.Filter
			// A stored filter was parsed before it was stored.
			made.filter, _ = parseFilter(each.Filter)
		}
	}
	return made
}

// recordReach has to follow every change of pointers, scopes or assignments.
func (s *state) recordReach(objectID string, at time.Time) {
	key := strings.ToLower(objectID)
	s.reaches[key] = append(slices.Clone(s.reaches[key]), reach{from: at, rows: s.reachOf(objectID)})
}

// reachAt is the configuration as it stood at a moment; nothing before the first record.
func (s *state) reachAt(objectID string, at time.Time) []reachRow {
	var rows []reachRow
	for _, each := range s.reaches[strings.ToLower(objectID)] {
		if each.from.After(at) {
			break
		}
		rows = each.rows
	}
	return rows
}

// reachCache is what the front end holds for one workload.
type reachCache struct {
	loaded, used time.Time
	rows         []reachRow
}

// cachedReach answers what the data plane believes. Each call counts as activity and so keeps an
// old answer alive.
func (t *Tenant) cachedReach(objectID string, now time.Time) []reachRow {
	key := strings.ToLower(objectID)
	held, found := t.caches[key]
	if !found || now.Sub(held.used) >= reachIdle || now.Sub(held.loaded) >= reachLife {
		held = reachCache{loaded: now, rows: t.state.reachAt(objectID, now.Add(-reachSpread))}
	}
	held.used = now
	t.caches[key] = held
	return held.rows
}
