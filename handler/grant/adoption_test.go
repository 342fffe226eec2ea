package grant_test

import (
	"testing"
	"time"

	"mailgrant/handler/grant"
)

const theRights = `"mailboxPermissions": [{"mailbox": "a@b.example", "right": "FullAccess"}, {"mailbox": "a@b.example", "right": "SendAs"}]`

const adoptedApp = "6233fba6-0198-4277-892f-9275bf728bcc"

func TestAdoptionsShape(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for body, want := range map[string][]string{
		`{"appId": "` + adoptedApp + `", "assignments": ["a"], "duration": "PT1M"}`:                            nil,
		`{"servicePrincipalId": "` + adoptedApp + `", "policies": ["a"], "expiresAt": "2026-11-20T12:00:01Z"}`: nil,
		`{"workload": {"objectId": "` + adoptedApp + `"}, "policies": ["a"], "duration": "P1D"}`:               nil,
		`{"appId": "` + adoptedApp + `", "duration": "P1D"}`:                                                   {"oneOf"},
		`{"appId": "` + adoptedApp + `", "assignments": ["a"], "policies": ["b"], "duration": "P1D"}`:          {"oneOf"},
		`{"appId": "` + adoptedApp + `", "assignments": [], "duration": "P1D"}`:                                {"empty"},
		`{"appId": "` + adoptedApp + `", "assignments": ["a", "a"], "duration": "P1D"}`:                        {"duplicate"},
		`{"assignments": ["a"]}`: {"end", "missing"},
		`{"appId": "` + adoptedApp + `", "servicePrincipalId": "` + adoptedApp + `", "assignments": ["a"], "duration": "P1D"}`:            {"oneOf"},
		`{"appId": "` + adoptedApp + `", "assignments": ["a"], "expiresAt": "2026-11-20T12:00:00Z"}`:                                      {"pastEnd"},
		`{"appId": "` + adoptedApp + `", "assignments": ["a"], "permissions": ["Mail.Send"], "scope": {"group": "g"}, "duration": "P1D"}`: {"adoption", "adoption"},
		`{"appId": "` + adoptedApp + `", "assignments": ["a"], "migrate": true, "mechanism": "rbac", "duration": "P1D"}`:                  {"adoption", "adoption"},
		`{"appId": "` + adoptedApp + `", ` + theRights + `, "permissions": ["IMAP.AccessAsApp"], "duration": "P1D"}`:                      nil,
		`{"appId": "` + adoptedApp + `", ` + theRights + `, "duration": "P1D"}`:                                                           {"missing"},
		`{"appId": "` + adoptedApp + `", ` + theRights + `, "permissions": [], "duration": "P1D"}`:                                        {"empty"},
		`{"appId": "` + adoptedApp + `", ` + theRights + `, "permissions": ["a b"], "policies": ["b"], "duration": "P1D"}`:                {"oneOf", "permission"},
		`{"appId": "` + adoptedApp + `", "mailboxPermissions": [], "permissions": ["IMAP.AccessAsApp"], "duration": "P1D"}`:               {"empty"},
		`{"appId": "` + adoptedApp + `", "mailboxPermissions": {}, "permissions": ["IMAP.AccessAsApp"], "duration": "P1D"}`:               {"type"},
		`{"appId": "` + adoptedApp + `", "mailboxPermissions": ["a"], "permissions": ["IMAP.AccessAsApp"], "duration": "P1D"}`:            {"type"},
		`{"appId": "` + adoptedApp + `", "mailboxPermissions": [{"mailbox": "a@b.example", "right": "FullAccess"}, {"mailbox": "A@b.example", "right": "FullAccess"}],
 "permissions": ["IMAP.AccessAsApp"], "duration": "P1D"}`: {"duplicate"},
		`{"appId": "` + adoptedApp + `", "mailboxPermissions": [{"mailbox": "not one", "right": "ReadPermission", "user": "a"}, {}], "permissions": ["IMAP.AccessAsApp"],
 "duration": "P1D"}`: {"mailbox", "right", "unknownName", "missing", "missing"},
	} {
		request, faults, err := grant.ParseRequest(grant.AsAdoption([]byte(body)), now)
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		var got []string
		for _, fault := range faults {
			got = append(got, fault.Reason)
		}
		if len(got) != len(want) || !sameReasons(got, want) {
			t.Errorf("%s: %q, not %q", body, got, want)
		}
		if len(want) == 0 && (request.Adopt == nil || request.StartsAt != now || !request.ExpiresAt.After(now)) {
			t.Errorf("%s: %+v", body, request)
		}
	}
}

func sameReasons(got, want []string) bool {
	left := map[string]int{}
	for i := range got {
		left[got[i]]++
		left[want[i]]--
	}
	for _, count := range left {
		if count != 0 {
			return false
		}
	}
	return true
}

// TestAdoptionsMembersAreItsOwn: in any other request its members are unknown, so that what
// is meant as an adoption never makes anything.
func TestAdoptionsMembersAreItsOwn(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	body := `{"workload": {"appId": "` + adoptedApp + `"}, "permissions": ["Mail.Send"], "scope": {"mailboxes": ["news@contoso.example"]}, "duration": "P1D", "assignments": ["a"], "policies": ["b"], ` + theRights + `}`
	_, faults, err := grant.ParseRequest([]byte(body), now)
	if err != nil || len(faults) != 3 || faults[0].Reason != "unknownName" || faults[1].Reason != "unknownName" || faults[2].Reason != "unknownName" {
		t.Errorf("%v, %v", faults, err)
	}
	mechanisms := map[grant.Mechanism]grant.Adopt{grant.RBAC: {Assignments: []string{"a"}}, grant.AccessPolicy: {Policies: []string{"a"}},
		grant.MailboxPermission: {MailboxPermissions: []grant.AdoptedRight{{Mailbox: "a", Right: "FullAccess"}}}}
	for want, adopt := range mechanisms {
		if adopt.Mechanism() != want {
			t.Errorf("%+v is by %s", adopt, adopt.Mechanism())
		}
	}
}
