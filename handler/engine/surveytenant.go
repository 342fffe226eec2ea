package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
)

// assembled is a survey put together for judging.
type assembled struct {
	index *access.Index
	// grants says by remote id which grant has made an object.
	grants map[string]string
	// unknown are the parts of the tenant that were not read, by name.
	unknown []string
	// leftovers are assignments of the ended impersonation role, whoever holds them.
	leftovers []string
}

// assemble puts what was read into the form that reach is judged from. Nothing that was
// not read becomes an empty list.
func (s *surveyed) assemble() assembled {
	own := newOwned(s.Own.Value)
	people := newHolders(s)
	tenant := access.Tenant{Scopes: s.accessScopes(), Groups: s.accessGroups(), Units: s.accessUnits(), Policies: s.accessPolicies(func(policy exchange.ApplicationAccessPolicy) bool { return own.made(policy.Identity) }),
		PolicyTests: s.Tests, MailboxPermissions: s.Permissions, Mailboxes: s.accessMailboxes()}
	assignments, doubtful, ownerless := s.accessAssignments(people, own)
	roles := s.accessRoles(people)
	for _, workload := range s.candidates(people, assignments, roles) {
		tenant.Workloads = append(tenant.Workloads, access.Subject{Workload: workload, Facts: access.Facts{
			Consents:    s.accessConsents(workload.ObjectID, own),
			Pointer:     s.accessPointer(workload.ObjectID),
			Assignments: partOf(s.Assignments, assignments[workload.ObjectID], cmp.Or(doubtful[workload.ObjectID], s.pointersUnread())),
			Roles:       s.heldRoles(roles[workload.ObjectID]),
		}})
	}
	return assembled{index: access.NewIndex(tenant), grants: own.grants, unknown: append(s.unread(), ownerless...), leftovers: s.leftovers()}
}

// unread names the parts that were not read.
func (s *surveyed) unread() []string {
	var names []string
	note := func(name string, read bool, why string) {
		if !read {
			names = append(names, name+": "+why)
		}
	}
	note("mailboxes", s.Mailboxes.Read, s.Mailboxes.Why)
	note("service principals", s.Principals.Read, s.Principals.Why)
	note("consents on Microsoft Graph", s.OnGraph.Read, s.OnGraph.Why)
	note("consents on Office 365 Exchange Online", s.OnExchange.Read, s.OnExchange.Why)
	note("pointers in Exchange", s.Pointers.Read, s.Pointers.Why)
	note("role assignments", s.Assignments.Read, s.Assignments.Why)
	note("management scopes", s.Scopes.Read, s.Scopes.Why)
	note("application access policies", s.Policies.Read, s.Policies.Why)
	note("groups", s.Groups.Read, s.Groups.Why)
	note("administrative units", s.Units.Read, s.Units.Why)
	note("directory roles", s.Directory.Read, s.Directory.Why)
	note("role groups", s.RoleGroups.Read, s.RoleGroups.Why)
	note("mailbox permissions", s.Permissions.Read, s.Permissions.Why)
	note("our own ledger", s.Own.Read, s.Own.Why)
	return names
}

// partOf is a workload's part of a list. A doubt about one workload makes its part unread
// without hiding what of it is certain.
func partOf[T, U any](whole access.Reading[T], part []U, doubt string) access.Reading[[]U] {
	reading := access.Reading[[]U]{Value: part, Read: whole.Read, Why: whole.Why}
	if doubt != "" {
		reading.Read, reading.Why = false, doubt
	}
	return reading
}

func (s *surveyed) accessMailboxes() access.Reading[[]access.Mailbox] {
	mailboxes := make([]access.Mailbox, len(s.Mailboxes.Value))
	for i, one := range s.Mailboxes.Value {
		mailboxes[i] = access.Mailbox{GUID: one.GUID, Address: one.Address, Properties: one.Properties}
	}
	return partOf(s.Mailboxes, mailboxes, "")
}

func (s *surveyed) accessScopes() access.Reading[[]access.Scope] {
	scopes := make([]access.Scope, len(s.Scopes.Value))
	for i, one := range s.Scopes.Value {
		scopes[i] = access.Scope{Name: one.Name, ID: firstOf(one.GUID, one.Identity, one.Name), Filter: one.RecipientFilter, Exclusive: one.Exclusive}
	}
	return partOf(s.Scopes, scopes, "")
}

func (s *surveyed) accessGroups() access.Reading[[]access.Group] {
	var groups []access.Group
	seen := map[string]bool{}
	for _, one := range s.Groups.Value {
		if one.Single || seen[one.Group.ID] {
			continue
		}
		seen[one.Group.ID] = true
		groups = append(groups, one.Group)
	}
	return partOf(s.Groups, groups, "")
}

// accessUnits knows each unit by the name that assignments use.
func (s *surveyed) accessUnits() access.Reading[[]access.Unit] {
	byEntra := map[string]string{}
	for _, one := range s.Mailboxes.Value {
		byEntra[strings.ToLower(one.EntraID)] = one.GUID
	}
	units := make([]access.Unit, len(s.Units.Value))
	for i, one := range s.Units.Value {
		units[i] = access.Unit{ID: one.Asked, Name: one.Name, Members: access.NotRead[[]string](one.Members.Why)}
		if !one.Members.Read {
			continue
		}
		var members []string
		for _, id := range one.Members.Value {
			if guid := byEntra[strings.ToLower(id)]; id != "" && guid != "" {
				members = append(members, guid)
			}
		}
		units[i].Members = access.Known(members)
	}
	return partOf(s.Units, units, "")
}

// accessPolicies tells policies about a group from those about a single mailbox.
func (s *surveyed) accessPolicies(ours func(exchange.ApplicationAccessPolicy) bool) access.Reading[[]access.Policy] {
	policies := make([]access.Policy, len(s.Policies.Value))
	for i, one := range s.Policies.Value {
		scope := policyScope(one)
		made := access.Policy{ID: one.Identity, AppID: one.AppID, Right: access.PolicyRight(one.AccessRight), Group: scope,
			Description: one.Description, Ours: ours(one)}
		for _, group := range s.Groups.Value {
			switch {
			case !strings.EqualFold(group.Asked, scope):
			case group.Single:
				made.Mailbox, made.Group = scope, ""
			default:
				made.Group = group.Group.ID
			}
		}
		policies[i] = made
	}
	return partOf(s.Policies, policies, "")
}

func (s *surveyed) accessConsents(objectID string, own owned) access.Reading[[]access.Consent] {
	var consents []access.Consent
	for _, part := range []access.Reading[[]heldConsent]{s.OnGraph, s.OnExchange} {
		for _, one := range part.Value {
			if one.Holder == objectID {
				one.Consent.Ours = own.made(one.Consent.ID)
				consents = append(consents, one.Consent)
			}
		}
	}
	if !s.OnGraph.Read {
		return partOf(s.OnGraph, consents, "")
	}
	return partOf(s.OnExchange, consents, "")
}

func (s *surveyed) accessPointer(objectID string) access.Reading[*access.Pointer] {
	if !s.Pointers.Read {
		return access.NotRead[*access.Pointer](s.Pointers.Why)
	}
	for _, one := range s.Pointers.Value {
		if one.ObjectID == objectID {
			return access.Known(&access.Pointer{ObjectID: one.ObjectID, AppID: one.AppID, ID: one.ObjectID,
				Names: []string{one.Name, one.Identity, one.GUID, one.DisplayName}})
		}
	}
	return access.Known[*access.Pointer](nil)
}

// accessAssignments sorts the application roles by holder. The second result says of
// whom it is not certain what it holds, because a name is that of several; the third names
// the assignments of which nobody is known to be the holder.
func (s *surveyed) accessAssignments(people holders, own owned) (map[string][]access.Assignment, map[string]string, []string) {
	byHolder, doubtful := map[string][]access.Assignment{}, map[string]string{}
	var ownerless []string
	for _, one := range s.Assignments.Value {
		if !forApplications(one.Role) {
			continue
		}
		found, _ := people.named(one.RoleAssignee, one.RoleAssigneeName)
		if len(found) == 0 {
			ownerless = append(ownerless, fmt.Sprintf("the holder of the role assignment %q (%s), shown as %q, is no service principal that was read", one.Name, one.Role, one.RoleAssignee))
		}
		for _, holder := range found {
			if len(found) > 1 {
				doubtful[holder] = "the role assignment " + one.Name + " names its holder in a way that several workloads answer to"
				continue
			}
			made := judged(one)
			made.Ours = own.has(holder, one)
			byHolder[holder] = append(byHolder[holder], made)
		}
	}
	return byHolder, doubtful, ownerless
}

// pointersUnread says why nobody's assignments are known: Exchange may show a holder by
// the names of his pointer. Empty where the pointers were read.
func (s *surveyed) pointersUnread() string {
	if s.Pointers.Read {
		return ""
	}
	return "the pointers, by whose names Exchange shows holders, were not read"
}

// forApplications: only roles of such names open mailboxes to applications.
func forApplications(role string) bool {
	_, known := access.LookUpRole(role)
	return known || strings.HasPrefix(strings.ToLower(role), "application")
}

// leftovers names every assignment of the impersonation role that application roles
// have replaced, also those of people and role groups.
func (s *surveyed) leftovers() []string {
	var names []string
	for _, one := range s.Assignments.Value {
		if strings.EqualFold(one.Role, "ApplicationImpersonation") {
			names = append(names, one.Name+", held by "+firstOf(one.RoleAssigneeName, one.RoleAssignee))
		}
	}
	slices.Sort(names)
	return names
}

// accessRoles sorts directory roles and role groups by holder.
func (s *surveyed) accessRoles(people holders) map[string][]access.AdministratorRole {
	byHolder := map[string][]access.AdministratorRole{}
	for _, part := range [][]heldRole{s.Directory.Value, s.RoleGroups.Value} {
		for _, one := range part {
			found, certain := people.named(one.Holders...)
			role := one.Role
			if !certain {
				// A person can bear an application's name: what this holder can do is then not known.
				role = access.AdministratorRole{Name: role.Name + ", whose member is known by its name alone"}
			}
			for _, holder := range found {
				byHolder[holder] = append(byHolder[holder], role)
			}
		}
	}
	return byHolder
}

func (s *surveyed) heldRoles(roles []access.AdministratorRole) access.Reading[[]access.AdministratorRole] {
	if !s.Directory.Read {
		return partOf(s.Directory, roles, "")
	}
	return partOf(s.RoleGroups, roles, "")
}

// candidates are the workloads that have any trace of access, and the one that is asked about: it may
// have none. Where a list was not read
// that would show it, every workload but Microsoft's own may have some.
func (s *surveyed) candidates(people holders, assignments map[string][]access.Assignment, roles map[string][]access.AdministratorRole) []grant.Workload {
	everybody := !s.OnGraph.Read || !s.OnExchange.Read || !s.Directory.Read
	traced := map[string]bool{}
	for _, part := range [][]heldConsent{s.OnGraph.Value, s.OnExchange.Value} {
		for _, one := range part {
			traced[one.Holder] = true
		}
	}
	for _, one := range s.Pointers.Value {
		traced[one.ObjectID] = true
	}
	for id := range assignments {
		traced[id] = true
	}
	for id := range roles {
		traced[id] = true
	}
	if s.asked != "" {
		traced[s.asked] = true
	}
	var all []grant.Workload
	for _, one := range s.Principals.Value {
		microsofts := one.OwnerTenant == microsoftTenant || one.AppID == graph.GraphAppID || one.AppID == graph.ExchangeAppID
		if traced[one.ObjectID] || everybody && !microsofts {
			all = append(all, workloadOf(one))
		}
		delete(traced, one.ObjectID)
	}
	// What the directory does not list, and has a trace all the same, is not left out.
	for _, id := range sortedKeys(traced) {
		all = append(all, grant.Workload{ObjectID: id, AppID: people.appIDs[id], DisplayName: people.titles[id], Type: "notInDirectory"})
	}
	return all
}
