package plan_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
	"mailgrant/handler/simulator/powershell"
)

// onPaper is a grant of which nothing is in the tenant yet.
func onPaper(t testing.TB, mechanism grant.Mechanism) plan.Situation {
	t.Helper()
	g := grant.Grant{ID: grant.NewID("ops", "1"), State: grant.Provisioning, Mechanism: mechanism, Workload: grant.Workload{AppID: appID, ObjectID: objectID, DisplayName: "News"},
		Permissions: []string{"Mail.Send", "Mail.Read"}, Mailboxes: []grant.Mailbox{{GUID: firstGUID, Address: "one@contoso.example"}, {GUID: secondGUID, Address: "two@contoso.example"}},
		Canaries: []grant.Mailbox{{GUID: otherApp, Address: "ceo@contoso.example"}}, StartsAt: noon(), ReceivedAt: noon(), ExpiresAt: noon().Add(48 * time.Hour), Waits: grant.WaitsOf(mechanism)}
	if mechanism.Consents() {
		g.ConsentBy = grant.Service
	}
	if mechanism == grant.MailboxPermission {
		g.Permissions = []string{"SMTP.SendAsApp", "IMAP.AccessAsApp"}
	}
	steps, err := plan.Steps(g, installation)
	if err != nil {
		t.Fatal(err)
	}
	s := plan.Situation{Grant: g, Steps: steps, Pointer: plan.Pointer(g.Workload), Group: access.Known[*plan.Group](nil), Policies: access.Known[[]access.Policy](nil)}
	s.Facts = access.Facts{Consents: access.Known[[]access.Consent](nil), Assignments: access.Known[[]access.Assignment](nil), Pointer: access.Known[*access.Pointer](nil),
		Scopes: map[string]access.Reading[*access.Scope]{plan.ScopeName(steps): access.Known[*access.Scope](nil)}}
	s.Held = access.Known[[]access.MailboxPermission](nil)
	for _, step := range plan.ConsentSteps(g) {
		s.Consents = append(s.Consents, plan.Shared{Step: step})
	}
	for _, step := range plan.PermissionSteps(g) {
		s.Permissions = append(s.Permissions, plan.Shared{Step: step})
	}
	return s
}

func printed(s plan.Situation) plan.Printed {
	roles := map[string]plan.AppRole{}
	for _, consent := range s.Consents {
		roles[consent.Step.Name] = plan.AppRole{ResourceID: "resource", RoleID: "role of " + consent.Step.Permission}
	}
	return plan.Printed{Rehearsal: plan.Rehearse(s, noon()), Roles: roles, Tested: s.Grant.Mailboxes, At: noon()}
}

// cmdlets are the calls of a script by name, without connections and look-ups.
func cmdlets(t testing.TB, script string) []string {
	t.Helper()
	calls, err := powershell.Read(script)
	if err != nil {
		t.Fatalf("%v in:\n%s", err, script)
	}
	var names []string
	for _, call := range calls {
		if !strings.HasPrefix(call.Name, "Connect-") && !strings.HasPrefix(call.Name, "Get-") && call.Name != "=" {
			names = append(names, call.Name)
		}
	}
	return names
}

// TestOrderOnPaper: the orders that never open more than was asked, with their waits.
func TestOrderOnPaper(t *testing.T) {
	t.Parallel()
	for mechanism, want := range map[grant.Mechanism]string{
		grant.RBAC: "New-ServicePrincipal New-ManagementScope New-ManagementRoleAssignment New-ManagementRoleAssignment " +
			"Test-ServicePrincipalAuthorization Test-ServicePrincipalAuthorization Test-ServicePrincipalAuthorization return " +
			"Remove-ManagementRoleAssignment Remove-ManagementRoleAssignment Remove-ManagementScope Remove-ServicePrincipal",
		grant.AccessPolicy: "New-DistributionGroup Set-DistributionGroup Add-DistributionGroupMember Add-DistributionGroupMember New-ApplicationAccessPolicy Read-Host " +
			"New-MgServicePrincipalAppRoleAssignedTo New-MgServicePrincipalAppRoleAssignedTo Test-ApplicationAccessPolicy Test-ApplicationAccessPolicy Test-ApplicationAccessPolicy return " +
			"Remove-DistributionGroupMember Remove-DistributionGroupMember Remove-MgServicePrincipalAppRoleAssignment Remove-MgServicePrincipalAppRoleAssignment Read-Host " +
			"Remove-ApplicationAccessPolicy Remove-DistributionGroup",
		grant.MailboxPermission: "New-ServicePrincipal Add-MailboxPermission Add-RecipientPermission Add-MailboxPermission Add-RecipientPermission " +
			"New-MgServicePrincipalAppRoleAssignedTo New-MgServicePrincipalAppRoleAssignedTo return " +
			"Remove-MailboxPermission Remove-RecipientPermission Remove-MailboxPermission Remove-RecipientPermission " +
			"Remove-MgServicePrincipalAppRoleAssignment Remove-MgServicePrincipalAppRoleAssignment Remove-ServicePrincipal",
	} {
		shown := printed(onPaper(t, mechanism))
		got := strings.Join(cmdlets(t, shown.PowerShell()), " ")
		if got != want {
			t.Errorf("%s:\n%s\nwant\n%s", mechanism, got, want)
		}
		if shown.Making.Stopped != nil || shown.Removal.Stopped != nil || shown.CutAt.IsZero() {
			t.Errorf("%s: %+v %+v", mechanism, shown.Making.Stopped, shown.Removal.Stopped)
		}
	}
}

// TestSurveyOnPaper: only a pointer that was there before has to be looked for in the lists
// of every mailbox, and no tenant's own test is told where there is none.
func TestSurveyOnPaper(t *testing.T) {
	t.Parallel()
	s := onPaper(t, grant.MailboxPermission)
	const listed = "# List the permissions of every mailbox"
	script := printed(s).PowerShell()
	if strings.Contains(script, listed) || strings.Contains(script, "own test") {
		t.Errorf("a pointer of the grant's own:\n%s", script)
	}
	// Two mailboxes and a canary, each in both lists.
	if strings.Count(script, "\nGet-MailboxPermission") != 3 || strings.Count(script, "\nGet-RecipientPermission") != 3 {
		t.Errorf("what is proved:\n%s", script)
	}
	s.Facts.Pointer = access.Known(&access.Pointer{ObjectID: objectID, AppID: appID, ID: objectID})
	script = printed(s).PowerShell()
	if survey, consent := strings.Index(script, listed), strings.Index(script, "New-Mg"); survey < 0 || survey > consent || strings.Contains(script, "-ServicePrincipal -") {
		t.Errorf("a stranger's pointer:\n%s", script)
	}
	s.Permissions, s.Consents = s.Permissions[1:2], s.Consents[:1]
	s.Grant.Permissions = s.Grant.Permissions[:1]
	if script := printed(s).PowerShell(); strings.Count(script, "\nGet-MailboxPermission") != 1 || strings.Count(script, "\nGet-RecipientPermission") != 3 {
		t.Errorf("FullAccess opens sending of the canary as well:\n%s", script)
	}
}

// TestTimesOnPaper: a consent is not before the policy has settled, and the policy goes
// not before the tokens have died.
func TestTimesOnPaper(t *testing.T) {
	t.Parallel()
	s := onPaper(t, grant.AccessPolicy)
	played := plan.Rehearse(s, noon())
	for _, line := range append(played.Making.Lines, played.Removal.Lines...) {
		var earliest time.Time
		switch {
		case line.Verb == plan.Create && line.Step.Kind == grant.ConsentStep:
			earliest = noon().Add(grant.PolicySettles)
		case line.Verb == plan.Remove && (line.Step.Kind == grant.PolicyStep || line.Step.Kind == grant.GroupStep):
			earliest = s.Grant.ExpiresAt.Add(grant.TokensLive)
		case line.Verb == plan.Remove:
			earliest = s.Grant.ExpiresAt
		default:
			continue
		}
		if !line.NotBefore.Equal(earliest) {
			t.Errorf("%s %s: %s, not %s", line.Verb, line.Step.Kind, line.NotBefore, earliest)
		}
	}
	if !played.CutAt.Equal(s.Grant.ExpiresAt) || !played.Making.Ends.Equal(noon().Add(grant.PolicySettles)) {
		t.Errorf("cut at %s, made at %s", played.CutAt, played.Making.Ends)
	}
}

// TestPersonOnPaper: what a person does is in the plan, and marked.
func TestPersonOnPaper(t *testing.T) {
	t.Parallel()
	s := onPaper(t, grant.AccessPolicy)
	want := cmdlets(t, printed(s).PowerShell())
	s.Grant.ConsentBy = grant.Person
	if got := cmdlets(t, printed(s).PowerShell()); !reflect.DeepEqual(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
	for _, line := range plan.Rehearse(s, noon()).Making.Lines {
		if line.Person != (line.Step.Kind == grant.ConsentStep) {
			t.Errorf("%s %s is by a person: %t", line.Verb, line.Step.Kind, line.Person)
		}
	}
}

// TestWhatIsThereStays: a stranger's pointer is used and left, a consent that was handed
// over is taken over and removed.
func TestWhatIsThereStays(t *testing.T) {
	t.Parallel()
	s := onPaper(t, grant.RBAC)
	s.Facts.Pointer = access.Known(&access.Pointer{ObjectID: objectID, AppID: appID, ID: objectID})
	if script := printed(s).PowerShell(); strings.Contains(script, "-ServicePrincipal -") || !strings.Contains(script, "is left as it is") {
		t.Errorf("the pointer is touched:\n%s", script)
	}
	s = onPaper(t, grant.AccessPolicy)
	s.Grant.ConfineExisting = []string{"Mail.Read"}
	s.Facts.Consents.Value = []access.Consent{{ID: "consent-1", Resource: access.Graph, Value: "Mail.Read"}}
	script := printed(s).PowerShell()
	if strings.Count(script, "New-Mg") != 1 || strings.Count(script, "Remove-Mg") != 2 || !strings.Contains(script, "is taken over") {
		t.Errorf("the consent is not taken over:\n%s", script)
	}
	if len(s.Facts.Consents.Value) != 1 || s.Facts.Pointer.Value != nil || s.Consents[0].Step.State != grant.Wanted {
		t.Errorf("the situation was changed: %+v", s)
	}
}

// TestStoppedOnPaper: what a real run would be stuck at is told, and nothing after it.
func TestStoppedOnPaper(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*plan.Situation){
		plan.NameTaken: func(s *plan.Situation) { s.Group = access.Known(&plan.Group{Name: s.Steps[0].Name}) },
		plan.ForeignPolicy: func(s *plan.Situation) {
			s.Policies.Value = []access.Policy{{ID: "theirs", AppID: appID, Right: access.RestrictAccess}}
		},
		plan.NotRead: func(s *plan.Situation) { s.Policies = access.NotRead[[]access.Policy]("no") },
	} {
		s := onPaper(t, grant.AccessPolicy)
		change(&s)
		shown := printed(s)
		if shown.Making.Stopped == nil || shown.Making.Stopped.Reason != name {
			t.Errorf("%s: %+v", name, shown.Making.Stopped)
		}
		script := shown.PowerShell()
		if strings.Contains(script, "New-Mg") || !strings.Contains(script, "# STOP. ") {
			t.Errorf("%s: the script goes on:\n%s", name, script)
		}
	}
}

func hostile() []string {
	return []string{"News", "O'Neill", "a' ; Remove-ServicePrincipal -Identity 'x", "’; Remove-Mailbox ‘", "‚‛", "$(Remove-Mailbox)", "`$x \"y\" ${z}", "a\nRemove-Mailbox", "\r\n#>", "\u2028b", "\u202e\u2066",
		"😀\U000E0041", "\x00", "\xff\xfe", "#Requires -Modules x", "<# #>", "@'\n'@", "--%", "", " ", "'", "''", "\u0085", "\ufeff", "a\\'b"}
}

// wholeOf is how the text can be sent at all: as UTF-8.
func wholeOf(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// breaksOut prints a grant with the text wherever somebody else chooses one, and says how
// the script differs from that of a harmless one by more than the text itself.
func breaksOut(t testing.TB, text string) string {
	s := onPaper(t, grant.RBAC)
	want := cmdlets(t, printed(s).PowerShell())
	g := &s.Grant
	g.Workload.DisplayName, g.Requester, g.Owner, g.Justification = "x"+text, text, text, text
	g.Ticket, g.Scope.Group, g.Mailboxes[0].Address = grant.Ticket{System: text, ID: text, URL: text}, text, text
	shown, filtered := printed(s), "Filter -eq '"+text+"'"
	for i := range shown.Making.Lines {
		shown.Making.Lines[i].Step.Filter = filtered
	}
	script := shown.PowerShell()
	calls, err := powershell.Read(script)
	if err != nil {
		return err.Error()
	}
	if got := cmdlets(t, script); !reflect.DeepEqual(got, want) {
		return strings.Join(got, " ")
	}
	for _, call := range calls {
		name, filter := call.Parameters["DisplayName"], call.Parameters["RecipientRestrictionFilter"]
		if name != nil && name != wholeOf("x"+text) || filter != nil && filter != wholeOf(filtered) {
			return call.Name + " has another text"
		}
	}
	return ""
}

func TestHostileNamesStayInTheirQuotes(t *testing.T) {
	t.Parallel()
	for _, text := range hostile() {
		if why := breaksOut(t, text); why != "" {
			t.Errorf("%q: %s", text, why)
		}
	}
}

func FuzzQuoting(f *testing.F) {
	for _, text := range hostile() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if why := breaksOut(t, text); why != "" {
			t.Errorf("%q: %s", text, why)
		}
	})
}
