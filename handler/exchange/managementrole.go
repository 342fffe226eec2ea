package exchange

import (
	"context"
	"strings"
)

// applicationRolePrefix begins the names of all roles that can be given to applications (Microsoft
// Learn, Role Based Access Control for Applications, Supported application roles).
const applicationRolePrefix = "Application"

// ManagementRole is a role of Exchange that can be assigned.
type ManagementRole struct {
	// Name is the role's name: "Application Mail.Send".
	Name string
	// GUID is in lower case; "" when it was not returned.
	GUID string
	// RoleType is the tenant's word for what the role is derived from; "" when it was not returned.
	RoleType string
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

func decodeManagementRole(properties row, requestID string) ManagementRole {
	return ManagementRole{
		Name:      properties.text("Name"),
		GUID:      properties.guid("Guid"),
		RoleType:  properties.text("RoleType"),
		RequestID: requestID,
	}
}

func (r ManagementRole) complete() bool { return r.Name != "" }

// ListManagementRoles reads the roles of the tenant whose names begin with "Application": those that
// can be given to applications, and leftovers of ApplicationImpersonation. It is the authority on
// which roles a tenant has. Roles of other names are left out, also when they were returned.
func (c *Client) ListManagementRoles(ctx context.Context) ([]ManagementRole, error) {
	asked := command{
		purpose: "list application roles", cmdlet: "Get-ManagementRole", subject: applicationRolePrefix + "*", long: true,
		parameters: map[string]any{"Identity": applicationRolePrefix + "*"},
	}
	all, err := listed(ctx, c, asked, decodeManagementRole, ManagementRole.complete)
	if err != nil {
		return nil, err
	}
	roles := make([]ManagementRole, 0, len(all))
	for _, role := range all {
		if strings.HasPrefix(role.Name, applicationRolePrefix) {
			roles = append(roles, role)
		}
	}
	return distinct(asked, roles, func(each ManagementRole) string { return strings.ToLower(each.Name) })
}
