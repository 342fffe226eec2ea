package tenant

import (
	"strings"
	"testing"
	"time"
)

func sendMail(to *Tenant, mailbox, token string) int {
	status, _ := to.Call("POST", "/v1.0/users/"+mailbox+"/sendMail", token)
	return status
}

// wantSend mints a fresh token and holds what sending answers.
func wantSend(t *testing.T, to *Tenant, mailbox string, status int) {
	t.Helper()
	if got := sendMail(to, mailbox, to.Token(SampleNewsletterAppID, "graph")); got != status {
		t.Errorf("at %s sending from %s answers %d, want %d", to.Now().Format(time.TimeOnly), mailbox, got, status)
	}
}

func TestGrantReachesDataAfterHalfAnHourWhenIdle(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	to.Advance(29 * time.Minute)
	rows := authorization(t, to, SampleNewsletterAppID, SampleNewsGUID)
	if !isTrue(rows[0]["InScope"]) {
		t.Errorf("the test cmdlet waits, too: %v", rows)
	}
	to.Advance(2 * time.Minute)
	wantSend(t, to, SampleNewsGUID, 202)
	wantSend(t, to, SampleCEOGUID, 403)
}

func TestEarlyCallsKeepADenialForUpToTwoHours(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	to.Advance(29 * time.Minute)
	wantSend(t, to, SampleNewsGUID, 403)
	for range 5 {
		to.Advance(15 * time.Minute)
		wantSend(t, to, SampleNewsGUID, 403)
	}
	to.Advance(15 * time.Minute)
	wantSend(t, to, SampleNewsGUID, 202)
}

func TestIdleWorkloadLosesADenialAfterHalfAnHour(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	wantSend(t, to, SampleNewsGUID, 403)
	grantNews(t, to)
	to.Advance(31 * time.Minute)
	wantSend(t, to, SampleNewsGUID, 202)
}

func TestRemovedGrantReachesDataLateToo(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	to.Advance(2 * time.Hour)
	wantSend(t, to, SampleNewsGUID, 202)
	runFine(t, to, "Remove-ManagementRoleAssignment", parameters{"Identity": "mg-1-send"})
	for range 7 {
		to.Advance(10 * time.Minute)
		wantSend(t, to, SampleNewsGUID, 202)
	}
	to.Advance(50 * time.Minute)
	wantSend(t, to, SampleNewsGUID, 403)
}

func TestConsentsCountByTheTokenAsItWasMinted(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	action := Action{Do: "addConsent", Workload: SampleNewsletterAppID, Resource: "graph", Permission: "Mail.Send"}
	before := to.Token(SampleNewsletterAppID, "graph")
	administer(t, to, action)
	with := to.Token(SampleNewsletterAppID, "graph")
	action.Do = "removeConsent"
	administer(t, to, action)
	if got := sendMail(to, SampleCEOGUID, before); got != 403 {
		t.Errorf("a token from before the consent sends: %d", got)
	}
	if got := sendMail(to, SampleCEOGUID, with); got != 202 {
		t.Errorf("a token from the time of the consent is refused: %d", got)
	}
	wantSend(t, to, SampleCEOGUID, 403)
	to.Advance(time.Hour)
	if got := sendMail(to, SampleCEOGUID, with); got != 401 {
		t.Errorf("an expired token is answered %d", got)
	}
}

func TestDataIsTheUnionOfBothLayers(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	administer(t, to, Action{Do: "addConsent", Workload: SampleNewsletterAppID, Resource: "graph", Permission: "Mail.Read"})
	to.Advance(2 * time.Hour)
	token := to.Token(SampleNewsletterAppID, "graph")
	for path, want := range map[string]int{
		"POST " + SampleNewsGUID + "/sendMail":              202,
		"POST " + SampleCEOGUID + "/sendMail":               403,
		"GET " + SampleCEOGUID + "/messages":                200,
		"GET ceo@contoso.example/messages":                  200,
		"GET boss@contoso.example/messages":                 200,
		"GET f0000000-0000-4000-8000-000000000003/messages": 200,
		"GET " + SampleNewsGUID + "/calendar/events":        403,
		"GET " + SampleNewsGUID + "/contacts":               403,
		"GET " + SampleNewsGUID + "/mailboxSettings":        403,
		"GET nobody@contoso.example/messages":               404,
		"GET " + SamplePartnerGUID + "/messages":            404,
	} {
		method, rest, _ := strings.Cut(path, " ")
		got, body := to.Call(method, "/v1.0/users/"+rest, token)
		if got != want {
			t.Errorf("%s answers %d %s, want %d", path, got, body, want)
		}
		if got == 403 && !strings.Contains(body, `"Access is denied. Check credentials and try again."`) {
			t.Errorf("%s is refused with %s", path, body)
		}
	}
}

func TestGrantFollowsTheMailboxAndNotItsAddress(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	grantNews(t, to)
	runFine(t, to, "New-ManagementScope", parameters{"Name": "by-address", "RecipientRestrictionFilter": "PrimarySmtpAddress -eq 'newsletter@contoso.example'"})
	runFine(t, to, "New-ManagementRoleAssignment", parameters{"Role": "Application Mail.Read", "App": SampleNewsletterAppID, "CustomResourceScope": "by-address"})
	to.Advance(2 * time.Hour)
	administer(t, to,
		Action{Do: "setMailbox", Mailbox: map[string]any{"guid": SampleNewsGUID, "aliases": []string{}}},
		Action{Do: "setMailbox", Mailbox: map[string]any{"guid": SampleCEOGUID, "aliases": []string{"newsletter@contoso.example"}}},
	)
	wantSend(t, to, SampleNewsGUID, 202)
	wantSend(t, to, "newsletter@contoso.example", 403)
	token := to.Token(SampleNewsletterAppID, "graph")
	if got, _ := to.Call("GET", "/v1.0/users/"+SampleCEOGUID+"/messages", token); got != 200 {
		t.Errorf("a filter by address has to follow the proxy address, got %d", got)
	}
	if got, _ := to.Call("GET", "/v1.0/users/"+SampleNewsGUID+"/messages", token); got != 403 {
		t.Errorf("a filter by address has to leave the mailbox that lost it, got %d", got)
	}
}
