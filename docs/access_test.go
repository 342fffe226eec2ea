package docs

import (
	"go/ast"
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

const accessPage = "docs/access.md"

// rows are the cells of the table in a document whose header begins with these, without
// the spaces around them.
func rows(t *testing.T, document, header string) [][]string {
	t.Helper()
	_, rest, found := strings.Cut(read(t, document), "\n| "+header+" |")
	if !found {
		t.Fatalf("%s has no table that begins with %q", document, header)
	}
	var all [][]string
	for _, line := range strings.Split(rest, "\n")[2:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		all = append(all, cells)
	}
	return all
}

// TestApplicationRoles: every role that is known is in the table, and nothing else is;
// what has to be known of a role is said.
func TestApplicationRoles(t *testing.T) {
	t.Parallel()
	said := rows(t, accessPage, "application role")
	known := access.ApplicationRoles()
	if len(said) != 24 || len(known) != 24 {
		t.Fatalf("%d roles are in the table and %d known", len(said), len(known))
	}
	for i, role := range known {
		var capabilities []string
		for _, capability := range role.Confers {
			capabilities = append(capabilities, string(capability))
		}
		want := []string{"`" + role.Name + "`", "`" + strings.Join(role.Permissions, "`, `") + "`", string(role.Protocol), strings.Join(capabilities, ", ")}
		if !slices.Equal(said[i][:4], want) {
			t.Errorf("got %q, want %q", said[i], want)
		}
		permission, _ := access.Scopable(role.Permissions[0])
		if (role.Composite || permission.Notice != "") != (said[i][4] != "") || role.Composite != (said[i][4] == "composite") {
			t.Errorf("%s: the note is %q", role.Name, said[i][4])
		}
	}
}

// literals are the words of the package's sources.
func literals(t *testing.T) []string {
	t.Helper()
	var found []string
	for name, file := range parse(t).files {
		if !strings.HasPrefix(name, "access/") {
			continue
		}
		ast.Inspect(file, func(node ast.Node) bool {
			literal, ok := node.(*ast.BasicLit)
			if ok {
				word, _ := text(literal)
				found = append(found, word)
			}
			return true
		})
	}
	return distinct(found)
}

func TestConfinedPermissions(t *testing.T) {
	t.Parallel()
	for resource, title := range map[access.Resource]string{access.Graph: "Microsoft Graph", access.Exchange: "Office 365 Exchange Online"} {
		var said, is []string
		for _, row := range rows(t, accessPage, "confined permission") {
			if row[1] == title {
				said = append(said, backticked(row[0])...)
			}
		}
		for _, word := range literals(t) {
			permission, known := access.LookUp(resource, word)
			if known && permission.PolicyConfined {
				is = append(is, word)
			}
		}
		same(t, "permissions that policies confine on "+title, said, is)
	}
}

// TestWhoCanGiveItselfAccess: a word is among them when its holder can, by the
// judgement's own answer.
func TestWhoCanGiveItselfAccess(t *testing.T) {
	t.Parallel()
	var is []string
	for _, word := range literals(t) {
		holder := workload("holder")
		holder.Facts.Roles.Value = []access.AdministratorRole{{Name: word}}
		byRole := access.Reach(organization(holder), "holder", nil, "nora").CanGrantItself
		if permission, _ := access.LookUp(access.Graph, word); permission.SelfGrant || word != "" && byRole == grant.Allowed {
			// Template ids stand beside the roles' names, and neither is known by the other.
			is = append(is, word)
		}
	}
	same(t, "ways of giving oneself access", columnOf(t, accessPage, "gives itself access by", 1), is)
}

// organization is the small one of the worked examples.
func organization(workloads ...access.Subject) access.Tenant {
	const board = "CN=Board,OU=contoso.example,DC=outlook,DC=com"
	mailbox := func(alias string) access.Mailbox {
		return access.Mailbox{GUID: alias, Properties: map[string][]string{"alias": {alias}}}
	}
	return access.Tenant{
		Mailboxes: access.Known([]access.Mailbox{mailbox("nora"), mailbox("olav"), mailbox("room-oslo")}),
		Workloads: workloads,
		Groups:    access.Known([]access.Group{{ID: "board", DistinguishedName: board, Members: access.Known(access.Membership{Mailboxes: []string{"nora"}})}}),
		Scopes: access.Known([]access.Scope{{Name: "Meeting rooms", Filter: "Alias -like 'room-*'"}, {Name: "Not Nora", Filter: "Alias -ne 'nora'"},
			{Name: "Board", Filter: "MemberOfGroup -eq '" + board + "'"}}),
		Units: access.Known[[]access.Unit](nil),
		Policies: access.Known([]access.Policy{{ID: "1", AppID: "Minutes", Right: access.RestrictAccess, Group: "board"},
			{ID: "2", AppID: "Digest", Right: access.RestrictAccess, Group: "board"}}),
		MailboxPermissions: access.Known(access.MailboxPermissions{Complete: true}),
	}
}

func workload(name string) access.Subject {
	return access.Subject{Workload: grant.Workload{ObjectID: name, AppID: name}, Facts: access.Facts{
		Consents: access.Known[[]access.Consent](nil), Pointer: access.Known(&access.Pointer{ObjectID: name, AppID: name}),
		Assignments: access.Known[[]access.Assignment](nil), Roles: access.Known[[]access.AdministratorRole](nil)}}
}

// holding is a workload with one consent on Microsoft Graph and one role over a scope.
func holding(name, consent, role, scope string) access.Subject {
	made := workload(name)
	made.Facts.Consents.Value = []access.Consent{{Resource: access.Graph, Value: consent}}
	made.Facts.Assignments.Value = []access.Assignment{{Name: "1", Role: role, Scope: scope, Enabled: true}}
	return made
}

// TestWorkedExamples judges the examples of the page; each column asks one thing.
func TestWorkedExamples(t *testing.T) {
	t.Parallel()
	index := access.NewIndex(organization(holding("Minutes", "Mail.Read", "Application Calendars.Read", "Meeting rooms"),
		holding("Digest", "Mail.Read", "Application Mail.Read", "Not Nora"), holding("Sorter", "Mail.ReadWrite", "Application Mail.Read", "Board")))
	for application, count := range map[string]int{"Minutes": 2, "Digest": 3, "Sorter": 2} {
		said := rows(t, accessPage, "mailbox of "+application)
		if len(said) != count {
			t.Errorf("%s has %d rows", application, len(said))
		}
		for _, row := range said {
			is := []string{row[0]}
			for _, permissions := range [][]string{{"Mail.Read"}, {"Calendars.Read"}, {"Mail.Read", "Calendars.Read"}} {
				is = append(is, string(index.Reach(application, permissions, row[0]).Verdict))
			}
			if application != "Minutes" {
				answer := index.Reach(application, []string{"Mail.Read"}, row[0])
				is = []string{row[0], by(answer, access.ByConsent), by(answer, access.ByAssignment), string(answer.Verdict)}
			}
			if !slices.Equal(row, is) {
				t.Errorf("%s: the page says %q, the judgement %q", application, row, is)
			}
		}
	}
}

// by is what one kind of path alone gives.
func by(answer access.Answer, kind access.PathKind) string {
	for _, path := range answer.Findings[0].Paths {
		if path.Kind == kind {
			return string(path.Verdict)
		}
	}
	return string(grant.Refused)
}
