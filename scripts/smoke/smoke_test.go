package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailgrant/handler/simulator/tenant"
	"mailgrant/scripts/session"
)

// stage is a running stack and what the command printed against it.
type stage struct {
	*session.Session
	out strings.Builder
}

func set(t *testing.T, root, folder string) *stage {
	t.Helper()
	return setWith(t, session.Options{Root: root, Package: folder})
}

func setWith(t *testing.T, options session.Options) *stage {
	t.Helper()
	running, err := session.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := running.Close()
		if err != nil {
			t.Error(err)
		}
	})
	return &stage{Session: running}
}

func (s *stage) run(ctx context.Context, args ...string) (int, error) {
	env := map[string]string{"MAILGRANT_URL": s.Host.URL(), "MAILGRANT_KEY": s.Host.FunctionKey()}
	usual := []string{"-workload", tenant.SampleNewsletterAppID, "-mailbox", "news@contoso.example", "-patience", "20s"}
	return run(ctx, append(usual, args...), world{env: func(name string) string { return env[name] }, out: &s.out, now: time.Now, pollEvery: 50 * time.Millisecond})
}

// TestSmoke plays the trial against the whole stack: on a healthy tenant call for call, and on tenants
// in which one thing is not as it should be, which it has to notice.
func TestSmoke(t *testing.T) {
	root, err := session.Root()
	if err != nil {
		t.Fatal(err)
	}
	folder, err := session.Assemble(t.Context(), root, t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("all", func(t *testing.T) {
		t.Run("healthy", func(t *testing.T) { t.Parallel(); healthy(t, set(t, root, folder)) })
		t.Run("bootstrapped", func(t *testing.T) { t.Parallel(); bootstrapped(t, root, folder) })
		t.Run("interrupted", func(t *testing.T) { t.Parallel(); interrupted(t, set(t, root, folder)) })
		t.Run("removal ignored", func(t *testing.T) { t.Parallel(); removalIgnored(t, set(t, root, folder)) })
		t.Run("refused", func(t *testing.T) { t.Parallel(); refused(t, set(t, root, folder)) })
	})
}

func healthy(t *testing.T, s *stage) {
	before := s.Tenant.Dump()
	code, err := s.run(t.Context(), "-canary", "cfo@contoso.example")
	told := s.out.String()
	if code != exitWorks || err != nil {
		t.Fatalf("%d, %v:\n%s", code, err, told)
	}
	for _, text := range []string{"reach before", "news@contoso.example: allowed by Test-ServicePrincipalAuthorization (request ",
		"cfo@contoso.example: denied by Test-ServicePrincipalAuthorization (request ", "handed back", "reach after", "It works, and nothing is left."} {
		if !strings.Contains(told, text) {
			t.Errorf("it does not say %q:\n%s", text, told)
		}
	}
	if string(s.Tenant.Dump()) != string(before) {
		t.Error("the tenant is not as it was")
	}
	var changes []string
	for _, each := range s.Tenant.Changes() {
		changes = append(changes, each.Action+" "+each.Object)
	}
	wanted := []string{"created pointer", "created managementScope", "created roleAssignment", "removed roleAssignment", "removed managementScope", "removed pointer"}
	slices.Sort(wanted)
	got := slices.Sorted(slices.Values(changes))
	if !slices.Equal(got, wanted) {
		t.Errorf("the changes were %v", changes)
	}
}

// bootstrapped: in a tenant in which nothing was set up, scripts/bootstrap gives the identity enough for
// a whole grant.
func bootstrapped(t *testing.T, root, folder string) {
	s := setWith(t, session.Options{Root: root, Package: folder, Directory: strings.NewReader(tenant.SampleFreshDirectory("honoured"))})
	program := filepath.Join(t.TempDir(), "bootstrap")
	built, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "mailgrant/scripts/bootstrap").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, built)
	}
	give := exec.CommandContext(t.Context(), program, "-yes", "-identity", tenant.SampleServiceObjectID)
	give.Dir = t.TempDir()
	give.Env = append(os.Environ(), "SSL_CERT_FILE="+s.Certificate(), "AZURE_TENANT_ID="+tenant.SampleTenantID, "AZURE_CLIENT_ID="+tenant.SampleAdministratorAppID,
		"AZURE_CLIENT_SECRET="+tenant.SampleAdministratorSecret, "AZURE_AUTHORITY_HOST="+s.Tenant.URL(), "GRAPH_ENDPOINT="+s.Tenant.URL(), "EXCHANGE_ENDPOINT="+s.Tenant.URL())
	told, err := give.CombinedOutput()
	if err != nil || !strings.Contains(string(told), "Read back: everything is there.") {
		t.Fatalf("%v\n%s", err, told)
	}
	code, err := s.run(t.Context())
	if code != exitWorks || err != nil {
		t.Errorf("%d, %v:\n%s", code, err, s.out.String())
	}
	asDoctorWants(t, s)
}

// asDoctorWants: what was given is neither less nor more than what the service looks for in itself.
func asDoctorWants(t *testing.T, s *stage) {
	t.Helper()
	var diagnosis struct {
		Findings []struct{ Check, Code, Status, What string }
	}
	err := newService(options{service: s.Host.URL(), key: s.Host.FunctionKey()}).get(t.Context(), "/api/doctor", &diagnosis)
	if err != nil {
		t.Fatal(err)
	}
	rights := []string{"appRoles", "leastPrivilege", "cmdlets", "delegation"}
	looked := 0
	for _, found := range diagnosis.Findings {
		if !slices.Contains(rights, found.Check) {
			continue
		}
		looked++
		if found.Status != "ok" {
			t.Errorf("%s is %s (%s): %s", found.Check, found.Status, found.Code, found.What)
		}
	}
	if looked != len(rights) {
		t.Errorf("the doctor told %d of %v: %+v", looked, rights, diagnosis)
	}
}

// interrupted: whoever presses Ctrl-C while the grant is being made leaves none behind.
func interrupted(t *testing.T, s *stage) {
	before := s.Tenant.Dump()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var once sync.Once
	s.Tenant.SetWriteHook(func(write tenant.Write) {
		if strings.Contains(write.What, "New-ManagementScope") {
			once.Do(cancel)
		}
	})
	code, err := s.run(ctx)
	if code != exitFails || err != nil || !strings.Contains(s.out.String(), "handed back: ") {
		t.Errorf("%d, %v:\n%s", code, err, s.out.String())
	}
	if string(s.Tenant.Dump()) != string(before) {
		t.Errorf("something is left:\n%s", s.out.String())
	}
}

func removalIgnored(t *testing.T, s *stage) {
	err := s.Tenant.Fault(tenant.Fault{Name: "ignore", Match: "Remove-ManagementRoleAssignment"})
	if err != nil {
		t.Fatal(err)
	}
	code, err := s.run(t.Context(), "-patience", "2s")
	if code != exitFails || err != nil || !strings.Contains(s.out.String(), "THE GRANT MAY BE LEFT: POST /api/grants/") {
		t.Errorf("%d, %v:\n%s", code, err, s.out.String())
	}
}

// refused: nothing is asked for where the application reaches the mailbox already, or the service says
// no; and each says what to do.
func refused(t *testing.T, s *stage) {
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"-workload", tenant.SampleArchiveAppID, "-permission", "Mail.Read"}, exitFails, "choose a test application that holds nothing"},
		{[]string{"-mailbox", "ceo@contoso.example", "-canary", "cfo@contoso.example"}, exitFails, "the operator's document or the tenant"},
		{[]string{"-permission", "Mail.Everything"}, exitFails, "Mail.Everything"},
		{[]string{"-service", "http://mailgrant.example"}, exitNotRun, ""},
		{[]string{"-service", "http://127.0.0.1:1"}, exitFails, "is that the address"},
		{[]string{"-mailbox", ""}, exitNotRun, ""},
	} {
		s.out.Reset()
		changes := len(s.Tenant.Changes())
		code, _ := s.run(t.Context(), test.args...)
		if code != test.code || !strings.Contains(s.out.String(), test.says) || len(s.Tenant.Changes()) != changes {
			t.Errorf("%v: %d, %d changes\n%s", test.args, code, len(s.Tenant.Changes())-changes, s.out.String())
		}
	}
}

// TestEvidenceHasToBeWhole: a mailbox without a test, or with another verdict, proves nothing.
func TestEvidenceHasToBeWhole(t *testing.T) {
	t.Parallel()
	one, two := mailbox{GUID: "d1", Address: "a@contoso.example"}, mailbox{GUID: "d2", Address: "b@contoso.example"}
	says := func(subject, verdict string) evidence {
		return evidence{Subject: subject, Verdict: verdict, Means: "test"}
	}
	for _, test := range []struct {
		of     []mailbox
		found  []evidence
		wanted bool
	}{
		{[]mailbox{one, two}, []evidence{says("D1", "allowed"), says("d2", "allowed")}, true},
		{[]mailbox{one, two}, []evidence{says("d1", "allowed")}, false},
		{[]mailbox{one}, []evidence{says("d1", "allowed"), says("d1", "unknown")}, false},
		{[]mailbox{one}, []evidence{says("d1", "denied")}, false},
		{[]mailbox{one}, nil, false},
		{nil, []evidence{says("d1", "allowed")}, false},
	} {
		trial := &trial{world: world{out: io.Discard}}
		if trial.evidence("mailbox", grant{Evidence: test.found}, test.of, "allowed") != test.wanted {
			t.Errorf("%+v: %+v", test, trial.lines)
		}
	}
}
