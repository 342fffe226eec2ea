package grant_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"mailgrant/handler/grant"
)

func TestParseRequestReadsEveryMember(t *testing.T) {
	t.Parallel()
	text := `{"workload": {"objectId": "6233FBA6-0198-4277-892f-9275bf728bcc"}, "permissions": ["Mail.Send", "Calendars.Read"],
		"scope": {"mailboxes": ["News@Contoso.example", "6233FBA6-0198-4277-892f-9275bf728bcc"]}, "canaries": ["CEO@contoso.example"],
		"startsAt": "2026-12-01T09:00:00+01:00", "duration": "P30D",
		"ticket": {"system": "servicenow", "id": "RITM0012345", "url": "https://desk.example/RITM0012345"},
		"requester": "alice@contoso.example", "owner": "Bob Müller", "justification": "monthly newsletter"}`
	got, faults, err := grant.ParseRequest([]byte(text), received())
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	starts := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	want := grant.Request{
		ObjectID: aGUID, Mechanism: grant.RBAC, Permissions: []string{"Mail.Send", "Calendars.Read"},
		Scope: grant.Scope{Mailboxes: []string{"news@contoso.example", aGUID}}, Canaries: []string{"ceo@contoso.example"},
		StartsAt: starts, ExpiresAt: starts.Add(30 * 24 * time.Hour),
		Ticket:    grant.Ticket{System: "servicenow", ID: "RITM0012345", URL: "https://desk.example/RITM0012345"},
		Requester: "alice@contoso.example", Owner: "Bob Müller", Justification: "monthly newsletter",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestParseRequestTimes is at the edges of what is too short: removal has to start
// three hours or more after provisioning can.
func TestParseRequestTimes(t *testing.T) {
	t.Parallel()
	at := received()
	later := func(wait time.Duration) string { return at.Add(wait).Format(time.RFC3339Nano) }
	cases := map[string]struct {
		starts, name, end string
		want              time.Duration // of the end after receipt
		fault             string
	}{
		"three hours from now":           {"", "expiresAt", later(3 * time.Hour), 3 * time.Hour, ""},
		"a moment less":                  {"", "expiresAt", later(3*time.Hour - 1), 0, "/expiresAt tooShort"},
		"this very moment":               {"", "expiresAt", later(0), 0, "/expiresAt pastEnd"},
		"a moment from now":              {"", "expiresAt", later(1), 0, "/expiresAt tooShort"},
		"duration from receipt":          {"", "duration", "PT3H", 3 * time.Hour, ""},
		"duration too short":             {"", "duration", "PT2H59M59S", 0, "/duration tooShort"},
		"duration from a later start":    {later(24 * time.Hour), "duration", "PT1H", 25 * time.Hour, ""},
		"short after a later start":      {later(24 * time.Hour), "duration", "PT59M59S", 0, "/duration tooShort"},
		"start within the lead":          {later(time.Hour), "duration", "PT2H", 3 * time.Hour, ""},
		"start within the lead, short":   {later(time.Hour), "duration", "PT1H59M59S", 0, "/duration tooShort"},
		"start in the past":              {later(-24 * time.Hour), "duration", "PT27H", 3 * time.Hour, ""},
		"start in the past, end as well": {later(-24 * time.Hour), "duration", "PT1H", 0, "/duration pastEnd"},
		"end before start":               {later(48 * time.Hour), "expiresAt", later(24 * time.Hour), 0, "/expiresAt endBeforeStart"},
		"end at start":                   {later(48 * time.Hour), "expiresAt", later(48 * time.Hour), 0, "/expiresAt endBeforeStart"},
		"gone by then":                   {"", "endBy", later(5 * time.Hour), 3 * time.Hour, ""},
		"gone too soon":                  {"", "endBy", later(5*time.Hour - 1), 0, "/endBy tooShort"},
		"cannot be gone by then":         {"", "endBy", later(2 * time.Hour), 0, "/endBy pastEnd"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := body(t, func(members map[string]any) {
				delete(members, "expiresAt")
				members[test.name] = test.end
				if test.starts != "" {
					members["startsAt"] = test.starts
				}
			})
			request, faults, err := grant.ParseRequest(text, at)
			if err != nil {
				t.Fatal(err)
			}
			if test.fault != "" {
				if got := named(faults); !slices.Equal(got, []string{test.fault}) {
					t.Errorf("got %q, want %q", got, test.fault)
				}
				return
			}
			if len(faults) > 0 || !request.ExpiresAt.Equal(at.Add(test.want)) {
				t.Errorf("ends at %s, want %s; %v", request.ExpiresAt, at.Add(test.want), faults)
			}
		})
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	good := map[string]time.Duration{
		"P30D": 30 * day, "PT8H": 8 * time.Hour, "P2W": 14 * day, "P1DT12H": 36 * time.Hour, "PT90M": 90 * time.Minute,
		"PT1S": time.Second, "P1W1DT1H1M1S": 8*day + time.Hour + time.Minute + time.Second, "P36500D": 36500 * day, "P007D": 7 * day,
	}
	for text, want := range good {
		got, err := grant.ParseDuration(text)
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "P", "PT", "P0D", "PT0S", "P1M", "P1Y", "P1Y2M", "30", "P-1D", "-P1D", "P1.5D", "P1DT", "P1D ", "p1d",
		"PT1H1H", "P1D1W", "P99999D", "P999999D", "P36500DT1S", "P5000WP1D", "P5000W36500D", "PT999999999999S", "P١D"} {
		got, err := grant.ParseDuration(text)
		if err == nil {
			t.Errorf("%q was read as %s", text, got)
		}
	}
}
