package access_test

import (
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/access"
)

func TestApplicationRolesAreTwentyFourWithTheirProtocols(t *testing.T) {
	t.Parallel()
	roles := access.ApplicationRoles()
	if len(roles) != 24 {
		t.Errorf("%d roles", len(roles))
	}
	listed := applicationRoles()
	for _, role := range roles {
		value, known := listed[role.Name]
		protocol := access.OverGraph
		switch value {
		case "EWS.AccessAsApp":
			protocol = access.OverEWS
		case "SMTP.SendAsApp":
			protocol = access.OverSMTP
		}
		if !known || role.Protocol != protocol || len(role.Permissions) == 0 || role.Composite != (value == "") {
			t.Errorf("%+v", role)
		}
		if value != "" && !slices.Equal(role.Permissions, []string{value}) {
			t.Errorf("%s carries %q", role.Name, role.Permissions)
		}
		for _, permission := range role.Permissions {
			if _, refusal := access.Scopable(permission); refusal != "" {
				t.Errorf("%s carries %s, which cannot be granted: %s", role.Name, permission, refusal)
			}
		}
		if found, known := access.LookUpRole(role.Name); !known || found.Name != role.Name {
			t.Errorf("%s is not found again", role.Name)
		}
	}
}

func TestCheckRoles(t *testing.T) {
	t.Parallel()
	var all []string
	for _, role := range access.ApplicationRoles() {
		all = append(all, role.Name)
	}
	missing, unknown := access.CheckRoles(append(all, "Mail Recipients", "ApplicationImpersonation", ""))
	if len(missing) > 0 || len(unknown) > 0 {
		t.Errorf("missing %q, unknown %q", missing, unknown)
	}
	some := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return strings.Contains(name, "Tips") || strings.Contains(name, "SMTP") })
	missing, unknown = access.CheckRoles(append(some, "Application Tasks.Read", "Application Chat.Read", "Application Chat.Read"))
	if !slices.Equal(missing, []string{"Application MailTips.ReadBasic.All", "Application SMTP.SendAsApp"}) ||
		!slices.Equal(unknown, []string{"Application Chat.Read", "Application Tasks.Read"}) {
		t.Errorf("missing %q, unknown %q", missing, unknown)
	}
}

// TestOnlyTheDocumentedPermissionsAreConfinedByPolicies lists them as Microsoft Learn
// does: Limiting application permissions to specific Exchange Online mailboxes.
func TestOnlyTheDocumentedPermissionsAreConfinedByPolicies(t *testing.T) {
	t.Parallel()
	documented := []string{"Mail.Read", "Mail.ReadBasic", "Mail.ReadBasic.All", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read", "MailboxSettings.ReadWrite",
		"Calendars.Read", "Calendars.ReadWrite", "Contacts.Read", "Contacts.ReadWrite"}
	confined := 0
	for _, permission := range access.Permissions() {
		want := permission.Resource == access.Graph && slices.Contains(documented, permission.Value) || permission.Value == "full_access_as_app"
		if permission.PolicyConfined != want {
			t.Errorf("%s on %s is confined: %t", permission.Value, permission.Resource, permission.PolicyConfined)
		}
		if permission.PolicyConfined {
			confined++
		}
	}
	if confined != 12 {
		t.Errorf("%d are confined", confined)
	}
}

func TestWebServicesAnswerWithTheirDates(t *testing.T) {
	t.Parallel()
	scoped, refusal := access.Scopable("EWS.AccessAsApp")
	if refusal != "" || !strings.Contains(scoped.Notice, "2026-10-01") || !strings.Contains(scoped.Notice, "2027-04-01") {
		t.Errorf("%q, %q", scoped.Notice, refusal)
	}
	_, refusal = access.Scopable("full_access_as_app")
	if !strings.Contains(refusal, "2026-10-01") || !strings.Contains(refusal, "2027-04-01") {
		t.Errorf("refused with %q", refusal)
	}
	if mail, _ := access.Scopable("Mail.Read"); mail.Notice != "" {
		t.Errorf("Mail.Read is noticed: %q", mail.Notice)
	}
}

func TestGroupMailboxesAreOutsideTheModel(t *testing.T) {
	t.Parallel()
	for _, value := range access.GroupMailboxPermissions() {
		if _, known := access.LookUp(access.Graph, value); known {
			t.Errorf("%s is in the table as well", value)
		}
		if got := verdictOf("Mail.Read", mailboxA, onGraph(value)); got.Verdict != no {
			t.Errorf("%s reads people's mail: %+v", value, got)
		}
	}
}

func TestPropertiesAreListedOnce(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, property := range access.Properties() {
		key := strings.ToLower(property.Name)
		if seen[key] {
			t.Errorf("%s is listed twice", property.Name)
		}
		seen[key] = true
		if found, known := access.LookUpProperty(strings.ToUpper(property.Name)); !known || found != property {
			t.Errorf("%s is not found again", property.Name)
		}
	}
	if len(seen) < 50 || seen["customattribute16"] || !seen["customattribute15"] {
		t.Errorf("%d properties", len(seen))
	}
}
