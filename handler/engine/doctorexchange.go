package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/identity"
)

// skew is by how much our clock is ahead of another; read is false when that one did not
// say.
type skew struct {
	of    string
	ahead time.Duration
	read  bool
}

// examineCmdlets asks Exchange what the identity may run.
func (x *examination) examineCmdlets(ctx context.Context) []Symptom {
	roles := quotedList(identity.ExchangeRolesFor(x.use))
	allowed, err := x.Exchange.ListCmdlets(ctx)
	switch exchange.KindOf(err) {
	case "":
	case exchange.Unauthorized, exchange.Forbidden:
		return []Symptom{x.find("exchangeRoleMissing", "Exchange lets the identity run nothing: "+err.Error(), "roles", roles)}
	default:
		return []Symptom{x.find("cmdletsNotRead", "what the identity may run was not read: "+err.Error())}
	}
	x.allowed, x.allowedRead = allowed.Cmdlets, true
	x.skews[0] = skew{"the tenant", x.Now().Sub(allowed.At), !allowed.At.IsZero()}
	lacking := identity.Lacking(x.use, allowed.Cmdlets)
	if len(lacking) == 0 {
		return []Symptom{x.find("cmdlets", fmt.Sprintf("Exchange lets the identity run %d cmdlets, all that are needed among them", len(allowed.Cmdlets)))}
	}
	var missing, of []string
	for _, one := range lacking {
		missing = append(missing, fmt.Sprintf("%s (role %s)", strings.Join(one.Cmdlets, ", "), one.Role))
		of = append(of, one.Role)
	}
	return []Symptom{x.find("exchangeRoleMissing", "Exchange does not let the identity run "+strings.Join(missing, "; "), "roles", quotedList(of))}
}

// quotedList writes names as a list of PowerShell.
func quotedList(names []string) string { return `"` + strings.Join(names, `","`) + `"` }

// examineDelegation asks which application roles the identity may hand on. Making an
// assignment is the only proof, and that would change the tenant.
func (x *examination) examineDelegation(ctx context.Context) []Symptom {
	if x.objectID == "" {
		return []Symptom{x.find("delegationNotRead", "without a token the identity's object id is not known")}
	}
	delegated, err := x.Exchange.ListDelegatedRoles(ctx, x.objectID)
	if exchange.KindOf(err) == exchange.NotFound {
		return []Symptom{x.find("delegationNotRead", "Exchange knows no pointer of the identity: it has its rights by a role of the directory, if at all, and what that may hand on is not listed")}
	}
	if err != nil {
		return []Symptom{x.find("delegationNotRead", "which roles may be handed on was not read: "+err.Error())}
	}
	lacking, err := x.lackingRoles(ctx)
	if err != nil {
		return []Symptom{x.find("delegationNotRead", "which application roles this tenant has was not read: "+err.Error())}
	}
	var wanted, missing []string
	for _, role := range access.ApplicationRoles() {
		// Roles that confer several permissions at once are never assigned.
		if slices.Contains(lacking, role.Name) || role.Composite {
			continue
		}
		wanted = append(wanted, role.Name)
		if !slices.Contains(delegated, role.Name) {
			missing = append(missing, role.Name)
		}
	}
	roles := quotedList(missing)
	switch {
	case len(missing) == 0:
		return []Symptom{x.find("delegation", fmt.Sprintf("the identity may hand on all %d application roles that are ever assigned", len(wanted)))}
	case len(missing) == len(wanted):
		return []Symptom{x.find("delegationMissing", "the identity may hand on no application role", "roles", roles)}
	}
	return []Symptom{x.find("delegationPartial", "the identity may not hand on "+strings.Join(missing, ", "), "roles", roles)}
}

// examineOrganization asks whether the organization was opened for customization.
func (x *examination) examineOrganization(ctx context.Context) []Symptom {
	config, err := x.Exchange.GetOrganizationConfig(ctx)
	switch {
	case err != nil:
		return []Symptom{x.find("organizationNotRead", "the organization's settings were not read: "+err.Error())}
	case config.Dehydrated:
		return []Symptom{x.find("dehydrated", config.Name+" was never opened for customization (IsDehydrated)")}
	}
	return []Symptom{x.find("organization", config.Name+" is open for customization")}
}
