package graph

import (
	"context"
	"strings"
)

// The types of members that matter here.
const (
	MemberUser             = "user"
	MemberGroup            = "group"
	MemberServicePrincipal = "servicePrincipal"
)

// Member is an object in a group or an administrative unit. Of an object that our
// identity may not read, the service tells only type and id.
type Member struct {
	// ObjectID is a lower-case GUID; never empty.
	ObjectID string
	// Type is the service's word without its namespace: [MemberUser],
	// [MemberGroup], [MemberServicePrincipal], device, orgContact, or one to come;
	// never empty.
	Type string
	// DisplayName is for people; may be empty.
	DisplayName string
	// Mail is an address as the directory writes it; empty without one.
	Mail string
	// UserPrincipalName is a user's sign-in name; empty for other types.
	UserPrincipalName string
	// AppID is a service principal's application, a lower-case GUID; empty for
	// other types and when the service did not say.
	AppID string
}

type memberRow struct {
	ID                *string `json:"id"`
	Type              *string `json:"@odata.type"`
	DisplayName       *string `json:"displayName"`
	Mail              *string `json:"mail"`
	UserPrincipalName *string `json:"userPrincipalName"`
	AppID             *string `json:"appId"`
}

// members reads one list of the object that the inquiry is about.
func (c *Client) members(ctx context.Context, i *inquiry, before, after string) ([]Member, error) {
	id, err := i.identifier()
	if err != nil {
		return nil, err
	}
	return collection(ctx, c, i, listing[memberRow, Member]{
		path:    before + id + after,
		options: query{"top": largestPage},
		take:    (*inquiry).member,
		key:     func(member Member) string { return member.ObjectID },
	})
}

func (i *inquiry) member(row memberRow) (Member, error) {
	id, err := i.guid("member's id", row.ID)
	if err != nil {
		return Member{}, err
	}
	kind, isGraph := strings.CutPrefix(textOf(row.Type), "#microsoft.graph.")
	if !isGraph || kind == "" {
		return Member{}, i.fail(Incomplete, "member %s has the type %q", id, printable(textOf(row.Type), 80))
	}
	member := Member{
		ObjectID: id, Type: kind, DisplayName: textOf(row.DisplayName),
		Mail: textOf(row.Mail), UserPrincipalName: textOf(row.UserPrincipalName),
	}
	if textOf(row.AppID) == "" {
		return member, nil
	}
	member.AppID, err = i.guid("member's appId", row.AppID)
	if err != nil {
		return Member{}, err
	}
	return member, nil
}
