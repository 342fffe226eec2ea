package engine

import (
	"context"

	"mailgrant/handler/access"
	"mailgrant/handler/graph"
)

// readDirectoryRoles reads the active directory roles of one principal, or of everybody
// where none is given. A role that is limited to a part of the directory is told with
// its limit: what its holder can do with it is then not known.
func (e *Engine) readDirectoryRoles(ctx context.Context, principal string) ([]heldRole, error) {
	list := e.Graph.ListAllDirectoryRoleAssignments
	if principal != "" {
		list = func(ctx context.Context) ([]graph.DirectoryRoleAssignment, error) {
			return e.Graph.ListDirectoryRoleAssignments(ctx, principal)
		}
	}
	assigned, err := list(ctx)
	if err != nil || len(assigned) == 0 {
		return nil, err
	}
	defined, err := e.Graph.ListDirectoryRoles(ctx)
	if err != nil {
		return nil, err
	}
	byID := map[string]graph.DirectoryRole{}
	for _, role := range defined {
		byID[role.ID] = role
	}
	held := make([]heldRole, len(assigned))
	for i, one := range assigned {
		role := byID[one.RoleDefinitionID]
		made := access.AdministratorRole{ID: firstOf(role.TemplateID, one.RoleDefinitionID), Name: firstOf(role.Name, one.RoleDefinitionID)}
		held[i] = heldRole{Holders: []string{one.PrincipalID}, Role: made}
		if one.Scope != "/" {
			held[i].Role, held[i].Limit = access.AdministratorRole{Name: made.Name + ", limited to " + one.Scope}, one.Scope
		}
	}
	return held, nil
}

// readRoleGroups reads the members of every role group that has any.
func (e *Engine) readRoleGroups(ctx context.Context) ([]heldRole, error) {
	groups, err := e.Exchange.ListRoleGroups(ctx)
	if err != nil {
		return nil, err
	}
	var held []heldRole
	for _, group := range groups {
		if len(group.Members) == 0 {
			continue
		}
		members, err := e.Exchange.ListRoleGroupMembers(ctx, firstOf(group.GUID, group.Name))
		if err != nil {
			return nil, err
		}
		for _, member := range members {
			held = append(held, heldRole{Role: access.AdministratorRole{Name: group.Name},
				Holders: []string{member.ExternalDirectoryObjectID, member.GUID, member.Name, member.DisplayName}})
		}
	}
	return held, nil
}
