package access_test

import (
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// Each test here is named after a fact about Exchange that somebody once learned by an
// accident: a widening, or a wrong verdict.

func exposedOf(t *testing.T, changes ...change) access.Exposed {
	t.Helper()
	exposed, known := access.NewIndex(with(changes...)).Exposed(app)
	if !known {
		t.Fatal("the workload is not known")
	}
	return exposed
}

func verdictOf(permission, mailbox string, changes ...change) access.Finding {
	return access.Reach(with(changes...), app, []string{permission}, mailbox).Findings[0]
}

func TestAConsentIsIdentifiedByResourceAndValueTogether(t *testing.T) {
	t.Parallel()
	retired := verdictOf("Mail.Read", mailboxA, onExchange("Mail.Read"))
	if retired.ByName != no || retired.Verdict != yes {
		t.Errorf("Exchange's own Mail.Read is taken for Graph's: %+v", retired)
	}
	graphs := verdictOf("Mail.Read", mailboxA, onGraph("Mail.Read"))
	if graphs.ByName != yes {
		t.Errorf("Graph's Mail.Read: %+v", graphs)
	}
	elsewhere := verdictOf("Mail.Read", mailboxA, consent(access.Other, "Mail.Read"))
	if elsewhere.Verdict != no {
		t.Errorf("another resource's Mail.Read: %+v", elsewhere)
	}
}

func TestTheBlanketMakesEveryScopedPermissionOrganizationWide(t *testing.T) {
	t.Parallel()
	scoped := []change{scope("s", "Alias -eq 'a'"), role(mailRead, "s"), onExchange("full_access_as_app")}
	if found := verdictOf("Mail.Read", mailboxB, scoped...); found.Verdict != yes || found.ByName != no {
		t.Errorf("outside the scope: %+v", found)
	}
	exposed := exposedOf(t, scoped...)
	if exposed.OrganizationWide != yes || len(exposed.Remedies) != 1 || !strings.Contains(exposed.Remedies[0].Why, "EWS.AccessAsApp") {
		t.Errorf("exposed: %+v", exposed)
	}
	blanket, _ := access.LookUp(access.Exchange, "full_access_as_app")
	if !strings.Contains(blanket.Instead, "EWS.AccessAsApp") || !strings.Contains(blanket.Instead, "2027-04-01") {
		t.Errorf("instead: %q", blanket.Instead)
	}
}

func TestRetiredPermissionsAreReportedAndNeverConverted(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"Mail.Read", "Mail.ReadWrite", "Mail.Send", "Calendars.Read", "Contacts.ReadWrite", "MailboxSettings.Read"} {
		exposed := exposedOf(t, onExchange(value))
		if exposed.OrganizationWide != yes || len(exposed.Remedies) != 1 || !strings.Contains(exposed.Remedies[0].Why, "no scoped counterpart") {
			t.Errorf("%s: %+v", value, exposed)
		}
		if permission, _ := access.LookUp(access.Exchange, value); permission.Role != "" {
			t.Errorf("%s has the role %s", value, permission.Role)
		}
	}
}

func TestCompositeRolesConferWhatTheirNamesDoNotSay(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Application Mail Full Access", "Application Exchange Full Access"} {
		for _, permission := range []string{"Mail.ReadWrite", "Mail.Send", "Mail.Read"} {
			found := verdictOf(permission, mailboxA, scope("s", "Alias -eq 'a'"), role(name, "s"))
			byName := grant.Verdict(yes)
			if permission == "Mail.Read" {
				byName = no
			}
			if found.Verdict != yes || found.ByName != byName {
				t.Errorf("%s by %s: %+v", permission, name, found)
			}
		}
	}
	if found := verdictOf("Calendars.Read", mailboxA, scope("s", "Alias -eq 'a'"), role("Application Mail Full Access", "s")); found.Verdict != no {
		t.Errorf("mail's composite reads calendars: %+v", found)
	}
}

func TestADenyPolicyIsABlockListAndNoScope(t *testing.T) {
	t.Parallel()
	exposed := exposedOf(t, onGraph("Mail.Read"), group("g", of(mailboxA)), deny("g"))
	if exposed.OrganizationWide != yes || exposed.ConfinedByPolicy != no || exposed.Reached != 2 {
		t.Errorf("exposed: %+v", exposed)
	}
}

func TestSeveralRestrictPoliciesReachTheUnionOfTheirGroups(t *testing.T) {
	t.Parallel()
	exposed := exposedOf(t, onGraph("Mail.Read"), group("one", of(mailboxA)), group("two", of(mailboxB)), restrict("one"), restrict("two"))
	if exposed.ConfinedByPolicy != yes || exposed.OrganizationWide != no || exposed.Reached != 2 {
		t.Errorf("exposed: %+v", exposed)
	}
}

// TestAPolicyIsNeverWhatHasToGo: removing one while its consent stands widens.
func TestAPolicyIsNeverWhatHasToGo(t *testing.T) {
	t.Parallel()
	kept := exposedOf(t, onGraph("Mail.Read"), onGraph("MailboxItem.Read.All"), group("one", of(mailboxA)), restrict("one"))
	if len(kept.Remedies) != 1 || !strings.Contains(kept.Remedies[0].What, "MailboxItem.Read.All") || kept.OrganizationWide != yes {
		t.Errorf("remedies: %+v", kept.Remedies)
	}
	before := exposedOf(t, onGraph("Mail.Read"), group("one", of(mailboxA)), restrict("one"))
	after := exposedOf(t, onGraph("Mail.Read"), group("one", of(mailboxA)))
	if before.Reached != 1 || after.Reached != 3 {
		t.Errorf("with the policy %d, without it %d", before.Reached, after.Reached)
	}
}

func TestAPrincipalThatExchangeDoesNotKnowIsWideByItsConsentAndElseReachesNothing(t *testing.T) {
	t.Parallel()
	unknown := facts(func(f *access.Facts) { f.Pointer = access.Known[*access.Pointer](nil) })
	for name, test := range map[string]struct {
		facts                  []change
		wide, confined, scoped grant.Verdict
	}{
		"with a consent":            {[]change{unknown, onGraph("Mail.Read")}, yes, no, no},
		"with a confined consent":   {[]change{unknown, onGraph("Mail.Read"), group("one", of(mailboxA)), restrict("one")}, no, yes, no},
		"with an assignment listed": {[]change{unknown, role(mailRead, "")}, no, no, no},
		"with nothing":              {[]change{unknown}, no, no, no},
	} {
		exposed := exposedOf(t, test.facts...)
		if exposed.OrganizationWide != test.wide || exposed.ConfinedByPolicy != test.confined || exposed.Scoped != test.scoped || len(exposed.Unknown) > 0 {
			t.Errorf("%s: %+v", name, exposed)
		}
	}
}

func TestAFailedReadIsNeverScoredAsScoped(t *testing.T) {
	t.Parallel()
	unread := map[string][]change{
		"consents":    {facts(func(f *access.Facts) { f.Consents = access.NotRead[[]access.Consent]("it failed") })},
		"assignments": {facts(func(f *access.Facts) { f.Assignments = access.NotRead[[]access.Assignment]("it failed") })},
		"scopes":      {role(mailRead, "s"), func(t *access.Tenant) { t.Scopes = access.NotRead[[]access.Scope]("it failed") }},
		"units":       {assigned(access.Assignment{Role: mailRead, Unit: "u"}), func(t *access.Tenant) { t.Units = access.NotRead[[]access.Unit]("it failed") }},
		"groups":      {assigned(access.Assignment{Role: mailRead, Group: "g"}), func(t *access.Tenant) { t.Groups = access.NotRead[[]access.Group]("it failed") }},
		"policies":    {onGraph("Mail.Read"), func(t *access.Tenant) { t.Policies = access.NotRead[[]access.Policy]("it failed") }},
		"pointer":     {role(mailRead, ""), facts(func(f *access.Facts) { f.Pointer = access.NotRead[*access.Pointer]("it failed") })},
		"unit's people": {assigned(access.Assignment{Role: mailRead, Unit: "u"}), func(t *access.Tenant) {
			t.Units.Value = []access.Unit{{ID: "u", Members: access.NotRead[[]string]("it failed")}}
		}},
	}
	for name, changes := range unread {
		exposed := exposedOf(t, changes...)
		named := slices.ContainsFunc(exposed.Unknown, func(reason string) bool { return strings.Contains(reason, "it failed") })
		if exposed.OrganizationWide != open || exposed.Scoped == yes || exposed.Possible != 3 || exposed.Reached != 0 || !named {
			t.Errorf("%s: %+v", name, exposed)
		}
	}
}

func TestWhoCanGrantItself(t *testing.T) {
	t.Parallel()
	rolesUnread := facts(func(f *access.Facts) { f.Roles = access.NotRead[[]access.AdministratorRole]("it failed") })
	cases := map[string]struct {
		facts []change
		want  grant.Verdict
	}{
		"nobody":                 {nil, no},
		"Exchange administrator": {[]change{administrator("Exchange Administrator")}, yes},
		"by template id": {[]change{facts(func(f *access.Facts) {
			f.Roles.Value = []access.AdministratorRole{{ID: "29232CDF-9323-42FD-ADE2-1D097AF3E4DE"}}
		})}, yes},
		"privileged role administrator":         {[]change{administrator("Privileged Role Administrator")}, yes},
		"role group":                            {[]change{administrator("Organization Management")}, yes},
		"a reader":                              {[]change{administrator("Global Reader")}, no},
		"a role of one's own":                   {[]change{administrator("Mail Robots")}, open},
		"roles were not read":                   {[]change{rolesUnread}, open},
		"consents were not read":                {[]change{facts(func(f *access.Facts) { f.Consents = access.NotRead[[]access.Consent]("it failed") })}, open},
		"may consent":                           {[]change{onGraph("AppRoleAssignment.ReadWrite.All")}, yes},
		"may write applications":                {[]change{onGraph("Application.ReadWrite.All")}, yes},
		"may assign Exchange's roles":           {[]change{onGraph("RoleManagement.ReadWrite.Exchange")}, yes},
		"administers Exchange without a role":   {[]change{onExchange("Exchange.ManageAsApp")}, no},
		"administers Exchange as a reader":      {[]change{onExchange("Exchange.ManageAsApp"), administrator("Global Reader")}, no},
		"administers Exchange with a role":      {[]change{onExchange("Exchange.ManageAsApp"), administrator("Exchange Administrator")}, yes},
		"administers Exchange, roles not read":  {[]change{onExchange("Exchange.ManageAsApp"), rolesUnread}, open},
		"administers Exchange with another one": {[]change{onExchange("Exchange.ManageAsApp"), administrator("Mail Robots")}, open},
	}
	for name, test := range cases {
		answer := access.Reach(with(test.facts...), app, []string{"Mail.Read"}, mailboxA)
		if answer.CanGrantItself != test.want {
			t.Errorf("%s: %s, want %s", name, answer.CanGrantItself, test.want)
		}
		if test.want == yes && (answer.Verdict != no || len(answer.SelfGrants) == 0) {
			t.Errorf("%s: what could be is not what is: %+v", name, answer)
		}
		if exposed := exposedOf(t, test.facts...); exposed.CanGrantItself != test.want {
			t.Errorf("%s is exposed as %s", name, exposed.CanGrantItself)
		}
	}
}
