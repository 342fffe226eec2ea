package tenant

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	typeApplication     = "Application"
	typeManagedIdentity = "ManagedIdentity"
	// microsoftTenant owns the two resource principals in every tenant.
	microsoftTenant = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
	// administrator is who changes made through the control port are logged under.
	administrator = "administrator"
)

// state is everything a change can change. Elements are replaced, never altered in place, so that
// copy is cheap and an effect can be undone.
type state struct {
	organization organization
	service      service
	principals   []principal
	applications []application
	consents     []consent
	mailboxes    []mailbox
	pointers     []pointer
	scopes       []scope
	assignments  []assignment
	groups       []group
	units        []unit
	policies     []policy
	// pastPolicies were removed; the data plane may still go by them.
	pastPolicies []policy
	permissions  []permission
	// permissionChanges are those that the data plane may not go by yet.
	permissionChanges []permissionChange
	directoryRoles    []directoryRole
	roleGroups        []roleGroup
	missingRoles      []string
	delegation        string
	dehydrated        bool
	// hydratedAt is when customization was asked for; zero when the tenant always had it.
	hydratedAt time.Time
	// generations count how often a name was made, so that a re-made object gets another id.
	generations map[string]int
	changes     []Change
	reaches     map[string][]reach
}

// Change is one effective change of the tenant, whoever made it. Number counts from 1; At is on the
// shared clock; By is "administrator" or the display name of the calling principal.
type Change struct {
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Action string    `json:"action"`
	Object string    `json:"object"`
	Name   string    `json:"name"`
	Detail string    `json:"detail"`
}

// newState trusts a document that has been checked.
func newState(from directory, now time.Time) state {
	s := state{
		organization: from.Tenant,
		service:      from.Service,
		applications: slices.Clone(from.Applications),
		pointers:     slices.Clone(from.Pointers),
		dehydrated:   from.Hydrated != nil && !*from.Hydrated,
		delegation:   from.RoleGroupDelegation,
		generations:  map[string]int{},
		reaches:      map[string][]reach{},
	}
	s.principals = resourcePrincipals()
	s.principals = append(s.principals, principalOf(from.Service))
	for _, each := range from.ServicePrincipals {
		s.principals = append(s.principals, each.completed())
	}
	for _, role := range from.Service.Roles {
		resource, _ := resourceOfServiceRole(role)
		s.addConsent(consent{Workload: from.Service.ObjectID, Resource: resource, Permission: role, createdAt: now})
	}
	for _, each := range from.Consents {
		holder, _ := s.principal(each.Workload)
		role, _ := appRoleByName(each.Resource, each.Permission)
		s.addConsent(consent{ID: each.ID, Workload: holder.ObjectID, Resource: each.Resource, Permission: role.value, createdAt: now})
	}
	for _, each := range from.Mailboxes {
		s.mailboxes = append(s.mailboxes, each.completed())
	}
	s.completeExchange(from)
	s.completeGroups(from, now)
	s.completeAccess(from)
	for _, each := range s.pointers {
		s.recordReach(each.ObjectID, time.Time{})
	}
	return s
}

// completeExchange resolves what the document names by hand: filters become normalized, workloads
// become object ids, and ids that were left out are made.
func (s *state) completeExchange(from directory) {
	for index := range s.pointers {
		if s.pointers[index].GUID == "" {
			s.pointers[index].GUID = s.newGUID("pointer", s.pointers[index].ObjectID)
		}
	}
	for _, each := range from.Scopes {
		parsed, _ := parseFilter(each.Filter)
		each.Filter = parsed.text()
		if each.GUID == "" {
			each.GUID = s.newGUID("scope", each.Name)
		}
		s.scopes = append(s.scopes, each)
	}
	for _, each := range from.Assignments {
		index := slices.IndexFunc(s.pointers, func(p pointer) bool { return p.named(each.Workload) })
		each.Workload = s.pointers[index].ObjectID
		if role, known := applicationRoleByName(each.Role); known {
			each.Role = role.name
		}
		if each.GUID == "" {
			each.GUID = s.newGUID("assignment", each.Name)
		}
		s.assignments = append(s.assignments, each)
	}
}

// resourcePrincipals stand in every tenant. Their object ids differ from tenant to tenant in the
// original and are fixed here.
func resourcePrincipals() []principal {
	return []principal{
		{AppID: graphAppID, ObjectID: SampleGraphObjectID, DisplayName: "Microsoft Graph", Type: typeApplication, resource: graphName},
		{AppID: exchangeAppID, ObjectID: SampleExchangeObjectID, DisplayName: "Office 365 Exchange Online", Type: typeApplication, resource: exchangeName},
	}
}

// principalOf is the service as Graph shows it: a principal like any other.
func principalOf(from service) principal {
	made := principal{
		AppID: from.AppID, ObjectID: from.ObjectID, DisplayName: from.DisplayName, Type: from.Type, Secret: from.Secret,
	}
	if made.DisplayName == "" {
		made.DisplayName = "mailgrant"
	}
	if made.Type == "" {
		made.Type = typeManagedIdentity
	}
	return made
}

func (p principal) completed() principal {
	if p.Type == "" {
		p.Type = typeApplication
	}
	return p
}

// named takes both ids, so that directories and actions may name a workload by either.
func (p principal) named(name string) bool {
	return strings.EqualFold(p.AppID, name) || strings.EqualFold(p.ObjectID, name)
}

// completed fills what a directory may leave out; the fillings are stable.
func (m mailbox) completed() mailbox {
	if m.ExchangeGUID == "" {
		m.ExchangeGUID = inventedGUID("exchangeGuid", m.GUID)
	}
	if m.EntraID == "" {
		m.EntraID = inventedGUID("entraId", m.GUID)
	}
	if m.UPN == "" {
		m.UPN = m.Primary
	}
	return m
}

// copied shares elements with the original; both may replace elements afterwards.
func (s *state) copied() state {
	copied := *s
	copied.principals = slices.Clone(s.principals)
	copied.applications = slices.Clone(s.applications)
	copied.consents = slices.Clone(s.consents)
	copied.mailboxes = slices.Clone(s.mailboxes)
	copied.pointers = slices.Clone(s.pointers)
	copied.scopes = slices.Clone(s.scopes)
	copied.assignments = slices.Clone(s.assignments)
	copied.groups = slices.Clone(s.groups)
	copied.units = slices.Clone(s.units)
	copied.policies = slices.Clone(s.policies)
	copied.pastPolicies = slices.Clone(s.pastPolicies)
	copied.permissions = slices.Clone(s.permissions)
	copied.permissionChanges = slices.Clone(s.permissionChanges)
	copied.directoryRoles = slices.Clone(s.directoryRoles)
	copied.roleGroups = slices.Clone(s.roleGroups)
	copied.missingRoles = slices.Clone(s.missingRoles)
	copied.changes = slices.Clone(s.changes)
	copied.generations = maps.Clone(s.generations)
	copied.reaches = maps.Clone(s.reaches)
	return copied
}

// newGUID depends on the kind, the name and how often that name was made. Two runs that make the
// same things once therefore end with the same ids, and a thing made again never keeps its old one.
func (s *state) newGUID(kind, name string) string {
	key := kind + "\x00" + strings.ToLower(name)
	s.generations[key]++
	return inventedGUID(kind, name, strconv.Itoa(s.generations[key]))
}

// changed logs effective changes only: a refused or ignored write leaves no entry.
func (s *state) changed(at time.Time, by, action, object, name, detail string) {
	s.changes = append(s.changes, Change{
		Number: len(s.changes) + 1, At: at, By: by, Action: action, Object: object, Name: name, Detail: detail,
	})
}

// principal finds one that is not deleted, by app id or object id.
func (s *state) principal(name string) (principal, bool) {
	for _, each := range s.principals {
		if !each.deleted && each.named(name) {
			return each, true
		}
	}
	return principal{}, false
}

// resourcePrincipal returns the zero principal for a name that is no resource.
func (s *state) resourcePrincipal(resource string) principal {
	for _, each := range s.principals {
		if each.resource == resource {
			return each
		}
	}
	return principal{}
}

// consentsOf lists what one principal holds, on all resources.
func (s *state) consentsOf(objectID string) []consent {
	var held []consent
	for _, each := range s.consents {
		if strings.EqualFold(each.Workload, objectID) {
			held = append(held, each)
		}
	}
	return held
}

// addConsent gives it its id, unless it has one. It reports false when the principal already holds it.
func (s *state) addConsent(wanted consent) (consent, bool) {
	for _, each := range s.consentsOf(wanted.Workload) {
		if each.Resource == wanted.Resource && each.Permission == wanted.Permission {
			return consent{}, false
		}
	}
	if wanted.ID == "" {
		wanted.ID = consentID(s.newGUID("consent", wanted.Workload+" "+wanted.Resource+" "+wanted.Permission))
	}
	s.consents = append(s.consents, wanted)
	return wanted, true
}
