package access_test

import (
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// facts are what would be read of the tenant. What cannot be listed is not read: the
// members of a dynamic list, a plain security group, mailboxes not crawled yet.
func (d playedTenant) facts(tests []access.PolicyTest) access.Tenant {
	made := access.Tenant{
		Mailboxes: access.Known[[]access.Mailbox](nil), Scopes: access.Known[[]access.Scope](nil), Groups: access.Known[[]access.Group](nil),
		Units: access.Known[[]access.Unit](nil), Policies: access.Known[[]access.Policy](nil), PolicyTests: tests,
		MailboxPermissions: access.Known(d.rightFacts()),
	}
	for _, each := range d.Mailboxes {
		if each.inExchange() {
			made.Mailboxes.Value = append(made.Mailboxes.Value, each.facts())
		}
	}
	for _, each := range d.ServicePrincipals {
		made.Workloads = append(made.Workloads, d.workloadFacts(each))
	}
	for _, each := range d.Scopes {
		made.Scopes.Value = append(made.Scopes.Value, access.Scope{Name: each.Name, Filter: each.Filter, Exclusive: each.Exclusive})
	}
	for _, each := range d.Units {
		made.Units.Value = append(made.Units.Value, access.Unit{ID: each.ID, Members: access.Known(d.mailboxesAmong(each.Members))})
	}
	for _, each := range d.Groups {
		if each.Kind != "Security" {
			made.Groups.Value = append(made.Groups.Value, d.groupFacts(each))
		}
	}
	for i, each := range d.Policies {
		made.Policies.Value = append(made.Policies.Value, d.policyFacts(i, each))
	}
	return made
}

func (m playedMailbox) facts() access.Mailbox {
	alias, _, _ := strings.Cut(m.Primary, "@")
	made := access.Mailbox{GUID: strings.ToUpper(m.GUID), Address: m.Primary, Properties: map[string][]string{
		"alias": {alias}, "displayname": {m.DisplayName}, "recipienttypedetails": {m.Type}, "emailaddresses": {"SMTP:" + m.Primary},
		"department": nil, "customattribute1": nil,
	}}
	for _, each := range m.Aliases {
		made.Properties["emailaddresses"] = append(made.Properties["emailaddresses"], "smtp:"+each)
	}
	if value, has := m.Attributes["Department"]; has {
		made.Properties["department"] = []string{value}
	}
	if value, has := m.CustomAttributes["CustomAttribute1"]; has {
		made.Properties["customattribute1"] = []string{value}
	}
	return made
}

func (d playedTenant) workloadFacts(of playedPrincipal) access.Subject {
	facts := access.Facts{Consents: access.Known[[]access.Consent](nil), Pointer: access.Known[*access.Pointer](nil),
		Assignments: access.Known[[]access.Assignment](nil), Roles: access.Known(d.roleFacts(of.ObjectID))}
	if d.pointed(of.ObjectID) {
		facts.Pointer.Value = &access.Pointer{ObjectID: of.ObjectID, AppID: of.AppID}
	}
	for _, each := range d.Consents {
		if each.Workload == of.ObjectID {
			facts.Consents.Value = append(facts.Consents.Value, access.Consent{ID: each.Resource + "/" + each.Permission, Resource: access.Resource(each.Resource), Value: each.Permission, Ours: each.ours})
		}
	}
	for _, each := range d.Assignments {
		if each.Workload == of.ObjectID {
			facts.Assignments.Value = append(facts.Assignments.Value, each.facts())
		}
	}
	return access.Subject{Workload: grant.Workload{ObjectID: of.ObjectID, AppID: of.AppID}, Facts: facts}
}

func (a playedAssignment) facts() access.Assignment {
	made := access.Assignment{Name: a.Name, Role: a.Role, Scope: a.Scope, Unit: a.Unit, Group: a.group, Enabled: !a.Disabled, Delegating: a.Delegating,
		Unscoped: a.Scope == "" && a.Unit == ""}
	if a.group != "" {
		made.Scope = ""
	}
	return made
}

// roleFacts leaves out roles over one administrative unit: those are no directory role
// over the tenant, and the mailboxes of a unit are nothing that they could open.
func (d playedTenant) roleFacts(objectID string) []access.AdministratorRole {
	var roles []access.AdministratorRole
	for _, each := range d.DirectoryRoles {
		if each.Principal == objectID && (each.Scope == "" || each.Scope == "/") {
			roles = append(roles, access.AdministratorRole{Name: each.Role})
		}
	}
	for _, each := range d.RoleGroups {
		if slices.Contains(each.Members, objectID) {
			roles = append(roles, access.AdministratorRole{Name: each.Name})
		}
	}
	return roles
}

func (d playedTenant) groupFacts(of playedGroup) access.Group {
	made := access.Group{ID: of.GUID, DistinguishedName: groupName(of.DisplayName), Name: of.DisplayName}
	if of.Kind == "Dynamic" {
		made.Members = access.NotRead[access.Membership]("Exchange lists no members of a dynamic list")
		return made
	}
	members := access.Membership{Mailboxes: d.mailboxesAmong(of.Members)}
	for _, each := range of.Members {
		if slices.ContainsFunc(d.Groups, func(g playedGroup) bool { return g.GUID == each }) {
			members.Groups = append(members.Groups, each)
		}
	}
	made.Members = access.Known(members)
	return made
}

func (d playedTenant) mailboxesAmong(members []string) []string {
	var found []string
	everybody := d.everybody()
	for _, each := range members {
		if slices.Contains(everybody, each) {
			found = append(found, each)
		}
	}
	return found
}

// policyFacts: a scope that is neither a mailbox nor a group that stands is gone, and
// shows as a group that was not read.
func (d playedTenant) policyFacts(number int, of playedPolicy) access.Policy {
	made := access.Policy{ID: numbered(8, number), AppID: of.AppID, Right: access.PolicyRight(of.Right), Ours: of.ours}
	if len(d.mailboxesAmong([]string{of.Scope})) > 0 {
		made.Mailbox = of.Scope
	} else {
		made.Group = of.Scope
	}
	return made
}

func (d playedTenant) rightFacts() access.MailboxPermissions {
	found := access.MailboxPermissions{Complete: true}
	for _, each := range d.Mailboxes {
		found.Complete = found.Complete && !each.uncrawled
		if !each.uncrawled {
			found.Covered = append(found.Covered, each.GUID)
		}
	}
	for _, each := range d.MailboxPermissions {
		if slices.Contains(found.Covered, each.Mailbox) {
			found.Entries = append(found.Entries, access.MailboxPermission{Workload: each.Trustee, Mailbox: each.Mailbox, Right: access.MailboxRight(each.Right), Ours: each.ours})
		}
	}
	return found
}
