package access

import "slices"

// Resource is the API on which a permission is consented. A permission is
// identified by resource and value together: Microsoft Graph and Office 365
// Exchange Online both expose a Mail.Read.
type Resource string

// The two resources whose app roles reach mailboxes, and all others.
const (
	Graph    Resource = "graph"
	Exchange Resource = "exchange"
	Other    Resource = "other"
)

// Protocol is by which interface a permission reaches a mailbox.
type Protocol string

// The protocols. OverGraph is Microsoft Graph; OverREST is the retired Outlook REST
// interface; Administration is no mailbox protocol but the power over others'.
const (
	OverGraph      Protocol = "graph"
	OverEWS        Protocol = "ews"
	OverSMTP       Protocol = "smtp"
	OverIMAP       Protocol = "imap"
	OverPOP        Protocol = "pop"
	OverREST       Protocol = "outlook-rest"
	Administration Protocol = "administration"
)

// Permission is one app role value on one resource and what it confers.
type Permission struct {
	Resource Resource
	Value    string
	Protocol Protocol
	Confers  []Capability
	// Role is the application role that gives the same thing scoped; empty where
	// there is none.
	Role string
	// Instead says where to go when there is no scoped role.
	Instead string
	// Notice is what a requester has to know of a permission that can be granted;
	// empty where there is nothing.
	Notice string
	// PolicyConfined: an application access policy narrows a consent to it. Only the
	// documented list is narrowed; every other consent passes by the policies.
	PolicyConfined bool
	// NeedsMailboxPermission: a consent alone opens nothing; it opens those mailboxes
	// that give the service principal a mailbox permission.
	NeedsMailboxPermission bool
	// SelfGrant: the holder can give itself access to anything.
	SelfGrant bool
	// NeedsAdministrator: SelfGrant holds only together with a directory role or an
	// Exchange role group.
	NeedsAdministrator bool

	powers power
}

// knownPermissions is constant: the table by resource and value.
var knownPermissions = permissionsByKey()

type permissionKey struct {
	resource Resource
	value    string
}

func permissionsByKey() map[permissionKey]Permission {
	known := map[permissionKey]Permission{}
	for _, permission := range permissions() {
		known[permissionKey{permission.Resource, permission.Value}] = permission
	}
	return known
}

// LookUp returns what is known of a permission on a resource; false when the table
// does not have it.
func LookUp(resource Resource, value string) (Permission, bool) {
	permission, known := knownPermissions[permissionKey{resource, value}]
	return permission, known
}

// named finds a permission by its value alone, as people write it: Graph's first,
// because those are the ones that can be granted.
func named(value string) (Permission, bool) {
	permission, known := LookUp(Graph, value)
	if !known {
		permission, known = LookUp(Exchange, value)
	}
	return permission, known
}

// Scopable returns the permission of that value with its application role and what
// has to be known about it, or why it cannot be granted.
func Scopable(value string) (Permission, string) {
	permission, known := named(value)
	switch {
	case !known:
		return Permission{}, "no mailbox permission of this name is known; names are written as Microsoft Graph does, for example Mail.Send"
	case permission.Role == "":
		return Permission{}, permission.Instead
	}
	return permission, ""
}

// Confers returns the union of what the permissions of these values confer, on
// whichever resource the table has them; a value that it does not have confers Full.
func Confers(values []string) []Capability {
	var union []Capability
	for _, value := range values {
		permission, known := named(value)
		confers := permission.Confers
		if !known {
			confers = []Capability{Full}
		}
		for _, capability := range confers {
			if !slices.Contains(union, capability) {
				union = append(union, capability)
			}
		}
	}
	return union
}

// Beyond returns what permissions of the first values can do that those of the second
// cannot. Writing a calendar is beyond reading it, although both are told as Calendar.
func Beyond(values, asked []string) []Capability {
	return (powersOf(values) &^ powersOf(asked)).capabilities()
}

// powersOf is the union of what permissions of these values can do; one that is not
// known can do anything.
func powersOf(values []string) power {
	var union power
	for _, value := range values {
		permission, known := named(value)
		if !known {
			return allPowers
		}
		union |= permission.powers
	}
	return union
}

// GroupMailboxPermissions are the Microsoft Graph application permissions that open
// the mailboxes of Microsoft 365 groups. Those lie outside this model: no role and no
// policy scopes them (Microsoft Graph permissions reference).
func GroupMailboxPermissions() []string {
	return []string{"Group.Read.All", "Group.ReadWrite.All", "Group-Conversation.Read.All", "Group-Conversation.ReadWrite.All"}
}
