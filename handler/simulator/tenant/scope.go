package tenant

import (
	"fmt"
	"slices"
	"strings"
)

func (s scope) named(t *Tenant, identity string) bool {
	return strings.EqualFold(s.Name, identity) || strings.EqualFold(s.GUID, identity) ||
		strings.EqualFold(t.configurationName(s.Name, "Scopes,CN=RBAC"), identity)
}

// scopeRow shows the filter under another name than the one it is written by: RecipientFilter.
func (t *Tenant) scopeRow(from scope) row {
	return row{
		"Name": from.Name, "Identity": from.Name, "Guid": guid(from.GUID),
		"DistinguishedName": t.configurationName(from.Name, "Scopes,CN=RBAC"),
		"RecipientFilter":   from.Filter, "RecipientRoot": nil, "Exclusive": from.Exclusive,
		"ScopeRestrictionType": "RecipientScope",
	}
}

// findScope hides a lagging scope from reads only: creating it again fails all the same.
func (t *Tenant) findScope(call *invocation, identity string, reading bool) (scope, int, error) {
	return oneOf(t.state.scopes, identity, reading && call.conditions.other, func(each scope) bool {
		return each.named(t, identity) && !(reading && each.visibleFrom.After(call.at))
	})
}

func (t *Tenant) scopeUsers(name string) []assignment {
	var users []assignment
	for _, each := range t.state.assignments {
		if strings.EqualFold(each.Scope, name) {
			users = append(users, each)
		}
	}
	return users
}

func getManagementScope(t *Tenant, call *invocation) ([]row, error) {
	if identity := call.text("Identity"); identity != "" {
		found, _, err := t.findScope(call, identity, true)
		if err != nil {
			return nil, err
		}
		return []row{t.scopeRow(found)}, nil
	}
	var rows []row
	for _, each := range t.state.scopes {
		hidden := each.visibleFrom.After(call.at)
		used := call.flag("Orphan") && len(t.scopeUsers(each.Name)) > 0
		shared := call.given("Exclusive") && each.Exclusive != call.flag("Exclusive")
		if !hidden && !used && !shared {
			rows = append(rows, t.scopeRow(each))
		}
	}
	return rows, nil
}

// normalized parses a filter and prints it as Exchange keeps it.
func normalized(text string) (string, error) {
	parsed, err := parseFilter(text)
	if err != nil {
		return "", badValue(fmt.Sprintf("the recipient filter is invalid: %v", err))
	}
	return parsed.text(), nil
}

func newManagementScope(t *Tenant, call *invocation) ([]row, error) {
	name := call.text("Name")
	err := t.readyForCustomization(call)
	if err != nil {
		return nil, err
	}
	err = checkName(name)
	if err != nil {
		return nil, err
	}
	text, err := normalized(call.text("RecipientRestrictionFilter"))
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(t.state.scopes, func(each scope) bool { return strings.EqualFold(each.Name, name) }) {
		return nil, alreadyExists(name)
	}
	made := scope{Name: name, Filter: text, Exclusive: call.flag("Exclusive")}
	return []row{t.scopeRow(t.addScope(made, call))}, nil
}

// addScope also serves scopes that Exchange makes by itself.
func (t *Tenant) addScope(made scope, call *invocation) scope {
	made.GUID = t.state.newGUID("scope", made.Name)
	made.visibleFrom = hiddenUntil(call.at, call.conditions)
	t.state.scopes = append(t.state.scopes, made)
	t.state.changed(call.at, call.by, "created", "managementScope", made.Name, made.Filter)
	return made
}

// setManagementScope changes every assignment that uses the scope.
func setManagementScope(t *Tenant, call *invocation) ([]row, error) {
	found, index, err := t.findScope(call, call.text("Identity"), false)
	if err != nil {
		return nil, err
	}
	users := t.scopeUsers(found.Name)
	if text := call.text("RecipientRestrictionFilter"); text != "" {
		found.Filter, err = normalized(text)
		if err != nil {
			return nil, err
		}
	}
	if name := call.text("Name"); name != "" && !strings.EqualFold(name, found.Name) {
		err = t.renameScope(found.Name, name)
		if err != nil {
			return nil, err
		}
		found.Name = name
	}
	t.state.scopes = slices.Clone(t.state.scopes)
	t.state.scopes[index] = found
	for _, each := range users {
		t.state.recordReach(each.Workload, call.at)
	}
	t.state.changed(call.at, call.by, "changed", "managementScope", found.Name, found.Filter)
	return nil, nil
}

// renameScope carries the assignments along, which are held by name here and by id there.
func (t *Tenant) renameScope(from, to string) error {
	err := checkName(to)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(t.state.scopes, func(each scope) bool { return strings.EqualFold(each.Name, to) }) {
		return alreadyExists(to)
	}
	t.state.assignments = slices.Clone(t.state.assignments)
	for index, each := range t.state.assignments {
		if strings.EqualFold(each.Scope, from) {
			t.state.assignments[index].Scope = to
		}
	}
	return nil
}

// removeManagementScope refuses while an assignment names the scope (PowerShell reference,
// Remove-ManagementScope).
func removeManagementScope(t *Tenant, call *invocation) ([]row, error) {
	found, index, err := t.findScope(call, call.text("Identity"), false)
	if err != nil {
		return nil, err
	}
	if len(t.scopeUsers(found.Name)) > 0 {
		return nil, scopeInUse(found.Name)
	}
	t.state.scopes = slices.Delete(slices.Clone(t.state.scopes), index, index+1)
	t.state.changed(call.at, call.by, "removed", "managementScope", found.Name, found.Filter)
	return nil, nil
}
