package tenant

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

const carolGUID = "d0000000-0000-4000-8000-000000000013"

func consentTo(resource, permission string) Action {
	return Action{Do: "addConsent", Workload: SampleNewsletterAppID, Resource: resource, Permission: permission}
}

func policyFor(scope, right string) Action {
	return Action{Do: "addAccessPolicy", AccessPolicy: map[string]any{"appId": SampleNewsletterAppID, "scope": scope, "accessRight": right}}
}

func cmdletAction(name string, with parameters) Action {
	return Action{Do: "cmdlet", Cmdlet: name, Parameters: with}
}

func roleFor(role, scopeParameter, scope string) []Action {
	with := parameters{"Role": role, "App": SampleNewsletterAppID}
	if scopeParameter != "" {
		with[scopeParameter] = scope
	}
	return []Action{
		cmdletAction("New-ServicePrincipal", parameters{"AppId": SampleNewsletterAppID, "ObjectId": SampleNewsletterObjectID}),
		cmdletAction("New-ManagementScope", parameters{"Name": "news", "RecipientRestrictionFilter": "Guid -eq '" + SampleNewsGUID + "'"}),
		cmdletAction("New-ManagementRoleAssignment", with),
	}
}

func permissionFor(mailbox, right string) Action {
	return Action{Do: "addMailboxPermission", MailboxPermission: map[string]any{"mailbox": mailbox, "trustee": SampleNewsletterAppID, "right": right}}
}

// TestReach tells for each situation whether the permission reaches Alice (a direct member of Sales),
// Carol (nested in Sales), News and the Chief Executive.
func TestReach(t *testing.T) {
	t.Parallel()
	all, none := "alice carol news ceo", ""
	for _, each := range []struct {
		name, permission, want string
		actions                []Action
	}{
		{"nothing", "Mail.Read", none, nil},
		{"consent", "Mail.Read", all, []Action{consentTo("graph", "Mail.ReadWrite")}},
		{"consent to less", "Mail.ReadWrite", none, []Action{consentTo("graph", "Mail.Read")}},
		{"restricted consent counts nested members", "Mail.Read", "alice carol", []Action{consentTo("graph", "Mail.Read"), policyFor(SampleSalesGUID, "RestrictAccess")}},
		{"denied consent", "Mail.Read", "news ceo", []Action{consentTo("graph", "Mail.Read"), policyFor(SampleSalesGUID, "DenyAccess")}},
		{"policy and a permission it does not filter", "Calendars.ReadBasic.All", all, []Action{consentTo("graph", "Calendars.ReadBasic.All"), policyFor(SampleSalesGUID, "RestrictAccess")}},
		{"policy and items", "MailboxItem.Read.All", all, []Action{consentTo("graph", "MailboxItem.Read.All"), policyFor(SampleSalesGUID, "RestrictAccess")}},
		{"items hold mail", "Mail.Read", all, []Action{consentTo("graph", "MailboxItem.Read.All"), policyFor(SampleSalesGUID, "RestrictAccess")}},
		{"Exchange's own permission of the same name", "Mail.Read", all, []Action{consentTo("exchange", "Mail.Read"), policyFor(SampleSalesGUID, "RestrictAccess")}},
		{"everything by EWS", "Mail.Send", all, []Action{consentTo("exchange", "full_access_as_app")}},
		{"everything by EWS confined", "Mail.Send", "alice carol", []Action{consentTo("exchange", "full_access_as_app"), policyFor(SampleSalesGUID, "RestrictAccess")}},
		{"role without scope", "Mail.Send", all, roleFor("Application Mail Full Access", "", "")},
		{"role with filter", "Mail.Send", "news", roleFor("Application Mail.Send", "CustomResourceScope", "news")},
		{"role by group counts direct members", "Mail.Send", "alice", roleFor("Application Mail.Send", "RecipientGroupScope", "Sales")},
		{"role and policy are independent", "Mail.Send", "alice carol news", append(roleFor("Application Mail.Send", "CustomResourceScope", "news"), consentTo("graph", "Mail.Send"), policyFor(SampleSalesGUID, "RestrictAccess"))},
		{"disabled role", "Mail.Send", none, append(roleFor("Application Mail.Send", "", ""), cmdletAction("Set-ManagementRoleAssignment", parameters{"Identity": "Application Mail.Send-" + SampleNewsletterObjectID, "Enabled": false}))},
		{"composite role", "Contacts.Read", "news", roleFor("Application Exchange Full Access", "CustomResourceScope", "news")},
		{"EWS role", "MailboxSettings.ReadWrite", "news", roleFor("Application EWS.AccessAsApp", "CustomResourceScope", "news")},
		{"mailbox permission without consent", "IMAP.AccessAsApp", none, append(roleFor("Application Mail.Send", "CustomResourceScope", "news"), permissionFor(SampleCEOGUID, "FullAccess"))},
		{"protocol consent without mailbox permission", "IMAP.AccessAsApp", none, []Action{consentTo("exchange", "IMAP.AccessAsApp")}},
		{"protocol consent with mailbox permission", "Mail.Read", "ceo", append(roleFor("Application Mail.Send", "CustomResourceScope", "news"), consentTo("exchange", "POP.AccessAsApp"), permissionFor(SampleCEOGUID, "FullAccess"))},
		{"Send As does not read", "Mail.Read", none, append(roleFor("Application Mail.Send", "CustomResourceScope", "news"), consentTo("exchange", "IMAP.AccessAsApp"), permissionFor(SampleCEOGUID, "SendAs"))},
		{"Send As by SMTP", "Mail.Send", "news ceo", append(roleFor("Application Mail.Send", "CustomResourceScope", "news"), consentTo("exchange", "SMTP.SendAsApp"), permissionFor(SampleCEOGUID, "SendAs"))},
	} {
		t.Run(each.name, func(t *testing.T) {
			t.Parallel()
			to := started(t, Options{})
			administer(t, to, each.actions...)
			var got []string
			for _, mailbox := range []struct{ name, guid string }{{"alice", SampleAliceGUID}, {"carol", carolGUID}, {"news", SampleNewsGUID}, {"ceo", SampleCEOGUID}} {
				if to.Reaches(SampleNewsletterAppID, each.permission, mailbox.guid) {
					got = append(got, mailbox.name)
				}
			}
			if strings.Join(got, " ") != each.want {
				t.Errorf("%s reaches %v, want %s", each.permission, got, each.want)
			}
		})
	}
}

func TestReachNamesActsAndKnowsStrangers(t *testing.T) {
	t.Parallel()
	reached, err := ReadReached(nil)
	if err != nil {
		t.Fatal(err)
	}
	if acts := reached.Acts(SampleHelpdeskAppID, "jobs@contoso.example"); !slices.Equal(acts, []string{ActReadBasic, ActReadBody}) {
		t.Errorf("got %v", acts)
	}
	if !reached.Can(SampleArchiveObjectID, ActWriteMail, SampleCEOGUID) || reached.Can(SampleArchiveObjectID, ActSend, SampleCEOGUID) || reached.Can(SampleArchiveObjectID, "dance", SampleCEOGUID) {
		t.Error("a consent gives other acts than it names")
	}
	if !reached.Touches(SampleHelpdeskAppID, "Mail.ReadWrite", SampleHRGUID) || reached.Touches(SampleHelpdeskAppID, "Mail.Send", SampleHRGUID) {
		t.Error("touching is wrong")
	}
	if reached.Reaches("nobody", "Mail.Read", SampleHRGUID) || reached.Reaches(SampleArchiveAppID, "Mail.Read", SamplePartnerGUID) || reached.Reaches(SampleArchiveAppID, "Mail.Everything", SampleHRGUID) {
		t.Error("a stranger reaches something")
	}
	if len(reached.Mailboxes()) != 16 {
		t.Errorf("there are %d mailboxes", len(reached.Mailboxes()))
	}
	_, err = ReadReached(strings.NewReader("{}"))
	if err == nil {
		t.Error("a bad directory was judged")
	}
}

func TestWhoCanGrantItself(t *testing.T) {
	t.Parallel()
	for _, action := range []Action{
		consentTo("graph", "AppRoleAssignment.ReadWrite.All"),
		{Do: "addDirectoryRole", DirectoryRole: map[string]any{"principal": SampleNewsletterAppID, "role": "Exchange Administrator"}},
		{Do: "addRoleGroupMember", RoleGroup: "Organization Management", Member: SampleNewsletterAppID},
	} {
		to := started(t, Options{})
		administer(t, to, consentTo("exchange", "Exchange.ManageAsApp"),
			Action{Do: "addDirectoryRole", DirectoryRole: map[string]any{"principal": SampleNewsletterAppID, "role": "Global Reader"}},
			Action{Do: "addDirectoryRole", DirectoryRole: map[string]any{
				"principal": SampleNewsletterAppID, "role": "Global Administrator", "scope": "/administrativeUnits/" + SampleParisUnitID,
			}},
			Action{Do: "addRoleGroupMember", RoleGroup: "View-Only Organization Management", Member: SampleNewsletterAppID})
		if to.Reached().CanGrantItself(SampleNewsletterAppID) {
			t.Error("somebody harmless can grant itself")
		}
		administer(t, to, action)
		if !to.Reached().CanGrantItself(SampleNewsletterObjectID) {
			t.Errorf("%s does not count", action.Do)
		}
	}
}

func TestLeftoverOfImpersonationOpensNothing(t *testing.T) {
	t.Parallel()
	text := strings.Replace(sampleText, `"role": "Application Mail.Read"`, `"role": "ApplicationImpersonation"`, 1)
	to := started(t, Options{Directory: strings.NewReader(text)})
	if rows := runFine(t, to, "Get-ManagementRoleAssignment", parameters{"Role": "ApplicationImpersonation"}); len(rows) != 1 {
		t.Errorf("listed %v", rows)
	}
	if acts := to.Reached().Acts(SampleHelpdeskAppID, SampleHRGUID); len(acts) != 0 {
		t.Errorf("it opens %v", acts)
	}
}

func BenchmarkReadReached(b *testing.B) {
	for range b.N {
		_, err := ReadReached(nil)
		if err != nil {
			b.Fatal(err)
		}
	}
}

func TestReachOverTheControlPort(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	path := "/reach?workload=" + SampleArchiveAppID + "&mailbox=ceo@contoso.example&permission="
	status, text := control(t, to, "GET", path+"Mail.Read", "")
	if status != 200 || !strings.Contains(text, `"reaches":true`) || !strings.Contains(text, ActWriteMail) {
		t.Errorf("%d %s", status, text)
	}
	if _, text = control(t, to, "GET", path+"Mail.Send", ""); !strings.Contains(text, `"reaches":false`) {
		t.Errorf("got %s", text)
	}
	for _, wrong := range []string{path + "Mail.Everything", path, "/reach?workload=x&mailbox=ceo@contoso.example&permission=Mail.Read"} {
		if status, _ := control(t, to, "GET", wrong, ""); status != 400 {
			t.Errorf("%s is answered %d", wrong, status)
		}
	}
}

func TestWebServicesOpenByTheBlanketOrTheRole(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	status := func(mailbox string) int {
		got, _ := to.CallEWS(mailbox, to.Token(SampleNewsletterAppID, "exchange"))
		return got
	}
	administer(t, to, roleFor("Application EWS.AccessAsApp", "CustomResourceScope", "news")...)
	to.Advance(3 * time.Hour)
	if status("news@contoso.example") != 200 || status("ceo@contoso.example") != 403 || status("nobody@contoso.example") != 500 {
		t.Error("the role opens its scope and nothing else")
	}
	administer(t, to, consentTo("exchange", "full_access_as_app"))
	if status("ceo@contoso.example") != 200 {
		t.Error("the blanket opens everything")
	}
	administer(t, to, policyFor(SampleSalesGUID, "RestrictAccess"))
	to.Advance(3 * time.Hour)
	if status("news@contoso.example") != 200 || status("carol@contoso.example") != 200 || status("ceo@contoso.example") != 403 {
		t.Error("a policy confines the blanket and not the role")
	}
	if got, _ := to.CallEWS("news@contoso.example", to.Token(SampleNewsletterAppID, "graph")); got != 401 {
		t.Errorf("a token for Graph is answered %d", got)
	}
}

// TestDataPlaneAgreesWithReachOnceCachesAreSpent asks over the wire what the set of reaches says, in
// random tenants: the two go different ways to the answer.
func TestDataPlaneAgreesWithReachOnceCachesAreSpent(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, seed))
			to := started(t, Options{Seed: seed})
			administer(t, to, roleFor("Application Mail.ReadBasic", "CustomResourceScope", "news")...)
			possible := []Action{
				consentTo("graph", "Mail.Read"), consentTo("graph", "Mail.Send"), consentTo("graph", "Calendars.ReadBasic.All"), consentTo("graph", "Contacts.ReadWrite"),
				policyFor(SampleSalesGUID, "RestrictAccess"), policyFor(SampleSalesSouthGUID, "DenyAccess"), policyFor(SampleCEOGUID, "RestrictAccess"),
				{Do: "addAccessPolicy", AccessPolicy: map[string]any{"appId": "*", "scope": SampleCFOGUID, "accessRight": "DenyAccess"}},
				roleFor("Application Mail.Send", "RecipientGroupScope", "Team")[2], roleFor("Application Calendars.Read", "RecipientAdministrativeUnitScope", SampleParisUnitID)[2],
				roleFor("Application Mail.ReadWrite", "RecipientGroupScope", "Sales")[2], roleFor("Application MailboxSettings.Read", "CustomResourceScope", SampleHelpdeskScope)[2],
			}
			for _, action := range possible {
				if random.IntN(2) == 0 {
					administer(t, to, action)
				}
			}
			to.Advance(3 * time.Hour)
			token := to.Token(SampleNewsletterAppID, "graph")
			reached := to.Reached()
			for _, mailbox := range reached.Mailboxes() {
				for path, act := range map[string]string{
					"GET messages": ActReadBasic, "POST sendMail": ActSend, "GET calendar/events": ActReadCalendar, "GET contacts": ActReadContacts, "GET mailboxSettings": ActReadSettings,
				} {
					method, rest, _ := strings.Cut(path, " ")
					status, _ := to.Call(method, "/v1.0/users/"+mailbox+"/"+rest, token)
					if (status < 300) != reached.Can(SampleNewsletterAppID, act, mailbox) {
						t.Errorf("%s at %s is answered %d, and reach says %t", path, mailbox, status, status >= 300)
					}
				}
			}
		})
	}
}
