// Package access judges who reaches which mailbox with what: it takes facts that
// were read from the tenant and answers with paths. What was not read is unknown,
// and unknown is never green.
//
// It is pure: no I/O, no clock. It must not decide what to do about what it finds.
package access

import (
	"slices"
	"strings"
)

// Capability is what a permission lets one do to a mailbox. Overlap is judged by
// capability and not by a permission's name, because many names open the same thing.
type Capability string

// The capabilities. Full stands for all of them.
const (
	ReadMeta Capability = "read-meta"
	ReadBody Capability = "read-body"
	Write    Capability = "write"
	Send     Capability = "send"
	Settings Capability = "settings"
	Calendar Capability = "calendar"
	Contacts Capability = "contacts"
	Export   Capability = "export"
	Full     Capability = "full"
)

// Overlap returns the capabilities that both sets give, in the first set's order;
// Full overlaps with everything.
func Overlap(a, b []Capability) []Capability {
	if slices.Contains(b, Full) {
		return a
	}
	if slices.Contains(a, Full) {
		return b
	}
	var both []Capability
	for _, capability := range a {
		if slices.Contains(b, capability) {
			both = append(both, capability)
		}
	}
	return both
}

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

// Permission is one app role value on one resource and what it confers.
type Permission struct {
	Resource Resource
	Value    string
	Confers  []Capability
	// Role is the application role that gives the same thing scoped; empty where
	// there is none.
	Role string
	// Instead says where to go when there is no scoped role that is granted here.
	Instead string
	// SelfGrant: the holder can give itself access to anything.
	SelfGrant bool
}

// RoleName of the permission's application role, as Exchange writes it.
const rolePrefix = "Application "

const (
	retired = "it belongs to the retired Outlook REST API, has no application role and cannot be scoped; ask for the Microsoft Graph permission of the same name"
	blanket = "it opens every mailbox completely and has no role of its own; ask for the single Microsoft Graph permissions that are needed"
	legacy  = "there is no application role for this protocol; it needs a consent and a mailbox permission, which is not offered yet"
)

// permissions is the one table of what is known: application role names and
// permissions from Microsoft Learn, Role Based Access Control for Applications in
// Exchange Online, Supported Application Roles; the capabilities are our judgement
// of the permissions' descriptions in the Microsoft Graph permissions reference.
func permissions() []Permission {
	table := []Permission{
		scoped("Mail.ReadBasic", "Mail.ReadBasic", ReadMeta),
		scoped("Mail.Read", "Mail.Read", ReadMeta, ReadBody),
		scoped("Mail.ReadWrite", "Mail.ReadWrite", ReadMeta, ReadBody, Write),
		scoped("Mail.Send", "Mail.Send", Send),
		scoped("MailboxSettings.Read", "MailboxSettings.Read", Settings),
		scoped("MailboxSettings.ReadWrite", "MailboxSettings.ReadWrite", Settings),
		scoped("Calendars.Read", "Calendars.Read", Calendar),
		scoped("Calendars.ReadWrite", "Calendars.ReadWrite", Calendar),
		scoped("Contacts.Read", "Contacts.Read", Contacts),
		scoped("Contacts.ReadWrite", "Contacts.ReadWrite", Contacts),
		scoped("MailboxFolder.Read.All", "MailboxFolder.Read", ReadMeta),
		scoped("MailboxFolder.ReadWrite.All", "MailboxFolder.ReadWrite", ReadMeta, Write),
		scoped("MailboxItem.Read.All", "MailboxItem.Read", items(ReadMeta, ReadBody)...),
		scoped("MailboxItem.ReadWrite.All", "MailboxItem.ReadWrite", items(ReadMeta, ReadBody, Write)...),
		scoped("MailboxItem.Export.All", "MailboxItem.Export", items(ReadMeta, ReadBody, Export)...),
		scoped("MailboxItem.ImportExport.All", "MailboxItem.ImportExport", items(ReadMeta, ReadBody, Write, Export)...),
		scoped("MailboxConfigItem.Read", "MailboxConfigItem.Read", Settings),
		scoped("MailboxConfigItem.ReadWrite", "MailboxConfigItem.ReadWrite", Settings),
		scoped("MailTips.ReadBasic.All", "MailTips.ReadBasic.All", Settings),
		scoped("Mail-Advanced.ReadWrite.All", "Mail-Advanced.ReadWrite.All", ReadMeta, ReadBody, Write),

		unscoped(Graph, "Mail.ReadBasic.All", "it has no application role of its own; ask for Mail.ReadBasic", ReadMeta),
		unscoped(Graph, "Calendars.ReadBasic.All", "it has no application role of its own; ask for Calendars.Read", Calendar),
		unscoped(Exchange, "full_access_as_app", blanket, Full),
		unscoped(Exchange, "EWS.AccessAsApp", "its application role opens every item of a mailbox through Exchange Web Services, which Exchange Online blocks from 2026-10-01 and removes on 2027-04-01; ask for Microsoft Graph permissions", Full),
		unscoped(Exchange, "SMTP.SendAsApp", "SMTP submission is not offered yet; ask for Mail.Send", Send),
		unscoped(Exchange, "IMAP.AccessAsApp", legacy, ReadMeta, ReadBody, Write),
		unscoped(Exchange, "POP.AccessAsApp", legacy, ReadMeta, ReadBody, Write),
		unscoped(Exchange, "Mail.Read", retired, ReadMeta, ReadBody),
		unscoped(Exchange, "Mail.ReadWrite", retired, ReadMeta, ReadBody, Write),
		unscoped(Exchange, "Mail.Send", retired, Send),
		unscoped(Exchange, "Calendars.Read", retired, Calendar),
		unscoped(Exchange, "Calendars.Read.All", retired, Calendar),
		unscoped(Exchange, "Calendars.ReadWrite.All", retired, Calendar),
		unscoped(Exchange, "Contacts.Read", retired, Contacts),
		unscoped(Exchange, "Contacts.ReadWrite", retired, Contacts),
		unscoped(Exchange, "MailboxSettings.Read", retired, Settings),
		unscoped(Exchange, "MailboxSettings.ReadWrite", retired, Settings),
	}
	return append(table, selfGranting()...)
}

func items(mail ...Capability) []Capability { return append(mail, Calendar, Contacts) }

func scoped(value, role string, confers ...Capability) Permission {
	return Permission{Resource: Graph, Value: value, Role: rolePrefix + role, Confers: confers}
}

func unscoped(resource Resource, value, instead string, confers ...Capability) Permission {
	return Permission{Resource: resource, Value: value, Instead: instead, Confers: confers}
}

// selfGranting lists the app roles whose holder can give itself access.
func selfGranting() []Permission {
	const why = "its holder can give itself access to every mailbox; this is never granted here"
	var table []Permission
	for _, value := range []string{"AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.All", "RoleManagement.ReadWrite.Directory",
		"RoleManagement.ReadWrite.Exchange", "RoleAssignmentSchedule.ReadWrite.Directory", "RoleEligibilitySchedule.ReadWrite.Directory",
		"Application.ReadWrite.All"} {
		table = append(table, Permission{Resource: Graph, Value: value, Confers: []Capability{Full}, Instead: why, SelfGrant: true})
	}
	for _, value := range []string{"Exchange.ManageAsApp", "Exchange.ManageAsAppV2"} {
		table = append(table, Permission{Resource: Exchange, Value: value, Confers: []Capability{Full}, Instead: why, SelfGrant: true})
	}
	return table
}

// LookUp returns what is known of a permission on a resource; false when the table
// does not have it.
func LookUp(resource Resource, value string) (Permission, bool) {
	for _, permission := range permissions() {
		if permission.Resource == resource && permission.Value == value {
			return permission, true
		}
	}
	return Permission{}, false
}

// Scopable returns the Graph permission of that value with its application role,
// or why it cannot be granted.
func Scopable(value string) (Permission, string) {
	permission, known := LookUp(Graph, value)
	if !known {
		permission, known = LookUp(Exchange, value)
	}
	switch {
	case !known:
		return Permission{}, "no mailbox permission of this name is known; names are written as Microsoft Graph does, for example Mail.Send"
	case permission.Role == "":
		return Permission{}, permission.Instead
	}
	return permission, ""
}

// composites are application roles that confer several permissions without
// carrying their names (Microsoft Learn, as above).
func composites() map[string][]string {
	return map[string][]string{
		"Application Mail Full Access":     {"Mail.ReadWrite", "Mail.Send"},
		"Application Exchange Full Access": {"Mail.ReadWrite", "Mail.Send", "MailboxSettings.ReadWrite", "Calendars.ReadWrite", "Contacts.ReadWrite"},
		"Application EWS.AccessAsApp":      {"EWS.AccessAsApp"},
		"Application SMTP.SendAsApp":       {"SMTP.SendAsApp"},
	}
}

// RoleConfers returns what an application role lets its holder do. An application
// role that is not known, and a role without a name, confer Full: not knowing may
// not look like harmless.
// Every other management role confers nothing here, because only application roles
// open mailboxes to applications.
func RoleConfers(role string) []Capability {
	if role == "" {
		return []Capability{Full}
	}
	for _, permission := range permissions() {
		if permission.Role == role {
			return permission.Confers
		}
	}
	values, composite := composites()[role]
	if !composite {
		if strings.HasPrefix(role, rolePrefix) {
			return []Capability{Full}
		}
		return nil
	}
	return Confers(values)
}

// Confers returns the union of what the permissions of these values confer, on
// whichever resource the table has them; a value that it does not have confers Full.
func Confers(values []string) []Capability {
	var union []Capability
	for _, value := range values {
		permission, known := LookUp(Graph, value)
		if !known {
			permission, known = LookUp(Exchange, value)
		}
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
