package tenant

import "strings"

// testServicePrincipalAuthorization judges by the configuration as it stands, past every cache, and
// sees role assignments only, never consents (Microsoft Learn, Role Based Access Control for
// Applications, Testing).
func testServicePrincipalAuthorization(t *Tenant, call *invocation) ([]row, error) {
	holder, _, err := t.findPointer(call, call.text("Identity"), true)
	if err != nil {
		return nil, err
	}
	var target *mailbox
	if resource := call.text("Resource"); resource != "" {
		found, _, err := oneOf(t.state.mailboxes, resource, false, func(each mailbox) bool {
			return each.answersTo(resource, t.organization.Domain)
		})
		if err != nil {
			return nil, err
		}
		target = &found
	}
	var rows []row
	among := t.state.memberships()
	for _, each := range t.state.assignments {
		if !strings.EqualFold(each.Workload, holder.ObjectID) || each.Delegating || each.Disabled {
			continue
		}
		rows = append(rows, t.authorizationRow(each, target, among))
	}
	return rows, nil
}

func (t *Tenant) authorizationRow(from assignment, target *mailbox, among *memberships) row {
	role, _ := applicationRoleByName(from.Role)
	kind, shown := from.writeScope()
	if shown == "" {
		shown = t.organization.Domain
	}
	made := row{
		"RoleName": from.Role, "GrantedPermissions": strings.Join(role.permissions, ","),
		"AllowedResourceScope": shown, "ScopeType": kind, "InScope": "Not Run",
	}
	if target != nil {
		made["InScope"] = t.inScope(t.state.reachRow(from, role.permissions).covers(*target, among))
	}
	return made
}

// inScope comes as text and as a boolean in turn: clients have seen both.
func (t *Tenant) inScope(inside bool) any {
	if t.turn("inScope", 2) == 1 {
		return inside
	}
	if inside {
		return "True"
	}
	return "False"
}
