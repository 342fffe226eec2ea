package tenant

import (
	"slices"
	"strings"
	"time"
)

// unit is one administrative unit of Entra ID. Members are ids of users (mailboxes) and groups.
type unit struct {
	ID          string   `json:"id"`
	DisplayName string   `json:"displayName"`
	Members     []string `json:"members,omitempty"`
	// ExchangeLag is how long Exchange does not see the unit after it came into being, for instance
	// "30m"; empty means not at all.
	ExchangeLag string `json:"exchangeLag,omitempty"`

	visibleFrom time.Time
}

// born sets from when on Exchange sees the unit; its lag was checked before.
func (u unit) born(at time.Time) unit {
	lag, _ := time.ParseDuration(u.ExchangeLag)
	if lag > 0 {
		u.visibleFrom = at.Add(lag)
	}
	return u
}

// unit finds by id; false when there is none.
func (s *state) unit(id string) (unit, int, bool) {
	index := slices.IndexFunc(s.units, func(each unit) bool { return strings.EqualFold(each.ID, id) })
	if index < 0 {
		return unit{}, -1, false
	}
	return s.units[index], index, true
}

func (s *state) setUnit(index int, changed unit) {
	s.units = slices.Clone(s.units)
	s.units[index] = changed
}

func (t *Tenant) unitRow(from unit) row {
	return row{
		"Name": from.ID, "Identity": from.ID, "Guid": guid(inventedGUID("unit", from.ID)), "DisplayName": from.DisplayName,
		"ExternalDirectoryObjectId": from.ID,
		"DistinguishedName":         "CN=" + from.ID + ",OU=" + t.organization.Domain + ",OU=Microsoft Exchange Hosted Organizations,DC=EURPR00A001,DC=PROD,DC=OUTLOOK,DC=COM",
	}
}

func (t *Tenant) findUnit(call *invocation, identity string) (unit, int, error) {
	return oneOf(t.state.units, identity, call.conditions.other, func(each unit) bool {
		named := strings.EqualFold(each.ID, identity) || strings.EqualFold(each.DisplayName, identity)
		return named && !each.visibleFrom.After(call.at)
	})
}

// getAdministrativeUnit shows what Exchange sees already, which can be later than Entra ID.
func getAdministrativeUnit(t *Tenant, call *invocation) ([]row, error) {
	if identity := call.text("Identity"); identity != "" {
		found, _, err := t.findUnit(call, identity)
		if err != nil {
			return nil, err
		}
		return []row{t.unitRow(found)}, nil
	}
	var rows []row
	for _, each := range t.state.units {
		if !each.visibleFrom.After(call.at) {
			rows = append(rows, t.unitRow(each))
		}
	}
	return rows, nil
}

// unitID is the id of a unit that Exchange sees. One that stands on recipients only, without an
// object of its own in the directory, is taken by the name that it has there.
func (t *Tenant) unitID(call *invocation, identity string) (string, error) {
	for _, each := range t.state.mailboxes {
		if containsFold(each.AdministrativeUnits, identity) {
			return identity, nil
		}
	}
	found, _, err := t.findUnit(call, identity)
	if err != nil {
		return "", err
	}
	return found.ID, nil
}
