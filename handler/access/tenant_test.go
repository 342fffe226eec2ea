package access_test

import (
	"fmt"
	"slices"
	"testing"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// The mailboxes and workloads of the small tenants in these tests.
const (
	mailboxA = "aaaaaaaa-0000-4000-8000-000000000001"
	mailboxB = "bbbbbbbb-0000-4000-8000-000000000002"
	mailboxC = "cccccccc-0000-4000-8000-000000000003"
	app      = "11111111-0000-4000-8000-0000000000aa"
	appID    = "11111111-0000-4000-8000-0000000000bb"
)

// small is a tenant with three mailboxes, one workload and nothing else; every part
// of it was read.
func small() access.Tenant {
	return access.Tenant{
		Mailboxes: access.Known([]access.Mailbox{
			{GUID: mailboxA, Address: "a@contoso.example", Properties: properties("a", "sales")},
			{GUID: mailboxB, Address: "b@contoso.example", Properties: properties("b", "sales")},
			{GUID: mailboxC, Address: "c@contoso.example", Properties: properties("c", "")},
		}),
		Workloads: []access.Subject{{
			Workload: grant.Workload{ObjectID: app, AppID: appID, DisplayName: "robot"},
			Facts: access.Facts{
				Consents:    access.Known[[]access.Consent](nil),
				Pointer:     access.Known(&access.Pointer{ObjectID: app, AppID: appID}),
				Assignments: access.Known[[]access.Assignment](nil),
				Roles:       access.Known[[]access.AdministratorRole](nil),
			},
		}},
		Scopes:             access.Known[[]access.Scope](nil),
		Groups:             access.Known[[]access.Group](nil),
		Units:              access.Known[[]access.Unit](nil),
		Policies:           access.Known[[]access.Policy](nil),
		MailboxPermissions: access.Known(access.MailboxPermissions{Complete: true}),
	}
}

func properties(alias, department string) map[string][]string {
	made := map[string][]string{"alias": {alias}, "department": nil, "emailaddresses": {"SMTP:" + alias + "@contoso.example", "smtp:old-" + alias + "@contoso.example"}}
	if department != "" {
		made["department"] = []string{department}
	}
	return made
}

// change is one more fact of the small tenant.
type change func(*access.Tenant)

func with(changes ...change) access.Tenant {
	tenant := small()
	for _, apply := range changes {
		apply(&tenant)
	}
	return tenant
}

// plus leaves the base as it is, so that cases can share it.
func plus(base []change, more ...change) []change { return slices.Concat(base, more) }

func facts(edit func(*access.Facts)) change {
	return func(t *access.Tenant) { edit(&t.Workloads[0].Facts) }
}

func consent(resource access.Resource, value string) change {
	return facts(func(f *access.Facts) {
		f.Consents.Value = append(f.Consents.Value, access.Consent{ID: "consent-" + value, Resource: resource, Value: value})
	})
}

func onGraph(value string) change { return consent(access.Graph, value) }

func onExchange(value string) change { return consent(access.Exchange, value) }

func assigned(assignment access.Assignment) change {
	return facts(func(f *access.Facts) {
		assignment.Enabled = !assignment.Delegating && assignment.Name != "disabled"
		f.Assignments.Value = append(f.Assignments.Value, assignment)
	})
}

func role(name, scope string) change {
	return assigned(access.Assignment{Name: "of " + scope, Role: name, Scope: scope, Unscoped: scope == ""})
}

func scope(name, filter string) change {
	return func(t *access.Tenant) {
		t.Scopes.Value = append(t.Scopes.Value, access.Scope{Name: name, Filter: filter})
	}
}

func group(id string, members access.Membership) change {
	return func(t *access.Tenant) {
		t.Groups.Value = append(t.Groups.Value, access.Group{ID: id, Name: id, DistinguishedName: dn(id), Members: access.Known(members)})
	}
}

func dn(id string) string { return "CN=" + id + ",OU=contoso.example,DC=outlook,DC=com" }

func of(mailboxes ...string) access.Membership { return access.Membership{Mailboxes: mailboxes} }

func policy(right access.PolicyRight, app, group string) change {
	return func(t *access.Tenant) {
		t.Policies.Value = append(t.Policies.Value, access.Policy{ID: fmt.Sprintf("%s-%s", right, group), AppID: app, Right: right, Group: group})
	}
}

func restrict(group string) change { return policy(access.RestrictAccess, appID, group) }

func deny(group string) change { return policy(access.DenyAccess, appID, group) }

func gives(mailbox string, right access.MailboxRight) change {
	return func(t *access.Tenant) {
		t.MailboxPermissions.Value.Entries = append(t.MailboxPermissions.Value.Entries, access.MailboxPermission{Workload: app, Mailbox: mailbox, Right: right})
	}
}

func administrator(name string) change {
	return facts(func(f *access.Facts) { f.Roles.Value = append(f.Roles.Value, access.AdministratorRole{Name: name}) })
}

// verdicts is what is expected on the three mailboxes, in their order.
type verdicts [3]grant.Verdict

const (
	yes  = grant.Allowed
	no   = grant.Refused
	open = grant.Unsure
)

// reachCase is one tenant and what it amounts to.
type reachCase struct {
	name        string
	facts       []change
	permissions []string
	want        verdicts
}

func runReach(t *testing.T, cases []reachCase) {
	t.Helper()
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			index := access.NewIndex(with(test.facts...))
			var got verdicts
			for i, mailbox := range []string{mailboxA, mailboxB, mailboxC} {
				answer := index.Reach(app, test.permissions, mailbox)
				got[i] = answer.Verdict
				if (answer.Verdict == open) != (len(answer.Unknown) > 0) {
					t.Errorf("%s is %s with the reasons %q", mailbox, answer.Verdict, answer.Unknown)
				}
				checkPaths(t, answer)
			}
			if got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// checkPaths: an allowed finding has a path that says so, and a denied one has none
// that allows all of it.
func checkPaths(t *testing.T, answer access.Answer) {
	t.Helper()
	for _, finding := range answer.Findings {
		certain := slices.ContainsFunc(finding.Paths, func(p access.Path) bool { return p.Verdict == yes })
		if finding.Verdict == yes && !certain {
			t.Errorf("%s is allowed without a path: %+v", finding.Permission, finding.Paths)
		}
		if finding.ByName == yes && finding.Verdict != yes {
			t.Errorf("%s holds by name and is %s", finding.Permission, finding.Verdict)
		}
	}
}
