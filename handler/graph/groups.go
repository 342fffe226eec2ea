package graph

import (
	"context"
	"slices"
)

// Group is a group of the directory. Whether Exchange knows it, and by which id,
// Exchange alone says.
type Group struct {
	// ObjectID is a lower-case GUID; never empty.
	ObjectID string
	// DisplayName is for people and need not be unique; may be empty.
	DisplayName string
	// Mail is the group's address as the directory writes it; empty without one.
	Mail string
	// MailEnabled and SecurityEnabled are false when the service did not say.
	MailEnabled, SecurityEnabled bool
	// Unified is whether it is a Microsoft 365 group, Dynamic whether a rule makes
	// its members.
	Unified, Dynamic bool
	// Visibility is the service's word for who may join and look: Public, Private,
	// HiddenMembership; empty when the service did not say.
	Visibility string
	// RoleAssignable is whether directory roles can be given to it; false when the
	// service did not say.
	RoleAssignable bool
}

type groupRow struct {
	ID              *string  `json:"id"`
	DisplayName     *string  `json:"displayName"`
	Mail            *string  `json:"mail"`
	MailEnabled     *bool    `json:"mailEnabled"`
	SecurityEnabled *bool    `json:"securityEnabled"`
	GroupTypes      []string `json:"groupTypes"`
	Visibility      *string  `json:"visibility"`
	RoleAssignable  *bool    `json:"isAssignableToRole"`
}

// FindGroup returns the group with this object id. The error is an [Error]: of
// kind [NotFound] when there is none, [BadRequest] when objectID is not a GUID.
func (c *Client) FindGroup(ctx context.Context, objectID string) (Group, error) {
	inquiry := c.inquire("find group", objectID).needing(roleForGroups)
	id, err := inquiry.identifier()
	if err != nil {
		return Group{}, err
	}
	found, err := object[groupRow](ctx, c, inquiry, "/groups/"+id,
		query{"select": "id,displayName,mail,mailEnabled,securityEnabled,groupTypes,visibility,isAssignableToRole"})
	if err != nil {
		return Group{}, err
	}
	err = inquiry.same("id", id, textOf(found.ID))
	if err != nil {
		return Group{}, err
	}
	return Group{
		ObjectID:        id,
		DisplayName:     textOf(found.DisplayName),
		Mail:            textOf(found.Mail),
		MailEnabled:     isTrue(found.MailEnabled),
		SecurityEnabled: isTrue(found.SecurityEnabled),
		Unified:         slices.Contains(found.GroupTypes, "Unified"),
		Dynamic:         slices.Contains(found.GroupTypes, "DynamicMembership"),
		Visibility:      textOf(found.Visibility),
		RoleAssignable:  isTrue(found.RoleAssignable),
	}, nil
}

// ListGroupMembers returns the direct members of the group with this object id;
// an empty list when the service says that there are none. Service principals
// can be missing: the service's v1.0 does not list them as members (Microsoft
// Graph, known issues), so that their absence proves nothing. The error is an
// [Error]: of kind [NotFound] when there is no such group, [Incomplete] when not
// every page could be had, [BadRequest] when the id is not a GUID.
func (c *Client) ListGroupMembers(ctx context.Context, objectID string) ([]Member, error) {
	return c.members(ctx, c.inquire("list members of group", objectID).needing(roleForGroups), "/groups/", "/members")
}

// ListGroupOwners returns the owners of the group with this object id, on the
// terms of [Client.ListGroupMembers]. Groups that Exchange manages (mail-enabled
// security groups, distribution lists) can have owners that only Exchange shows.
func (c *Client) ListGroupOwners(ctx context.Context, objectID string) ([]Member, error) {
	return c.members(ctx, c.inquire("list owners of group", objectID).needing(roleForGroups), "/groups/", "/owners")
}
