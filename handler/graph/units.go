package graph

import "context"

// AdministrativeUnit is an administrative unit of the directory. Exchange sees it
// some time later.
type AdministrativeUnit struct {
	// ObjectID is a lower-case GUID; never empty.
	ObjectID string
	// DisplayName is for people and need not be unique; may be empty.
	DisplayName string
	// Visibility is HiddenMembership, or empty for a unit whose members everybody
	// may see.
	Visibility string
}

type unitRow struct {
	ID          *string `json:"id"`
	DisplayName *string `json:"displayName"`
	Visibility  *string `json:"visibility"`
}

// FindAdministrativeUnit returns the unit with this object id. The error is an
// [Error]: of kind [NotFound] when there is none, [BadRequest] when objectID is
// not a GUID.
func (c *Client) FindAdministrativeUnit(ctx context.Context, objectID string) (AdministrativeUnit, error) {
	inquiry := c.inquire("find administrative unit", objectID).needing(roleForUnits)
	id, err := inquiry.identifier()
	if err != nil {
		return AdministrativeUnit{}, err
	}
	found, err := object[unitRow](ctx, c, inquiry, "/directory/administrativeUnits/"+id, query{"select": "id,displayName,visibility"})
	if err != nil {
		return AdministrativeUnit{}, err
	}
	err = inquiry.same("id", id, textOf(found.ID))
	if err != nil {
		return AdministrativeUnit{}, err
	}
	return AdministrativeUnit{ObjectID: id, DisplayName: textOf(found.DisplayName), Visibility: textOf(found.Visibility)}, nil
}

// ListAdministrativeUnitMembers returns the members of the unit with this object
// id; users in a group that is a member are not members. An empty list is a valid
// answer. The error is an [Error]: of kind [NotFound] when there is no such unit,
// [Incomplete] when not every page could be had, [BadRequest] when the id is not a
// GUID.
func (c *Client) ListAdministrativeUnitMembers(ctx context.Context, objectID string) ([]Member, error) {
	inquiry := c.inquire("list members of administrative unit", objectID).needing(roleForUnits)
	return c.members(ctx, inquiry, "/directory/administrativeUnits/", "/members")
}
