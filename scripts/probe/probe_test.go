package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const users = publicGraph + "/v1.0/users/"

// TestOnlyWhatWasAskedForIsCalled: the plan comes from a service that is not trusted with
// the workload's token, nor with its right to send.
func TestOnlyWhatWasAskedForIsCalled(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		method, url, to, sendTo string
		good                    bool
	}{
		{"GET", users + "f1/messages?$top=1", "", "", true},
		{"GET", users + "a.b+c@contoso.example/mailboxSettings", "", "", true},
		{"GET", users + "f1/calendar/events", "", "", true},
		{"POST", users + "f1/sendMail", "me@contoso.example", "ME@contoso.example", true},
		{"POST", users + "f1/sendMail", "me@contoso.example", "", false},
		{"POST", users + "f1/sendMail", "", "", false},
		{"POST", users + "f1/sendMail", "you@contoso.example", "me@contoso.example", false},
		{"POST", users + "f1/messages", "me@contoso.example", "me@contoso.example", false},
		{"DELETE", users + "f1/messages", "", "", false},
		{"GET", users + "f1/messages?$top=1000", "", "", false},
		{"GET", users + "f1/messages\n", "", "", false},
		{"GET", users + "f1/../../me/messages", "", "", false},
		{"GET", publicGraph + ".attacker.example/v1.0/users/f1/messages", "", "", false},
		{"GET", "https://attacker.example/v1.0/users/f1/messages", "", "", false},
		{"GET", publicGraph + "@attacker.example/v1.0/users/f1/messages", "", "", false},
		{"GET", "http://graph.microsoft.com/v1.0/users/f1/messages", "", "", false},
	} {
		err := caller{sendTo: test.sendTo}.check(call{Method: test.method, URL: test.url, To: test.to})
		if (err == nil) != test.good {
			t.Errorf("%s %q: %v", test.method, test.url, err)
		}
	}
}

func TestSecretsGoOverTLS(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"https://mailgrant.example": true, "http://127.0.0.1:7071": true, "http://[::1]:7071": true,
		"http://mailgrant.example": false, "http://localhost.example": false, "mailgrant.example": false, "ftp://127.0.0.1": false, "https://": false,
		"http://127.0.0.1@mailgrant.example": false, "https://user:word@mailgrant.example": false,
	} {
		if (checkOrigin(address) == nil) != good {
			t.Errorf("%s: %v", address, checkOrigin(address))
		}
	}
}

// TestACallIsSeenByStatusAndCode plays Microsoft Graph: what is reported of each answer,
// and that the token goes nowhere else.
func TestACallIsSeenByStatusAndCode(t *testing.T) {
	t.Parallel()
	var strayed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	t.Cleanup(elsewhere.Close)
	graph := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("request-id", "id-1")
		if r.Header.Get("Authorization") != "Bearer token" {
			t.Errorf("the call bears %q", r.Header.Get("Authorization"))
		}
		switch r.URL.Path {
		case "/v1.0/users/denied/messages":
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"error":{"code":"ErrorAccessDenied","message":"Access to OData is disabled."}}`)
		case "/v1.0/users/odd/messages":
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "<html>")
		case "/v1.0/users/moved/messages":
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		case "/v1.0/users/cut/messages":
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(graph.Close)
	by := caller{graph: graph.URL, token: "token", client: plainClient(10 * time.Second)}
	for name, want := range map[string]struct{ text, verdict string }{
		"allowed": {"200  id-1", allowed}, "denied": {"403 ErrorAccessDenied id-1", denied}, "odd": {"403  id-1", "unknown"},
		"moved": {"302  id-1", "unknown"}, "cut": {"0 NoAnswer ", "unknown"},
	} {
		seen := by.try(t.Context(), call{Method: http.MethodGet, URL: users + name + "/messages"}, time.Now)
		got := fmt.Sprintf("%d %s %s", seen.Status, seen.Error, seen.RequestID)
		if got != want.text || seen.verdict() != want.verdict || seen.URL != users+name+"/messages" {
			t.Errorf("%s: %q, %s", name, got, seen.verdict())
		}
	}
	if strayed.Load() > 0 {
		t.Error("a redirect was followed with the token")
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	good, refused, odd := observation{Status: 200}, observation{Status: 403, Error: deniedCode}, observation{Status: 429}
	calls := []call{{Expected: allowed}, {Expected: denied}}
	for _, test := range []struct {
		seen []observation
		want int
	}{
		{[]observation{good, refused}, exitAsGranted},
		{[]observation{good, good}, exitContradicted},
		{[]observation{refused, refused}, exitContradicted},
		{[]observation{odd, good}, exitContradicted},
		{[]observation{good, odd}, exitNotProved},
		{[]observation{odd, refused}, exitNotProved},
	} {
		if judge(calls, test.seen) != test.want {
			t.Errorf("%+v: %d", test.seen, judge(calls, test.seen))
		}
	}
}

func tokenOf(t *testing.T, claims string) string {
	t.Helper()
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".sig"
}

func TestWhoseTokenItIs(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]string{
		tokenOf(t, `{"appid":"a"}`): "a", tokenOf(t, `{"azp":"b"}`): "b", tokenOf(t, `{}`): "", tokenOf(t, `[`): "", "opaque": "", "a.%.c": "",
	} {
		got, err := applicationOf(token)
		if got != want || (err == nil) != (want != "") || err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%s: %q, %v", token, got, err)
		}
	}
}

// TestTheServiceIsAskedAndTold plays the service: its first answer to the report fails,
// and the very same report comes again.
func TestTheServiceIsAskedAndTold(t *testing.T) {
	t.Parallel()
	var reports []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.Header.Get("x-functions-key") != "key":
			t.Errorf("the key is %q", r.Header.Get("x-functions-key"))
		case r.URL.Path == "/api/grants/g1/probe/code":
			if string(body) != `{"send":{"from":"a@x.example","to":"b@x.example"}}` {
				t.Errorf("asked by %s", body)
			}
			fmt.Fprint(w, `{"grant":"g1","code":"ONCE","appId":"app","calls":[{"method":"GET"}],"untried":[]}`)
		case r.URL.Path == "/api/grants/g1/probe":
			reports = append(reports, string(body))
			if len(reports) == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		case r.URL.Path == "/api/grants/g2/probe/code":
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `{"title":"The grant is in no state for this","detail":"effective by noon"}`)
		}
	}))
	t.Cleanup(server.Close)
	chosen := options{service: server.URL, grant: "g1", key: "key", sendFrom: "a@x.example", sendTo: "b@x.example"}
	api, err := newService(chosen)
	if err != nil {
		t.Fatal(err)
	}
	got, err := api.plan(t.Context(), chosen, nil)
	if err == nil {
		err = api.report(t.Context(), got, []observation{{Status: 200}})
	}
	if err != nil || len(reports) != 2 || reports[0] != reports[1] || !strings.Contains(reports[0], `"code":"ONCE"`) {
		t.Errorf("%+v, %v, %q", got, err, reports)
	}
	chosen.grant = "g2"
	api, err = newService(chosen)
	if err == nil {
		_, err = api.plan(t.Context(), chosen, nil)
	}
	if err == nil || !strings.Contains(err.Error(), "effective by noon") {
		t.Errorf("a refusal is told as %v", err)
	}
}

// TestAPlanFromElsewhere: it is of this grant, whole, and never quoted.
func TestAPlanFromElsewhere(t *testing.T) {
	t.Parallel()
	whole, err := json.Marshal(plan{Grant: "g1", Code: "SECRET", AppID: "app", Calls: []call{{}}})
	if err != nil {
		t.Fatal(err)
	}
	for text, good := range map[string]bool{
		string(whole): true, strings.Replace(string(whole), "g1", "g2", 1): false, strings.Replace(string(whole), "app", "", 1): false,
		`{"code":"SECRET"`: false, `{"code":{"SECRET":1}}`: false, "": false,
	} {
		_, err := service{}.plan(t.Context(), options{grant: "g1", planFile: "-"}, strings.NewReader(text))
		if (err == nil) != good || err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	set := func(name string) string { return map[string]string{"MAILGRANT_KEY": "key"}[name] }
	for args, good := range map[string]bool{
		"-service https://x.example -grant g": true, "-service https://x.example": false, "-grant g": false, "-service http://x.example -grant g": false,
		"-service https://x.example -grant g -send-to a@x.example": false, "-service https://x.example -grant g more": false,
	} {
		chosen, err := readOptions(strings.Fields(args), set, io.Discard)
		if (err == nil) != good || good && (chosen.graph != publicGraph || chosen.sendTo != "") {
			t.Errorf("%s: %+v, %v", args, chosen, err)
		}
	}
	_, err := readOptions([]string{"-service", "https://x.example", "-grant", "g"}, func(string) string { return "" }, io.Discard)
	if err == nil {
		t.Error("it starts without a key")
	}
}
