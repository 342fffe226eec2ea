package access_test

import (
	"strings"
	"testing"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

const (
	mailRead  = "Application Mail.Read"
	calendars = "Application Calendars.Read"
)

// TestConsentsOfTwoSystems are the two worked examples of Microsoft Learn, Role Based
// Access Control for Applications, on how its grants add up with policies.
func TestConsentsOfTwoSystems(t *testing.T) {
	t.Parallel()
	needsBoth := []change{onGraph("Mail.Read"), group("group 1", of(mailboxA)), restrict("group 1"), scope("scope 1", "Guid -eq '"+mailboxB+"'"), role(calendars, "scope 1")}
	aAndNotA := []change{onGraph("Mail.Read"), group("group 1", of(mailboxA)), restrict("group 1"), scope("all but a", "Alias -ne 'a'"), role(mailRead, "all but a")}
	runReach(t, []reachCase{
		{"two permissions on two mailboxes are not both on one", needsBoth, []string{"Mail.Read", "Calendars.Read"}, verdicts{no, no, no}},
		{"the consent alone reaches its group", needsBoth, []string{"Mail.Read"}, verdicts{yes, no, no}},
		{"the assignment alone reaches its scope", needsBoth, []string{"Calendars.Read"}, verdicts{no, yes, no}},
		{"a and not a is everything", aAndNotA, []string{"Mail.Read"}, verdicts{yes, yes, yes}},
	})
	exposed := access.NewIndex(with(aAndNotA...)).Exposure()[0]
	if exposed.Reached != 3 || exposed.OrganizationWide != no || exposed.ConfinedByPolicy != yes || exposed.Scoped != yes {
		t.Errorf("exposed: %+v", exposed)
	}
}

func TestConsents(t *testing.T) {
	t.Parallel()
	read := []string{"Mail.Read"}
	runReach(t, []reachCase{
		{"nothing", nil, read, verdicts{no, no, no}},
		{"a consent reaches everything", []change{onGraph("Mail.Read")}, read, verdicts{yes, yes, yes}},
		{"a wider consent includes a narrower permission", []change{onGraph("Mail.ReadWrite")}, read, verdicts{yes, yes, yes}},
		{"a narrower consent does not include a wider permission", []change{onGraph("Mail.ReadBasic")}, read, verdicts{no, no, no}},
		{"reading a calendar is not writing it", []change{onGraph("Calendars.Read")}, []string{"Calendars.ReadWrite"}, verdicts{no, no, no}},
		{"no permission asked is any at all", []change{onGraph("Calendars.Read")}, nil, verdicts{yes, yes, yes}},
		{"a consent elsewhere", []change{consent(access.Other, "Mail.Read")}, read, verdicts{no, no, no}},
		{"a permission that nobody knows", nil, []string{"Mail.Everything"}, verdicts{open, open, open}},
		{"a consent that nobody knows", []change{onGraph("Mail.Everything.All")}, read, verdicts{open, open, open}},
		{"a consent that its resource does not list", []change{onGraph("")}, read, verdicts{open, open, open}},
		{"a consent that is not about mail", []change{onGraph("User.Read.All")}, read, verdicts{no, no, no}},
		{"organization-wide reading beside scoped writing", []change{onGraph("Mail.Read"), scope("s", "Alias -eq 'a'"), role("Application Mail.ReadWrite", "s")}, read, verdicts{yes, yes, yes}},
		{"scoped writing beside organization-wide reading", []change{onGraph("Mail.Read"), scope("s", "Alias -eq 'a'"), role("Application Mail.ReadWrite", "s")}, []string{"Mail.ReadWrite"}, verdicts{yes, no, no}},
		{"consents were not read", []change{facts(func(f *access.Facts) { f.Consents = access.NotRead[[]access.Consent]("503") })}, read, verdicts{open, open, open}},
		{"consents were not read, an assignment was", []change{facts(func(f *access.Facts) { f.Consents = access.NotRead[[]access.Consent]("503") }),
			scope("s", "Alias -eq 'a'"), role(mailRead, "s")}, read, verdicts{yes, open, open}},
	})
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	read := []string{"Mail.Read"}
	groups := []change{group("one", of(mailboxA)), group("two", of(mailboxB)), group("both", of(mailboxA, mailboxB)), group("none", of())}
	consented := plus(groups, onGraph("Mail.Read"))
	granted := func(more ...change) []change { return plus(consented, more...) }
	other := func(value string, more ...change) []change {
		return plus(plus(groups, onGraph(value)), more...)
	}
	runReach(t, []reachCase{
		{"one restricts", granted(restrict("one")), read, verdicts{yes, no, no}},
		{"several restrict: the union", granted(restrict("one"), restrict("two")), read, verdicts{yes, yes, no}},
		{"one denies: a block-list", granted(deny("one")), read, verdicts{no, yes, yes}},
		{"denied before restricted", granted(restrict("both"), deny("one")), read, verdicts{no, yes, no}},
		{"restricted to nobody", granted(restrict("none")), read, verdicts{no, no, no}},
		{"restricts every application", granted(policy(access.RestrictAccess, "*", "one")), read, verdicts{yes, no, no}},
		{"denies every application", granted(policy(access.DenyAccess, "*", "one")), read, verdicts{no, yes, yes}},
		{"every application's adds to its own", granted(policy(access.RestrictAccess, "*", "one"), restrict("two")), read, verdicts{yes, yes, no}},
		{"another application's", granted(policy(access.RestrictAccess, mailboxC, "one")), read, verdicts{yes, yes, yes}},
		{"of one mailbox", granted(func(t *access.Tenant) {
			t.Policies.Value = append(t.Policies.Value, access.Policy{ID: "p", AppID: strings.ToUpper(appID), Right: access.RestrictAccess, Mailbox: mailboxB})
		}), read, verdicts{no, yes, no}},
		{"a right that nobody knows", granted(policy("AllowAccess", appID, "one")), read, verdicts{open, open, open}},
		{"a group that was not read", granted(restrict("three")), read, verdicts{open, open, open}},
		{"a group that is gone", granted(func(t *access.Tenant) { t.Groups.Value[0].Gone = true }, restrict("one")), read, verdicts{open, open, open}},
		{"a group whose members were not read", granted(func(t *access.Tenant) { t.Groups.Value[0].Members = access.NotRead[access.Membership]("dynamic") }, deny("one")), read, verdicts{open, open, open}},
		{"policies were not read", granted(func(t *access.Tenant) { t.Policies = access.NotRead[[]access.Policy]("403") }), read, verdicts{open, open, open}},
		{"they never narrow an assignment", plus(groups, restrict("one"), deny("two"), role(mailRead, "")), read, verdicts{yes, yes, yes}},
		{"they narrow the documented permissions", other("Mail.ReadBasic.All", restrict("one")), []string{"Mail.ReadBasic"}, verdicts{yes, no, no}},
		{"they do not narrow the others", other("MailboxItem.Read.All", restrict("one")), []string{"MailboxItem.Read.All"}, verdicts{yes, yes, yes}},
		{"nor reading free and busy", other("Calendars.ReadBasic.All", restrict("one")), []string{"Calendars.ReadBasic.All"}, verdicts{yes, yes, yes}},
		{"they narrow the blanket", plus(groups, onExchange("full_access_as_app"), restrict("one")), read, verdicts{yes, no, no}},
		{"they do not narrow the retired ones", plus(groups, onExchange("Mail.Read"), restrict("one")), read, verdicts{yes, yes, yes}},
	})
}

func TestNestedMembersOfAPolicyAreForTheTenantToJudge(t *testing.T) {
	t.Parallel()
	read := []string{"Mail.Read"}
	nested := []change{onGraph("Mail.Read"), group("outer", access.Membership{Mailboxes: []string{mailboxA}, Groups: []string{"inner"}}), group("inner", access.Membership{Mailboxes: []string{mailboxB}, Groups: []string{"outer"}})}
	missing := []change{onGraph("Mail.Read"), group("outer", access.Membership{Mailboxes: []string{mailboxA}, Groups: []string{"inner"}})}
	says := func(mailbox string, verdict grant.Verdict) change {
		return func(t *access.Tenant) {
			t.PolicyTests = append(t.PolicyTests, access.PolicyTest{AppID: appID, Mailbox: mailbox, Verdict: verdict})
		}
	}
	restricted := plus(nested, restrict("outer"))
	runReach(t, []reachCase{
		{"restricted", restricted, read, verdicts{yes, open, no}},
		{"denied", plus(nested, deny("outer")), read, verdicts{no, open, yes}},
		{"not read", plus(missing, restrict("outer")), read, verdicts{yes, open, open}},
		{"the tenant allows", plus(restricted, says(mailboxB, yes)), read, verdicts{yes, yes, no}},
		{"the tenant denies", plus(restricted, says(mailboxB, no)), read, verdicts{yes, no, no}},
		{"the tenant does not know", plus(restricted, says(mailboxB, open)), read, verdicts{yes, open, no}},
		{"the tenant disagrees", plus(restricted, says(mailboxA, no), says(mailboxC, yes)), read, verdicts{open, open, open}},
		{"nested twice", []change{onGraph("Mail.Read"), group("a", access.Membership{Groups: []string{"b"}}), group("b", access.Membership{Groups: []string{"c"}}), group("c", of(mailboxC)), restrict("a")}, read, verdicts{no, no, open}},
		{"in itself", []change{onGraph("Mail.Read"), group("a", access.Membership{Mailboxes: []string{mailboxA}, Groups: []string{"a"}}), restrict("a")}, read, verdicts{yes, no, no}},
	})
}

func TestAssignments(t *testing.T) {
	t.Parallel()
	read := []string{"Mail.Read"}
	unit := func(t *access.Tenant) {
		t.Units.Value = append(t.Units.Value, access.Unit{ID: "unit", Members: access.Known([]string{mailboxB})})
	}
	nested := group("outer", access.Membership{Mailboxes: []string{mailboxA}, Groups: []string{"inner"}})
	runReach(t, []reachCase{
		{"without a scope", []change{role(mailRead, "")}, read, verdicts{yes, yes, yes}},
		{"by a filter", []change{scope("s", "Department -eq 'SALES'"), role(mailRead, "s")}, read, verdicts{yes, yes, no}},
		{"twice with two scopes: the union", []change{scope("s", "Alias -eq 'a'"), scope("t", "Alias -eq 'c'"), role(mailRead, "s"), role(mailRead, "t")}, read, verdicts{yes, no, yes}},
		{"by a primary address: other addresses match as well", []change{scope("s", "PrimarySmtpAddress -eq 'OLD-b@contoso.example'"), role(mailRead, "s")}, read, verdicts{no, yes, no}},
		{"by an address with its mark", []change{scope("s", "EmailAddresses -eq 'smtp:C@contoso.example'"), role(mailRead, "s")}, read, verdicts{no, no, yes}},
		{"by an address's beginning, of which two things are written", []change{scope("s", "EmailAddresses -like 'c@*'"), role(mailRead, "s")}, read, verdicts{open, open, open}},
		{"all of mail, calendar and contacts is not all items", []change{role("Application Exchange Full Access", "")}, []string{"MailboxItem.Read.All"}, verdicts{no, no, no}},
		{"by a comparison that nobody follows", []change{scope("s", "Alias -gt 'a'"), role(mailRead, "s")}, read, verdicts{open, open, open}},
		{"by a wildcard in the middle", []change{scope("s", "Alias -like 'a*b*'"), role(mailRead, "s")}, read, verdicts{open, open, open}},
		{"by a property that nobody knows", []change{scope("s", "Shoesize -eq '43'"), role(mailRead, "s")}, read, verdicts{open, open, open}},
		{"by not being like", []change{scope("s", "-not (Alias -notlike 'B*') -or Department -eq $null"), role(mailRead, "s")}, read, verdicts{no, yes, yes}},
		{"by an administrative unit", []change{unit, assigned(access.Assignment{Name: "u", Role: mailRead, Unit: "UNIT"})}, read, verdicts{no, yes, no}},
		{"by a unit in the scope's place", []change{unit, assigned(access.Assignment{Name: "u", Role: mailRead, Scope: "unit", ScopeType: "AdministrativeUnit"})}, read, verdicts{no, yes, no}},
		{"by a unit that was not read", []change{assigned(access.Assignment{Name: "u", Role: mailRead, Unit: "unit"})}, read, verdicts{open, open, open}},
		{"by a group: direct members alone", []change{nested, group("inner", of(mailboxB)), assigned(access.Assignment{Name: "g", Role: mailRead, Group: "outer"})}, read, verdicts{yes, no, no}},
		{"by a group in a filter: direct members alone", []change{nested, group("inner", of(mailboxB)), scope("s", "MemberOfGroup -eq '"+dn("outer")+"'"), role(mailRead, "s")}, read, verdicts{yes, no, no}},
		{"by a group's name in a filter: nobody", []change{nested, scope("s", "MemberOfGroup -eq 'outer'"), role(mailRead, "s")}, read, verdicts{no, no, no}},
		{"by a group that was renamed since", []change{nested, func(t *access.Tenant) { t.Groups.Value[0].Gone = true }, scope("s", "MemberOfGroup -eq '"+dn("outer")+"'"), role(mailRead, "s")}, read, verdicts{no, no, no}},
		{"by a group that two bear the name of", []change{group("x", of(mailboxA)), group("y", of(mailboxB)), func(t *access.Tenant) { t.Groups.Value[1].Name = "x" },
			assigned(access.Assignment{Name: "g", Role: mailRead, Group: "X"})}, read, verdicts{open, open, open}},
		{"by a filter that is not understood", []change{scope("s", "Alias -eq"), role(mailRead, "s")}, read, verdicts{open, open, open}},
		{"by a property that was not read", []change{scope("s", "Title -eq 'x'"), role(mailRead, "s")}, read, verdicts{open, open, open}},
		{"by a scope that was not read", []change{role(mailRead, "s")}, read, verdicts{open, open, open}},
		{"by an exclusive scope", []change{func(t *access.Tenant) {
			t.Scopes.Value = []access.Scope{{Name: "s", Filter: "Alias -eq 'a'", Exclusive: true}}
		}, role(mailRead, "s")}, read, verdicts{yes, open, open}},
		{"disabled", []change{scope("s", "Alias -eq 'a'"), assigned(access.Assignment{Name: "disabled", Role: mailRead, Scope: "s"})}, read, verdicts{open, no, no}},
		{"delegating", []change{assigned(access.Assignment{Name: "d", Role: mailRead, Unscoped: true, Delegating: true})}, read, verdicts{no, no, no}},
		{"of no application role", []change{role("View-Only Recipients", "")}, read, verdicts{no, no, no}},
		{"of an application role that nobody knows", []change{scope("s", "Alias -eq 'a'"), role("Application Mail.Everything", "s")}, read, verdicts{open, no, no}},
		{"without a pointer", []change{role(mailRead, ""), facts(func(f *access.Facts) { f.Pointer = access.Known[*access.Pointer](nil) })}, read, verdicts{no, no, no}},
		{"without a pointer, with a consent", []change{role(mailRead, ""), onGraph("Mail.Read"), facts(func(f *access.Facts) { f.Pointer = access.Known[*access.Pointer](nil) })}, read, verdicts{yes, yes, yes}},
		{"with a pointer that was not read", []change{scope("s", "Alias -eq 'a'"), role(mailRead, "s"), facts(func(f *access.Facts) { f.Pointer = access.NotRead[*access.Pointer]("503") })}, read, verdicts{open, no, no}},
		{"with a pointer to the app registration", []change{scope("s", "Alias -eq 'a'"), role(mailRead, "s"), facts(func(f *access.Facts) { f.Pointer.Value.ObjectID = mailboxC })}, read, verdicts{open, no, no}},
		{"not read", []change{facts(func(f *access.Facts) { f.Assignments = access.NotRead[[]access.Assignment]("503") })}, read, verdicts{open, open, open}},
		{"of SMTP", []change{scope("s", "Alias -eq 'a'"), role("Application SMTP.SendAsApp", "s")}, []string{"Mail.Send"}, verdicts{yes, no, no}},
		{"of SMTP beside its consent", []change{scope("s", "Alias -eq 'a'"), role("Application SMTP.SendAsApp", "s"), onExchange("SMTP.SendAsApp")}, []string{"Mail.Send"}, verdicts{open, no, no}},
		{"of what is left of impersonation", []change{role("ApplicationImpersonation", "")}, read, verdicts{no, no, no}},
	})
}

func TestMailboxPermissions(t *testing.T) {
	t.Parallel()
	imap, send := []string{"IMAP.AccessAsApp"}, []string{"Mail.Send"}
	partly := func(t *access.Tenant) {
		t.MailboxPermissions.Value.Complete, t.MailboxPermissions.Value.Covered = false, []string{mailboxA, mailboxB}
	}
	runReach(t, []reachCase{
		{"a consent alone opens nothing", []change{onExchange("IMAP.AccessAsApp")}, imap, verdicts{no, no, no}},
		{"a permission alone opens nothing", []change{gives(mailboxA, access.FullAccess)}, nil, verdicts{no, no, no}},
		{"both open the mailbox", []change{onExchange("IMAP.AccessAsApp"), gives(mailboxA, access.FullAccess)}, imap, verdicts{yes, no, no}},
		{"POP reads what Mail.Read reads", []change{onExchange("POP.AccessAsApp"), gives(mailboxA, access.FullAccess)}, []string{"Mail.Read"}, verdicts{yes, no, no}},
		{"sending as is not reading", []change{onExchange("IMAP.AccessAsApp"), gives(mailboxA, access.SendAs)}, imap, verdicts{no, no, no}},
		{"SMTP by either right", []change{onExchange("SMTP.SendAsApp"), gives(mailboxA, access.SendAs), gives(mailboxB, access.FullAccess)}, send, verdicts{yes, yes, no}},
		{"a crawl that is not done", []change{onExchange("IMAP.AccessAsApp"), gives(mailboxA, access.FullAccess), partly}, imap, verdicts{yes, no, open}},
		{"a crawl that is not done, and no consent", []change{partly}, imap, verdicts{no, no, no}},
		{"not read", []change{onExchange("IMAP.AccessAsApp"), func(t *access.Tenant) {
			t.MailboxPermissions = access.NotRead[access.MailboxPermissions]("no crawl yet")
		}}, imap, verdicts{open, open, open}},
		{"without a pointer", []change{onExchange("IMAP.AccessAsApp"), gives(mailboxA, access.FullAccess), facts(func(f *access.Facts) { f.Pointer = access.Known[*access.Pointer](nil) })}, imap, verdicts{no, no, no}},
		{"with a pointer that was not read", []change{onExchange("IMAP.AccessAsApp"), gives(mailboxA, access.FullAccess), facts(func(f *access.Facts) { f.Pointer = access.NotRead[*access.Pointer]("503") })}, imap, verdicts{open, no, no}},
		{"given and denied", []change{onExchange("IMAP.AccessAsApp"), gives(mailboxA, access.FullAccess), func(t *access.Tenant) {
			t.MailboxPermissions.Value.Entries = append(t.MailboxPermissions.Value.Entries, access.MailboxPermission{Workload: app, Mailbox: mailboxA, Right: access.FullAccess, Deny: true})
		}}, imap, verdicts{open, no, no}},
	})
}
