package tenant

import (
	"strings"
)

// directoryRole gives a role of Entra ID to a principal or a user, by their object id.
type directoryRole struct {
	ID        string `json:"id,omitempty"`
	Principal string `json:"principal"`
	// Role is the role's name or its template id.
	Role string `json:"role"`
	// Scope is "/" for the whole tenant, or the path of an administrative unit; empty means "/".
	Scope string `json:"scope,omitempty"`
}

// roleTemplate is one built-in role; its definition has the template's id in every tenant (Microsoft
// Entra built-in roles).
type roleTemplate struct{ name, id string }

var roleTemplates = []roleTemplate{
	{"Global Administrator", "62e90394-69f5-4237-9190-012177145e10"},
	{"Privileged Role Administrator", "e8611ab8-c189-46e8-94e1-60213ab1f814"},
	{"Application Administrator", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"},
	{"Cloud Application Administrator", "158c047a-c907-4556-b7ef-446551a6b5f7"},
	{"Exchange Administrator", "29232cdf-9323-42fd-ade2-1d097af3e4de"},
	{"Exchange Recipient Administrator", "31392ffb-586c-42d1-9346-e59415a2cc4e"},
	{"Security Administrator", "194ae4cb-b126-40b2-bd5b-6091b380977d"},
	{"Global Reader", "f2ef992c-3afb-46b9-b7cf-a126ee74c451"},
	{"Directory Readers", "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"},
}

// roleTemplateByName finds by name or id; false when it is no role that is known here.
func roleTemplateByName(name string) (roleTemplate, bool) {
	for _, each := range roleTemplates {
		if strings.EqualFold(each.name, name) || strings.EqualFold(each.id, name) {
			return each, true
		}
	}
	return roleTemplate{}, false
}

// completed resolves the role's name and makes the id that was left out.
func (d directoryRole) completed(s *state) directoryRole {
	template, _ := roleTemplateByName(d.Role)
	d.Role = template.name
	if holder, found := s.principal(d.Principal); found {
		d.Principal = holder.ObjectID
	}
	if d.Scope == "" {
		d.Scope = "/"
	}
	if d.ID == "" {
		d.ID = consentID(s.newGUID("directoryRole", d.Principal+" "+d.Role+" "+d.Scope))
	}
	return d
}

// roleGroup is one role group of Exchange. Members are object ids of service principals, or GUIDs of
// mailboxes and groups.
type roleGroup struct {
	GUID    string   `json:"guid,omitempty"`
	Name    string   `json:"name"`
	Members []string `json:"members,omitempty"`
	Roles   []string `json:"roles,omitempty"`
	// Delegating are the roles that the members may hand on.
	Delegating  []string `json:"delegating,omitempty"`
	Description string   `json:"description,omitempty"`
}

// builtInRoleGroups stand in every tenant, each with a few of its roles.
func builtInRoleGroups() []roleGroup {
	return []roleGroup{
		{Name: "Organization Management", Roles: []string{"Role Management", "Organization Configuration", "Mail Recipients", "Distribution Groups"}},
		{Name: "Recipient Management", Roles: []string{"Mail Recipients", "Distribution Groups"}},
		{Name: "View-Only Organization Management", Roles: []string{"View-Only Configuration", "View-Only Recipients"}},
	}
}

// completeRoleGroups lets a document fill the built-in groups and add others.
func (s *state) completeRoleGroups(given []roleGroup, known map[string]string) {
	s.roleGroups = builtInRoleGroups()
	for _, each := range given {
		each.Members = resolved(each.Members, known)
		replaced := false
		for index, standing := range s.roleGroups {
			if strings.EqualFold(standing.Name, each.Name) {
				each.Name, replaced = standing.Name, true
				if each.Roles == nil {
					each.Roles = standing.Roles
				}
				s.roleGroups[index] = each
			}
		}
		if !replaced {
			s.roleGroups = append(s.roleGroups, each)
		}
	}
	for index, each := range s.roleGroups {
		if each.GUID == "" {
			s.roleGroups[index].GUID = inventedGUID("roleGroup", each.Name)
		}
	}
}

func (t *Tenant) roleGroupRow(from roleGroup) row {
	var names []string
	for _, member := range from.Members {
		names = append(names, t.state.memberName(member))
	}
	return row{
		"Name": from.Name, "Identity": from.Name, "DisplayName": from.Name, "Guid": guid(from.GUID), "Members": names, "Roles": from.Roles, "Description": from.Description,
		"RoleGroupType": "Standard", "ManagedBy": []string{"Organization Management"},
	}
}

// memberName shows service principals by their object id (inferred), recipients by their name.
func (s *state) memberName(id string) string {
	for _, each := range s.recipients() {
		if strings.EqualFold(each.GUID, id) {
			return each.name()
		}
	}
	return id
}

func (t *Tenant) findRoleGroup(call *invocation, identity string) (roleGroup, int, error) {
	return oneOf(t.state.roleGroups, identity, call.conditions.other, func(each roleGroup) bool {
		return strings.EqualFold(each.Name, identity) || strings.EqualFold(each.GUID, identity)
	})
}

func getRoleGroup(t *Tenant, call *invocation) ([]row, error) {
	if identity := call.text("Identity"); identity != "" {
		found, _, err := t.findRoleGroup(call, identity)
		if err != nil {
			return nil, err
		}
		return []row{t.roleGroupRow(found)}, nil
	}
	var rows []row
	for _, each := range t.state.roleGroups {
		rows = append(rows, t.roleGroupRow(each))
	}
	return rows, nil
}

// getRoleGroupMember shows a service principal by its object id, both as name and as the id of the
// object in Entra ID (inferred).
func getRoleGroupMember(t *Tenant, call *invocation) ([]row, error) {
	found, _, err := t.findRoleGroup(call, call.text("Identity"))
	if err != nil {
		return nil, err
	}
	most, err := resultSize(call.text("ResultSize"))
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, member := range found.Members[:min(most, len(found.Members))] {
		rows = append(rows, t.roleGroupMemberRow(member))
	}
	return rows, nil
}

func (t *Tenant) roleGroupMemberRow(member string) row {
	for _, each := range t.state.recipients() {
		if strings.EqualFold(each.GUID, member) {
			return t.recipientRow(each)
		}
	}
	shown, pointerID := member, inventedGUID("member", member)
	for _, each := range t.state.pointers {
		if each.named(member) {
			shown, pointerID = each.DisplayName, each.GUID
		}
	}
	return row{
		"Name": member, "Identity": member, "DisplayName": shown, "Guid": guid(pointerID), "ExternalDirectoryObjectId": member,
		"RecipientType": "User", "RecipientTypeDetails": "ServicePrincipal",
	}
}
