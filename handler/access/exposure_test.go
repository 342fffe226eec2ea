package access_test

import (
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

const (
	quiet = "22222222-0000-4000-8000-0000000000aa"
	wide  = "00000000-0000-4000-8000-0000000000aa"
)

// neighbours adds a workload without any access, and one with an organization-wide
// assignment.
func neighbours(t *access.Tenant) {
	blank := small().Workloads[0].Facts
	assigned := blank
	blank.Pointer = access.Known[*access.Pointer](nil)
	assigned.Pointer = access.Known(&access.Pointer{ObjectID: wide})
	assigned.Assignments = access.Known([]access.Assignment{{Name: "w", ID: "id-w", Role: "Application Mail.Send", Unscoped: true, Enabled: true}})
	t.Workloads = append(t.Workloads, access.Subject{Workload: grant.Workload{ObjectID: quiet}, Facts: blank}, access.Subject{Workload: grant.Workload{ObjectID: wide}, Facts: assigned})
}

func TestExposureListsWhoReachesAnything(t *testing.T) {
	t.Parallel()
	all := access.NewIndex(with(neighbours, scope("s", "Alias -eq 'a'"), role(mailRead, "s"))).Exposure()
	if len(all) != 2 || all[0].Workload.ObjectID != wide || all[1].Workload.ObjectID != app {
		t.Fatalf("listed: %+v", all)
	}
	if all[0].OrganizationWide != yes || all[0].Reached != 3 || all[0].Scoped != no || len(all[0].Remedies) != 1 || all[0].Remedies[0].ID != "id-w" {
		t.Errorf("organization-wide: %+v", all[0])
	}
	if all[1].OrganizationWide != no || all[1].Reached != 1 || all[1].Scoped != yes || len(all[1].Remedies) > 0 {
		t.Errorf("scoped: %+v", all[1])
	}
	if !slices.Equal(all[1].Capabilities, []access.Capability{access.ReadMeta, access.ReadBody}) || all[1].Foreign != 1 {
		t.Errorf("scoped: %+v", all[1])
	}
}

func TestExposureByKind(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		facts                               []change
		wide, confined, scoped, legacy, own grant.Verdict
		reached, possible                   int
	}{
		"nothing":            {nil, no, no, no, no, no, 0, 0},
		"consent":            {[]change{onGraph("Mail.Send")}, yes, no, no, no, no, 3, 0},
		"confined":           {[]change{onGraph("Mail.Send"), group("g", of(mailboxA)), restrict("g")}, no, yes, no, no, no, 1, 0},
		"confined to nobody": {[]change{onGraph("Mail.Send"), group("g", of()), restrict("g")}, no, no, no, no, no, 0, 0},
		"legacy":             {[]change{onExchange("IMAP.AccessAsApp"), gives(mailboxC, access.FullAccess)}, no, no, no, yes, no, 1, 0},
		"legacy, no crawl": {[]change{onExchange("IMAP.AccessAsApp"), func(t *access.Tenant) {
			t.MailboxPermissions = access.NotRead[access.MailboxPermissions]("no crawl yet")
		}}, no, no, no, open, no, 0, 3},
		"administrator":     {[]change{administrator("Exchange Administrator")}, no, no, no, no, yes, 0, 0},
		"disabled":          {[]change{assigned(access.Assignment{Name: "disabled", Role: mailRead, Unscoped: true})}, open, no, open, no, no, 0, 3},
		"scope and consent": {[]change{onGraph("Mail.Send"), scope("s", "Alias -eq 'a'"), role(mailRead, "s")}, yes, no, yes, no, no, 3, 0},
		"mailboxes unread":  {[]change{onGraph("Mail.Send"), func(t *access.Tenant) { t.Mailboxes = access.NotRead[[]access.Mailbox]("it failed") }}, yes, no, no, no, no, 0, 0},
	}
	for name, test := range cases {
		got := exposedOf(t, test.facts...)
		if got.OrganizationWide != test.wide || got.ConfinedByPolicy != test.confined || got.Scoped != test.scoped ||
			got.ByMailboxPermission != test.legacy || got.CanGrantItself != test.own || got.Reached != test.reached || got.Possible != test.possible {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestExposureNamesWhatIsLeftOfImpersonation(t *testing.T) {
	t.Parallel()
	all := access.NewIndex(with(role("ApplicationImpersonation", ""))).Exposure()
	if len(all) != 1 || len(all[0].Leftovers) != 1 || !strings.Contains(all[0].Leftovers[0], "ApplicationImpersonation") || all[0].Reached != 0 {
		t.Errorf("listed: %+v", all)
	}
}

func TestExposedCountsWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	ours := func(t *access.Tenant) { t.Workloads[0].Facts.Assignments.Value[0].Ours = true }
	got := exposedOf(t, scope("s", "Alias -eq 'a'"), role(mailRead, "s"), ours, onGraph("Calendars.Read"))
	if got.Foreign != 1 || len(got.Paths) != 2 || got.Paths[0].Ours || !got.Paths[1].Ours {
		t.Errorf("exposed: %+v", got)
	}
	if _, known := access.NewIndex(small()).Exposed("nobody"); known {
		t.Error("a workload that was not read is exposed")
	}
}

func TestReaching(t *testing.T) {
	t.Parallel()
	index := access.NewIndex(with(neighbours, scope("s", "Alias -eq 'a'"), role(mailRead, "s")))
	reachers, open := index.Reaching("A@contoso.example")
	if len(open) > 0 || len(reachers) != 2 || reachers[0].Workload.ObjectID != wide || reachers[1].Workload.ObjectID != app {
		t.Fatalf("reaching a: %+v, %q", reachers, open)
	}
	if len(reachers[1].Paths) != 1 || reachers[1].Paths[0].Scope != "s" || reachers[1].Verdict != yes {
		t.Errorf("reaching a: %+v", reachers[1])
	}
	reachers, _ = index.Reaching(mailboxB)
	if len(reachers) != 1 || reachers[0].Workload.ObjectID != wide || !slices.Equal(reachers[0].Capabilities, []access.Capability{access.Send}) {
		t.Errorf("reaching b: %+v", reachers)
	}
	reachers, open = index.Reaching("nobody@contoso.example")
	if len(open) != 1 || len(reachers) != 2 || reachers[0].Verdict != yes || reachers[1].Verdict != grant.Unsure {
		t.Errorf("reaching nobody: %+v, %q", reachers, open)
	}
	reachers, _ = access.NewIndex(with(administrator("Exchange Administrator"))).Reaching(mailboxA)
	if len(reachers) != 1 || reachers[0].Verdict != no || reachers[0].CanGrantItself != yes || len(reachers[0].Paths) != 1 {
		t.Errorf("an administrator: %+v", reachers)
	}
}

func TestPathsOfTheWholeTenant(t *testing.T) {
	t.Parallel()
	tenant := with(scope("s", "Alias -eq 'a'"), role(mailRead, "s"), scope("ours", "Alias -eq 'b'"), role(mailRead, "ours"), onGraph("Mail.ReadWrite"), onGraph("Calendars.Read"),
		group("g", of(mailboxA)), restrict("g"), onExchange("IMAP.AccessAsApp"), administrator("Exchange Administrator"))
	ours := func(a access.Assignment) bool { return a.Scope == "ours" }
	paths, unread := access.NewIndex(tenant).Paths(app, []string{"Mail.Read"}, ours)
	if len(unread) > 0 || len(paths) != 3 {
		t.Fatalf("paths %+v, unread %q", paths, unread)
	}
	if !paths[0].Confined || paths[0].Organization || paths[1].Scope != "s" || !paths[2].SelfGrant {
		t.Errorf("paths: %+v", paths)
	}
	if wide := access.Defeating(paths); len(wide) != 1 || !wide[0].SelfGrant {
		t.Errorf("defeating: %+v", wide)
	}
	_, unread = access.NewIndex(with(func(t *access.Tenant) { t.Workloads[0].Facts = access.Facts{} })).Paths(app, []string{"Mail.Read"}, ours)
	if len(unread) < 3 {
		t.Errorf("of nothing read, unread is %q", unread)
	}
	if _, unread = access.NewIndex(small()).Paths("nobody", nil, ours); len(unread) != 1 {
		t.Errorf("of nobody, unread is %q", unread)
	}
}

func TestCompareWithTheTenantsOwnTest(t *testing.T) {
	t.Parallel()
	index := access.NewIndex(with(scope("s", "Alias -eq 'a'"), role(mailRead, "s")))
	row := func(role string, verdict grant.Verdict) access.Authorization {
		return access.Authorization{Role: role, Scope: "s", InScope: verdict}
	}
	cases := map[string]struct {
		mailbox string
		rows    []access.Authorization
		want    string
	}{
		"they agree":                   {mailboxA, []access.Authorization{row(mailRead, yes)}, ""},
		"they agree on no":             {mailboxB, []access.Authorization{row(mailRead, no)}, ""},
		"the tenant says no":           {mailboxA, []access.Authorization{row(mailRead, no)}, "says denied"},
		"the tenant says yes":          {mailboxB, []access.Authorization{row(mailRead, yes)}, "says allowed"},
		"the tenant does not say":      {mailboxA, []access.Authorization{row(mailRead, "nein")}, ""},
		"the tenant lists nothing":     {mailboxA, nil, "does not list"},
		"the tenant lists nothing, no": {mailboxB, nil, ""},
		"the tenant lists another":     {mailboxB, []access.Authorization{row(calendars, yes), row(mailRead, no)}, "no assignment of it"},
		"not an application role":      {mailboxB, []access.Authorization{row("View-Only Recipients", yes), row(mailRead, no)}, ""},
		"nobody's mailbox":             {"nobody", []access.Authorization{row(mailRead, yes)}, ""},
	}
	for name, test := range cases {
		found := index.Compare(app, test.mailbox, test.rows)
		if test.want == "" && len(found) > 0 || test.want != "" && (len(found) != 1 || !strings.Contains(found[0], test.want)) {
			t.Errorf("%s: %q", name, found)
		}
	}
}

func TestReachOfWhatWasNotAskedFor(t *testing.T) {
	t.Parallel()
	index := access.NewIndex(with(onGraph("Mail.Read")))
	if answer := index.Reach("nobody", []string{"Mail.Read"}, mailboxA); answer.Verdict != open || len(answer.Unknown) != 1 {
		t.Errorf("nobody: %+v", answer)
	}
	if answer := index.Reach(strings.ToUpper(appID), []string{"Mail.Read"}, "nobody"); answer.Verdict != yes {
		t.Errorf("what reaches everything, of a mailbox that was not read: %+v", answer)
	}
	scoped := access.NewIndex(with(scope("s", "Alias -eq 'a'"), role(mailRead, "s")))
	if answer := scoped.Reach(app, []string{"Mail.Read"}, "nobody"); answer.Verdict != open || len(answer.Unknown) != 1 {
		t.Errorf("no mailbox: %+v", answer)
	}
	unread := access.NewIndex(with(onGraph("Mail.Read"), func(t *access.Tenant) { t.Mailboxes = access.NotRead[[]access.Mailbox]("it failed") }))
	if answer := unread.Reach(app, []string{"Mail.Read"}, mailboxA); answer.Verdict != yes {
		t.Errorf("what reaches everything, of mailboxes that were not read: %+v", answer)
	}
	if answer := unread.Reach(app, []string{"Mail.Send"}, mailboxA); answer.Verdict != no {
		t.Errorf("what reaches nothing: %+v", answer)
	}
}
