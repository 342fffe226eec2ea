package graph

import "context"

// User is a person or a shared mailbox's account in the directory.
type User struct {
	// ObjectID is a lower-case GUID; never empty.
	ObjectID string
	// DisplayName is for people; may be empty.
	DisplayName string
	// Mail is an address as the directory writes it; empty without one.
	Mail string
	// UserPrincipalName is the sign-in name; empty when the service did not say.
	UserPrincipalName string
}

type userRow struct {
	ID                *string `json:"id"`
	DisplayName       *string `json:"displayName"`
	Mail              *string `json:"mail"`
	UserPrincipalName *string `json:"userPrincipalName"`
}

// FindUser returns the user with this object id. The error is an [Error]: of kind
// [NotFound] when there is none, [BadRequest] when objectID is not a GUID.
func (c *Client) FindUser(ctx context.Context, objectID string) (User, error) {
	inquiry := c.inquire("find user", objectID).needing(roleForUsers)
	id, err := inquiry.identifier()
	if err != nil {
		return User{}, err
	}
	found, err := object[userRow](ctx, c, inquiry, "/users/"+id, query{"select": "id,displayName,mail,userPrincipalName"})
	if err != nil {
		return User{}, err
	}
	err = inquiry.same("id", id, textOf(found.ID))
	if err != nil {
		return User{}, err
	}
	return User{
		ObjectID: id, DisplayName: textOf(found.DisplayName),
		Mail: textOf(found.Mail), UserPrincipalName: textOf(found.UserPrincipalName),
	}, nil
}
