package access_test

import (
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/access"
)

// applicationRoles are the roles of Microsoft Learn, Role Based Access Control for
// Applications in Exchange Online, Supported Application Roles, with the Microsoft
// Graph permission that carries each one, or that of another protocol; none for a
// composite role.
func applicationRoles() map[string]string {
	return map[string]string{
		"Application Mail.Read":                   "Mail.Read",
		"Application Mail.ReadBasic":              "Mail.ReadBasic",
		"Application Mail.ReadWrite":              "Mail.ReadWrite",
		"Application Mail.Send":                   "Mail.Send",
		"Application MailboxSettings.Read":        "MailboxSettings.Read",
		"Application MailboxSettings.ReadWrite":   "MailboxSettings.ReadWrite",
		"Application Calendars.Read":              "Calendars.Read",
		"Application Calendars.ReadWrite":         "Calendars.ReadWrite",
		"Application Contacts.Read":               "Contacts.Read",
		"Application Contacts.ReadWrite":          "Contacts.ReadWrite",
		"Application MailboxFolder.Read":          "MailboxFolder.Read.All",
		"Application MailboxFolder.ReadWrite":     "MailboxFolder.ReadWrite.All",
		"Application MailboxItem.Read":            "MailboxItem.Read.All",
		"Application MailboxItem.ReadWrite":       "MailboxItem.ReadWrite.All",
		"Application MailboxItem.Export":          "MailboxItem.Export.All",
		"Application MailboxItem.ImportExport":    "MailboxItem.ImportExport.All",
		"Application MailboxConfigItem.Read":      "MailboxConfigItem.Read",
		"Application MailboxConfigItem.ReadWrite": "MailboxConfigItem.ReadWrite",
		"Application MailTips.ReadBasic.All":      "MailTips.ReadBasic.All",
		"Application Mail-Advanced.ReadWrite.All": "Mail-Advanced.ReadWrite.All",
		"Application Mail Full Access":            "",
		"Application Exchange Full Access":        "",
		"Application EWS.AccessAsApp":             "EWS.AccessAsApp",
		"Application SMTP.SendAsApp":              "SMTP.SendAsApp",
	}
}

func TestEveryApplicationRoleIsKnown(t *testing.T) {
	t.Parallel()
	roles := applicationRoles()
	if len(roles) != 24 {
		t.Fatalf("%d roles", len(roles))
	}
	carried := map[string]string{}
	for role, value := range roles {
		confers := access.RoleConfers(role)
		if len(confers) == 0 {
			t.Errorf("%s confers nothing", role)
		}
		blanket := role == "Application EWS.AccessAsApp"
		if slices.Contains(confers, access.Full) != blanket {
			t.Errorf("%s confers %v: it is taken for a role that is not known", role, confers)
		}
		if value == "" {
			continue
		}
		permission, refusal := access.Scopable(value)
		resource := access.Graph
		if strings.HasSuffix(value, "AsApp") {
			resource = access.Exchange
		}
		if refusal != "" || permission.Role != role || permission.Resource != resource {
			t.Errorf("%s has the role %q on %s, want %q: %s", value, permission.Role, permission.Resource, role, refusal)
		}
		if !slices.Equal(confers, permission.Confers) || !slices.Equal(confers, access.Confers([]string{value})) {
			t.Errorf("%s confers %v and %s %v", role, confers, value, permission.Confers)
		}
		carried[value] = role
	}
	for _, permission := range access.Permissions() {
		if permission.Role != "" && carried[permission.Value] != permission.Role {
			t.Errorf("%s has the role %q, which is not listed", permission.Value, permission.Role)
		}
	}
}

func TestThePermissionTable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	roles := map[string]bool{}
	for _, permission := range access.Permissions() {
		key := string(permission.Resource) + " " + permission.Value
		if seen[key] {
			t.Errorf("%s is listed twice", key)
		}
		seen[key] = true
		if permission.Role != "" && roles[permission.Role] {
			t.Errorf("%s is the role of two permissions", permission.Role)
		}
		roles[permission.Role] = true
		if len(permission.Confers) == 0 {
			t.Errorf("%s confers nothing", key)
		}
		if (permission.Role == "") == (permission.Instead == "") {
			t.Errorf("%s has the role %q and says %q instead", key, permission.Role, permission.Instead)
		}
		if permission.SelfGrant && (permission.Role != "" || !slices.Equal(permission.Confers, []access.Capability{access.Full})) {
			t.Errorf("%s is self-granting and confers %v by %q", key, permission.Confers, permission.Role)
		}
		found, known := access.LookUp(permission.Resource, permission.Value)
		if !known || found.Role != permission.Role {
			t.Errorf("%s is not found again", key)
		}
	}
}

func TestScopableRefusesByName(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"full_access_as_app":                   "opens every mailbox",
		"IMAP.AccessAsApp":                     "no application role",
		"POP.AccessAsApp":                      "no application role",
		"Mail.ReadBasic.All":                   "Mail.ReadBasic",
		"Calendars.ReadBasic.All":              "Calendars.Read",
		"Exchange.ManageAsApp":                 "never granted",
		"AppRoleAssignment.ReadWrite.All":      "never granted",
		"RoleManagement.ReadWrite.Exchange":    "never granted",
		"User.Read.All":                        "no mailbox permission of this name",
		"mail.send":                            "no mailbox permission of this name",
		"Application Mail.Send":                "no mailbox permission of this name",
		"MailboxFolder.Read":                   "no mailbox permission of this name",
		"Calendars.Read.All":                   "retired",
		"":                                     "no mailbox permission of this name",
		"Mail.Send' -or Guid -ne '00000000-00": "no mailbox permission of this name",
	}
	for value, want := range cases {
		permission, refusal := access.Scopable(value)
		if !strings.Contains(refusal, want) || permission.Role != "" {
			t.Errorf("%q: role %q, %q; want %q", value, permission.Role, refusal, want)
		}
	}
}

func TestRoleConfers(t *testing.T) {
	t.Parallel()
	cases := map[string][]access.Capability{
		"Application Mail.Send":            {access.Send},
		"Application Mail.Read":            {access.ReadMeta, access.ReadBody},
		"Application Mail Full Access":     {access.ReadMeta, access.ReadBody, access.Write, access.Send},
		"Application Exchange Full Access": {access.ReadMeta, access.ReadBody, access.Write, access.Send, access.Settings, access.Calendar, access.Contacts},
		"Application EWS.AccessAsApp":      {access.Full},
		"Application SMTP.SendAsApp":       {access.Send},
		"Application MailboxItem.Write":    {access.Full},
		"Application Chat.Read":            {access.Full},
		"Application ":                     {access.Full},
		"":                                 {access.Full},
		"Mail Recipients":                  nil,
	}
	for role, want := range cases {
		if got := access.RoleConfers(role); !slices.Equal(got, want) {
			t.Errorf("%q confers %v, want %v", role, got, want)
		}
	}
}

func TestConfers(t *testing.T) {
	t.Parallel()
	cases := []struct {
		values []string
		want   []access.Capability
	}{
		{nil, nil},
		{[]string{"Mail.Send"}, []access.Capability{access.Send}},
		{[]string{"Mail.Send", "Mail.Send"}, []access.Capability{access.Send}},
		{[]string{"Mail.Read", "Mail.ReadBasic", "Calendars.Read"}, []access.Capability{access.ReadMeta, access.ReadBody, access.Calendar}},
		{[]string{"IMAP.AccessAsApp"}, []access.Capability{access.ReadMeta, access.ReadBody, access.Write}},
		{[]string{"Mail.Send", "Mail.Everything"}, []access.Capability{access.Send, access.Full}},
		{[]string{""}, []access.Capability{access.Full}},
	}
	for _, test := range cases {
		if got := access.Confers(test.values); !slices.Equal(got, test.want) {
			t.Errorf("%q confer %v, want %v", test.values, got, test.want)
		}
	}
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	read := []access.Capability{access.ReadMeta, access.ReadBody}
	meta := []access.Capability{access.ReadMeta}
	send := []access.Capability{access.Send}
	full := []access.Capability{access.Full}
	cases := []struct {
		name       string
		a, b, want []access.Capability
	}{
		{"nothing and nothing", nil, nil, nil},
		{"nothing and full", nil, full, nil},
		{"full and nothing", full, nil, nil},
		{"the same", send, send, send},
		{"none in common", read, send, nil},
		{"part", read, meta, meta},
		{"part, the other way", meta, read, meta},
		{"full and one", full, send, send},
		{"one and full", send, full, send},
		{"full and full", full, full, full},
		{"full among others", []access.Capability{access.Calendar, access.Full}, send, send},
		{"in the first one's order", []access.Capability{access.Send, access.ReadMeta}, []access.Capability{access.ReadMeta, access.Send}, []access.Capability{access.Send, access.ReadMeta}},
	}
	for _, test := range cases {
		if got := access.Overlap(test.a, test.b); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}
