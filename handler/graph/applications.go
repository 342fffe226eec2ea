package graph

import (
	"context"

	"github.com/microsoftgraph/msgraph-sdk-go/applications"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// Application is an app registration. It is never a target: it is looked up to
// tell someone who sent its object id that the one of the enterprise application
// was meant.
type Application struct {
	// ObjectID is the registration's own object id, a lower-case GUID.
	ObjectID string
	// AppID leads to the service principal, a lower-case GUID; never empty.
	AppID string
	// DisplayName is for people; may be empty.
	DisplayName string
}

// FindApplication returns the app registration with this object id. The error is
// an [Error]: of kind [NotFound] when this tenant has no such registration,
// [BadRequest] when objectID is not a GUID.
func (c *Client) FindApplication(ctx context.Context, objectID string) (Application, error) {
	inquiry := c.inquire("find app registration by object id", objectID)
	id, err := inquiry.identifier()
	if err != nil {
		return Application{}, err
	}
	query := applications.ApplicationItemRequestBuilderGetQueryParameters{Select: []string{"id", "appId", "displayName"}}
	found, err := read(ctx, inquiry, func(ctx context.Context) (models.Applicationable, error) {
		builder := applications.NewApplicationsRequestBuilderInternal(map[string]string{}, c.adapter).ByApplicationId(id)
		return builder.Get(ctx, &applications.ApplicationItemRequestBuilderGetRequestConfiguration{QueryParameters: &query})
	})
	if err != nil {
		return Application{}, err
	}
	err = inquiry.same("id", id, textOf(found.GetId()))
	if err != nil {
		return Application{}, err
	}
	appID, err := inquiry.guid("appId", found.GetAppId())
	if err != nil {
		return Application{}, err
	}
	return Application{ObjectID: id, AppID: appID, DisplayName: textOf(found.GetDisplayName())}, nil
}
