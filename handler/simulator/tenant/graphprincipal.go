package tenant

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// graphFilter is the one shape of $filter that is played: one property equal to one value.
var graphFilter = regexp.MustCompile(`^\s*(\w+)\s+eq\s+(?:guid)?'?((?:[^']|'')*?)'?\s*$`)

// filterOf returns the property and the value; both empty without a filter.
func filterOf(c *call) (string, string, bool) {
	text := c.query("$filter")
	if text == "" {
		return "", "", true
	}
	parts := graphFilter.FindStringSubmatch(text)
	if parts == nil {
		return "", "", false
	}
	return parts[1], strings.ReplaceAll(parts[2], "''", "'"), true
}

// largestTop is the largest page that Graph's directory objects allow.
const largestTop = 999

// topOf is false for a page size that Graph refuses.
func topOf(c *call) (int, bool) {
	if c.query("$top") == "" {
		return usualPage, true
	}
	size, err := strconv.Atoi(c.query("$top"))
	return size, err == nil && size >= 1 && size <= largestTop
}

func (t *Tenant) listPrincipals(c *call, _ time.Time, _ []string) answer {
	property, value, fine := filterOf(c)
	if !fine || property != "" && property != "appId" && property != "displayName" && property != "id" {
		return unknownAnswer(c, "the filter "+c.query("$filter")+" is not played")
	}
	var found []map[string]any
	for _, each := range t.state.principals {
		object := t.principalObject(each)
		if each.deleted || property != "" && !sameText(object[property], value) {
			continue
		}
		found = append(found, object)
	}
	return t.list(c, "servicePrincipals", found)
}

func sameText(held any, wanted string) bool {
	text, is := held.(string)
	return is && strings.EqualFold(text, wanted)
}

func (t *Tenant) principalByAppID(c *call, _ time.Time, keys []string) answer {
	return t.onePrincipal(c, keys[0], func(each principal) bool { return strings.EqualFold(each.AppID, keys[0]) })
}

func (t *Tenant) principalByID(c *call, _ time.Time, keys []string) answer {
	return t.onePrincipal(c, keys[0], func(each principal) bool { return strings.EqualFold(each.ObjectID, keys[0]) })
}

// onePrincipal does not find deleted ones: those are in the deleted items.
func (t *Tenant) onePrincipal(c *call, key string, is func(principal) bool) answer {
	for index, each := range t.state.principals {
		if each.deleted || !is(each) {
			continue
		}
		if c.conditions.other {
			each = t.state.principals[(index+1)%len(t.state.principals)]
		}
		return t.entity(c, "servicePrincipals", t.principalObject(each))
	}
	return graphNotFound(key)
}

// principalObject has the properties that least-privilege readers use, not all of the original's.
func (t *Tenant) principalObject(from principal) map[string]any {
	object := map[string]any{
		"id": from.ObjectID, "appId": from.AppID, "displayName": from.DisplayName, "accountEnabled": true,
		"servicePrincipalType": from.Type, "appOwnerOrganizationId": t.organization.ID,
		"alternativeNames": []string{}, "appRoles": []any{}, "tags": []string{}, "signInAudience": "AzureADMyOrg",
		"servicePrincipalNames": []string{from.AppID},
	}
	if from.Type == typeManagedIdentity {
		// A managed identity has no registration and therefore no owner.
		object["appOwnerOrganizationId"] = nil
		object["alternativeNames"] = []string{
			"isExplicit=True",
			"/subscriptions/" + inventedGUID("subscription") + "/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + from.AppID,
		}
	}
	if from.resource != "" {
		object["appOwnerOrganizationId"] = microsoftTenant
		object["appRoles"] = appRoleObjects(from.resource)
	}
	return object
}

func appRoleObjects(resource string) []any {
	var objects []any
	for _, role := range appRolesOf(resource) {
		objects = append(objects, map[string]any{
			"id": role.id, "value": role.value, "displayName": role.value, "description": role.value,
			"allowedMemberTypes": []string{"Application"}, "isEnabled": true, "origin": "Application",
		})
	}
	return objects
}

func (t *Tenant) applicationByAppID(c *call, _ time.Time, keys []string) answer {
	return t.oneApplication(c, keys[0], func(each application) bool { return strings.EqualFold(each.AppID, keys[0]) })
}

func (t *Tenant) applicationByID(c *call, _ time.Time, keys []string) answer {
	return t.oneApplication(c, keys[0], func(each application) bool { return strings.EqualFold(each.ObjectID, keys[0]) })
}

func (t *Tenant) oneApplication(c *call, key string, is func(application) bool) answer {
	for index, each := range t.state.applications {
		if !is(each) {
			continue
		}
		if c.conditions.other {
			each = t.state.applications[(index+1)%len(t.state.applications)]
		}
		return t.entity(c, "applications", t.applicationObject(each))
	}
	return graphNotFound(key)
}

func (t *Tenant) listDeleted(c *call, _ time.Time, _ []string) answer {
	property, value, fine := filterOf(c)
	if !fine || property != "" && property != "appId" && property != "displayName" && property != "id" {
		return unknownAnswer(c, "the filter "+c.query("$filter")+" is not played")
	}
	var found []map[string]any
	for _, each := range t.state.principals {
		object := t.principalObject(each)
		if each.deleted && (property == "" || sameText(object[property], value)) {
			found = append(found, object)
		}
	}
	return t.list(c, "servicePrincipals", found)
}

func (t *Tenant) deletedByID(c *call, _ time.Time, keys []string) answer {
	for _, each := range t.state.principals {
		if each.deleted && strings.EqualFold(each.ObjectID, keys[0]) {
			object := t.principalObject(each)
			object["@odata.type"] = "#microsoft.graph.servicePrincipal"
			return jsonAnswer(http.StatusOK, object)
		}
	}
	return graphNotFound(keys[0])
}
