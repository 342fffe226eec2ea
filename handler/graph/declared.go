package graph

import (
	"context"
	"slices"
	"strings"
)

// DeclaredPermission is one app role that an app registration asks for. It gives
// nothing by itself; the next "grant admin consent" on the registration turns it
// into a [Consent].
type DeclaredPermission struct {
	// ResourceAppID is [GraphAppID] or [ExchangeAppID].
	ResourceAppID string
	// AppRoleID is a lower-case GUID.
	AppRoleID string
	// Value is the role's name on the resource; empty when the resource has no
	// such role any more, or one without a name.
	Value string
}

type registrationRow struct {
	ID       *string       `json:"id"`
	AppID    *string       `json:"appId"`
	Requires []requiredRow `json:"requiredResourceAccess"`
}

type requiredRow struct {
	ResourceAppID *string       `json:"resourceAppId"`
	Access        []declaredRow `json:"resourceAccess"`
}

type declaredRow struct {
	ID   *string `json:"id"`
	Type *string `json:"type"`
}

// typeOfAppRole marks an application permission; the other type, Scope, is a
// delegated one (Microsoft Graph documentation, resourceAccess resource type).
const typeOfAppRole = "Role"

// DeclaredPermissions returns the app roles of Microsoft Graph and of Exchange
// that the app registration with this app id declares, each once, in the order of
// the registration; an empty list when it declares none. The error is an [Error]:
// of kind [NotFound] when the tenant has no such registration, as for managed
// identities and applications of other tenants; [Incomplete] when the answer has
// no list, a row of it cannot be read, or the resource of a declared role is not
// in the tenant; [BadRequest] when appID is not a GUID. With an error there is no
// list.
func (c *Client) DeclaredPermissions(ctx context.Context, appID string) ([]DeclaredPermission, error) {
	inquiry := c.inquire("find what app registration declares, by app id", appID)
	id, err := inquiry.identifier()
	if err != nil {
		return nil, err
	}
	found, err := object[registrationRow](ctx, c, inquiry, "/applications(appId='"+id+"')", query{"select": "id,appId,requiredResourceAccess"})
	if err != nil {
		return nil, err
	}
	err = inquiry.same("appId", id, textOf(found.AppID))
	if err != nil {
		return nil, err
	}
	declared, err := inquiry.declared(found.Requires)
	if err != nil {
		return nil, err
	}
	return c.named(ctx, inquiry, declared)
}

func (i *inquiry) declared(required []requiredRow) ([]DeclaredPermission, error) {
	if required == nil {
		return nil, i.fail(Incomplete, "the answer has no requiredResourceAccess")
	}
	declared := []DeclaredPermission{}
	for _, each := range required {
		resource, err := i.guid("resourceAppId", each.ResourceAppID)
		if err != nil {
			return nil, err
		}
		if resource != GraphAppID && resource != ExchangeAppID {
			continue
		}
		if each.Access == nil {
			return nil, i.fail(Incomplete, "what is declared of resource %s is not listed", resource)
		}
		for _, access := range each.Access {
			role, err := i.guid("resourceAccess", access.ID)
			if err != nil {
				return nil, err
			}
			one := DeclaredPermission{ResourceAppID: resource, AppRoleID: role}
			if strings.EqualFold(textOf(access.Type), typeOfAppRole) && !slices.Contains(declared, one) {
				declared = append(declared, one)
			}
		}
	}
	return declared, nil
}

// named asks only the resources of which something is declared. That one is absent
// must not be taken for the absence of the registration.
func (c *Client) named(ctx context.Context, inquiry *inquiry, declared []DeclaredPermission) ([]DeclaredPermission, error) {
	resources := map[string]Resource{}
	for at, each := range declared {
		resource, known := resources[each.ResourceAppID]
		if !known {
			found, err := c.FindResource(ctx, each.ResourceAppID)
			if KindOf(err) == NotFound {
				return nil, inquiry.caused(Incomplete, "what is declared cannot be named", err)
			}
			if err != nil {
				return nil, err
			}
			resource, resources[each.ResourceAppID] = found, found
		}
		for _, role := range resource.AppRoles {
			if role.ID == each.AppRoleID {
				declared[at].Value = role.Value
			}
		}
	}
	return declared, nil
}
