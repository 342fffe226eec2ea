package tenant

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// dump is the canonical picture of the tenant. It leaves out whatever differs between two runs that
// end the same way: times, caches, pages, tokens and the log.
type dump struct {
	Tenant            organization  `json:"tenant"`
	Hydrated          bool          `json:"hydrated"`
	ServicePrincipals []principal   `json:"servicePrincipals"`
	Deleted           []principal   `json:"deletedServicePrincipals"`
	Applications      []application `json:"applications"`
	Consents          []consent     `json:"consents"`
	Mailboxes         []mailbox     `json:"mailboxes"`
	Pointers          []pointer     `json:"pointers"`
	Scopes            []scope       `json:"scopes"`
	Assignments       []assignment  `json:"assignments"`

	Groups              []group         `json:"groups"`
	AdministrativeUnits []unit          `json:"administrativeUnits"`
	AccessPolicies      []policy        `json:"accessPolicies"`
	MailboxPermissions  []permission    `json:"mailboxPermissions"`
	DirectoryRoles      []directoryRole `json:"directoryRoles"`
	RoleGroups          []roleGroup     `json:"roleGroups"`
	MissingRoles        []string        `json:"missingRoles"`
}

// dump leaves secrets out, because dumps are shown and kept.
func (s *state) dump() []byte {
	picture := dump{
		Tenant:            s.organization,
		Hydrated:          !s.dehydrated,
		ServicePrincipals: []principal{},
		Deleted:           []principal{},
		Applications:      sorted(s.applications, func(a application) string { return a.ObjectID }),
		Consents:          sorted(s.consents, func(c consent) string { return c.Workload + c.Resource + c.Permission }),
		Mailboxes:         sorted(s.mailboxes, func(m mailbox) string { return m.GUID }),
		Pointers:          sorted(s.pointers, func(p pointer) string { return p.ObjectID }),
		Scopes:            sorted(s.scopes, func(c scope) string { return c.Name }),
		Assignments:       sorted(s.assignments, func(a assignment) string { return a.Name }),

		Groups:              sorted(s.groups, func(g group) string { return g.GUID }),
		AdministrativeUnits: sorted(s.units, func(u unit) string { return u.ID }),
		AccessPolicies:      sorted(s.policies, func(p policy) string { return p.AppID + p.Scope }),
		MailboxPermissions:  sorted(s.permissions, func(p permission) string { return p.Mailbox + p.Trustee + p.Right }),
		DirectoryRoles:      sorted(s.directoryRoles, func(d directoryRole) string { return d.Principal + d.Role + d.Scope }),
		RoleGroups:          sorted(s.roleGroups, func(r roleGroup) string { return r.Name }),
		MissingRoles:        sorted(s.missingRoles, func(name string) string { return name }),
	}
	for index, each := range picture.Groups {
		picture.Groups[index].Members = sorted(each.Members, func(id string) string { return id })
	}
	for index, each := range picture.AdministrativeUnits {
		picture.AdministrativeUnits[index].Members = sorted(each.Members, func(id string) string { return id })
	}
	for _, each := range sorted(s.principals, func(p principal) string { return p.ObjectID }) {
		each.Secret = ""
		if each.deleted {
			picture.Deleted = append(picture.Deleted, each)
		} else {
			picture.ServicePrincipals = append(picture.ServicePrincipals, each)
		}
	}
	text, err := json.MarshalIndent(picture, "", "  ")
	if err != nil {
		// Every field above is a string, a bool or a list of them.
		panic(err)
	}
	return append(text, '\n')
}

// sorted copies before it sorts: the order in the state is the order in which lists are answered.
func sorted[T any](list []T, key func(T) string) []T {
	copied := append([]T{}, list...)
	slices.SortStableFunc(copied, func(a, b T) int {
		return cmp.Compare(strings.ToLower(key(a)), strings.ToLower(key(b)))
	})
	return copied
}
