package tenant

import (
	"slices"
	"strings"
)

// configurationName is the distinguished name of an object in one container of the configuration.
func (t *Tenant) configurationName(name, container string) string {
	return "CN=" + name + ",CN=" + container + ",CN=Configuration,CN=" + t.organization.Domain +
		",CN=ConfigurationUnits,DC=EURPR00A001,DC=PROD,DC=OUTLOOK,DC=COM"
}

// named takes ids; the display name is taken by identity lookups only.
func (p pointer) named(name string) bool {
	return strings.EqualFold(p.ObjectID, name) || strings.EqualFold(p.AppID, name) || strings.EqualFold(p.GUID, name)
}

func (t *Tenant) pointerRow(from pointer) row {
	// That the name is the object id is inferred from the names of role assignments.
	return row{
		"Name": from.ObjectID, "Identity": from.ObjectID, "Id": from.ObjectID, "Guid": guid(from.GUID),
		"DistinguishedName": t.configurationName(from.ObjectID, "Service Principals"),
		"DisplayName":       from.DisplayName, "AppId": from.AppID, "ObjectId": from.ObjectID,
		"OverrideEnforceExoAppRbacPermissions": nil,
	}
}

// findPointer looks with the caller's eyes: a pointer that lags behind is not there for reads.
func (t *Tenant) findPointer(call *invocation, identity string, reading bool) (pointer, int, error) {
	return oneOf(t.state.pointers, identity, reading && call.conditions.other, func(each pointer) bool {
		if reading && each.visibleFrom.After(call.at) {
			return false
		}
		return each.named(identity) || strings.EqualFold(each.DisplayName, identity) ||
			strings.EqualFold(t.configurationName(each.ObjectID, "Service Principals"), identity)
	})
}

// getServicePrincipal answers all of them to an empty identity, which the PowerShell reference
// (Get-ServicePrincipal) warns of.
func getServicePrincipal(t *Tenant, call *invocation) ([]row, error) {
	if identity := call.text("Identity"); identity != "" {
		found, _, err := t.findPointer(call, identity, true)
		if err != nil {
			return nil, err
		}
		return []row{t.pointerRow(found)}, nil
	}
	var rows []row
	for _, each := range t.state.pointers {
		if !each.visibleFrom.After(call.at) {
			rows = append(rows, t.pointerRow(each))
		}
	}
	return rows, nil
}

// newServicePrincipal refuses ids that are not those of one service principal, a registration's
// object id above all.
func newServicePrincipal(t *Tenant, call *invocation) ([]row, error) {
	appID, objectID := call.text("AppId"), call.text("ObjectId")
	if !guidShape.MatchString(appID) || !guidShape.MatchString(objectID) {
		return nil, badValue("AppId and ObjectId have to be GUIDs")
	}
	holder, found := t.state.principal(objectID)
	if !found || !strings.EqualFold(holder.ObjectID, objectID) || !strings.EqualFold(holder.AppID, appID) {
		return nil, invalidPrincipal(objectID)
	}
	for _, each := range t.state.pointers {
		if strings.EqualFold(each.ObjectID, objectID) || strings.EqualFold(each.AppID, appID) {
			return nil, alreadyExists(objectID)
		}
	}
	made := pointer{
		GUID: t.state.newGUID("pointer", holder.ObjectID), AppID: holder.AppID, ObjectID: holder.ObjectID,
		DisplayName: call.text("DisplayName"),
		visibleFrom: hiddenUntil(call.at, call.conditions), unripe: call.conditions.lag > 0,
	}
	t.state.pointers = append(t.state.pointers, made)
	t.state.recordReach(made.ObjectID, call.at)
	t.state.changed(call.at, call.by, "created", "pointer", made.ObjectID, made.DisplayName)
	return []row{t.pointerRow(made)}, nil
}

func setServicePrincipal(t *Tenant, call *invocation) ([]row, error) {
	found, index, err := t.findPointer(call, call.text("Identity"), false)
	if err != nil {
		return nil, err
	}
	found.DisplayName = call.text("DisplayName")
	t.state.pointers = slices.Clone(t.state.pointers)
	t.state.pointers[index] = found
	t.state.changed(call.at, call.by, "changed", "pointer", found.ObjectID, found.DisplayName)
	return nil, nil
}

// removeServicePrincipal takes the assignments along, as the removal of the service principal in
// Entra does. For the cmdlet that is inferred; it is the harsher of the two possibilities, and
// shows who removes a pointer that others still need.
func removeServicePrincipal(t *Tenant, call *invocation) ([]row, error) {
	found, _, err := t.findPointer(call, call.text("Identity"), false)
	if err != nil {
		return nil, err
	}
	t.dropPointer(found, call)
	return nil, nil
}

// dropPointer leaves mailbox permissions behind, which then belong to nobody.
func (t *Tenant) dropPointer(gone pointer, call *invocation) {
	for _, each := range slices.Clone(t.state.assignments) {
		if strings.EqualFold(each.Workload, gone.ObjectID) {
			t.dropAssignment(each, call)
		}
	}
	t.state.roleGroups = slices.Clone(t.state.roleGroups)
	for index, each := range t.state.roleGroups {
		t.state.roleGroups[index].Members = without(each.Members, gone.ObjectID)
	}
	t.state.pointers = slices.DeleteFunc(slices.Clone(t.state.pointers), func(each pointer) bool { return each.GUID == gone.GUID })
	t.state.recordReach(gone.ObjectID, call.at)
	t.state.changed(call.at, call.by, "removed", "pointer", gone.ObjectID, gone.DisplayName)
}
