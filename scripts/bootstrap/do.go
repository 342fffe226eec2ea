package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"mailgrant/handler/identity"
	"mailgrant/scripts/administer"
)

// How long Exchange may take until it finds what was just made (operators report minutes).
const (
	triesToFind = 10
	pauseToFind = 30 * time.Second
)

// do takes the steps in order. Where the tenant does not let a role group hand on application roles,
// it stops there and returns why: that is a reason to fall back, and no failure.
func (b *bootstrap) do(ctx context.Context, steps []step) (string, error) {
	fmt.Fprintln(b.out)
	for _, each := range steps {
		err := b.take(ctx, each)
		var refusal *administer.Refusal
		if each.Kind == kindHandOn && !each.takes && errors.As(err, &refusal) && refusal.Status == http.StatusBadRequest {
			return refusal.Error(), b.record.drop(each.made)
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", each.says, err)
		}
		fmt.Fprintf(b.out, "  done: %s\n", each.says)
	}
	return "", nil
}

func (b *bootstrap) take(ctx context.Context, one step) error {
	if one.takes {
		err := b.undo(ctx, one.made)
		if err != nil {
			return err
		}
		return b.record.drop(one.made)
	}
	err := b.record.add(one.made)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := b.send(ctx, one.made)
		if !administer.NotFound(err) || try == triesToFind {
			return err
		}
		fmt.Fprintf(b.out, "  Exchange does not find what was just made yet; trying again in %s\n", pauseToFind)
		err = b.wait(ctx, pauseToFind)
		if err != nil {
			return err
		}
	}
}

// send makes one thing.
func (b *bootstrap) send(ctx context.Context, one made) error {
	switch one.Kind {
	case kindAppRole:
		return b.giveAppRole(ctx, one)
	case kindDirectoryRole:
		var answer directoryRole
		return b.tenant.Post(ctx, "/roleManagement/directory/roleAssignments", map[string]any{
			"principalId": b.options.identity, "roleDefinitionId": exchangeAdministrator, "directoryScopeId": "/"}, &answer)
	case kindPointer:
		var principal struct{ AppID string }
		err := b.tenant.Get(ctx, "/servicePrincipals/"+b.options.identity+"?$select=appId", &principal)
		if err != nil {
			return err
		}
		return b.run(ctx, "New-ServicePrincipal", map[string]any{"AppId": principal.AppID, "ObjectId": b.options.identity, "DisplayName": one.Name})
	case kindRoleGroup:
		return b.run(ctx, "New-RoleGroup", map[string]any{"Name": one.Name, "Description": "mailgrant's own identity and nobody else; made by its bootstrap",
			"Roles": identity.ExchangeRolesFor(b.options.use), "Members": []string{b.options.identity}})
	case kindMember:
		return b.run(ctx, "Add-RoleGroupMember", map[string]any{"Identity": one.Group, "Member": one.Name, "BypassSecurityGroupManagerCheck": true})
	case kindGroupRole:
		return b.run(ctx, "New-ManagementRoleAssignment", map[string]any{"SecurityGroup": one.Group, "Role": one.Name})
	case kindHandOn:
		return b.run(ctx, "New-ManagementRoleAssignment", map[string]any{"SecurityGroup": one.Group, "Role": one.Name, "Delegating": true})
	}
	return fmt.Errorf("nothing is known about %q", one.Kind)
}

func (b *bootstrap) giveAppRole(ctx context.Context, one made) error {
	api := map[string]string{identity.Graph: administer.GraphAppID, identity.Exchange: administer.ExchangeAppID}[one.Resource]
	var found resource
	err := b.tenant.Get(ctx, "/servicePrincipals(appId='"+api+"')?$select=id,appRoles", &found)
	if err != nil {
		return err
	}
	var answer assigned
	return b.tenant.Post(ctx, "/servicePrincipals/"+b.options.identity+"/appRoleAssignments", map[string]any{
		"principalId": b.options.identity, "resourceId": found.ID, "appRoleId": found.roleID(one.Name)}, &answer)
}

func (b *bootstrap) run(ctx context.Context, cmdlet string, parameters map[string]any) error {
	_, err := b.tenant.Run(ctx, cmdlet, parameters)
	return err
}

// readBack reads everything again until it is as planned: the answer to a write proves less than a
// read, and reads can lag.
func (b *bootstrap) readBack(ctx context.Context) error {
	for try := 1; ; try++ {
		found, err := b.read(ctx)
		if err != nil {
			return err
		}
		left, err := b.missing(found)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			fmt.Fprintln(b.out, "Read back: everything is there.")
			return nil
		}
		if try == triesToFind {
			return fmt.Errorf("%s: it was made, and reading does not show it after %s", left[0].says, (triesToFind-1)*pauseToFind)
		}
		fmt.Fprintf(b.out, "  not seen yet: %s; reading again in %s\n", left[0].says, pauseToFind)
		err = b.wait(ctx, pauseToFind)
		if err != nil {
			return err
		}
	}
}
