package access_test

import (
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/access"
)

func nobodys(access.Assignment) bool { return false }

func consents(all ...access.Consent) access.Facts {
	return access.Facts{Consents: access.Known(all), Assignments: access.Known[[]access.Assignment](nil)}
}

func assignments(all ...access.Assignment) access.Facts {
	return access.Facts{Consents: access.Known[[]access.Consent](nil), Assignments: access.Known(all)}
}

func TestConsentPaths(t *testing.T) {
	t.Parallel()
	send, read, write := access.Send, access.ReadMeta, access.Write
	cases := []struct {
		name     string
		resource access.Resource
		value    string
		wanted   []string
		overlap  []access.Capability // none: no path
		self     bool
	}{
		{"the same permission", access.Graph, "Mail.Send", []string{"Mail.Send"}, []access.Capability{send}, false},
		{"the retired one of the same name", access.Exchange, "Mail.Send", []string{"Mail.Send"}, []access.Capability{send}, false},
		{"a retired one that Graph has not", access.Exchange, "Calendars.Read.All", []string{"Calendars.Read"}, []access.Capability{access.Calendar}, false},
		{"the same name elsewhere", access.Other, "Mail.Send", []string{"Mail.Send"}, nil, false},
		{"another capability", access.Graph, "Calendars.ReadWrite", []string{"Mail.Send"}, nil, false},
		{"a wider one", access.Graph, "Mail.ReadWrite", []string{"Mail.ReadBasic"}, []access.Capability{read}, false},
		{"a narrower one", access.Graph, "Mail.ReadBasic.All", []string{"Mail.ReadWrite"}, []access.Capability{read}, false},
		{"another protocol", access.Exchange, "IMAP.AccessAsApp", []string{"MailboxFolder.ReadWrite.All"}, []access.Capability{read, write}, false},
		{"SMTP", access.Exchange, "SMTP.SendAsApp", []string{"Mail.Send"}, []access.Capability{send}, false},
		{"the blanket", access.Exchange, "full_access_as_app", []string{"MailTips.ReadBasic.All"}, []access.Capability{access.Settings}, false},
		{"the blanket's name on Graph", access.Graph, "full_access_as_app", []string{"Mail.Send"}, nil, false},
		{"self-granting", access.Graph, "AppRoleAssignment.ReadWrite.All", []string{"Mail.Send"}, []access.Capability{send}, true},
		{"self-granting in Exchange", access.Exchange, "Exchange.ManageAsApp", []string{"Contacts.Read"}, []access.Capability{access.Contacts}, true},
		{"self-granting on the other resource", access.Other, "AppRoleAssignment.ReadWrite.All", []string{"Mail.Send"}, nil, false},
		{"a role that Graph does not list", access.Graph, "", []string{"Mail.Send"}, []access.Capability{send}, false},
		{"a role that Exchange does not list", access.Exchange, "", []string{"Mail.Send"}, []access.Capability{send}, false},
		{"a role that another does not list", access.Other, "", []string{"Mail.Send"}, nil, false},
		{"new on Exchange", access.Exchange, "Exchange.AdminAPI.ManageAsApp", []string{"Mail.Send"}, []access.Capability{send}, false},
		{"new on Graph about mail", access.Graph, "Mail.Everything.All", []string{"Calendars.Read"}, []access.Capability{access.Calendar}, false},
		{"not about mail", access.Graph, "User.Read.All", []string{"Mail.Send"}, nil, false},
		{"nothing wanted", access.Exchange, "full_access_as_app", nil, nil, false},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			facts := consents(access.Consent{Resource: test.resource, ResourceName: "the resource", Value: test.value, AppRoleID: "b633e1c5"})
			paths, unread := access.Paths(facts, test.wanted, nobodys)
			if len(unread) > 0 {
				t.Errorf("unread: %q", unread)
			}
			if test.overlap == nil {
				if len(paths) > 0 {
					t.Errorf("paths: %+v", paths)
				}
				return
			}
			if len(paths) != 1 || len(access.Defeating(paths)) != 1 {
				t.Fatalf("paths: %+v", paths)
			}
			path := paths[0]
			if path.Kind != access.ByConsent || path.SelfGrant != test.self || !slices.Equal(path.Overlap, test.overlap) {
				t.Errorf("got %+v, want overlap %v", path, test.overlap)
			}
			name := test.value
			if name == "" {
				name = "b633e1c5"
			}
			if !strings.Contains(path.String(), name) || !strings.Contains(path.String(), "every mailbox") {
				t.Errorf("%q does not name %q", path, name)
			}
		})
	}
}

// TestTheBlanketDefeatsEveryScope: whatever scoped permission is wanted, the blanket
// and every self-granting consent reach all of it.
func TestTheBlanketDefeatsEveryScope(t *testing.T) {
	t.Parallel()
	for _, wanted := range access.Permissions() {
		if wanted.Role == "" {
			continue
		}
		for _, other := range access.Permissions() {
			if !other.SelfGrant && other.Value != "full_access_as_app" {
				continue
			}
			facts := consents(access.Consent{Resource: other.Resource, Value: other.Value})
			paths, _ := access.Paths(facts, []string{wanted.Value}, nobodys)
			if len(access.Defeating(paths)) != 1 || !slices.Equal(paths[0].Overlap, wanted.Confers) {
				t.Errorf("%s beside %s: %+v", other.Value, wanted.Value, paths)
			}
		}
	}
}

func TestAssignmentPaths(t *testing.T) {
	t.Parallel()
	const role = "Application Mail.Send"
	cases := []struct {
		name       string
		assignment access.Assignment
		path, wide bool
	}{
		{"scoped", access.Assignment{Name: "s", Role: role, Scope: "theirs", Enabled: true}, true, false},
		{"unscoped", access.Assignment{Name: "s", Role: role, Unscoped: true, Enabled: true}, true, true},
		{"disabled and scoped", access.Assignment{Name: "s", Role: role, Scope: "theirs"}, true, false},
		{"disabled and unscoped", access.Assignment{Name: "s", Role: role, Unscoped: true}, true, true},
		{"composite", access.Assignment{Name: "s", Role: "Application Mail Full Access", Unscoped: true, Enabled: true}, true, true},
		{"not known", access.Assignment{Name: "s", Role: "Application Something.New", Scope: "theirs", Enabled: true}, true, false},
		{"not known and unscoped", access.Assignment{Name: "s", Role: "Application Something.New", Unscoped: true, Enabled: true}, true, true},
		{"of no name", access.Assignment{Name: "s", Scope: "theirs", Enabled: true}, true, false},
		{"another capability", access.Assignment{Name: "s", Role: "Application Calendars.Read", Unscoped: true, Enabled: true}, false, false},
		{"no application role", access.Assignment{Name: "s", Role: "View-Only Recipients", Unscoped: true, Enabled: true}, false, false},
		{"ours", access.Assignment{Name: "ours", Role: role, Scope: "ours", Enabled: true}, false, false},
	}
	ours := func(a access.Assignment) bool { return a.Name == "ours" }
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			paths, unread := access.Paths(assignments(test.assignment), []string{"Mail.Send"}, ours)
			if len(unread) > 0 || (len(paths) > 0) != test.path || (len(access.Defeating(paths)) > 0) != test.wide {
				t.Fatalf("paths %+v, unread %q", paths, unread)
			}
			if test.path && (paths[0].Kind != access.ByAssignment || !slices.Equal(paths[0].Overlap, []access.Capability{access.Send})) {
				t.Errorf("path: %+v", paths[0])
			}
			if test.path && (!strings.Contains(paths[0].String(), test.assignment.Role) || strings.Contains(paths[0].String(), "every mailbox") != test.wide) {
				t.Errorf("said as %q", paths[0])
			}
		})
	}
}

func TestUnreadPartsAreNamed(t *testing.T) {
	t.Parallel()
	facts := access.Facts{Consents: access.NotRead[[]access.Consent]("Graph answered 503"), Assignments: access.NotRead[[]access.Assignment]("Exchange timed out")}
	paths, unread := access.Paths(facts, []string{"Mail.Send"}, nobodys)
	if len(paths) > 0 || len(unread) != 2 || !strings.Contains(unread[0], "Graph answered 503") || !strings.Contains(unread[1], "Exchange timed out") {
		t.Errorf("paths %v, unread %q", paths, unread)
	}
	_, unread = access.Paths(access.Facts{}, []string{"Mail.Send"}, nobodys)
	if len(unread) != 2 {
		t.Errorf("facts of which nothing was read: unread %q", unread)
	}
	half := consents(access.Consent{Resource: access.Graph, Value: "Mail.Send"})
	half.Assignments = access.NotRead[[]access.Assignment]("Exchange timed out")
	paths, unread = access.Paths(half, []string{"Mail.Send"}, nobodys)
	if len(paths) != 1 || len(unread) != 1 {
		t.Errorf("half read: paths %v, unread %q", paths, unread)
	}
}

func TestDefeatingKeepsOrganizationWidePathsInOrder(t *testing.T) {
	t.Parallel()
	facts := consents(access.Consent{Resource: access.Graph, Value: "Mail.Send"}, access.Consent{Resource: access.Other, Value: "Mail.Send"}, access.Consent{Resource: access.Exchange, Value: "SMTP.SendAsApp"})
	facts.Assignments = access.Known([]access.Assignment{{Name: "scoped", Role: "Application Mail.Send", Scope: "s"}, {Name: "wide", Role: "Application Mail.Send", Unscoped: true}})
	paths, _ := access.Paths(facts, []string{"Mail.Send"}, nobodys)
	if len(paths) != 4 {
		t.Fatalf("paths: %+v", paths)
	}
	wide := access.Defeating(paths)
	if len(wide) != 3 || !strings.Contains(wide[0].What, "Mail.Send") || !strings.Contains(wide[1].What, "SMTP") || !strings.Contains(wide[2].What, "wide") {
		t.Errorf("defeating: %+v", wide)
	}
}
