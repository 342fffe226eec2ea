package tenant

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var newScope = parameters{"Name": "mg-9", "RecipientRestrictionFilter": "Alias -eq 'a'"}

func hasScope(to *Tenant) bool { return strings.Contains(string(to.Dump()), `"mg-9"`) }

func TestFaultsThatRefuse(t *testing.T) {
	t.Parallel()
	cases := []struct {
		fault      Fault
		status     int
		retryAfter string
		text       string
	}{
		{Fault{Name: "throttle", RetryAfter: "1"}, 429, "1", ""},
		{Fault{Name: "throttle", RetryAfter: "0.5"}, 429, "0.5", ""},
		{Fault{Name: "throttle"}, 429, "", ""},
		{Fault{Name: "unavailable"}, 503, "", "temporarily"},
		{Fault{Name: "unauthorized"}, 401, "", ""},
		{Fault{Name: "forbidden"}, 403, "", "\x00"},
		{Fault{Name: "concurrency"}, 429, "", "concurrent requests per tenant"},
		{Fault{Name: "concurrency", Status: 503}, 503, "", "concurrent"},
		{Fault{Name: "plainText"}, 500, "", "backend"},
		{Fault{Name: "errors200"}, 200, "", "@adminapi.errors"},
	}
	to := started(t, Options{})
	for _, each := range cases {
		each.fault.Match, each.fault.Times = "New-*", 1
		plant(t, to, each.fault)
		got := run(t, to, "New-ManagementScope", newScope)
		if got.Status != each.status || got.Header.Get("Retry-After") != each.retryAfter || !strings.Contains(got.Text, each.text) {
			t.Errorf("%+v: %d %v %q", each.fault, got.Status, got.Header, got.Text)
		}
		if hasScope(to) {
			t.Fatalf("%+v let the write through", each.fault)
		}
	}
	runFine(t, to, "New-ManagementScope", newScope)
}

func TestFaultsMatchCountAndSkip(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	plant(t, to, Fault{Name: "unavailable", Match: "graph", Times: 2, After: 1})
	var seen []int
	for range 5 {
		seen = append(seen, graph(t, to, "GET", "/v1.0/servicePrincipals", "").Status)
		runFine(t, to, "Get-OrganizationConfig", nil)
	}
	if !slices.Equal(seen, []int{200, 503, 503, 200, 200}) {
		t.Errorf("got %v", seen)
	}
	plant(t, to, Fault{Name: "unavailable", Match: "GET /v1.0/applications*"})
	wantStatus(t, graph(t, to, "GET", "/v1.0/applications/"+SampleNewsletterRegistrationID, ""), 503)
	wantStatus(t, graph(t, to, "GET", "/v1.0/servicePrincipals", ""), 200)
	to.ClearFaults()
	wantStatus(t, graph(t, to, "GET", "/v1.0/applications/"+SampleNewsletterRegistrationID, ""), 200)
	for _, wrong := range []Fault{{Name: "storm"}, {Name: "late"}, {Name: "latency", Delay: "soon"}, {Name: "throttle", Times: -1}} {
		if to.Fault(wrong) == nil {
			t.Errorf("%+v was planted", wrong)
		}
	}
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	plant(t, to, Fault{Name: "lostBefore", Match: "New-ManagementScope", Times: 1})
	wantStatus(t, run(t, to, "New-ManagementScope", newScope), 0)
	if hasScope(to) {
		t.Error("the write went through before the connection was lost")
	}
	plant(t, to, Fault{Name: "lostAfter", Match: "New-ManagementScope", Times: 1})
	wantStatus(t, run(t, to, "New-ManagementScope", newScope), 0)
	if !hasScope(to) {
		t.Error("the write did not go through although only its answer was lost")
	}
	if last := to.Requests()[1]; last.Status != 0 || last.End.IsZero() || !last.Write {
		t.Errorf("the log says %+v", last)
	}
}

func TestLateEffectsLandOnTheSharedClock(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	plant(t, to, Fault{Name: "late", Match: "New-ManagementScope", Times: 1, Delay: "14m"})
	wantStatus(t, run(t, to, "New-ManagementScope", newScope), 0)
	to.Advance(13 * time.Minute)
	wantRefusal(t, run(t, to, "Get-ManagementScope", parameters{"Identity": "mg-9"}), "ManagementObjectNotFoundException")
	to.Advance(10 * time.Minute)
	runFine(t, to, "Get-ManagementScope", parameters{"Identity": "mg-9"})
	changes := to.Changes()
	if at := changes[len(changes)-1].At.Sub(testStart); at < 14*time.Minute || at > 15*time.Minute {
		t.Errorf("it landed after %s", at)
	}
}

func TestCreatedObjectsLagBehind(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	plant(t, to, Fault{Name: "lag", Match: "New-*", Delay: "10m"})
	runFine(t, to, "New-ManagementScope", newScope)
	wantRefusal(t, run(t, to, "Get-ManagementScope", parameters{"Identity": "mg-9"}), "ManagementObjectNotFoundException")
	wantRefusal(t, run(t, to, "New-ManagementScope", newScope), "ADObjectAlreadyExistsException")
	runFine(t, to, "New-ServicePrincipal", parameters{"AppId": SampleNewsletterAppID, "ObjectId": SampleNewsletterObjectID})
	with := parameters{"Name": "mg-9-1", "Role": "Application Mail.Send", "App": SampleNewsletterObjectID, "CustomResourceScope": "mg-9"}
	wantRefusal(t, run(t, to, "New-ManagementRoleAssignment", with), "ManagementObjectNotFoundException")
	runFine(t, to, "New-ManagementRoleAssignment", with)
	if rows := runFine(t, to, "Get-ManagementRoleAssignment", nil); len(rows) != 1 {
		t.Errorf("listed: %v", rows)
	}
	to.Advance(10 * time.Minute)
	if rows := runFine(t, to, "Get-ManagementRoleAssignment", parameters{"RoleAssignee": SampleNewsletterAppID}); len(rows) != 1 {
		t.Errorf("listed: %v", rows)
	}
}

func TestIgnoredWritesLookLikeSuccess(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	before, changes := string(to.Dump()), len(to.Changes())
	plant(t, to, Fault{Name: "ignore", Match: "*"})
	if row := runFine(t, to, "New-ManagementScope", newScope)[0]; row["Name"] != "mg-9" {
		t.Errorf("got %v", row)
	}
	runFine(t, to, "Remove-ManagementRoleAssignment", parameters{"Identity": SampleHelpdeskAssignment})
	if string(to.Dump()) != before || len(to.Changes()) != changes {
		t.Error("an ignored write had an effect")
	}
}

func TestReadsThatAnswerNothingOrAnother(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	reads := map[string]parameters{
		"Get-Recipient": {"Identity": SampleNewsGUID}, "Get-ServicePrincipal": {"Identity": SampleNewsletterObjectID},
		"Get-ManagementScope": {"Identity": "mg-1"}, "Get-ManagementRoleAssignment": {"Identity": "mg-1-send"},
	}
	plant(t, to, Fault{Name: "other"})
	for cmdlet, with := range reads {
		row := runFine(t, to, cmdlet, with)[0]
		for _, name := range []string{"Guid", "Name", "ObjectId"} {
			if row[name] == with["Identity"] {
				t.Errorf("%s answers what was asked: %v", cmdlet, row)
			}
		}
	}
	got := graph(t, to, "GET", "/v1.0/servicePrincipals/"+SampleNewsletterObjectID, "")
	if got.Status != 200 || got.Body["id"] == SampleNewsletterObjectID {
		t.Errorf("Graph answers %s", got.Text)
	}
	rows := graph(t, to, "GET", "/v1.0/servicePrincipals/"+SampleNewsletterObjectID+"/appRoleAssignments", "").rows(t)
	if len(rows) == 0 || rows[0]["principalId"] == SampleNewsletterObjectID {
		t.Errorf("Graph lists %v", rows)
	}
	to.ClearFaults()
	plant(t, to, Fault{Name: "empty"})
	for cmdlet, with := range reads {
		if rows := runFine(t, to, cmdlet, with); len(rows) != 0 {
			t.Errorf("%s answers %v", cmdlet, rows)
		}
	}
	if got := graph(t, to, "GET", "/v1.0/servicePrincipals", ""); len(got.rows(t)) != 0 {
		t.Errorf("Graph answers %s", got.Text)
	}
}

func TestLatencyIsRealTime(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	plant(t, to, Fault{Name: "latency", Match: "Get-OrganizationConfig", Delay: "50ms"})
	runFine(t, to, "Get-OrganizationConfig", nil)
	first := to.Requests()[0]
	if took := first.End.Sub(first.Start); took < 50*time.Millisecond {
		t.Errorf("it took %s", took)
	}
}

func TestWriteHookStandsAroundTheEffect(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	var seen []string
	to.SetWriteHook(func(write Write) {
		phase := write.Phase
		if hasScope(to) {
			phase += " there"
		}
		seen = append(seen, write.What+": "+phase)
	})
	runFine(t, to, "Get-ManagementScope", nil)
	runFine(t, to, "New-ManagementScope", newScope)
	wantSend(t, to, SampleNewsGUID, 403)
	plant(t, to, Fault{Name: "late", Match: "Remove-ManagementScope", Delay: "1m"})
	wantStatus(t, run(t, to, "Remove-ManagementScope", parameters{"Identity": "mg-9"}), 0)
	to.Advance(time.Minute)
	to.SetWriteHook(nil)
	want := []string{
		"Exchange New-ManagementScope mg-9: before", "Exchange New-ManagementScope mg-9: after there",
		"Exchange Remove-ManagementScope mg-9: before there", "Exchange Remove-ManagementScope mg-9: after",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("the hook saw\n%s", strings.Join(seen, "\n"))
	}
}
