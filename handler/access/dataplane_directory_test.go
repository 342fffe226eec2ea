package access_test

import (
	"bytes"
	"encoding/json"
	"slices"

	"mailgrant/handler/simulator/tenant"
)

// playedTenant is a tenant in the simulated one's own words. The data plane is played
// from it, and facts turns it into ours: nothing else is shared between the two.
type playedTenant struct {
	Tenant             map[string]string  `json:"tenant"`
	Service            map[string]string  `json:"service"`
	ServicePrincipals  []playedPrincipal  `json:"servicePrincipals"`
	Consents           []playedConsent    `json:"consents"`
	Mailboxes          []playedMailbox    `json:"mailboxes"`
	Pointers           []playedPrincipal  `json:"pointers"`
	Scopes             []playedScope      `json:"scopes"`
	Assignments        []playedAssignment `json:"assignments"`
	Groups             []playedGroup      `json:"groups"`
	Units              []playedUnit       `json:"administrativeUnits"`
	Policies           []playedPolicy     `json:"accessPolicies"`
	MailboxPermissions []playedRight      `json:"mailboxPermissions"`
	DirectoryRoles     []playedRole       `json:"directoryRoles"`
	RoleGroups         []playedRoleGroup  `json:"roleGroups"`
}

type playedPrincipal struct {
	AppID       string `json:"appId"`
	ObjectID    string `json:"objectId"`
	DisplayName string `json:"displayName"`
}

type playedConsent struct {
	Workload   string `json:"workload"`
	Resource   string `json:"resource"`
	Permission string `json:"permission"`
	// ours: a grant gave it; the same of policies and rights.
	ours bool
}

type playedMailbox struct {
	GUID             string            `json:"guid"`
	DisplayName      string            `json:"displayName"`
	Primary          string            `json:"primary"`
	Aliases          []string          `json:"aliases,omitempty"`
	Type             string            `json:"type"`
	CustomAttributes map[string]string `json:"customAttributes,omitempty"`
	Attributes       map[string]string `json:"attributes,omitempty"`
	// uncrawled: its permissions were not listed yet.
	uncrawled bool
}

type playedScope struct {
	Name      string `json:"name"`
	Filter    string `json:"filter"`
	Exclusive bool   `json:"exclusive,omitempty"`
	// undecided: what the filter means is not documented.
	undecided bool
}

type playedAssignment struct {
	Name       string `json:"name"`
	Role       string `json:"role"`
	Workload   string `json:"workload"`
	Scope      string `json:"scope,omitempty"`
	Unit       string `json:"administrativeUnit,omitempty"`
	Delegating bool   `json:"delegating,omitempty"`
	Disabled   bool   `json:"disabled,omitempty"`
	// group: the scope is the one that Exchange makes for this group's direct members.
	group string
}

type playedGroup struct {
	GUID        string   `json:"guid"`
	DisplayName string   `json:"displayName"`
	Kind        string   `json:"kind"`
	Primary     string   `json:"primary,omitempty"`
	Filter      string   `json:"filter,omitempty"`
	Members     []string `json:"members,omitempty"`
}

type playedUnit struct {
	ID          string   `json:"id"`
	DisplayName string   `json:"displayName"`
	Members     []string `json:"members,omitempty"`
}

type playedPolicy struct {
	AppID string `json:"appId"`
	Scope string `json:"scope"`
	Right string `json:"accessRight"`
	ours  bool
}

type playedRight struct {
	Mailbox string `json:"mailbox"`
	Trustee string `json:"trustee"`
	Right   string `json:"right"`
	ours    bool
}

type playedRole struct {
	Principal string `json:"principal"`
	Role      string `json:"role"`
	Scope     string `json:"scope,omitempty"`
}

type playedRoleGroup struct {
	Name    string   `json:"name"`
	Members []string `json:"members,omitempty"`
	Roles   []string `json:"roles,omitempty"`
}

// Ids in these tenants say what they are of, as numbered does in the other tests:
// mailboxes 1, groups 2, units 3, object ids 4, app ids 5, and policies of groups that
// are gone 9.
const playedDomain = "contoso.example"

// groupName is the distinguished name that the simulated tenant gives a group.
func groupName(display string) string {
	return "CN=" + display + ",OU=" + playedDomain + ",OU=Microsoft Exchange Hosted Organizations,DC=EURPR00A001,DC=PROD,DC=OUTLOOK,DC=COM"
}

// reached asks the simulated tenant for its data plane once caches and tokens are spent.
func (d playedTenant) reached() (*tenant.Reached, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	return tenant.ReadReached(bytes.NewReader(text))
}

// copied may be edited element by element without changing the original.
func (d playedTenant) copied() playedTenant {
	d.ServicePrincipals = slices.Clone(d.ServicePrincipals)
	d.Consents = slices.Clone(d.Consents)
	d.Mailboxes = slices.Clone(d.Mailboxes)
	d.Pointers = slices.Clone(d.Pointers)
	d.Scopes = slices.Clone(d.Scopes)
	d.Assignments = slices.Clone(d.Assignments)
	d.Groups = slices.Clone(d.Groups)
	d.Units = slices.Clone(d.Units)
	d.Policies = slices.Clone(d.Policies)
	d.MailboxPermissions = slices.Clone(d.MailboxPermissions)
	d.DirectoryRoles = slices.Clone(d.DirectoryRoles)
	d.RoleGroups = slices.Clone(d.RoleGroups)
	return d
}

func (d playedTenant) pointed(objectID string) bool {
	return slices.ContainsFunc(d.Pointers, func(each playedPrincipal) bool { return each.ObjectID == objectID })
}

func (d playedTenant) holds(objectID, permission string) bool {
	return slices.ContainsFunc(d.Consents, func(each playedConsent) bool {
		return each.Workload == objectID && each.Resource == "exchange" && each.Permission == permission
	})
}

func (d playedTenant) scope(name string) playedScope {
	at := slices.IndexFunc(d.Scopes, func(each playedScope) bool { return each.Name == name })
	if at < 0 {
		return playedScope{}
	}
	return d.Scopes[at]
}

// inExchange is false for recipients whose mail lies elsewhere.
func (m playedMailbox) inExchange() bool { return m.Type != "MailUser" }

// everybody lists all mailboxes.
func (d playedTenant) everybody() []string {
	var ids []string
	for _, each := range d.Mailboxes {
		if each.inExchange() {
			ids = append(ids, each.GUID)
		}
	}
	return ids
}
