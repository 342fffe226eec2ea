package graph

import (
	"context"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipalswithappid"
)

// ServicePrincipal is an enterprise application: the identity of an application
// in this tenant, and the thing that holds consents.
type ServicePrincipal struct {
	// ObjectID is the enterprise application's object id, a lower-case GUID;
	// never empty.
	ObjectID string
	// AppID is the application's (client) id, a lower-case GUID; never empty.
	AppID string
	// DisplayName is for people and may be anyone's choice; may be empty.
	DisplayName string
	// Type is the service's word: Application, ManagedIdentity, Legacy,
	// SocialIdp, or one to come; empty when the service did not say.
	Type string
	// OwnerTenant is the tenant where the application is registered, a
	// lower-case GUID; empty for a managed identity and when not said.
	OwnerTenant string
	// Enabled is whether it may sign in; false when the service did not say.
	Enabled bool
}

// FindServicePrincipalByAppID returns the tenant's service principal of the
// application with this app id. The error is an [Error]: of kind [NotFound] when
// the application has no service principal in this tenant, [BadRequest] when
// appID is not a GUID.
func (c *Client) FindServicePrincipalByAppID(ctx context.Context, appID string) (ServicePrincipal, error) {
	inquiry := c.inquire("find service principal by app id", appID)
	found, err := c.principalByAppID(ctx, inquiry, principalFields())
	if err != nil {
		return ServicePrincipal{}, err
	}
	return inquiry.principal(found)
}

// FindServicePrincipal returns the service principal with this object id. The
// error is an [Error]: of kind [NotFound] when there is none, also when the id
// is that of an app registration (see [Client.FindApplication]), [BadRequest]
// when objectID is not a GUID.
func (c *Client) FindServicePrincipal(ctx context.Context, objectID string) (ServicePrincipal, error) {
	inquiry := c.inquire("find service principal by object id", objectID)
	id, err := inquiry.identifier()
	if err != nil {
		return ServicePrincipal{}, err
	}
	query := serviceprincipals.ServicePrincipalItemRequestBuilderGetQueryParameters{Select: principalFields()}
	found, err := read(ctx, inquiry, func(ctx context.Context) (models.ServicePrincipalable, error) {
		return c.servicePrincipals().ByServicePrincipalId(id).Get(ctx,
			&serviceprincipals.ServicePrincipalItemRequestBuilderGetRequestConfiguration{QueryParameters: &query})
	})
	if err != nil {
		return ServicePrincipal{}, err
	}
	err = inquiry.same("id", id, textOf(found.GetId()))
	if err != nil {
		return ServicePrincipal{}, err
	}
	return inquiry.principal(found)
}

func principalFields() []string {
	return []string{"id", "appId", "displayName", "servicePrincipalType", "appOwnerOrganizationId", "accountEnabled"}
}

func (c *Client) servicePrincipals() *serviceprincipals.ServicePrincipalsRequestBuilder {
	return serviceprincipals.NewServicePrincipalsRequestBuilderInternal(map[string]string{}, c.adapter)
}

// principalByAppID uses the alternate key, which is consistent where a filter
// over the collection may lag behind.
func (c *Client) principalByAppID(ctx context.Context, inquiry *inquiry, fields []string) (models.ServicePrincipalable, error) {
	appID, err := inquiry.identifier()
	if err != nil {
		return nil, err
	}
	query := serviceprincipalswithappid.ServicePrincipalsWithAppIdRequestBuilderGetQueryParameters{Select: fields}
	found, err := read(ctx, inquiry, func(ctx context.Context) (models.ServicePrincipalable, error) {
		builder := serviceprincipalswithappid.NewServicePrincipalsWithAppIdRequestBuilderInternal(map[string]string{}, c.adapter, &appID)
		return builder.Get(ctx,
			&serviceprincipalswithappid.ServicePrincipalsWithAppIdRequestBuilderGetRequestConfiguration{QueryParameters: &query})
	})
	if err != nil {
		return nil, err
	}
	err = inquiry.same("appId", appID, textOf(found.GetAppId()))
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (i *inquiry) principal(found models.ServicePrincipalable) (ServicePrincipal, error) {
	objectID, err := i.guid("id", found.GetId())
	if err != nil {
		return ServicePrincipal{}, err
	}
	appID, err := i.guid("appId", found.GetAppId())
	if err != nil {
		return ServicePrincipal{}, err
	}
	enabled := found.GetAccountEnabled()
	return ServicePrincipal{
		ObjectID:    objectID,
		AppID:       appID,
		DisplayName: textOf(found.GetDisplayName()),
		Type:        textOf(found.GetServicePrincipalType()),
		OwnerTenant: identifierOf(found.GetAppOwnerOrganizationId()),
		Enabled:     enabled != nil && *enabled,
	}, nil
}
