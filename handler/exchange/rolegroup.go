package exchange

import "context"

// RoleGroup is a group whose members hold management roles.
type RoleGroup struct {
	// Name is unique in the tenant: "Organization Management".
	Name string
	// GUID is in lower case; "" when it was not returned.
	GUID string
	// DisplayName is for people.
	DisplayName string
	// Members are names, not ids; see ListRoleGroupMembers.
	Members []string
	// Roles are the names of the roles that the members hold.
	Roles []string
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

// RoleGroupMember is who holds the roles of a role group.
type RoleGroupMember struct {
	// Name is what Exchange shows; for a service principal it can be its object id (inferred).
	Name string
	// GUID is the member's id in Exchange, in lower case; "" when it was not returned.
	GUID string
	// ExternalDirectoryObjectID is the object id in the Entra directory, in lower case; "" when it was
	// not returned.
	ExternalDirectoryObjectID string
	// DisplayName is for people.
	DisplayName string
	// Type is the detailed type, else the coarse one; "" when neither was returned.
	Type string
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

func decodeRoleGroup(properties row, requestID string) RoleGroup {
	return RoleGroup{
		Name:        properties.text("Name"),
		GUID:        properties.guid("Guid"),
		DisplayName: properties.text("DisplayName"),
		Members:     properties.list("Members"),
		Roles:       properties.list("Roles"),
		RequestID:   requestID,
	}
}

func decodeRoleGroupMember(properties row, requestID string) RoleGroupMember {
	member := RoleGroupMember{
		Name:                      properties.text("Name"),
		GUID:                      properties.guid("Guid"),
		ExternalDirectoryObjectID: properties.guid("ExternalDirectoryObjectId"),
		DisplayName:               properties.text("DisplayName"),
		Type:                      properties.text("RecipientTypeDetails"),
		RequestID:                 requestID,
	}
	if member.Type == "" {
		member.Type = properties.text("RecipientType")
	}
	return member
}

func (g RoleGroup) complete() bool { return g.Name != "" }

// complete asks for any identification: which ones are shown of a service principal is not published.
func (m RoleGroupMember) complete() bool {
	return m.Name != "" || m.GUID != "" || m.ExternalDirectoryObjectID != ""
}

// ListRoleGroups reads every role group of the tenant: the whole list or an error.
func (c *Client) ListRoleGroups(ctx context.Context) ([]RoleGroup, error) {
	asked := command{purpose: "list role groups", cmdlet: "Get-RoleGroup", subject: "all", long: true}
	return listed(ctx, c, asked, decodeRoleGroup, RoleGroup.complete)
}

// ListRoleGroupMembers reads the members of the role group with this name or GUID: the whole list or
// an error. A missing group gives kind NotFound. Groups among the members are not opened.
func (c *Client) ListRoleGroupMembers(ctx context.Context, identity string) ([]RoleGroupMember, error) {
	asked := command{
		purpose: "list the members of a role group", cmdlet: "Get-RoleGroupMember", subject: identity, long: true,
		parameters: map[string]any{"Identity": identity, "ResultSize": "Unlimited"},
	}
	refused := asked.checkIdentity(identity)
	if refused != nil {
		return nil, refused
	}
	return listed(ctx, c, asked, decodeRoleGroupMember, RoleGroupMember.complete)
}
