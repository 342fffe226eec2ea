package engine

import (
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
)

const (
	appOne   = "b0000000-0000-4000-8000-000000000001"
	appTwo   = "b0000000-0000-4000-8000-000000000002"
	mailbox1 = "d0000000-0000-4000-8000-000000000001"
)

// everything is a small tenant that was read whole: two workloads with pointers of the
// same display name, one mailbox.
func everything() surveyed {
	pointer := func(id string) exchange.ServicePrincipal {
		return exchange.ServicePrincipal{ObjectID: id, AppID: "a" + id[1:], DisplayName: "Twin"}
	}
	return surveyed{
		Mailboxes:  access.Known([]surveyedMailbox{{GUID: mailbox1, EntraID: "f1", Address: "one@contoso.example", Properties: map[string][]string{"emailaddresses": {"smtp:alias@contoso.example"}}}}),
		Principals: access.Known([]graph.ServicePrincipal{{ObjectID: appOne, AppID: "a" + appOne[1:], DisplayName: "Twin"}, {ObjectID: appTwo, AppID: "a" + appTwo[1:], DisplayName: "Twin"}}),
		OnGraph:    access.Known([]heldConsent(nil)), OnExchange: access.Known([]heldConsent(nil)),
		Pointers:    access.Known([]exchange.ServicePrincipal{pointer(appOne), pointer(appTwo)}),
		Assignments: access.Known([]exchange.RoleAssignment(nil)), Scopes: access.Known([]exchange.ManagementScope(nil)),
		Policies: access.Known([]exchange.ApplicationAccessPolicy(nil)), Groups: access.Known([]surveyedGroup(nil)), Units: access.Known([]surveyedUnit(nil)),
		Directory: access.Known([]heldRole(nil)), RoleGroups: access.Known([]heldRole(nil)),
		Permissions: access.Known(access.MailboxPermissions{Complete: true}), Own: access.Known([]ownObject(nil)),
	}
}

func readsMail(assignee string) exchange.RoleAssignment {
	return exchange.RoleAssignment{Name: "reads", GUID: "g-reads", Role: "Application Mail.Read", RoleAssignee: assignee, CustomResourceScope: "all", Enabled: true}
}

func TestAssembledVerdicts(t *testing.T) {
	t.Parallel()
	scope := exchange.ManagementScope{Name: "all", RecipientFilter: "Guid -eq '" + mailbox1 + "'"}
	for name, test := range map[string]struct {
		change   func(*surveyed)
		one, two grant.Verdict
		self     grant.Verdict
	}{
		"nothing":            {func(*surveyed) {}, grant.Refused, grant.Refused, grant.Refused},
		"by object id":       {func(s *surveyed) { s.Assignments.Value = []exchange.RoleAssignment{readsMail(appOne)} }, grant.Allowed, grant.Refused, grant.Refused},
		"by a path":          {func(s *surveyed) { s.Assignments.Value = []exchange.RoleAssignment{readsMail(`contoso/` + appOne)} }, grant.Allowed, grant.Refused, grant.Refused},
		"by a name of two":   {func(s *surveyed) { s.Assignments.Value = []exchange.RoleAssignment{readsMail("Twin")} }, grant.Unsure, grant.Unsure, grant.Refused},
		"of nobody":          {func(s *surveyed) { s.Assignments.Value = []exchange.RoleAssignment{readsMail("Nobody")} }, grant.Refused, grant.Refused, grant.Refused},
		"consents unread":    {func(s *surveyed) { s.OnExchange = access.NotRead[[]heldConsent]("no") }, grant.Unsure, grant.Unsure, grant.Unsure},
		"assignments unread": {func(s *surveyed) { s.Assignments = access.NotRead[[]exchange.RoleAssignment]("no") }, grant.Unsure, grant.Unsure, grant.Refused},
		"roles unread":       {func(s *surveyed) { s.RoleGroups = access.NotRead[[]heldRole]("no") }, grant.Refused, grant.Refused, grant.Unsure},
		"a role group, by id": {func(s *surveyed) {
			s.RoleGroups.Value = []heldRole{{Holders: []string{appOne}, Role: access.AdministratorRole{Name: "Organization Management"}}}
		}, grant.Refused, grant.Refused, grant.Allowed},
		"a role group, by name": {func(s *surveyed) {
			s.RoleGroups.Value = []heldRole{{Holders: []string{"Twin"}, Role: access.AdministratorRole{Name: "Organization Management"}}}
		}, grant.Refused, grant.Refused, grant.Unsure},
		"what was read, beside": {func(s *surveyed) {
			s.OnGraph.Value = []heldConsent{{appOne, access.Consent{Resource: access.Graph, Value: "Mail.Read"}}}
			s.OnExchange.Read = false
		}, grant.Allowed, grant.Unsure, grant.Unsure},
		"a policy, groups unread":  {func(s *surveyed) { consented(s); s.Groups = access.NotRead[[]surveyedGroup]("no") }, grant.Unsure, grant.Refused, grant.Refused},
		"a policy for one mailbox": {func(s *surveyed) { consented(s); s.Groups.Value = []surveyedGroup{{Asked: mailbox1, Single: true}} }, grant.Allowed, grant.Refused, grant.Refused},
		"a policy of a lost group": {func(s *surveyed) {
			consented(s)
			s.Groups.Value = []surveyedGroup{{Asked: mailbox1, Group: access.Group{ID: mailbox1, Gone: true}}}
		}, grant.Unsure, grant.Refused, grant.Refused},
		"a unit":           {func(s *surveyed) { inUnit(s, "F1") }, grant.Allowed, grant.Refused, grant.Refused},
		"a unit of others": {func(s *surveyed) { inUnit(s, "f2") }, grant.Refused, grant.Refused, grant.Refused},
	} {
		facts := everything()
		facts.Scopes.Value = []exchange.ManagementScope{scope}
		test.change(&facts)
		index := facts.assemble().index
		one, two := index.Reach(appOne, nil, mailbox1), index.Reach(appTwo, nil, mailbox1)
		if one.Verdict != test.one || two.Verdict != test.two || one.CanGrantItself != test.self {
			t.Errorf("%s: %s, %s, can grant itself %s", name, one.Verdict, two.Verdict, one.CanGrantItself)
		}
	}
}

func consented(s *surveyed) {
	s.OnGraph.Value = []heldConsent{{appOne, access.Consent{Resource: access.Graph, Value: "Mail.Read"}}}
	s.Policies.Value = []exchange.ApplicationAccessPolicy{{Identity: "p", AppID: "a" + appOne[1:], AccessRight: "RestrictAccess", ScopeGUID: mailbox1}}
}

func inUnit(s *surveyed, member string) {
	limited := readsMail(appOne)
	limited.CustomResourceScope, limited.RecipientAdministrativeUnitScope = "", "unit"
	s.Assignments.Value = []exchange.RoleAssignment{limited}
	s.Units.Value = []surveyedUnit{{Asked: "unit", Members: access.Known([]string{member})}}
}

// TestWhatIsOurs: an object that bears our name under another id is not ours.
func TestWhatIsOurs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		own  ownObject
		ours bool
	}{
		"by id":           {ownObject{Workload: appOne, Name: "other", RemoteID: "G-reads", Grant: "g"}, true},
		"id not known":    {ownObject{Workload: appOne, Name: "Reads", Grant: "g"}, true},
		"another id":      {ownObject{Workload: appOne, Name: "reads", RemoteID: "g-else", Grant: "g"}, false},
		"somebody else's": {ownObject{Workload: appTwo, Name: "reads", Grant: "g"}, false},
	} {
		facts := everything()
		facts.Assignments.Value = []exchange.RoleAssignment{readsMail(appOne)}
		facts.Own.Value = []ownObject{test.own}
		found := facts.assemble()
		exposed, _ := found.index.Exposed(appOne)
		paths := found.paths(exposed.Paths)
		if len(paths) != 1 || paths[0].Ours != test.ours || (paths[0].Grant == "g") != test.ours {
			t.Errorf("%s: %+v", name, paths)
		}
	}
}

// TestUnreadPartsAreNamed: each part that was not read is named once, in every answer.
func TestUnreadPartsAreNamed(t *testing.T) {
	t.Parallel()
	facts := everything()
	if named := facts.unread(); len(named) > 0 {
		t.Errorf("nothing is missing: %q", named)
	}
	unread := surveyed{}
	parts := append(firstParts(), secondParts()...)
	for _, part := range parts {
		part.fail(&unread, "because of "+part.name)
	}
	named := unread.unread()
	for _, part := range parts {
		if !slices.ContainsFunc(named, func(text string) bool { return strings.HasSuffix(text, "because of "+part.name) }) {
			t.Errorf("%s is not named: %q", part.name, named)
		}
	}
	if len(named) != len(parts) {
		t.Errorf("%d parts, named %q", len(parts), named)
	}
}

func TestPartsAreKeptAsTheyAre(t *testing.T) {
	t.Parallel()
	facts := everything()
	facts.Groups = access.Known([]surveyedGroup{{Asked: "g", Group: access.Group{ID: "g", Members: access.NotRead[access.Membership]("dynamic")}}})
	var again surveyed
	for _, part := range append(firstParts(), secondParts()...) {
		text, err := part.encode(&facts)
		if err == nil {
			text, err = packed(text)
		}
		if err == nil {
			text, err = unpacked(text)
		}
		if err == nil {
			err = part.decode(&again, text)
		}
		if err != nil {
			t.Errorf("%s: %v", part.name, err)
		}
	}
	if len(again.unread()) > 0 || len(again.Pointers.Value) != 2 || again.Groups.Value[0].Group.Members.Read || again.Mailboxes.Value[0].EntraID != "f1" {
		t.Errorf("%+v", again)
	}
}

func TestGroupsInFilters(t *testing.T) {
	t.Parallel()
	facts := everything()
	facts.Assignments.Value = []exchange.RoleAssignment{readsMail(appOne)}
	facts.Scopes.Value = []exchange.ManagementScope{
		{Name: "All", RecipientFilter: `((memberofgroup -eq 'CN=O''Neill,DC=x') -or (MemberOfGroup -eq "CN=Two,DC=x"))`},
		{Name: "unused", RecipientFilter: `MemberOfGroup -eq 'CN=Three,DC=x'`},
	}
	_, direct := facts.groupsNamed()
	if !slices.Equal(direct, []string{"CN=O'Neill,DC=x", "CN=Two,DC=x"}) {
		t.Errorf("%q", direct)
	}
}

func TestCursorsOfASurvey(t *testing.T) {
	t.Parallel()
	const id = "op-aaaaaaaaaaaaaaaaaaaa"
	cursor := following(id, 50, 51)
	if from, err := position(id, cursor); from != 50 || err != nil {
		t.Errorf("%d, %v", from, err)
	}
	if following(id, 51, 51) != "" {
		t.Error("the last page has no next one")
	}
	for _, bad := range []string{"!", "b3A", following("op-bbbbbbbbbbbbbbbbbbbb", 1, 2), following(id, -5, 2), following("x", 1, 2)} {
		if _, err := position(id, bad); KindOf(err) != KindBadCursor {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestMailboxesOfASurveyByAnyName(t *testing.T) {
	t.Parallel()
	facts := everything()
	for _, name := range []string{mailbox1, "F1", "ONE@contoso.example", "alias@contoso.example"} {
		found, err := facts.mailbox(name, facts.ReadAt)
		if err != nil || found.GUID != mailbox1 {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
	_, err := facts.mailbox("nobody@contoso.example", facts.ReadAt)
	if KindOf(err) != KindNotFound {
		t.Error(err)
	}
}

func TestTurnsOfTheCrawl(t *testing.T) {
	t.Parallel()
	var all []exchange.Recipient
	for _, letter := range "dcba" {
		for range crawlBudget / 4 {
			all = append(all, exchange.Recipient{GUID: string(letter) + strings.Repeat("x", len(all)), Type: "UserMailbox"})
		}
	}
	all = append(all, exchange.Recipient{GUID: "e", Type: "SharedMailbox"}, exchange.Recipient{GUID: "aa", Type: "MailUser"})
	first, ends := turn(all, "")
	rest, last := turn(all, first[len(first)-1])
	if len(first) != crawlBudget || ends || len(rest) != 1 || rest[0] != "e" || !last || slices.Contains(first, "aa") {
		t.Errorf("%d, %t, %q, %t", len(first), ends, rest, last)
	}
}
