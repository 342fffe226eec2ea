package tenant

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// requiredAccess is requiredResourceAccess as Graph shows it: by resource, in the order in which the
// resources were first declared.
func (a application) requiredAccess() []any {
	resources := []any{}
	places := map[string]int{}
	for _, each := range a.Declared {
		place, known := places[each.Resource]
		if !known {
			place = len(resources)
			places[each.Resource] = place
			resources = append(resources, map[string]any{"resourceAppId": resourceAppIDs[each.Resource], "resourceAccess": []any{}})
		}
		of := resources[place].(map[string]any)
		of["resourceAccess"] = append(of["resourceAccess"].([]any), each.access())
	}
	return resources
}

var resourceAppIDs = map[string]string{graphName: graphAppID, exchangeName: exchangeAppID}

// access is one permission. Ids of delegated ones are invented.
func (d declaration) access() map[string]any {
	if d.Delegated {
		return map[string]any{"id": inventedGUID("delegated permission", d.Resource, d.Permission), "type": "Scope"}
	}
	role, _ := appRoleByName(d.Resource, d.Permission)
	return map[string]any{"id": role.id, "type": "Role"}
}

// check is nil for a permission that can be declared.
func (d declaration) check() error {
	if resourceAppIDs[d.Resource] == "" {
		return fmt.Errorf("%q is not a resource", d.Resource)
	}
	if _, known := appRoleByName(d.Resource, d.Permission); !known && !d.Delegated {
		return fmt.Errorf("%q has no app role %q", d.Resource, d.Permission)
	}
	return nil
}

// registrationActions change what app registrations declare, and consent to it.
var registrationActions = map[string]func(*Tenant, Action, *invocation) error{
	"declarePermission": func(t *Tenant, action Action, call *invocation) error {
		return t.changeDeclaration(action, call, true)
	},
	"withdrawPermission": func(t *Tenant, action Action, call *invocation) error {
		return t.changeDeclaration(action, call, false)
	},
	"grantAdminConsent": (*Tenant).administratorConsentsToAll,
}

// registration finds by app id, or by the object id of registration or service principal.
func (t *Tenant) registration(name string) (application, int, error) {
	if holder, found := t.state.principal(name); found {
		name = holder.AppID
	}
	index := slices.IndexFunc(t.state.applications, func(each application) bool {
		return strings.EqualFold(each.AppID, name) || strings.EqualFold(each.ObjectID, name)
	})
	if index < 0 {
		return application{}, -1, fmt.Errorf("there is no app registration %q", name)
	}
	return t.state.applications[index], index, nil
}

func (t *Tenant) changeDeclaration(action Action, call *invocation, add bool) error {
	found, index, err := t.registration(action.Workload)
	if err != nil {
		return err
	}
	wanted := declaration{Resource: action.Resource, Permission: action.Permission}
	err = wanted.check()
	if err != nil {
		return err
	}
	if slices.Contains(found.Declared, wanted) == add {
		return fmt.Errorf("the declaration of %s by %s is already so", wanted.Permission, found.DisplayName)
	}
	did := "created"
	if add {
		found.Declared = append(slices.Clone(found.Declared), wanted)
	} else {
		did = "removed"
		found.Declared = slices.DeleteFunc(slices.Clone(found.Declared), func(each declaration) bool { return each == wanted })
	}
	t.state.applications = slices.Clone(t.state.applications)
	t.state.applications[index] = found
	t.state.changed(call.at, call.by, did, "declaration", found.DisplayName, wanted.Resource+" "+wanted.Permission)
	return nil
}

// administratorConsentsToAll is the button "Grant admin consent": it brings back every declared app
// role that is not consented (Microsoft Learn, Grant tenant-wide admin consent to an application).
// Delegated permissions are not played.
func (t *Tenant) administratorConsentsToAll(action Action, call *invocation) error {
	found, _, err := t.registration(action.Workload)
	if err != nil {
		return err
	}
	for _, each := range found.Declared {
		holds := t.holdsConsent(found.AppID, each)
		if each.Delegated || holds {
			continue
		}
		err = t.administratorConsents(Action{Workload: found.AppID, Resource: each.Resource, Permission: each.Permission}, call.at)
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *Tenant) holdsConsent(appID string, wanted declaration) bool {
	holder, _ := t.state.principal(appID)
	return slices.ContainsFunc(t.state.consentsOf(holder.ObjectID), func(each consent) bool {
		return each.Resource == wanted.Resource && strings.EqualFold(each.Permission, wanted.Permission)
	})
}

// listApplications answers a collection; the original's other properties are not played.
func (t *Tenant) listApplications(c *call, _ time.Time, _ []string) answer {
	property, value, fine := filterOf(c)
	if !fine || property != "" && property != "appId" && property != "displayName" && property != "id" {
		return unknownAnswer(c, "the filter "+c.query("$filter")+" is not played")
	}
	var found []map[string]any
	for _, each := range t.state.applications {
		object := t.applicationObject(each)
		if property == "" || sameText(object[property], value) {
			found = append(found, object)
		}
	}
	return t.list(c, "applications", found)
}

func (t *Tenant) applicationObject(from application) map[string]any {
	return map[string]any{
		"id": from.ObjectID, "appId": from.AppID, "displayName": from.DisplayName, "signInAudience": "AzureADMyOrg",
		"publisherDomain": t.organization.Domain, "requiredResourceAccess": from.requiredAccess(),
	}
}
