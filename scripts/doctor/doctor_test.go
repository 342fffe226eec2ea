package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mailgrant/handler/simulator/tenant"
	"mailgrant/scripts/session"
)

// examined runs the command against what a server answers.
func examined(t *testing.T, status int, body string, header ...string) (int, string, *http.Request) {
	t.Helper()
	var asked *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	var out bytes.Buffer
	code := run(t.Context(), []string{server.URL}, "the-key", screen{&out, &out})
	return code, out.String(), asked
}

func answer(status string, findings string) string {
	return `{"status":"` + status + `","at":"2026-12-01T08:00:00Z","installation":"demo01","findings":[` + findings + `],"notLookedAt":["the moon"]}`
}

const (
	well    = `{"check":"clock","code":"clock","status":"ok","what":"our clock agrees"}`
	warned  = `{"check":"sweeps","code":"sweepsLate","status":"warning","what":"late","why":"ends overstay","mend":"az x <app>"}`
	faulty  = `{"check":"cmdlets","code":"exchangeRoleMissing","status":"fault","what":"nothing may be run","why":"no grants","mend":"New-RoleGroup"}`
	strange = `{"check":"new","code":"new","status":"splendid","what":"later release","why":"w","mend":"m"}`
)

func TestFindingsAreShown(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, status, findings string
		code                   int
		shown                  []string
	}{
		{"well", "ok", well, exitSound, []string{"✓  clock", "the moon", "1 ✓", "demo01", "2026-12-01 08:00:00 UTC"}},
		{"a warning", "warning", well + "," + warned, exitSound, []string{"!  sweeps", "why: ends overstay (sweepsLate)", "do:  az x <app>", "1 ! warning"}},
		{"a fault", "fault", warned + "," + faulty, exitFault, []string{"✗  cmdlets", "do:  New-RoleGroup", "1 ✗ fault"}},
		{"a fault that the whole hides", "ok", faulty, exitFault, []string{"✗  cmdlets"}},
		{"a status of a later release", "ok", strange, exitSound, []string{"?  new", "1 ? not known, 0 ✓"}},
		{"control characters", "ok", `{"check":"c","code":"c","status":"ok","what":"a\u001b[2Jb\nc"}`, exitSound, []string{"a [2Jb c"}},
	} {
		code, text, asked := examined(t, http.StatusOK, answer(test.status, test.findings))
		if code != test.code {
			t.Errorf("%s: exit code %d\n%s", test.name, code, text)
		}
		for _, want := range test.shown {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in\n%s", test.name, want, text)
			}
		}
		if asked.URL.Path != "/api/doctor" || asked.Header.Get("x-functions-key") != "the-key" || asked.URL.RawQuery != "" {
			t.Errorf("%s: asked %s", test.name, asked.URL)
		}
	}
}

func TestWhatIsNoDiagnosisIsNotWell(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		status int
		body   string
		header []string
	}{
		{"a wrong key", 401, "", nil},
		{"no such function", 404, "not found", nil},
		{"nothing found", 200, answer("ok", ""), nil},
		{"a page", 200, "<html>", nil},
		{"elsewhere", 302, "", []string{"Location", "http://127.0.0.1:1/"}},
	} {
		code, text, _ := examined(t, test.status, test.body, test.header...)
		if code != exitFails || !strings.HasPrefix(text, "doctor: ") || strings.Contains(text, "the-key") {
			t.Errorf("%s: %d %s", test.name, code, text)
		}
	}
}

func TestKeyStaysHome(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{nil, {"--help"}, {"app"}, {"http://app.example"}, {"https://a.example", "b"}, {"ftp://127.0.0.1"}} {
		var out bytes.Buffer
		code := run(t.Context(), arguments, "the-key", screen{&out, &out})
		if code != exitFails || strings.Contains(out.String(), "the-key") {
			t.Errorf("%v: %d %s", arguments, code, out.String())
		}
	}
	var out bytes.Buffer
	code := run(t.Context(), []string{"https://127.0.0.1:1"}, "", screen{&out, &out})
	if code != exitFails || !strings.Contains(out.String(), "MAILGRANT_KEY") {
		t.Errorf("without a key: %d %s", code, out.String())
	}
}

// TestRealDeployment examines a whole stack before and after an administrator has taken
// a role away.
func TestRealDeployment(t *testing.T) {
	t.Parallel()
	root, err := session.Root()
	if err != nil {
		t.Fatal(err)
	}
	folder, err := session.Assemble(t.Context(), root, t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	running, err := session.Start(t.Context(), session.Options{Root: root, Package: folder})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		err := running.Close()
		if err != nil {
			t.Error(err)
		}
	}()
	examine := func(code int, want string) {
		t.Helper()
		var out bytes.Buffer
		got := run(t.Context(), []string{running.Host.URL()}, running.Host.FunctionKey(), screen{&out, &out})
		if got != code || !strings.Contains(out.String(), want) {
			t.Errorf("exit code %d, %q is not in\n%s", got, want, out.String())
		}
	}
	examine(exitSound, "✓  cmdlets")
	err = running.Tenant.Administer(tenant.Action{Do: "removeExchangeRole", Role: "Role Management"})
	if err != nil {
		t.Fatal(err)
	}
	examine(exitFault, "✗  cmdlets")
}
