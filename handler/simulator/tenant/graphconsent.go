package tenant

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// consentID has the look of an app role assignment's id: 43 characters of base64url.
func consentID(seed string) string {
	return encodePart(slices.Concat([]byte{1}, sumOf(seed)))[:43]
}

func sumOf(seed string) []byte {
	raw, err := hex.DecodeString(strings.ReplaceAll(seed, "-", ""))
	if err != nil {
		raw = []byte(seed)
	}
	return slices.Concat(raw, []byte(base64.RawURLEncoding.EncodeToString(raw)))[:32]
}

func (t *Tenant) listConsents(c *call, _ time.Time, keys []string) answer {
	return t.consentsWhere(c, keys[0], func(each consent, holder principal) bool {
		return strings.EqualFold(each.Workload, holder.ObjectID)
	})
}

func (t *Tenant) listConsentsTo(c *call, _ time.Time, keys []string) answer {
	return t.consentsWhere(c, keys[0], func(each consent, holder principal) bool {
		return holder.resource != "" && each.Resource == holder.resource
	})
}

// consentsWhere takes an object id only: the original finds no principal by its app id here.
func (t *Tenant) consentsWhere(c *call, key string, is func(consent, principal) bool) answer {
	holder, found := t.state.principal(key)
	if !found || !strings.EqualFold(holder.ObjectID, key) {
		return graphNotFound(key)
	}
	property, value, fine := filterOf(c)
	if !fine || property != "" && property != "resourceId" && property != "principalId" {
		return unknownAnswer(c, "the filter "+c.query("$filter")+" is not played")
	}
	if c.conditions.other {
		holder = t.otherHolder(holder)
	}
	now := t.clock.now()
	var objects []map[string]any
	for _, each := range t.state.consents {
		object := t.consentObject(each)
		if !is(each, holder) || each.visibleFrom.After(now) || property != "" && !sameText(object[property], value) {
			continue
		}
		objects = append(objects, object)
	}
	return t.list(c, "appRoleAssignments", objects)
}

// otherHolder is somebody else who holds a consent, for an answer that is not about who was asked.
func (t *Tenant) otherHolder(than principal) principal {
	for _, each := range t.state.consents {
		if !strings.EqualFold(each.Workload, than.ObjectID) {
			other, _ := t.state.principal(each.Workload)
			return other
		}
	}
	return than
}

func (t *Tenant) consentObject(from consent) map[string]any {
	holder, _ := t.state.principal(from.Workload)
	resource := t.state.resourcePrincipal(from.Resource)
	role, _ := appRoleByName(from.Resource, from.Permission)
	return map[string]any{
		"id": from.ID, "deletedDateTime": nil, "appRoleId": role.id,
		"createdDateTime": from.createdAt.UTC().Format("2006-01-02T15:04:05.0000000Z"),
		"principalId":     holder.ObjectID, "principalType": "ServicePrincipal", "principalDisplayName": holder.DisplayName,
		"resourceId": resource.ObjectID, "resourceDisplayName": resource.DisplayName,
	}
}

// postConsent serves both ends of the relation; the id in the path has to be one of the two.
func (t *Tenant) postConsent(c *call, at time.Time, keys []string) answer {
	var wanted struct {
		PrincipalID string `json:"principalId"`
		ResourceID  string `json:"resourceId"`
		AppRoleID   string `json:"appRoleId"`
	}
	err := json.Unmarshal(c.body, &wanted)
	if err != nil {
		return graphError(http.StatusBadRequest, "Request_BadRequest", "The body is not valid JSON.", refusalID)
	}
	holder, found := t.state.principal(wanted.PrincipalID)
	resource, resourceFound := t.state.principal(wanted.ResourceID)
	inPath := strings.EqualFold(keys[0], wanted.PrincipalID) || strings.EqualFold(keys[0], wanted.ResourceID)
	if !found || !resourceFound || !inPath {
		return graphNotFound(keys[0])
	}
	role, known := appRoleByName(resource.resource, wanted.AppRoleID)
	if !known {
		return graphError(http.StatusBadRequest, "Request_BadRequest",
			"Permission being assigned was not found on application '"+resource.AppID+"'.", refusalID)
	}
	made, added := t.state.addConsent(consent{
		Workload: holder.ObjectID, Resource: resource.resource, Permission: role.value, createdAt: at,
		visibleFrom: hiddenUntil(at, c.conditions),
	})
	if !added {
		return graphError(http.StatusBadRequest, "Request_BadRequest", "Permission being assigned already exists on the object", refusalID)
	}
	t.state.changed(at, t.nameOf(c.caller), "created", "consent", holder.DisplayName, resource.DisplayName+" "+role.value)
	object := t.consentObject(made)
	object["@odata.context"] = c.origin() + "/v1.0/$metadata#appRoleAssignments/$entity"
	return jsonAnswer(http.StatusCreated, object)
}

// hiddenUntil is zero for an object that reads see at once.
func hiddenUntil(at time.Time, met conditions) time.Time {
	if met.lag == 0 {
		return time.Time{}
	}
	return at.Add(met.lag)
}

// nameOf is who a change is logged under.
func (t *Tenant) nameOf(caller claims) string {
	holder, found := t.state.principal(caller.ObjectID)
	if !found {
		return caller.AppID
	}
	return holder.DisplayName
}

// deleteConsent finds by the assignment's own id. That a second removal is not found is inferred.
func (t *Tenant) deleteConsent(c *call, at time.Time, keys []string) answer {
	for index, each := range t.state.consents {
		holder, _ := t.state.principal(each.Workload)
		resource := t.state.resourcePrincipal(each.Resource)
		inPath := strings.EqualFold(keys[0], holder.ObjectID) || strings.EqualFold(keys[0], resource.ObjectID)
		if each.ID != keys[1] || !inPath {
			continue
		}
		t.state.consents = slices.Delete(slices.Clone(t.state.consents), index, index+1)
		t.state.changed(at, t.nameOf(c.caller), "removed", "consent", holder.DisplayName, resource.DisplayName+" "+each.Permission)
		return emptyAnswer(http.StatusNoContent)
	}
	return graphNotFound(keys[1])
}
