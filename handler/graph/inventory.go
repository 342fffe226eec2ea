package graph

import (
	"context"
	"strings"
	"time"
)

type principalRow struct {
	ID          *string `json:"id"`
	AppID       *string `json:"appId"`
	DisplayName *string `json:"displayName"`
	Type        *string `json:"servicePrincipalType"`
	OwnerTenant *string `json:"appOwnerOrganizationId"`
	Enabled     *bool   `json:"accountEnabled"`
}

type consentedRow struct {
	ID            *string `json:"id"`
	PrincipalID   *string `json:"principalId"`
	PrincipalType *string `json:"principalType"`
	PrincipalName *string `json:"principalDisplayName"`
	ResourceID    *string `json:"resourceId"`
	ResourceName  *string `json:"resourceDisplayName"`
	AppRoleID     *string `json:"appRoleId"`
	CreatedAt     *string `json:"createdDateTime"`
}

// ListServicePrincipals returns every service principal of the tenant, Microsoft's
// own among them. The error is an [Error], of kind [Incomplete] when not every page
// could be had.
func (c *Client) ListServicePrincipals(ctx context.Context) ([]ServicePrincipal, error) {
	asked := c.inquire("list service principals", "all")
	return collection(ctx, c, asked, listing[principalRow, ServicePrincipal]{
		path:    "/servicePrincipals",
		options: query{"select": strings.Join(principalFields(), ","), "top": largestPage},
		take:    (*inquiry).listedPrincipal,
		key:     func(principal ServicePrincipal) string { return principal.ObjectID },
	})
}

func (i *inquiry) listedPrincipal(row principalRow) (ServicePrincipal, error) {
	objectID, err := i.guid("id", row.ID)
	if err != nil {
		return ServicePrincipal{}, err
	}
	appID, err := i.guid("appId", row.AppID)
	if err != nil {
		return ServicePrincipal{}, err
	}
	principal := ServicePrincipal{
		ObjectID: objectID, AppID: appID, DisplayName: textOf(row.DisplayName),
		Type: textOf(row.Type), Enabled: isTrue(row.Enabled),
	}
	if textOf(row.OwnerTenant) == "" {
		return principal, nil
	}
	principal.OwnerTenant, err = i.guid("appOwnerOrganizationId", row.OwnerTenant)
	if err != nil {
		return ServicePrincipal{}, err
	}
	return principal, nil
}

// ListConsentsTo returns every app role of the resource with this object id that
// is assigned to anybody: who holds what. The list can lag behind
// [Client.ListConsents] of a single holder. The error is an [Error]: of kind
// [NotFound] when there is no such resource, [Incomplete] when not every page could
// be had or a row is about another resource, [BadRequest] when the id is not a
// GUID.
func (c *Client) ListConsentsTo(ctx context.Context, resourceObjectID string) ([]Consent, error) {
	asked := c.inquire("list consents to resource", resourceObjectID)
	resource, err := asked.identifier()
	if err != nil {
		return nil, err
	}
	return collection(ctx, c, asked, listing[consentedRow, Consent]{
		path:    "/servicePrincipals/" + resource + "/appRoleAssignedTo",
		options: query{"top": largestPage},
		take: func(i *inquiry, row consentedRow) (Consent, error) {
			err := i.same("resourceId", resource, textOf(row.ResourceID))
			if err != nil {
				return Consent{}, err
			}
			return i.consented(row)
		},
		key: func(consent Consent) string { return consent.ID },
	})
}

func (i *inquiry) consented(row consentedRow) (Consent, error) {
	principal, err := i.guid("principalId", row.PrincipalID)
	if err != nil {
		return Consent{}, err
	}
	resource, err := i.guid("resourceId", row.ResourceID)
	if err != nil {
		return Consent{}, err
	}
	role, err := i.guid("appRoleId", row.AppRoleID)
	if err != nil {
		return Consent{}, err
	}
	created, err := i.moment("createdDateTime", row.CreatedAt)
	if err != nil {
		return Consent{}, err
	}
	if textOf(row.ID) == "" {
		return Consent{}, i.fail(Incomplete, "a row lacks its id")
	}
	return Consent{
		ID: textOf(row.ID), PrincipalID: principal, PrincipalType: textOf(row.PrincipalType), PrincipalName: textOf(row.PrincipalName),
		ResourceID: resource, ResourceName: textOf(row.ResourceName), AppRoleID: role, CreatedAt: created,
	}, nil
}

func (i *inquiry) moment(name string, value *string) (time.Time, error) {
	if textOf(value) == "" {
		return time.Time{}, nil
	}
	moment, err := time.Parse(time.RFC3339, textOf(value))
	if err != nil {
		return time.Time{}, i.fail(Incomplete, "the answer's %s is %q, not a time", name, printable(textOf(value), 80))
	}
	return moment.UTC(), nil
}
