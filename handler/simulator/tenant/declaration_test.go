package tenant

import (
	"strings"
	"testing"
)

func TestRegistrationsShowWhatTheyDeclare(t *testing.T) {
	t.Parallel()
	text := strings.Replace(sampleText, `"objectId": "`+SampleNewsletterRegistrationID+`"`, `"objectId": "`+SampleNewsletterRegistrationID+
		`", "declared": [{"resource":"graph","permission":"Mail.Send"},{"resource":"exchange","permission":"IMAP.AccessAsApp"},{"resource":"graph","permission":"User.Read","delegated":true}]`, 1)
	to := started(t, Options{Directory: strings.NewReader(text)})
	got := graph(t, to, "GET", "/v1.0/applications(appId='"+SampleNewsletterAppID+"')?$select=id,requiredResourceAccess", "")
	wantStatus(t, got, 200)
	resources := got.Body["requiredResourceAccess"].([]any)
	first, second := resources[0].(map[string]any), resources[1].(map[string]any)
	accesses := first["resourceAccess"].([]any)
	if len(resources) != 2 || first["resourceAppId"] != graphAppID || second["resourceAppId"] != exchangeAppID || len(accesses) != 2 || accesses[1].(map[string]any)["type"] != "Scope" {
		t.Fatalf("got %s", got.Text)
	}
	if access := accesses[0].(map[string]any); access["id"] != "b633e1c5-b582-4048-a93e-9f11b44c7e96" || access["type"] != "Role" {
		t.Errorf("got %v", access)
	}
	rows := graph(t, to, "GET", "/v1.0/applications?$filter=appId%20eq%20'"+SampleArchiveAppID+"'", "").rows(t)
	if len(rows) != 1 || rows[0]["id"] != SampleArchiveRegistrationID || len(rows[0]["requiredResourceAccess"].([]any)) != 0 {
		t.Errorf("listed %v", rows)
	}
	if rows := graph(t, to, "GET", "/v1.0/applications", "").rows(t); len(rows) != 3 {
		t.Errorf("listed %v", rows)
	}
}

func TestDirectoryCannotDeclareWhatIsNotThere(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{`{"resource":"graph","permission":"Mail.Everything"}`, `{"resource":"drive","permission":"Mail.Send"}`} {
		text := strings.Replace(sampleText, `"objectId": "`+SampleNewsletterRegistrationID+`"`, `"objectId": "`+SampleNewsletterRegistrationID+`", "declared": [`+wrong+`]`, 1)
		_, err := Start(t.Context(), Options{Directory: strings.NewReader(text)})
		if err == nil || !strings.Contains(err.Error(), "applications[0].declared") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func TestAdminConsentBringsBackWhatIsDeclared(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	before := string(to.Dump())
	declare := func(do, permission string) Action {
		return Action{Do: do, Workload: SampleArchiveAppID, Resource: "graph", Permission: permission}
	}
	administer(t, to, declare("declarePermission", "Mail.ReadWrite"), declare("declarePermission", "Mail.Send"))
	grant := Action{Do: "grantAdminConsent", Workload: SampleArchiveObjectID}
	administer(t, to, grant, grant)
	if !to.Reaches(SampleArchiveAppID, "Mail.Send", SampleCEOGUID) || len(to.Changes()) != 3 {
		t.Errorf("logged %v", to.Changes())
	}
	administer(t, to, declare("removeConsent", "Mail.Send"), grant)
	if !to.Reaches(SampleArchiveAppID, "Mail.Send", SampleCEOGUID) {
		t.Error("the next consent has to bring it back")
	}
	administer(t, to, declare("withdrawPermission", "Mail.Send"), declare("withdrawPermission", "Mail.ReadWrite"), declare("removeConsent", "Mail.Send"), grant)
	if string(to.Dump()) != before {
		t.Errorf("the way back leaves a trace: %s", to.Dump())
	}
	for _, wrong := range []Action{
		declare("withdrawPermission", "Mail.Send"), declare("declarePermission", "Mail.Everything"),
		{Do: "grantAdminConsent", Workload: SampleRoomBookingAppID}, {Do: "declarePermission", Workload: SampleRoomBookingAppID, Resource: "graph", Permission: "Mail.Send"},
	} {
		err := to.Administer(wrong)
		if err == nil {
			t.Errorf("%v was done", wrong)
		}
	}
}
