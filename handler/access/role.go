package access

import (
	"slices"
	"strings"
)

// rolePrefix begins the name of every application role, as Exchange writes it.
const rolePrefix = "Application "

// ApplicationRole is a management role that Exchange assigns to applications only.
type ApplicationRole struct {
	Name string
	// Permissions are the values that its holder's calls may need, as the tenant's own
	// test lists them.
	Permissions []string
	Protocol    Protocol
	Confers     []Capability
	// Composite: it confers permissions without carrying their names.
	Composite bool

	powers power
}

// ApplicationRoles lists every application role that is known, sorted by name.
func ApplicationRoles() []ApplicationRole {
	var roles []ApplicationRole
	for _, permission := range permissions() {
		if permission.Role != "" {
			roles = append(roles, ApplicationRole{Name: permission.Role, Permissions: []string{permission.Value},
				Protocol: permission.Protocol, Confers: permission.Confers, powers: permission.powers})
		}
	}
	for name, values := range composites() {
		powers := powersOf(values)
		roles = append(roles, ApplicationRole{Name: name, Permissions: values, Protocol: OverGraph, Confers: powers.capabilities(), Composite: true, powers: powers})
	}
	slices.SortFunc(roles, func(a, b ApplicationRole) int { return strings.Compare(a.Name, b.Name) })
	return roles
}

// composites are application roles that confer several permissions without
// carrying their names (Microsoft Learn, Supported Application Roles).
func composites() map[string][]string {
	return map[string][]string{
		"Application Mail Full Access":     {"Mail.ReadWrite", "Mail.Send"},
		"Application Exchange Full Access": {"Mail.ReadWrite", "Mail.Send", "MailboxSettings.ReadWrite", "Calendars.ReadWrite", "Contacts.ReadWrite"},
	}
}

// knownRoles is constant: the application roles by name.
var knownRoles = rolesByName()

func rolesByName() map[string]ApplicationRole {
	known := map[string]ApplicationRole{}
	for _, role := range ApplicationRoles() {
		known[role.Name] = role
	}
	return known
}

// LookUpRole returns the application role of that name; false when it is not known.
func LookUpRole(name string) (ApplicationRole, bool) {
	role, known := knownRoles[name]
	return role, known
}

// RoleConfers returns what an application role lets its holder do. An application
// role that is not known, and a role without a name, confer Full: not knowing may
// not look like harmless.
// Every other management role confers nothing here, because only application roles
// open mailboxes to applications.
func RoleConfers(name string) []Capability {
	role, known := LookUpRole(name)
	switch {
	case known:
		return role.Confers
	case mayBeApplicationRole(name):
		return []Capability{Full}
	}
	return nil
}

func mayBeApplicationRole(name string) bool {
	return name == "" || strings.HasPrefix(name, rolePrefix)
}

// CheckRoles compares the table with the names of the management roles that the
// tenant lists. The first result are the known roles that this tenant lacks, the
// second the tenant's application roles that the table lacks. Both are sorted.
// Roles of other kinds are left out.
func CheckRoles(listed []string) ([]string, []string) {
	var missing, unknown []string
	for name := range knownRoles {
		if !slices.Contains(listed, name) {
			missing = append(missing, name)
		}
	}
	for _, name := range listed {
		_, known := LookUpRole(name)
		if !known && name != "" && mayBeApplicationRole(name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(missing)
	slices.Sort(unknown)
	return missing, slices.Compact(unknown)
}

// impersonation is the role that application roles replaced. Exchange Online has
// ended it; an assignment of it is a leftover that opens nothing and should go.
const impersonation = "ApplicationImpersonation"
