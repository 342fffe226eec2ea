package exchange

import "context"

// AdministrativeUnit is an administrative unit of the directory as Exchange sees it.
type AdministrativeUnit struct {
	// ID is the unit's object id in the Entra directory, in lower case.
	ID string
	// GUID is the unit's own id in Exchange, in lower case; "" when it was not returned.
	GUID string
	// Name and Identity are how Exchange names it; DisplayName is for people.
	Name, Identity, DisplayName string
	// DistinguishedName is "" when it was not returned.
	DistinguishedName string
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

// decodeAdministrativeUnit takes the name for the id where the id itself is not shown. Inferred: it
// is not published which properties Exchange shows of a unit.
func decodeAdministrativeUnit(properties row, requestID string) AdministrativeUnit {
	unit := AdministrativeUnit{
		ID:                properties.guid("ExternalDirectoryObjectId"),
		GUID:              properties.guid("Guid"),
		Name:              properties.text("Name"),
		Identity:          properties.text("Identity"),
		DisplayName:       properties.text("DisplayName"),
		DistinguishedName: properties.text("DistinguishedName"),
		RequestID:         requestID,
	}
	if unit.ID == "" {
		unit.ID = normalGUID(unit.Name)
	}
	return unit
}

func (u AdministrativeUnit) complete() bool { return u.ID != "" }

func (u AdministrativeUnit) answersTo(identity string) bool {
	return sameAsAny(identity, u.ID, u.GUID, u.Name, u.Identity, u.DisplayName)
}

// FindAdministrativeUnit reads the unit with this object id of the directory, or another of its
// names. Kind NotFound means that Exchange does not see it: the directory may have it for a while
// before Exchange does. Ambiguous means that several bear the name.
func (c *Client) FindAdministrativeUnit(ctx context.Context, identity string) (AdministrativeUnit, error) {
	asked := command{
		purpose: "find an administrative unit", cmdlet: "Get-AdministrativeUnit",
		subject: identity, parameters: map[string]any{"Identity": identity},
	}
	refused := asked.checkIdentity(identity)
	if refused != nil {
		return AdministrativeUnit{}, refused
	}
	received, err := c.read(ctx, asked)
	if err != nil {
		return AdministrativeUnit{}, err
	}
	return one(asked, received, decodeAdministrativeUnit)
}

// ListAdministrativeUnits reads every unit that Exchange sees: the whole list or an error.
func (c *Client) ListAdministrativeUnits(ctx context.Context) ([]AdministrativeUnit, error) {
	asked := command{purpose: "list administrative units", cmdlet: "Get-AdministrativeUnit", subject: "all", long: true}
	all, err := listed(ctx, c, asked, decodeAdministrativeUnit, AdministrativeUnit.complete)
	if err != nil {
		return nil, err
	}
	return distinct(asked, all, func(each AdministrativeUnit) string { return each.ID })
}
