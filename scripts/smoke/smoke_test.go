package main

import (
	"context"
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
	running, err := session.Start(t.Context(), session.Options{Root: root, Package: folder})
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
