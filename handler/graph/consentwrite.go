package graph

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/google/uuid"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// textOfDuplicate is what the service says, under its code for any bad request,
// when the consent is there already (seen in public reports; no code of its own
// is published).
const textOfDuplicate = "permission being assigned already exists"

// AddConsent assigns an app role to the service principal with this object id,
// for the whole organization. The role is named by the app id of its resource,
// such as [GraphAppID], and by its value there, and is looked up in the
// resource's own list: the same value, and even the same role id, stands for
// different permissions on different resources.
//
// The consent is what the service answered. The request is sent once. The error
// is an [Error]: of kind [AlreadyExists] when the principal holds the role
// already, [NotFound] when the resource or the principal is not in this tenant,
// [BadRequest] when an id is not a GUID or the resource offers no such role,
// [Incomplete] when the role is not the only one with its value or the answer is
// about something else. [MayHaveActed] tells whether to read before going on.
func (c *Client) AddConsent(ctx context.Context, objectID, resourceAppID, value string) (Consent, error) {
	inquiry := c.inquire("add consent to service principal", objectID).needing(roleForConsents)
	principal, err := inquiry.identifier()
	if err != nil {
		return Consent{}, err
	}
	resource, err := c.FindResource(ctx, resourceAppID)
	if err != nil {
		return Consent{}, err
	}
	role, err := inquiry.roleByValue(resource, value)
	if err != nil {
		return Consent{}, err
	}
	wanted, err := inquiry.newAssignment(principal, resource.ObjectID, role.ID)
	if err != nil {
		return Consent{}, err
	}
	made, err := write(ctx, inquiry, func(ctx context.Context) (models.AppRoleAssignmentable, error) {
		return c.servicePrincipals().ByServicePrincipalId(resource.ObjectID).AppRoleAssignedTo().Post(ctx, wanted, nil)
	})
	if err != nil {
		return Consent{}, duplicate(err)
	}
	return inquiry.madeConsent(made, principal, resource.ObjectID, role.ID)
}

// roleByValue compares the case too, as tokens carry the value as it is.
func (i *inquiry) roleByValue(resource Resource, value string) (AppRole, error) {
	var found []AppRole
	for _, role := range resource.AppRoles {
		if value != "" && role.Value == value {
			found = append(found, role)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return AppRole{}, i.fail(BadRequest, "not sent: resource %s has no app role %q", resource.AppID, printable(value, 80))
	default:
		return AppRole{}, i.fail(Incomplete, "not sent: resource %s has %d app roles %q", resource.AppID, len(found), printable(value, 80))
	}
}

func (i *inquiry) newAssignment(principal, resource, role string) (models.AppRoleAssignmentable, error) {
	var ids [3]uuid.UUID
	for at, text := range []string{principal, resource, role} {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, i.fail(Incomplete, "not sent: %q is not a GUID", printable(text, 80))
		}
		ids[at] = id
	}
	wanted := models.NewAppRoleAssignment()
	// The documented body has the three ids and nothing else.
	wanted.SetOdataType(nil)
	wanted.SetPrincipalId(&ids[0])
	wanted.SetResourceId(&ids[1])
	wanted.SetAppRoleId(&ids[2])
	return wanted, nil
}

func duplicate(err error) error {
	var failure *Error
	if errors.As(err, &failure) && failure.Kind == BadRequest && strings.Contains(strings.ToLower(failure.Message), textOfDuplicate) {
		failure.Kind = AlreadyExists
	}
	return err
}

// madeConsent checks that what was made is what was asked for. Where it is not,
// something was written all the same.
func (i *inquiry) madeConsent(made models.AppRoleAssignmentable, principal, resource, role string) (Consent, error) {
	consent, err := i.consent(made, principal)
	if err == nil {
		err = i.same("resourceId", resource, consent.ResourceID)
	}
	if err == nil {
		err = i.same("appRoleId", role, consent.AppRoleID)
	}
	var failure *Error
	if errors.As(err, &failure) {
		failure.MayHaveActed = true
		return Consent{}, failure
	}
	return consent, nil
}

// consentShape is base64url, as ids of assignments are. It is checked because an
// empty id would name the whole collection.
var consentShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// RemoveConsent removes from the service principal with this object id the
// consent with this id, as [Client.ListConsents] returned it. The request is sent
// once. The error is an [Error]: of kind [NotFound] when there is no such consent
// or principal, [BadRequest] when one of the ids cannot be one. [MayHaveActed]
// tells whether to read before going on. Tokens that were minted before live on.
func (c *Client) RemoveConsent(ctx context.Context, objectID, consentID string) error {
	inquiry := c.inquire("remove consent of service principal", objectID).needing(roleForConsents)
	principal, err := inquiry.identifier()
	if err != nil {
		return err
	}
	if !consentShape.MatchString(consentID) {
		return inquiry.fail(BadRequest, "not sent: %q is not the id of a consent", printable(consentID, 80))
	}
	_, err = write(ctx, inquiry, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.servicePrincipals().ByServicePrincipalId(principal).AppRoleAssignments().
			ByAppRoleAssignmentId(consentID).Delete(ctx, nil)
	})
	return err
}
