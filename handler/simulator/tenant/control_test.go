package tenant

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// control sends one call to the control port.
func control(t *testing.T, to *Tenant, method, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, to.ControlURL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestClockMovesForwardOnly(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	status, text := control(t, to, "POST", "/clock", `{"advance":"2h30m"}`)
	var reading struct{ Now time.Time }
	err := json.Unmarshal([]byte(text), &reading)
	if err != nil || status != 200 || reading.Now.Sub(testStart) < 150*time.Minute || reading.Now.Sub(testStart) > 151*time.Minute {
		t.Errorf("%d %s %v", status, text, err)
	}
	for _, wrong := range []string{`{"advance":"-1s"}`, `{"set":"2026-12-01T08:00:00Z"}`, `{}`, `{"advance":"1s","set":"2027-01-01T00:00:00Z"}`, `x`} {
		if status, _ := control(t, to, "POST", "/clock", wrong); status != 400 {
			t.Errorf("%s is answered %d", wrong, status)
		}
	}
	control(t, to, "POST", "/clock", `{"set":"2027-01-01T00:00:00Z"}`)
	_, text = control(t, to, "GET", "/clock", "")
	if !strings.Contains(text, `"2027-01-01T00:00:0`) {
		t.Errorf("the clock reads %s", text)
	}
	to.Advance(-time.Hour)
	if to.Now().Year() != 2027 {
		t.Error("the clock went backwards")
	}
}

func TestAdministratorOverTheControlPort(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	before := string(to.Dump())
	status, text := control(t, to, "POST", "/administrator", `[
		{"do":"addConsent","workload":"`+SampleNewsletterAppID+`","resource":"graph","permission":"Mail.Send"},
		{"do":"addMailbox","mailbox":{"guid":"d0000000-0000-4000-8000-000000000099","displayName":"New","primary":"new@contoso.example","type":"UserMailbox"}},
		{"do":"addServicePrincipal","servicePrincipal":{"appId":"a0000000-0000-4000-8000-000000000099","objectId":"b0000000-0000-4000-8000-000000000099","displayName":"New"}},
		{"do":"cmdlet","cmdlet":"Set-ManagementScope","parameters":{"Identity":"`+SampleHelpdeskScope+`","RecipientRestrictionFilter":"Alias -eq 'ceo'"}}]`)
	if status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	var changes []Change
	_, text = control(t, to, "GET", "/changes", "")
	err := json.Unmarshal([]byte(text), &changes)
	if err != nil || len(changes) != 4 || changes[3].Number != 4 || changes[3].By != "administrator" ||
		changes[3].Object != "managementScope" || changes[3].Detail != "Alias -eq 'ceo'" {
		t.Errorf("%s %v", text, err)
	}
	if _, dumped := control(t, to, "GET", "/dump", ""); dumped != string(to.Dump()) || dumped == before {
		t.Error("the dump on the control port differs from the method's")
	}
}

func TestAdministratorsActionsAreDoneTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	before := string(to.Dump())
	first := `{"do":"removeMailbox","mailbox":{"guid":"` + SampleNewsGUID + `"}}`
	for _, wrong := range []string{
		`{"do":"dance"}`, `{"do":"addConsent","workload":"nobody","resource":"graph","permission":"Mail.Send"}`,
		`{"do":"addConsent","workload":"` + SampleArchiveAppID + `","resource":"graph","permission":"Mail.ReadWrite"}`,
		`{"do":"addConsent","workload":"` + SampleArchiveAppID + `","resource":"graph","permission":"Mail.Everything"}`,
		`{"do":"removeConsent","workload":"` + SampleArchiveAppID + `","resource":"exchange","permission":"Mail.ReadWrite"}`,
		`{"do":"setMailbox","mailbox":{"guid":"` + SampleCEOGUID + `","primary":"cfo@contoso.example"}}`,
		`{"do":"setMailbox","mailbox":{"guid":"` + SampleCEOGUID + `","colour":"red"}}`,
		`{"do":"removeMailbox","mailbox":{"guid":"none"}}`, `{"do":"removeServicePrincipal","workload":"none"}`,
		`{"do":"restoreServicePrincipal","workload":"` + SampleArchiveAppID + `"}`,
		`{"do":"cmdlet","cmdlet":"Remove-Mailbox"}`, `{"do":"cmdlet","cmdlet":"Remove-ManagementScope","parameters":{"Identity":"none"}}`,
		`{"do":"addMailbox","unknown":1}`,
	} {
		status, text := control(t, to, "POST", "/administrator", "["+first+","+wrong+"]")
		if status != 400 || text == "" {
			t.Errorf("%s is answered %d %s", wrong, status, text)
		}
		if string(to.Dump()) != before || len(to.Changes()) != 0 {
			t.Fatalf("%s left something behind", wrong)
		}
	}
}

func TestFaultsAndRequestsOverTheControlPort(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	if status, text := control(t, to, "POST", "/faults", `{"name":"unavailable","match":"graph"}`); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	if status, _ := control(t, to, "POST", "/faults", `{"name":"storm"}`); status != 400 {
		t.Errorf("an unknown fault is answered %d", status)
	}
	wantStatus(t, graph(t, to, "GET", "/v1.0/servicePrincipals", ""), 503)
	control(t, to, "DELETE", "/faults", "")
	wantStatus(t, graph(t, to, "GET", "/v1.0/servicePrincipals", ""), 200)
	runFine(t, to, "New-ManagementScope", newScope)
	var requests []Request
	_, text := control(t, to, "GET", "/requests", "")
	err := json.Unmarshal([]byte(text), &requests)
	if err != nil || len(requests) != 3 || requests[0].Status != 503 || requests[0].Name != "GET /v1.0/servicePrincipals" ||
		requests[2].Kind != "exchange" || requests[2].Name != "New-ManagementScope" || !requests[2].Write {
		t.Errorf("%s %v", text, err)
	}
	control(t, to, "DELETE", "/requests", "")
	if _, text = control(t, to, "GET", "/requests", ""); text != "[]\n" {
		t.Errorf("after the reset: %s", text)
	}
	if _, text = control(t, to, "GET", "/unknown", ""); text != "[]\n" {
		t.Errorf("unknown: %s", text)
	}
	_, text = control(t, to, "GET", "/token?workload="+SampleArchiveAppID+"&resource=graph", "")
	var minted struct{ Token string }
	err = json.Unmarshal([]byte(text), &minted)
	if err != nil || decoded(t, minted.Token).AppID != SampleArchiveAppID {
		t.Errorf("%s %v", text, err)
	}
}

func TestDumpIsTheSameAfterAGrantCameAndWent(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	other := started(t, Options{Seed: 7})
	before := string(to.Dump())
	grantNews(t, to)
	to.Advance(3 * time.Hour)
	grantNews(t, other)
	if string(to.Dump()) == before || string(to.Dump()) != string(other.Dump()) {
		t.Error("the same grant in two tenants has to give the same dump, and another one than before")
	}
	runFine(t, to, "Remove-ManagementRoleAssignment", parameters{"Identity": "mg-1-send"})
	runFine(t, to, "Remove-ManagementScope", parameters{"Identity": "mg-1"})
	runFine(t, to, "Remove-ServicePrincipal", parameters{"Identity": SampleNewsletterObjectID})
	if string(to.Dump()) != before {
		t.Error("the grant left something behind in the dump")
	}
	again := runFine(t, to, "New-ManagementScope", parameters{"Name": "mg-1", "RecipientRestrictionFilter": "Alias -eq 'a'"})[0]
	if strings.Contains(string(other.Dump()), again["Guid"].(string)) {
		t.Error("an object made again has its old id")
	}
}
