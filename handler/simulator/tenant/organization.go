package tenant

import "time"

// How long a tenant that has just been customized still refuses. Operators report that it calls
// itself ready at once, creates nothing for about half an hour, and then lacks delegating
// assignments for up to another hour; the exact spans are inferred.
const (
	hydrationSpan  = 30 * time.Minute
	delegationSpan = 90 * time.Minute
)

func getOrganizationConfig(t *Tenant, _ *invocation) ([]row, error) {
	return []row{{
		"Name": t.organization.Domain, "Identity": t.organization.Domain, "Guid": guid(t.organization.ID),
		"DisplayName": t.organization.Domain, "IsDehydrated": t.state.dehydrated, "EwsEnabled": nil,
	}}, nil
}

// enableOrganizationCustomization returns at once and cannot be taken back.
func enableOrganizationCustomization(t *Tenant, call *invocation) ([]row, error) {
	if !t.state.dehydrated {
		return nil, alreadyExists(t.organization.Domain)
	}
	t.state.dehydrated = false
	t.state.hydratedAt = call.at
	t.state.changed(call.at, call.by, "changed", "organization", t.organization.Domain, "customization enabled")
	return nil, nil
}

// readyForCustomization guards every creation of a scope or an assignment.
func (t *Tenant) readyForCustomization(call *invocation) error {
	since := call.at.Sub(t.state.hydratedAt)
	switch {
	case t.state.dehydrated:
		return dehydrated()
	case t.state.hydratedAt.IsZero():
		return nil
	case since < hydrationSpan:
		return dehydrated()
	case since < delegationSpan && call.text("Role") != "":
		return noDelegation(call.text("Role"))
	}
	return nil
}
