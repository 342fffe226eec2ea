package exchange

import "context"

// ListManagementScopes reads every management scope of the tenant, whoever made it: the whole list
// or an error.
func (c *Client) ListManagementScopes(ctx context.Context) ([]ManagementScope, error) {
	asked := command{purpose: "list management scopes", cmdlet: "Get-ManagementScope", subject: "all", long: true}
	return listed(ctx, c, asked, decodeManagementScope, ManagementScope.complete)
}

// ListServicePrincipals reads every pointer of the tenant, whoever made it: the whole list or an
// error. It is the only way to find applications that reach mailboxes by scoped roles alone, since
// those leave no trace in the directory.
func (c *Client) ListServicePrincipals(ctx context.Context) ([]ServicePrincipal, error) {
	asked := command{purpose: "list service principals' pointers", cmdlet: "Get-ServicePrincipal", subject: "all", long: true}
	return listed(ctx, c, asked, decodeServicePrincipal, ServicePrincipal.complete)
}

// ListApplicationRoleAssignments reads the role assignments of every assignee of the tenant: the
// whole list or an error.
func (c *Client) ListApplicationRoleAssignments(ctx context.Context) ([]RoleAssignment, error) {
	asked := command{purpose: "list role assignments", cmdlet: "Get-ManagementRoleAssignment", subject: "all", long: true}
	return listed(ctx, c, asked, decodeRoleAssignment, RoleAssignment.complete)
}

// listed reads a list of which every row must be usable: one that is not may hide anything.
func listed[T any](ctx context.Context, c *Client, asked command, decode func(row, string) T, complete func(T) bool) ([]T, error) {
	received, err := c.read(ctx, asked)
	if err != nil {
		return nil, err
	}
	all := make([]T, 0, len(received.rows))
	for _, properties := range received.rows {
		one := decode(properties, received.requestID)
		if !complete(one) {
			return nil, asked.doubt(received, Incomplete, "an object came without its identifying properties")
		}
		all = append(all, one)
	}
	return all, nil
}

// distinct refuses a list in which a row occurs twice: its pages were not cut from one list, and what
// was repeated at one place may be missing at another.
func distinct[T any](asked command, list []T, key func(T) string) ([]T, error) {
	seen := make(map[string]bool, len(list))
	for _, each := range list {
		if seen[key(each)] {
			return nil, asked.refuse(Incomplete, "object %q occurs twice in the list", key(each))
		}
		seen[key(each)] = true
	}
	return list, nil
}
