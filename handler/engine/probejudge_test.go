package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/grant"
)

const canary1 = "d0000000-0000-4000-8000-000000000003"

func TestVerdictOnACall(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status int
		code   string
		want   grant.Verdict
	}{
		{200, "", grant.Allowed},
		{202, "", grant.Allowed},
		{200, "ErrorAccessDenied", grant.Unsure},
		{403, "ErrorAccessDenied", grant.Refused},
		{403, "", grant.Unsure},
		{403, "erroraccessdenied", grant.Unsure},
		{403, "Authorization_RequestDenied", grant.Unsure},
		{401, "InvalidAuthenticationToken", grant.Unsure},
		{401, "ErrorAccessDenied", grant.Unsure},
		{404, "ErrorInvalidUser", grant.Unsure},
		{429, "ApplicationThrottled", grant.Unsure},
		{302, "", grant.Unsure},
		{500, "", grant.Unsure},
		{0, "NoAnswer", grant.Unsure},
	} {
		got := verdictOn(grant.Observation{Status: test.status, Error: test.code})
		if got != test.want {
			t.Errorf("%d %s is %s", test.status, test.code, got)
		}
	}
}

// readable is a grant that can be tried by reading, but for one of its permissions.
func readable() grant.Grant {
	return grant.Grant{ID: someGrant, Permissions: []string{"Mail.Read", "MailboxSettings.Read", "Mail.Send"},
		Mailboxes: []grant.Mailbox{{GUID: mailbox1, Address: "news@contoso.example", EntraID: "f1"}},
		Canaries:  []grant.Mailbox{{GUID: canary1, Address: "ceo@contoso.example", EntraID: "f3"}, {GUID: "other", Address: "cfo@contoso.example"}}}
}

func TestWhatIsTried(t *testing.T) {
	t.Parallel()
	g := readable()
	calls, untried, faults := probeCalls(g, g.Mailboxes, grant.ProbeWish{})
	var told []string
	for _, call := range calls {
		told = append(told, call.Method+" "+strings.TrimPrefix(call.URL, graphUsers)+" "+string(call.Expected))
	}
	want := []string{"GET f1/messages?$top=1 allowed", "GET f3/messages?$top=1 denied", "GET f1/mailboxSettings allowed", "GET f3/mailboxSettings denied"}
	if !slices.Equal(told, want) || len(faults) > 0 || len(untried) != 1 || untried[0].Permission != "Mail.Send" {
		t.Errorf("got %q, %+v, %+v", told, untried, faults)
	}
	calls, _, faults = probeCalls(g, g.Mailboxes, grant.ProbeWish{SendFrom: "NEWS@contoso.example", SendTo: "me@contoso.example"})
	last := calls[len(calls)-1]
	if len(faults) > 0 || len(calls) != 5 || last.Method != "POST" || last.URL != graphUsers+"f1/sendMail" || last.To != "me@contoso.example" || last.Expected != grant.Allowed {
		t.Errorf("got %+v, %+v", last, faults)
	}
}

func TestWhatIsNotTried(t *testing.T) {
	t.Parallel()
	for _, permission := range []string{"Mail.Send", "EWS.AccessAsApp", "SMTP.SendAsApp", "MailboxFolder.Read.All", "MailTips.ReadBasic.All", "Nonsense"} {
		if untriable(permission) == "" {
			t.Errorf("%s is tried", permission)
		}
	}
	g := readable()
	calls, untried, _ := probeCalls(g, nil, grant.ProbeWish{})
	if len(calls) > 0 || len(untried) != 3 {
		t.Errorf("without a mailbox: %+v, %+v", calls, untried)
	}
	_, _, faults := probeCalls(g, g.Mailboxes, grant.ProbeWish{SendFrom: "ceo@contoso.example", SendTo: "me@contoso.example"})
	if len(faults) != 1 || faults[0].Pointer != "/send/from" {
		t.Errorf("a mail from a canary: %+v", faults)
	}
	g.Permissions = []string{"Mail.Read"}
	_, _, faults = probeCalls(g, g.Mailboxes, grant.ProbeWish{SendFrom: "news@contoso.example", SendTo: "me@contoso.example"})
	if len(faults) != 1 || faults[0].Pointer != "/send" {
		t.Errorf("a mail without the permission: %+v", faults)
	}
}

// observation is a report of the call that fits it.
func observation(call ProbeCall, status int, code string) grant.Observation {
	return grant.Observation{Permission: call.Permission, Mailbox: strings.ToUpper(call.Mailbox), Method: call.Method, URL: call.URL, Status: status, Error: code, RequestID: "r-1"}
}

func TestWhatDoesNotFitIsRefusedByPointer(t *testing.T) {
	t.Parallel()
	g := readable()
	calls, _, _ := probeCalls(g, g.Mailboxes, grant.ProbeWish{})
	good := observation(calls[0], 200, "")
	for name, test := range map[string]struct {
		change  func(*grant.Observation)
		pointer string
	}{
		"another permission": {func(o *grant.Observation) { o.Permission = "Mail.ReadWrite" }, "/observations/1/permission"},
		"another mailbox":    {func(o *grant.Observation) { o.Mailbox = "d0000000-0000-4000-8000-000000000099" }, "/observations/1/mailbox"},
		"another canary":     {func(o *grant.Observation) { o.Mailbox = "other" }, "/observations/1/mailbox"},
		"another method":     {func(o *grant.Observation) { o.Method = "HEAD" }, "/observations/1/method"},
		"another address":    {func(o *grant.Observation) { o.URL = graphUsers + "f3/messages" }, "/observations/1/url"},
		"the same again":     {func(o *grant.Observation) { *o = good }, "/observations/1"},
	} {
		odd := observation(calls[1], 403, deniedCode)
		test.change(&odd)
		_, faults := match(calls, []grant.Observation{good, odd})
		if len(faults) != 1 || faults[0].Pointer != test.pointer {
			t.Errorf("%s: %+v", name, faults)
		}
	}
}

func TestWhatAReportComesTo(t *testing.T) {
	t.Parallel()
	g := readable()
	g.Permissions = []string{"Mail.Read"}
	calls, _, _ := probeCalls(g, g.Mailboxes, grant.ProbeWish{})
	answer := func(granted, canary grant.Observation) []grant.Observation {
		return []grant.Observation{granted, canary}
	}
	in, out := calls[0], calls[1]
	for name, test := range map[string]struct {
		seen     []grant.Observation
		standing bool
		status   grant.Status
		reason   string
		every    bool
	}{
		"as granted":            {answer(observation(in, 200, ""), observation(out, 403, deniedCode)), true, grant.True, "AsGranted", true},
		"canary reached":        {answer(observation(in, 200, ""), observation(out, 200, "")), true, grant.False, "CanaryReached", true},
		"both wrong":            {answer(observation(in, 403, deniedCode), observation(out, 200, "")), true, grant.False, "CanaryReached", false},
		"refused":               {answer(observation(in, 403, deniedCode), observation(out, 403, deniedCode)), true, grant.False, "MailboxRefused", false},
		"canary not reported":   {[]grant.Observation{observation(in, 200, "")}, true, grant.Unknown, "NotObserved", true},
		"canary throttled":      {answer(observation(in, 200, ""), observation(out, 429, "")), true, grant.Unknown, "NotObserved", true},
		"mailbox not reported":  {[]grant.Observation{observation(out, 403, deniedCode)}, true, grant.Unknown, "NotObserved", false},
		"canary covered by now": {answer(observation(in, 200, ""), observation(out, 200, "")), false, grant.Unknown, "NotObserved", false},
	} {
		found, faults := match(calls, test.seen)
		evidence := evidenceOf(calls, found, func(ProbeCall) bool { return test.standing }, time.Unix(1, 0))
		judged := count(evidence)
		observed := judged.observed()
		if len(faults) > 0 || len(evidence) != 2 || observed.Status != test.status || observed.Reason != test.reason || judged.everyGranted() != test.every {
			t.Errorf("%s: %+v, %+v, %+v", name, faults, evidence, observed)
		}
		for _, one := range evidence {
			if one.Means != grant.ByWorkload || one.At.IsZero() {
				t.Errorf("%s: %+v", name, one)
			}
		}
	}
}
