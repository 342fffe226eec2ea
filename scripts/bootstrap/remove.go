package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/identity"
	"mailgrant/scripts/administer"
)

// remove takes back what the record holds, newest first. What is gone already is fine.
func (b *bootstrap) remove(ctx context.Context) error {
	if len(b.record.Made) == 0 {
		return fmt.Errorf("%s is not there, so it is not known what was made: name the file with -record. Nothing was changed", b.options.record)
	}
	newestFirst := slices.Clone(b.record.Made)
	slices.Reverse(newestFirst)
	fmt.Fprintf(b.out, "The service can take no access back once these are gone: hand every grant back first (GET /api/grants).\nTo be taken from the identity %s; a minute:\n", b.options.identity)
	for _, each := range newestFirst {
		fmt.Fprintf(b.out, "  %s %s\n", each.Kind, each.Name)
	}
	err := b.agreed("Take this back in the tenant " + b.options.tenant + "?")
	if err != nil {
		return err
	}
	fmt.Fprintln(b.out)
	for _, each := range newestFirst {
		if !b.record.has(each) {
			continue
		}
		err := b.undo(ctx, each)
		if err != nil {
			return fmt.Errorf("taking back %s %s: %w\nWhat is left is in %s: run this again", each.Kind, each.Name, err, b.options.record)
		}
		err = b.record.drop(each)
		if err != nil {
			return err
		}
		fmt.Fprintf(b.out, "  taken back: %s %s\n", each.Kind, each.Name)
	}
	fmt.Fprintln(b.out, "Nothing that was given is left. Tokens that were minted before live on, for up to a day.")
	return nil
}

// undo removes one thing. Absent, by the tenant's own word, is as good as removed.
func (b *bootstrap) undo(ctx context.Context, one made) error {
	err := b.undoOnce(ctx, one)
	if administer.NotFound(err) {
		return nil
	}
	return err
}

func (b *bootstrap) undoOnce(ctx context.Context, one made) error {
	switch one.Kind {
	case kindAppRole:
		return b.takeAppRole(ctx, one)
	case kindDirectoryRole:
		return b.takeDirectoryRole(ctx)
	case kindPointer:
		return b.takePointer(ctx)
	case kindRoleGroup:
		return b.run(ctx, "Remove-RoleGroup", map[string]any{"Identity": one.Name, "Confirm": false, "BypassSecurityGroupManagerCheck": true})
	case kindMember:
		return b.run(ctx, "Remove-RoleGroupMember", map[string]any{"Identity": one.Group, "Member": one.Name, "Confirm": false, "BypassSecurityGroupManagerCheck": true})
	}
	return b.takeGroupRole(ctx, one)
}

func (b *bootstrap) takeAppRole(ctx context.Context, one made) error {
	found := seen{resources: map[string]resource{}}
	err := b.readGraph(ctx, &found)
	if err != nil {
		return err
	}
	held := found.holds(identity.AppRole{Resource: one.Resource, Value: one.Name})
	if held == nil {
		return nil
	}
	return b.tenant.Delete(ctx, "/servicePrincipals/"+b.options.identity+"/appRoleAssignments/"+held.ID)
}

func (b *bootstrap) takeDirectoryRole(ctx context.Context) error {
	found := seen{resources: map[string]resource{}}
	err := b.readGraph(ctx, &found)
	if err != nil {
		return err
	}
	held := found.administers()
	if held == nil {
		return nil
	}
	return b.tenant.Delete(ctx, "/roleManagement/directory/roleAssignments/"+held.ID)
}

// takePointer leaves a pointer that an assignment names: it would go with the pointer, or stay behind
// without one.
func (b *bootstrap) takePointer(ctx context.Context) error {
	rows, err := b.tenant.Run(ctx, "Get-ManagementRoleAssignment", map[string]any{"RoleAssignee": b.options.identity})
	if err != nil && !administer.NotFound(err) {
		return err
	}
	if len(rows) > 0 {
		return fmt.Errorf("the role assignment %q names the identity: remove it first, unless somebody needs it", rows[0].Text("Name"))
	}
	return b.run(ctx, "Remove-ServicePrincipal", map[string]any{"Identity": b.options.identity, "Confirm": false})
}

// takeGroupRole looks the assignment's name up: Exchange made it.
func (b *bootstrap) takeGroupRole(ctx context.Context, one made) error {
	rows, err := b.tenant.Run(ctx, "Get-ManagementRoleAssignment", map[string]any{"RoleAssignee": one.Group})
	if err != nil {
		return err
	}
	for _, row := range rows {
		delegating := strings.HasPrefix(row.Text("RoleAssignmentDelegationType"), "Delegating")
		if row.Text("Role") != one.Name || delegating != (one.Kind == kindHandOn) {
			continue
		}
		return b.run(ctx, "Remove-ManagementRoleAssignment", map[string]any{"Identity": row.Text("Identity"), "Confirm": false})
	}
	return nil
}
