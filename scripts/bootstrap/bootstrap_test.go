package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/simulator/tenant"
	"mailgrant/scripts/administer"
)

// stage is a tenant before anything was set up, and an administrator at a terminal.
type stage struct {
	*testing.T
	tenant *tenant.Tenant
	env    map[string]string
	record string
	out    strings.Builder
	waited time.Duration
}

const identitySecret = "identity-secret"

// set lets a test rewrite the directory.
func set(t *testing.T, directory string) *stage {
	t.Helper()
	to, err := tenant.Start(t.Context(), tenant.Options{Directory: strings.NewReader(directory)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = to.Close()
		for _, each := range to.Unknown() {
			t.Errorf("the tenant does not play %s", each.Name)
		}
	})
	return &stage{T: t, tenant: to, record: filepath.Join(t.TempDir(), "record.json"), env: map[string]string{
		"AZURE_TENANT_ID": tenant.SampleTenantID, "AZURE_CLIENT_ID": tenant.SampleAdministratorAppID, "AZURE_CLIENT_SECRET": tenant.SampleAdministratorSecret,
		"AZURE_AUTHORITY_HOST": to.URL(), "GRAPH_ENDPOINT": to.URL(), "EXCHANGE_ENDPOINT": to.URL(),
	}}
}

// asApplication is a directory whose service is an application, so that a secret signs in as it.
func asApplication(directory string) string {
	return strings.Replace(directory, `"type": "ManagedIdentity",`, `"type": "Application", "secret": "`+identitySecret+`",`, 1)
}

// run runs the command on one line of input and returns what it printed and the calls that it made.
func (s *stage) run(answer string, args ...string) (string, []string, error) {
	s.Helper()
	s.tenant.ResetRequests()
	s.out.Reset()
	transport := s.tenant.Transport()
	defer transport.CloseIdleConnections()
	err := run(s.Context(), append([]string{"-identity", tenant.SampleServiceObjectID, "-record", s.record}, args...), world{
		in: strings.NewReader(answer), out: &s.out, env: func(name string) string { return s.env[name] }, transport: transport,
		wait: func(_ context.Context, length time.Duration) error { s.waited += length; return nil },
	})
	var calls []string
	for _, each := range s.tenant.Requests() {
		if each.Kind != "token" {
			calls = append(calls, strings.ReplaceAll(each.Name, "/v1.0/", "/"))
		}
	}
	return s.out.String(), calls, err
}

func (s *stage) fine(args ...string) (string, []string) {
	s.Helper()
	out, calls, err := s.run("", append(args, "-yes")...)
	if err != nil {
		s.Fatalf("%v\n%s", err, out)
	}
	return out, calls
}

func (s *stage) dump() string { return string(s.tenant.Dump()) }

func (s *stage) shows(out string, texts ...string) {
	s.Helper()
	for _, text := range texts {
		if !strings.Contains(out, text) {
			s.Errorf("it does not say %q:\n%s", text, out)
		}
	}
}

const (
	own     = "/servicePrincipals/" + tenant.SampleServiceObjectID
	onGraph = "GET /servicePrincipals(appId='00000003-0000-0000-c000-000000000000')"
	onExo   = "GET /servicePrincipals(appId='00000002-0000-0ff1-ce00-000000000000')"
	give    = "POST " + own + "/appRoleAssignments"
)

// reading is how the tenant is read, with a role group or without.
func reading(group bool) []string {
	calls := []string{"GET " + own, onGraph, onExo, "GET " + own + "/appRoleAssignments", "GET /roleManagement/directory/roleAssignments",
		"Get-OrganizationConfig", "Get-ServicePrincipal", "Get-ManagementRole", "Get-RoleGroup"}
	if group {
		calls = append(calls, "Get-RoleGroupMember", "Get-ManagementRoleAssignment")
	}
	return calls
}

// giving are the calls that a fresh tenant takes for scoped roles, read back at the end.
func giving() []string {
	calls := slices.Concat(reading(false), []string{onExo, give, onGraph, give, onGraph, give, onGraph, give, "GET " + own, "New-ServicePrincipal", "New-RoleGroup"})
	for range 22 {
		calls = append(calls, "New-ManagementRoleAssignment")
	}
	return append(calls, reading(true)...)
}

func wantCalls(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("the calls were\n  %s\nwanted\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// TestGivenProvedAndTakenBack is the whole life: given and proved call for call, a second run that
// changes nothing, and a tenant that is as before after -remove.
func TestGivenProvedAndTakenBack(t *testing.T) {
	t.Parallel()
	s := set(t, asApplication(tenant.SampleFreshDirectory("honoured")))
	s.env["MAILGRANT_IDENTITY_SECRET"] = identitySecret
	before := s.dump()
	out, calls := s.fine()
	wantCalls(t, calls, append(giving(), "New-ManagementScope", "New-ManagementRoleAssignment", "Get-ManagementRoleAssignment", "Remove-ManagementRoleAssignment", "Remove-ManagementScope"))
	s.shows(out, "New-RoleGroup -Name \"mailgrant service\" -Roles \"View-Only Recipients\",\"View-Only Configuration\",\"Role Management\"",
		"Read back: everything is there.", "Proved: the identity made", "Start the service after this, not before")
	for _, spare := range []string{"mg-proof-", "Application Mail Full Access-mailgrant"} {
		if strings.Contains(s.dump(), spare) {
			t.Errorf("%s is in the tenant", spare)
		}
	}
	after := s.dump()
	out, calls = s.fine()
	wantCalls(t, calls, reading(true))
	s.shows(out, "Nothing lacks, and nothing was changed.")
	if s.dump() != after {
		t.Error("the second run changed the tenant")
	}
	out, _ = s.fine("-remove")
	s.shows(out, "hand every grant back first", "Nothing that was given is left.")
	if s.dump() != before {
		t.Errorf("the tenant is not as it was: %s", s.dump())
	}
	_, err := os.Stat(s.record)
	if err == nil {
		t.Error("the record is left")
	}
}

// TestManagedIdentityIsProvedWhereItLives: its first token is minted only some time after it got its
// app roles.
func TestManagedIdentityIsProvedWhereItLives(t *testing.T) {
	s := set(t, tenant.SampleFreshDirectory("honoured"))
	t.Setenv("IDENTITY_ENDPOINT", s.tenant.IdentityURL())
	t.Setenv("IDENTITY_HEADER", s.tenant.IdentityHeader())
	s.env["IDENTITY_ENDPOINT"], s.env["IDENTITY_HEADER"] = s.tenant.IdentityURL(), s.tenant.IdentityHeader()
	out, _ := s.fine()
	s.shows(out, "Waiting 2m0s before the identity's first token", "Proved: the identity made")
	if s.waited != pauseForToken {
		t.Errorf("waited %s", s.waited)
	}
}

func TestWhereNobodyCanActAsTheIdentityNothingIsCalledProved(t *testing.T) {
	t.Parallel()
	s := set(t, tenant.SampleFreshDirectory("honoured"))
	out, calls := s.fine()
	wantCalls(t, calls, giving())
	s.shows(out, "Not proved: nothing here can act as the identity")
}

// TestFallsBackWithTheReason: a tenant in which a role group cannot hand application roles on, by
// refusing it at once, or by making no use of it.
func TestFallsBackWithTheReason(t *testing.T) {
	t.Parallel()
	for _, delegation := range []string{"refused", "ignored"} {
		t.Run(delegation, func(t *testing.T) {
			t.Parallel()
			s := set(t, asApplication(tenant.SampleFreshDirectory(delegation)))
			s.env["MAILGRANT_IDENTITY_SECRET"] = identitySecret
			before := s.dump()
			out, calls := s.fine()
			s.shows(out, "This tenant does not let a role group do it: New-ManagementRoleAssignment was answered 400, TaskInvalidOperationException",
				"done: directory role Exchange Administrator", "Proved: the identity made")
			if !slices.Contains(calls, "POST /roleManagement/directory/roleAssignments") || !slices.Contains(calls, "Remove-RoleGroup") {
				t.Errorf("the calls were %v", calls)
			}
			after := s.dump()
			out, calls = s.fine()
			wantCalls(t, calls, reading(false))
			s.shows(out, "directory role Exchange Administrator, because New-ManagementRoleAssignment was answered 400", "nothing was changed")
			if s.dump() != after || strings.Contains(after, "mg-proof-") {
				t.Errorf("the second run changed something, or a proof is left: %s", s.dump())
			}
			s.fine("-remove")
			if s.dump() != before {
				t.Errorf("the tenant is not as it was: %s", s.dump())
			}
		})
	}
}

// TestProofLeavesNothing: what the identity cannot remove again the administrator removes.
func TestProofLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, cmdlet := range []string{"Remove-ManagementRoleAssignment", "Remove-ManagementScope", "Get-ManagementRoleAssignment"} {
		s := set(t, asApplication(tenant.SampleFreshDirectory("honoured")))
		s.env["MAILGRANT_IDENTITY_SECRET"] = identitySecret
		s.fine()
		s.fine("-remove")
		// The reading back of a run asks for assignments once, the proof after it.
		after := map[string]int{"Get-ManagementRoleAssignment": 1}[cmdlet]
		err := s.tenant.Fault(tenant.Fault{Name: "forbidden", Match: cmdlet, Times: 1, After: after})
		if err != nil {
			t.Fatal(err)
		}
		out, _ := s.fine()
		s.shows(out, "refused so far", "Proved: the identity made")
		if strings.Contains(s.dump(), "mg-proof-") {
			t.Errorf("%s: the proof is left: %s", cmdlet, s.dump())
		}
	}
}

// TestAdministratorByHand: chosen after a role group was made, which then goes.
func TestAdministratorByHand(t *testing.T) {
	t.Parallel()
	s := set(t, tenant.SampleFreshDirectory("ignored"))
	before := s.dump()
	s.fine()
	out, calls := s.fine("-exchange-administrator")
	s.shows(out, "done: directory role Exchange Administrator", "done: take the role group back")
	wantCalls(t, calls, slices.Concat(reading(true), []string{"POST /roleManagement/directory/roleAssignments", "Remove-RoleGroup"}, reading(false)))
	out, _ = s.fine("-exchange-administrator")
	s.shows(out, "because an administrator asked for it", "nothing was changed")
	s.fine("-remove")
	if s.dump() != before {
		t.Errorf("the tenant is not as it was: %s", s.dump())
	}
}

// TestPointerInUseStays: an assignment that somebody made for the identity is not taken along.
func TestPointerInUseStays(t *testing.T) {
	t.Parallel()
	s := set(t, tenant.SampleFreshDirectory("honoured"))
	s.fine()
	transport := s.tenant.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	credential, err := administer.SignIn(func(name string) string { return s.env[name] }, &http.Client{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	by, err := administer.New(administer.Options{Tenant: tenant.SampleTenantID, Graph: s.tenant.URL(), Exchange: s.tenant.URL(), Credential: credential, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	_, err = by.Run(t.Context(), "New-ManagementRoleAssignment", map[string]any{"Name": "Somebody's", "Role": "Application Mail.Read",
		"App": tenant.SampleServiceObjectID, "CustomResourceScope": tenant.SampleHelpdeskScope})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = s.run("y\n", "-remove")
	if err == nil || !strings.Contains(err.Error(), `the role assignment "Somebody's" names the identity`) {
		t.Fatalf("got %v", err)
	}
	_, err = by.Run(t.Context(), "Remove-ManagementRoleAssignment", map[string]any{"Identity": "Somebody's"})
	if err != nil {
		t.Fatal(err)
	}
	s.fine("-remove")
}

// TestGoneAlreadyIsTakenBack: what somebody took meanwhile keeps -remove from nothing.
func TestGoneAlreadyIsTakenBack(t *testing.T) {
	t.Parallel()
	s := set(t, tenant.SampleFreshDirectory("honoured"))
	s.fine()
	err := s.tenant.Administer(tenant.Action{Do: "removeConsent", Workload: tenant.SampleServiceObjectID, Resource: "graph", Permission: "Application.Read.All"})
	if err != nil {
		t.Fatal(err)
	}
	out, _ := s.fine("-remove")
	s.shows(out, "taken back: pointer mailgrant", "taken back: appRole Application.Read.All")
}

// TestNarrowedWithTheMechanisms: rights follow the document both ways, and only those that were given
// here are taken.
func TestNarrowedWithTheMechanisms(t *testing.T) {
	t.Parallel()
	s := set(t, tenant.SampleFreshDirectory("honoured"))
	s.fine("-mechanisms", "rbac,accessPolicy", "-consent-by", "service")
	wide := s.dump()
	out, _ := s.fine()
	s.shows(out, "no longer: role Distribution Groups", "no longer: role Organization Configuration", "take back the app role AppRoleAssignment.ReadWrite.All")
	if s.dump() == wide {
		t.Error("nothing was taken back")
	}
	out, calls := s.fine("-mechanisms", "rbac,mailboxPermission")
	s.shows(out, "done: role Mail Recipients")
	if made := len(calls) - len(reading(true))*2; made != 1 {
		t.Errorf("%d calls changed something: %v", made, calls)
	}
}

func TestWhatSomebodyElseGaveIsToldAndLeft(t *testing.T) {
	t.Parallel()
	s := set(t, strings.Replace(tenant.SampleFreshDirectory("honoured"), `"roles": []`, `"roles": ["Directory.Read.All"]`, 1))
	out, _ := s.fine()
	s.shows(out, "TOO MUCH, and not given by this program: app role Directory.Read.All on Microsoft Graph")
	s.fine("-remove")
	if !strings.Contains(s.dump(), "Directory.Read.All") {
		t.Error("it was taken away")
	}
}

// TestRefusalsSayTheNextStep, and change nothing.
func TestRefusalsSayTheNextStep(t *testing.T) {
	t.Parallel()
	fresh := tenant.SampleFreshDirectory("honoured")
	for _, test := range []struct {
		name, directory, answer string
		args                    []string
		env                     map[string]string
		says                    string
	}{
		{"not asked", fresh, "", nil, nil, "-yes answers for you"},
		{"no", fresh, "n\n", nil, nil, "nothing was changed"},
		{"no such identity", fresh, "", []string{"-identity", "b0000000-0000-4000-8000-0000000000aa"}, nil, "not of a registration"},
		{"dehydrated", strings.Replace(fresh, `"hydrated": true`, `"hydrated": false`, 1), "", nil, nil, "run Enable-OrganizationCustomization"},
		{"others in the group", strings.Replace(fresh, `"servicePrincipals"`,
			`"roleGroups": [{"name": "mailgrant service", "members": ["alice@contoso.example"]}], "servicePrincipals"`, 1), "", nil, nil, "choose another name with -group"},
		{"not an administrator", fresh, "", nil, map[string]string{"AZURE_CLIENT_ID": tenant.SampleNewsletterAppID, "AZURE_CLIENT_SECRET": tenant.SampleNewsletterSecret}, "Privileged Role Administrator"},
		{"no tenant", fresh, "", nil, map[string]string{"AZURE_TENANT_ID": ""}, "az account show"},
		{"unknown mechanism", fresh, "", []string{"-mechanisms", "magic"}, nil, "rbac accessPolicy mailboxPermission"},
		{"nothing to remove", fresh, "y\n", []string{"-remove"}, nil, "name the file with -record"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := set(t, test.directory)
			for name, value := range test.env {
				s.env[name] = value
			}
			before := s.dump()
			out, _, err := s.run(test.answer, test.args...)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q\n%s", err, test.says, out)
			}
			if s.dump() != before {
				t.Error("the tenant was changed")
			}
		})
	}
}

// TestLostAnswerIsNotLostWork: what was made under a lost answer is in the record, and the next run and
// -remove know it.
func TestLostAnswerIsNotLostWork(t *testing.T) {
	t.Parallel()
	s := set(t, tenant.SampleFreshDirectory("honoured"))
	before := s.dump()
	err := s.tenant.Fault(tenant.Fault{Name: "lostAfter", Match: "New-RoleGroup", Times: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = s.run("y\n")
	if err == nil || !strings.Contains(err.Error(), "run this again, or with -remove") {
		t.Fatalf("got %v", err)
	}
	out, calls := s.fine()
	s.shows(out, "Read back: everything is there.")
	if slices.Contains(calls, "New-RoleGroup") {
		t.Error("it was made twice")
	}
	s.fine("-remove")
	if s.dump() != before {
		t.Errorf("the tenant is not as it was: %s", s.dump())
	}
}
