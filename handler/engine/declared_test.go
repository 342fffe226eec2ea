package engine

import (
	"fmt"
	"strings"
	"testing"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
	"mailgrant/handler/simulator/tenant"
)

// TestDeclaredElsewhere: what cannot be read is never told as nothing.
func TestDeclaredElsewhere(t *testing.T) {
	t.Parallel()
	registration := fmt.Sprintf(`{"appId": "%s", "objectId": "%s", "displayName": "Newsletter"},`, tenant.SampleNewsletterAppID, tenant.SampleNewsletterRegistrationID)
	directory := strings.Replace(tenant.SampleWritingDirectory(), registration, "", 1)
	if directory == tenant.SampleWritingDirectory() {
		t.Fatal("the sample directory has no such registration")
	}
	p := opened(t, paperDocument, directory)
	none := access.Known[[]access.Consent](nil)
	newsletter := grant.Workload{AppID: tenant.SampleNewsletterAppID, ObjectID: tenant.SampleNewsletterObjectID, Type: "Application"}
	archive := grant.Workload{AppID: tenant.SampleArchiveAppID, ObjectID: tenant.SampleArchiveObjectID, Type: "Application"}
	room := grant.Workload{AppID: tenant.SampleRoomBookingAppID, ObjectID: tenant.SampleRoomBookingObjectID, Type: managedIdentity}
	for name, one := range map[string]struct {
		workload grant.Workload
		consents access.Reading[[]access.Consent]
		want     string
	}{
		"of another tenant":   {newsletter, none, "Unknown RegistrationElsewhere"},
		"declares nothing":    {archive, none, "False NothingDeclared"},
		"without one":         {room, none, "False NothingDeclared"},
		"consents are unread": {archive, access.NotRead[[]access.Consent]("the tenant was silent"), "Unknown NotRead"},
	} {
		declared := p.declaredBy(t.Context(), one.workload, one.consents)
		c := declared.condition()
		if got := fmt.Sprint(c.Status, " ", c.Reason); got != one.want {
			t.Errorf("%s: %s, want %s", name, got, one.want)
		}
		if declared.Read != (c.Status != grant.Unknown) || declared.Permissions == nil {
			t.Errorf("%s: %+v", name, declared)
		}
	}
}

// TestUnconsented: the same name on two resources is two permissions, and what opens no
// mailbox is nobody's concern here.
func TestUnconsented(t *testing.T) {
	t.Parallel()
	listed := []graph.DeclaredPermission{
		{ResourceAppID: graph.GraphAppID, Value: "Mail.Read"}, {ResourceAppID: graph.ExchangeAppID, Value: "Mail.Read"},
		{ResourceAppID: graph.GraphAppID, Value: "User.Read.All"}, {ResourceAppID: graph.GraphAppID}, {ResourceAppID: graph.ExchangeAppID, Value: "full_access_as_app"},
	}
	consents := []access.Consent{{Resource: access.Graph, Value: "Mail.Read"}}
	got := fmt.Sprint(unconsented(listed, consents))
	if want := "[Mail.Read on Office 365 Exchange Online full_access_as_app on Office 365 Exchange Online]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
