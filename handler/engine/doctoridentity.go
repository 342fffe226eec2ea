package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/graph"
	"mailgrant/handler/identity"
)

// ownToken is the token for one resource, or why there is none.
type ownToken struct {
	identity.Token
	err error
}

// examineTokens looks at the tokens that the clients send now.
func (x *examination) examineTokens(ctx context.Context) []Symptom {
	x.together(ctx,
		func(ctx context.Context) []Symptom { x.onGraph.Token, x.onGraph.err = x.Graph.Token(ctx); return nil },
		func(ctx context.Context) []Symptom {
			x.onExchange.Token, x.onExchange.err = x.Exchange.Token(ctx)
			return nil
		})
	x.objectID, x.appID = firstOf(x.onGraph.ObjectID, x.onExchange.ObjectID), firstOf(x.onGraph.AppID, x.onExchange.AppID)
	var found []Symptom
	for _, one := range []struct {
		resource string
		token    ownToken
	}{{identity.Graph, x.onGraph}, {identity.Exchange, x.onExchange}} {
		switch {
		case one.token.err != nil:
			found = append(found, x.find("noToken", fmt.Sprintf("there is no token for %s: %s", one.resource, one.token.err)))
		case x.OwnAppID != "" && one.token.AppID != "" && !strings.EqualFold(one.token.AppID, x.OwnAppID):
			found = append(found, x.find("otherIdentity", fmt.Sprintf("the token for %s is that of %s, and AZURE_CLIENT_ID names %s", one.resource, one.token.AppID, x.OwnAppID)))
		default:
			found = append(found, x.find("token", fmt.Sprintf("%s: a token of %s, minted %s ago, good until %s, with %s", one.resource, one.token.ObjectID,
				x.Machine().Sub(one.token.IssuedAt).Round(time.Second), one.token.ExpiresAt.Format(time.RFC3339), rolesInWords(one.token.Roles))))
		}
	}
	return found
}

func rolesInWords(roles []string) string {
	if len(roles) == 0 {
		return "no app role"
	}
	return strings.Join(sorted(roles), ", ")
}

func sorted(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return words
}

// examineAppRoles compares the app roles that are needed with those in the tokens, and with
// those that the directory says are granted.
func (x *examination) examineAppRoles(ctx context.Context) []Symptom {
	read := x.readGrants(ctx)
	var found []Symptom
	for _, needed := range identity.AppRolesFor(x.use) {
		token, appID := x.onGraph, graph.GraphAppID
		if needed.Resource == identity.Exchange {
			token, appID = x.onExchange, graph.ExchangeAppID
		}
		if token.err != nil || slices.Contains(token.Roles, needed.Value) {
			continue
		}
		code, what := "appRoleMissing", needed.Value+" on "+needed.Resource+" is not granted"
		switch {
		case slices.Contains(x.granted, needed):
			code, what = "staleToken", fmt.Sprintf("%s on %s is granted, and not in the token of %s", needed.Value, needed.Resource, token.IssuedAt.Format(time.RFC3339))
		case !x.grantsRead:
			what = needed.Value + " on " + needed.Resource + " is not in the token; whether it is granted could not be read"
		}
		found = append(found, x.find(code, what, "resource", appID, "role", needed.Value))
	}
	if read != nil {
		return append(found, x.find("appRolesNotCompared", "the app roles that are granted were not read: "+read.Error()))
	}
	if len(found) == 0 && x.onGraph.err == nil && x.onExchange.err == nil {
		found = append(found, x.find("appRoles", fmt.Sprintf("the %d app roles that are needed are granted and in the tokens", len(identity.AppRolesFor(x.use)))))
	}
	if len(found) == 0 {
		found = append(found, x.find("appRolesNotCompared", "without a token there is nothing to compare"))
	}
	return found
}

// readGrants reads the app roles and the directory roles of the identity itself.
func (x *examination) readGrants(ctx context.Context) error {
	if x.objectID == "" {
		return fmt.Errorf("without a token the identity's object id is not known")
	}
	consents, err := x.Graph.ListConsents(ctx, x.objectID)
	if err != nil {
		return err
	}
	names, err := x.resourceRoles(ctx)
	if err != nil {
		return err
	}
	for _, one := range consents {
		role, known := names[one.ResourceID+" "+one.AppRoleID]
		if !known {
			role = identity.AppRole{Resource: firstOf(one.ResourceName, one.ResourceID), Value: one.AppRoleID}
		}
		x.granted = append(x.granted, role)
	}
	x.grantsRead = true
	held, err := x.readDirectoryRoles(ctx, x.objectID)
	if err != nil {
		return err
	}
	for _, one := range held {
		x.directory = append(x.directory, one.Role.Name)
	}
	x.directoryRead = true
	return nil
}

// resourceRoles names the app roles of the two resources, by resource and role id.
func (x *examination) resourceRoles(ctx context.Context) (map[string]identity.AppRole, error) {
	names := map[string]identity.AppRole{}
	for appID, resource := range map[string]string{graph.GraphAppID: identity.Graph, graph.ExchangeAppID: identity.Exchange} {
		found, err := x.Graph.FindResource(ctx, appID)
		if err != nil {
			return nil, err
		}
		for _, role := range found.AppRoles {
			names[found.ObjectID+" "+role.ID] = identity.AppRole{Resource: resource, Value: role.Value}
		}
	}
	return names, nil
}

// examinePrivilege names what the identity holds beyond the table of what it needs.
func (x *examination) examinePrivilege() []Symptom {
	needed := identity.AppRolesFor(x.use)
	var more []string
	for _, held := range x.heldRoles() {
		if !slices.Contains(needed, held) {
			more = append(more, held.Value+" on "+held.Resource)
		}
	}
	for _, role := range x.directory {
		more = append(more, "the directory role "+role)
	}
	for _, spare := range identity.Spare(x.use, x.allowed) {
		more = append(more, fmt.Sprintf("the Exchange role %s or another with %s", spare.Role, strings.Join(spare.Cmdlets, ", ")))
	}
	var found []Symptom
	if len(more) > 0 {
		found = append(found, x.find("excessRights", "more than is needed: "+strings.Join(sorted(more), "; ")))
	}
	whole := x.grantsRead && x.directoryRead && x.allowedRead
	switch {
	case !whole:
		found = append(found, x.find("excessNotRead", "not all that the identity holds could be read: app roles, directory roles and cmdlets"))
	case len(found) == 0:
		found = append(found, x.find("leastPrivilege", "app roles, directory roles and cmdlets are those of the table in docs/identity.md"))
	}
	return found
}

// heldRoles are the app roles that are granted, and those of a token that still carries
// one that was taken away.
func (x *examination) heldRoles() []identity.AppRole {
	held := slices.Clone(x.granted)
	for resource, token := range map[string]ownToken{identity.Graph: x.onGraph, identity.Exchange: x.onExchange} {
		for _, value := range token.Roles {
			role := identity.AppRole{Resource: resource, Value: value}
			if !slices.Contains(held, role) {
				held = append(held, role)
			}
		}
	}
	return held
}

// examineOthers looks for those who can act as the identity. That nobody is seen proves
// nothing.
func (x *examination) examineOthers(ctx context.Context) []Symptom {
	if x.objectID == "" {
		return []Symptom{x.find("othersNotReadable", "without a token the identity's object id is not known")}
	}
	var others []string
	owners, ownersErr := x.Graph.ListOwners(ctx, x.objectID)
	for _, owner := range owners {
		others = append(others, fmt.Sprintf("the owner %s (%s)", firstOf(owner.UserPrincipalName, owner.DisplayName, owner.ObjectID), owner.Type))
	}
	credentials, credentialsErr := x.Graph.ListFederatedCredentials(ctx, x.objectID)
	for _, one := range credentials {
		others = append(others, fmt.Sprintf("the federated credential %s: %s of %s", one.Name, one.Subject, one.Issuer))
	}
	if len(others) > 0 {
		return []Symptom{x.find("othersCanBecome", "others can act as the identity: "+strings.Join(others, "; "))}
	}
	text := "the directory shows no owner and no federated credential; those of a managed identity are kept by Azure Resource Manager, which is not asked"
	for _, err := range []error{ownersErr, credentialsErr} {
		if err != nil {
			text = "who owns the identity, or has a credential of it, was not read: " + err.Error()
		}
	}
	return []Symptom{x.find("othersNotReadable", text)}
}
