package exchange

import "context"

// ListManagementScopes reads every management scope of the tenant, whoever made it: the whole list
// or an error.
func (c *Client) ListManagementScopes(ctx context.Context) ([]ManagementScope, error) {
	asked := command{purpose: "list management scopes", cmdlet: "Get-ManagementScope", subject: "all", parameters: map[string]any{}}
	return listed(ctx, c, asked, decodeManagementScope, ManagementScope.complete)
}

// ListApplicationRoleAssignments reads the role assignments of every assignee of the tenant: the
// whole list or an error.
func (c *Client) ListApplicationRoleAssignments(ctx context.Context) ([]RoleAssignment, error) {
	asked := command{purpose: "list role assignments", cmdlet: "Get-ManagementRoleAssignment", subject: "all", parameters: map[string]any{}}
	return listed(ctx, c, asked, decodeRoleAssignment, RoleAssignment.complete)
}

func listed[T any](ctx context.Context, c *Client, asked command, decode func(row, string) T, complete func(T) bool) ([]T, error) {
	received, err := c.read(ctx, asked)
	if err != nil {
		return nil, err
	}
	all := make([]T, 0, len(received.rows))
	for _, properties := range received.rows {
		one := decode(properties, received.requestID)
		if !complete(one) {
			return nil, asked.doubt(received, Incomplete, "an object came without its name")
		}
		all = append(all, one)
	}
	return all, nil
}
