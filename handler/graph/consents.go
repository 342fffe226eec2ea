package graph

import (
	"context"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"
)

// Consent is one app role assigned directly to a principal: an organization-wide
// permission, when that is a service principal. ResourceID and AppRoleID
// together say which.
type Consent struct {
	// ID names the assignment; opaque, case-sensitive, never empty.
	ID string
	// PrincipalID is the holder's object id, a lower-case GUID.
	PrincipalID string
	// PrincipalType is the service's word: ServicePrincipal, User or Group; empty
	// when the service did not say. The last two may use the application and hold
	// no permission by it.
	PrincipalType string
	// PrincipalName is for people; may be empty.
	PrincipalName string
	// ResourceID is the object id of the API's service principal, a lower-case
	// GUID; never empty.
	ResourceID string
	// ResourceName is for people; may be empty.
	ResourceName string
	// AppRoleID is a lower-case GUID; all zeros means access without any role.
	AppRoleID string
	// CreatedAt is in UTC; zero when the service did not say.
	CreatedAt time.Time
}

// ListConsents returns every app role assigned to the service principal with
// this object id, in the order of the answer; an empty list when the service
// says that there are none. The error is an [Error]: of kind [NotFound] when
// there is no such principal, [Incomplete] when not every page could be had or a
// row belongs to someone else, [BadRequest] when the id is not a GUID. With an
// error there is no list.
func (c *Client) ListConsents(ctx context.Context, principalObjectID string) ([]Consent, error) {
	inquiry := c.inquire("list consents of service principal", principalObjectID)
	principal, err := inquiry.identifier()
	if err != nil {
		return nil, err
	}
	consents := []Consent{}
	for pages := newWalk(inquiry, c.endpoint); !pages.done; {
		page, err := read(ctx, inquiry, c.consentPage(principal, pages.link))
		if err != nil {
			return nil, err
		}
		consents, err = inquiry.appendConsents(consents, page.GetValue(), principal)
		if err != nil {
			return nil, err
		}
		err = pages.follow(page.GetOdataNextLink())
		if err != nil {
			return nil, err
		}
	}
	err = inquiry.distinct(consents)
	if err != nil {
		return nil, err
	}
	return consents, nil
}

// consentPage asks for the first page, or for the one behind a link.
func (c *Client) consentPage(principal, link string) func(context.Context) (models.AppRoleAssignmentCollectionResponseable, error) {
	return func(ctx context.Context) (models.AppRoleAssignmentCollectionResponseable, error) {
		if link != "" {
			return serviceprincipals.NewItemAppRoleAssignmentsRequestBuilder(link, c.adapter).Get(ctx, nil)
		}
		return c.servicePrincipals().ByServicePrincipalId(principal).AppRoleAssignments().Get(ctx, nil)
	}
}

func (i *inquiry) appendConsents(consents []Consent, rows []models.AppRoleAssignmentable, principal string) ([]Consent, error) {
	if rows == nil {
		return nil, i.fail(Incomplete, "a page has no value")
	}
	for _, row := range rows {
		consent, err := i.consent(row, principal)
		if err != nil {
			return nil, err
		}
		consents = append(consents, consent)
	}
	return consents, nil
}

func (i *inquiry) consent(row models.AppRoleAssignmentable, principal string) (Consent, error) {
	if row == nil || textOf(row.GetId()) == "" || row.GetResourceId() == nil || row.GetAppRoleId() == nil {
		return Consent{}, i.fail(Incomplete, "a row lacks id, resourceId or appRoleId")
	}
	err := i.same("principalId", principal, identifierOf(row.GetPrincipalId()))
	if err != nil {
		return Consent{}, err
	}
	return Consent{
		ID:            textOf(row.GetId()),
		PrincipalID:   principal,
		PrincipalType: textOf(row.GetPrincipalType()),
		PrincipalName: textOf(row.GetPrincipalDisplayName()),
		ResourceID:    identifierOf(row.GetResourceId()),
		ResourceName:  textOf(row.GetResourceDisplayName()),
		AppRoleID:     identifierOf(row.GetAppRoleId()),
		CreatedAt:     timeOf(row.GetCreatedDateTime()),
	}, nil
}

// distinct refuses a list in which a row occurs twice: the pages were not cut
// from one list, and what was repeated at one place may be missing at another.
func (i *inquiry) distinct(consents []Consent) error {
	seen := make(map[string]bool, len(consents))
	for _, consent := range consents {
		if seen[consent.ID] {
			return i.fail(Incomplete, "assignment %q occurs on two pages", printable(consent.ID, 80))
		}
		seen[consent.ID] = true
	}
	return nil
}
