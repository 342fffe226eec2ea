package grant_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/grant"
)

const anObservation = `{"permission":"Mail.Read","mailbox":"6233FBA6-0198-4277-892f-9275bf728bcc","method":"GET","url":"https://graph.microsoft.com/v1.0/users/x/messages","status":403,"error":"ErrorAccessDenied","requestId":"r","at":"2026-12-01T08:00:00Z"}`

func TestParseProbeReport(t *testing.T) {
	t.Parallel()
	report, faults, err := grant.ParseProbeReport([]byte(`{"code":"ABC","observations":[` + anObservation + `]}`))
	want := grant.Observation{Permission: "Mail.Read", Mailbox: aGUID, Method: "GET", URL: "https://graph.microsoft.com/v1.0/users/x/messages",
		Status: 403, Error: "ErrorAccessDenied", RequestID: "r", At: time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)}
	if err != nil || len(faults) > 0 || report.Code != "ABC" || !slices.Equal(report.Observations, []grant.Observation{want}) {
		t.Errorf("got %+v, %v, %v", report, faults, err)
	}
}

func TestFaultsOfAProbeReport(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, pointers string }{
		"not an object":         {`[]`, ""},
		"nothing":               {`{}`, " "},
		"unknown name":          {`{"code":"a","observations":[` + anObservation + `],"more":1}`, "/more"},
		"no observation":        {`{"code":"a","observations":[]}`, "/observations"},
		"too many":              {`{"code":"a","observations":[` + strings.Repeat(anObservation+",", 40) + anObservation + `]}`, "/observations"},
		"an empty one":          {`{"code":"a","observations":[{}]}`, strings.Repeat("/observations/0 ", 4) + "/observations/0"},
		"no status":             {`{"code":"a","observations":[` + strings.Replace(anObservation, "403", `"403"`, 1) + `]}`, "/observations/0/status"},
		"a status of none":      {`{"code":"a","observations":[` + strings.Replace(anObservation, "403", "99", 1) + `]}`, "/observations/0/status"},
		"a status of no whole":  {`{"code":"a","observations":[` + strings.Replace(anObservation, "403", "2e2", 1) + `]}`, "/observations/0/status"},
		"a line that is broken": {`{"code":"a","observations":[` + strings.Replace(anObservation, `"r"`, `"r\n"`, 1) + `]}`, "/observations/0/requestId"},
		"an unknown member":     {`{"code":"a","observations":[` + strings.Replace(anObservation, `"at"`, `"when"`, 1) + `]}`, "/observations/0/when"},
		"a name twice":          {`{"code":"a","code":"b","observations":[` + anObservation + `]}`, "/code"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, faults, err := grant.ParseProbeReport([]byte(test.body))
			if err != nil || len(faults) == 0 || report.Code != "" || report.Observations != nil {
				t.Fatalf("got %+v, %v, %v", report, faults, err)
			}
			var pointers []string
			for _, fault := range faults {
				pointers = append(pointers, fault.Pointer)
			}
			if strings.Join(pointers, " ") != test.pointers {
				t.Errorf("faults at %q", pointers)
			}
		})
	}
}

func TestParseProbeWish(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		wish    grant.ProbeWish
		pointer string
	}{
		"":   {},
		"{}": {},
		`{"send":{"from":"News@contoso.example","to":"me@contoso.example"}}`: {wish: grant.ProbeWish{SendFrom: "news@contoso.example", SendTo: "me@contoso.example"}},
		`{"send":{"from":"` + aGUID + `","to":"me@contoso.example"}}`:        {wish: grant.ProbeWish{SendFrom: aGUID, SendTo: "me@contoso.example"}},
		`{"send":{"from":"news@contoso.example","to":"` + aGUID + `"}}`:      {pointer: "/send/to"},
		`{"send":{"to":"me@contoso.example"}}`:                               {pointer: "/send"},
		`{"send":true}`:                                                      {pointer: "/send"},
		`{"sent":{}}`:                                                        {pointer: "/sent"},
	} {
		wish, faults, err := grant.ParseProbeWish([]byte(text))
		found := ""
		if len(faults) > 0 {
			found = faults[0].Pointer
		}
		if err != nil || wish != want.wish || found != want.pointer {
			t.Errorf("%s: got %+v, %v, %v", text, wish, faults, err)
		}
	}
}

// FuzzParseProbeReport: whatever is reported, a report without faults names its code and
// for each call what it was, and nothing in it can break a line.
func FuzzParseProbeReport(f *testing.F) {
	for _, text := range []string{`{"code":"ABC","observations":[` + anObservation + `]}`, `{"code":"a","observations":[{"status":0}]}`, `{"code":"a","observations":[null]}`,
		`{"code":"\u2028","observations":[` + anObservation + `]}`, `{"code":"a","observations":{}}`, `{"code":"a","observations":[` + anObservation + `]} x`, `null`, ``, `{"code":"a","observations":[{"status":1e9}]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		report, faults, err := grant.ParseProbeReport(body)
		for _, fault := range faults {
			if fault.Pointer != "" && !strings.HasPrefix(fault.Pointer, "/") || fault.Reason == "" || fault.Detail == "" {
				t.Errorf("%q has the fault %+v", body, fault)
			}
		}
		if err != nil || len(faults) > 0 {
			if report.Code != "" || report.Observations != nil {
				t.Errorf("%q was refused, and %+v read", body, report)
			}
			return
		}
		if report.Code == "" || len(report.Observations) == 0 || len(report.Observations) > 40 {
			t.Errorf("%q has the code %q and %d observations", body, report.Code, len(report.Observations))
		}
		for _, seen := range report.Observations {
			if seen.Permission == "" || seen.Method == "" || seen.URL == "" || !grant.IsGUID(seen.Mailbox) || seen.Status < 0 || seen.Status > 599 {
				t.Errorf("%q reports %+v", body, seen)
			}
			if strings.ContainsAny(report.Code+seen.Permission+seen.Method+seen.URL+seen.Error+seen.RequestID, "\r\n\x00\u2028") {
				t.Errorf("%q lets a line be broken: %+v", body, seen)
			}
		}
	})
}

// TestEffectiveAsObserved: what was observed before the present effectiveBy counts for
// nothing, and before that time nothing does.
func TestEffectiveAsObserved(t *testing.T) {
	t.Parallel()
	by := received()
	for name, test := range map[string]struct {
		now, observed time.Time
		reason        string
		status        grant.Status
	}{
		"never":  {by.Add(time.Minute), time.Time{}, "ByPublishedLimit", grant.True},
		"before": {by.Add(time.Minute), by.Add(-time.Second), "ByPublishedLimit", grant.True},
		"after":  {by.Add(time.Minute), by, "Observed", grant.True},
		"early":  {by.Add(-time.Minute), by.Add(-time.Hour), "WithinPublishedLimit", grant.Unknown},
	} {
		g := grant.Grant{State: grant.Active, EffectiveBy: by, Work: grant.Work{ObservedAt: test.observed}}
		shown := g.ConditionsAt(test.now)
		if shown[0].Type != grant.Effective || shown[0].Reason != test.reason || shown[0].Status != test.status {
			t.Errorf("%s: %+v", name, shown[0])
		}
	}
}
