package graph

import (
	"context"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Resource is the service principal of an API, with the app roles that can be
// consented to. Its object id differs from tenant to tenant.
type Resource struct {
	// ObjectID is what a consent's ResourceID refers to, a lower-case GUID.
	ObjectID string
	// AppID is [GraphAppID], [ExchangeAppID] or another API's, lower case.
	AppID string
	// DisplayName is for people; may be empty.
	DisplayName string
	// AppRoles is every role of the resource, disabled ones too, in the order
	// of the answer; empty only when the service says so.
	AppRoles []AppRole
}

// AppRole is one application permission of a resource. Ids and values repeat on
// several resources: only resource and role together name a permission.
type AppRole struct {
	// ID is a lower-case GUID, never empty.
	ID string
	// Value is the permission's name, as in a token; empty when it has none.
	Value string
	// DisplayName is for people; may be empty.
	DisplayName string
}

// FindResource returns the tenant's service principal of the API with this app
// id, and its app roles. The error is an [Error]: of kind [NotFound] when the
// API has no service principal in this tenant, [Incomplete] when the answer has
// no list of roles, [BadRequest] when appID is not a GUID.
func (c *Client) FindResource(ctx context.Context, appID string) (Resource, error) {
	inquiry := c.inquire("find resource and its app roles by app id", appID)
	found, err := c.principalByAppID(ctx, inquiry, []string{"id", "appId", "displayName", "appRoles"})
	if err != nil {
		return Resource{}, err
	}
	principal, err := inquiry.principal(found)
	if err != nil {
		return Resource{}, err
	}
	roles, err := inquiry.appRoles(found.GetAppRoles())
	if err != nil {
		return Resource{}, err
	}
	return Resource{ObjectID: principal.ObjectID, AppID: principal.AppID, DisplayName: principal.DisplayName, AppRoles: roles}, nil
}

func (i *inquiry) appRoles(found []models.AppRoleable) ([]AppRole, error) {
	if found == nil {
		return nil, i.fail(Incomplete, "the answer has no appRoles")
	}
	roles := make([]AppRole, 0, len(found))
	for _, role := range found {
		if role == nil || role.GetId() == nil {
			return nil, i.fail(Incomplete, "the answer has an app role without id")
		}
		roles = append(roles, AppRole{
			ID:          identifierOf(role.GetId()),
			Value:       textOf(role.GetValue()),
			DisplayName: textOf(role.GetDisplayName()),
		})
	}
	return roles, nil
}
