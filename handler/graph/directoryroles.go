package graph

import "context"

// DirectoryRoleAssignment gives a directory role to a principal. A role that is
// only eligible, and not active, does not appear.
type DirectoryRoleAssignment struct {
	// ID names the assignment; opaque, case-sensitive, never empty.
	ID string
	// PrincipalID is the holder's object id, a lower-case GUID: of a user, a
	// service principal or a group, whose members then hold the role.
	PrincipalID string
	// RoleDefinitionID says which role, a lower-case GUID; of a built-in role the
	// template's id, the same in every tenant.
	RoleDefinitionID string
	// Scope is "/" for the whole directory, else the path of what the role is
	// limited to; never empty.
	Scope string
}

// DirectoryRole is a role that can be assigned in the directory.
type DirectoryRole struct {
	// ID is what an assignment's RoleDefinitionID refers to, a lower-case GUID.
	ID string
	// TemplateID is the same in every tenant for a built-in role; empty when the
	// service did not say.
	TemplateID string
	// Name is the role's display name; may be empty.
	Name string
	// BuiltIn is false for a tenant's own role, and when the service did not say.
	BuiltIn bool
}

type assignmentRow struct {
	ID               *string `json:"id"`
	PrincipalID      *string `json:"principalId"`
	RoleDefinitionID *string `json:"roleDefinitionId"`
	Scope            *string `json:"directoryScopeId"`
	// AppScope limits a role to something of an application's own.
	AppScope *string `json:"appScopeId"`
}

type definitionRow struct {
	ID         *string `json:"id"`
	TemplateID *string `json:"templateId"`
	Name       *string `json:"displayName"`
	BuiltIn    *bool   `json:"isBuiltIn"`
}

const assignmentsPath = "/roleManagement/directory/roleAssignments"

// ListDirectoryRoleAssignments returns the directory roles that are assigned to
// the principal with this object id itself; those that it holds by a group are
// the group's. An empty list is a valid answer, also for an id that is nobody's.
// The error is an [Error]: of kind [Incomplete] when not every page could be had
// or a row belongs to someone else, [BadRequest] when the id is not a GUID.
func (c *Client) ListDirectoryRoleAssignments(ctx context.Context, principalObjectID string) ([]DirectoryRoleAssignment, error) {
	asked := c.inquire("list directory roles of principal", principalObjectID).needing(roleForDirectory)
	principal, err := asked.identifier()
	if err != nil {
		return nil, err
	}
	return c.assignments(ctx, asked, query{"filter": "principalId eq '" + principal + "'"},
		func(i *inquiry, row assignmentRow) (DirectoryRoleAssignment, error) {
			err := i.same("principalId", principal, textOf(row.PrincipalID))
			if err != nil {
				return DirectoryRoleAssignment{}, err
			}
			return i.assignment(row)
		})
}

// ListAllDirectoryRoleAssignments returns the active assignments of directory
// roles to everybody. The error is an [Error], of kind [Incomplete] when not every
// page could be had.
func (c *Client) ListAllDirectoryRoleAssignments(ctx context.Context) ([]DirectoryRoleAssignment, error) {
	asked := c.inquire("list directory roles", "all").needing(roleForDirectory)
	return c.assignments(ctx, asked, nil, (*inquiry).assignment)
}

func (c *Client) assignments(ctx context.Context, i *inquiry, options query,
	take func(*inquiry, assignmentRow) (DirectoryRoleAssignment, error)) ([]DirectoryRoleAssignment, error) {
	return collection(ctx, c, i, listing[assignmentRow, DirectoryRoleAssignment]{
		path: assignmentsPath, options: options, take: take,
		key: func(assignment DirectoryRoleAssignment) string { return assignment.ID },
	})
}

func (i *inquiry) assignment(row assignmentRow) (DirectoryRoleAssignment, error) {
	principal, err := i.guid("principalId", row.PrincipalID)
	if err != nil {
		return DirectoryRoleAssignment{}, err
	}
	definition, err := i.guid("roleDefinitionId", row.RoleDefinitionID)
	if err != nil {
		return DirectoryRoleAssignment{}, err
	}
	scope := textOf(row.Scope)
	if scope == "" {
		scope = textOf(row.AppScope)
	}
	if textOf(row.ID) == "" || scope == "" {
		return DirectoryRoleAssignment{}, i.fail(Incomplete, "a row lacks id or scope")
	}
	return DirectoryRoleAssignment{ID: textOf(row.ID), PrincipalID: principal, RoleDefinitionID: definition, Scope: scope}, nil
}

// ListDirectoryRoles returns every role that the directory has, built in or the
// tenant's own. The error is an [Error], of kind [Incomplete] when not every page
// could be had.
func (c *Client) ListDirectoryRoles(ctx context.Context) ([]DirectoryRole, error) {
	asked := c.inquire("list directory role definitions", "all").needing(roleForDirectory)
	return collection(ctx, c, asked, listing[definitionRow, DirectoryRole]{
		path:    "/roleManagement/directory/roleDefinitions",
		options: query{"select": "id,templateId,displayName,isBuiltIn"},
		take:    (*inquiry).definition,
		key:     func(role DirectoryRole) string { return role.ID },
	})
}

func (i *inquiry) definition(row definitionRow) (DirectoryRole, error) {
	id, err := i.guid("id", row.ID)
	if err != nil {
		return DirectoryRole{}, err
	}
	role := DirectoryRole{ID: id, Name: textOf(row.Name), BuiltIn: isTrue(row.BuiltIn)}
	if textOf(row.TemplateID) == "" {
		return role, nil
	}
	role.TemplateID, err = i.guid("templateId", row.TemplateID)
	if err != nil {
		return DirectoryRole{}, err
	}
	return role, nil
}
