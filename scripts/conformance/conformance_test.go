package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/simulator/tenant"
)

// set starts a tenant in which the service has its role group, and its administrator.
func set(t *testing.T, faults ...tenant.Fault) (*tenant.Tenant, world, *strings.Builder) {
	t.Helper()
	directory := strings.Replace(tenant.SampleFreshDirectory("honoured"), `"servicePrincipals"`,
		`"roleGroups": [{"name": "mailgrant service", "members": ["`+tenant.SampleServiceObjectID+`"]}], "servicePrincipals"`, 1)
	to, err := tenant.Start(t.Context(), tenant.Options{Directory: strings.NewReader(directory)})
	if err == nil {
		err = to.Fault(faults...)
	}
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"AZURE_TENANT_ID": tenant.SampleTenantID, "AZURE_CLIENT_ID": tenant.SampleAdministratorAppID, "AZURE_CLIENT_SECRET": tenant.SampleAdministratorSecret,
		"AZURE_AUTHORITY_HOST": to.URL(), "GRAPH_ENDPOINT": to.URL(), "EXCHANGE_ENDPOINT": to.URL(),
	}
	transport := to.Transport()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = to.Close()
		for _, each := range to.Unknown() {
			t.Errorf("the tenant does not play %s", each.Name)
		}
	})
	var out strings.Builder
	return to, world{out: &out, env: func(name string) string { return env[name] }, transport: transport,
		wait: func(context.Context, time.Duration) error { return nil }}, &out
}

// TestTheSimulatedTenantSaysWhatIsSaidOfIt: every probe is run, agrees, and leaves nothing behind.
func TestTheSimulatedTenantSaysWhatIsSaidOfIt(t *testing.T) {
	t.Parallel()
	to, w, out := set(t)
	before := string(to.Dump())
	code, err := run(t.Context(), []string{"-mailbox", "news@contoso.example", "-workload", tenant.SampleNewsletterAppID, "-write"}, w)
	if code != exitAgrees || err != nil || !strings.Contains(out.String(), "35 agree, 0 differ, 0 were not seen, 0 not run") {
		t.Errorf("%d, %v\n%s", code, err, out.String())
	}
	if string(to.Dump()) != before {
		t.Error("something is left in the tenant")
	}
}

// TestOnlyWithWriteIsAnythingWritten: without it the tenant gets reads alone.
func TestOnlyWithWriteIsAnythingWritten(t *testing.T) {
	t.Parallel()
	to, w, out := set(t)
	code, err := run(t.Context(), []string{"-mailbox", "news@contoso.example"}, w)
	if code != exitAgrees || err != nil || len(to.Changes()) > 0 || !strings.Contains(out.String(), "not run") {
		t.Errorf("%d, %v, changes %v\n%s", code, err, to.Changes(), out.String())
	}
	for _, each := range to.Requests() {
		if each.Write {
			t.Errorf("%s writes", each.Name)
		}
	}
}

// TestADifferenceIsTold: a tenant that answers otherwise, and one that does not let a probe look.
func TestADifferenceIsTold(t *testing.T) {
	t.Parallel()
	_, w, out := set(t, tenant.Fault{Name: "empty", Match: "Get-ManagementRole"})
	code, err := run(t.Context(), []string{"-mailbox", "news@contoso.example"}, w)
	if code != exitDiffers || err != nil || !regexp.MustCompile(`application-roles .* 0, lacks: Application .* DIFFERS`).MatchString(out.String()) {
		t.Errorf("%d, %v\n%s", code, err, out.String())
	}
	_, w, out = set(t, tenant.Fault{Name: "forbidden", Match: "Get-Recipient"})
	code, err = run(t.Context(), []string{"-mailbox", "news@contoso.example", "-only", "filter"}, w)
	if code != exitNotRun || err != nil || !strings.Contains(out.String(), "NOT SEEN") {
		t.Errorf("%d, %v\n%s", code, err, out.String())
	}
}

// TestWhatIsLeftIsTold: a scope that does not go is named, and is no success.
func TestWhatIsLeftIsTold(t *testing.T) {
	t.Parallel()
	_, w, out := set(t, tenant.Fault{Name: "forbidden", Match: "Remove-ManagementScope"})
	code, err := run(t.Context(), []string{"-mailbox", "news@contoso.example", "-workload", tenant.SampleNewsletterAppID, "-write"}, w)
	if code != exitNotRun || err == nil || !strings.Contains(err.Error(), namePrefix) || !strings.Contains(err.Error(), "remove it by hand") {
		t.Errorf("%d, %v\n%s", code, err, out.String())
	}
}

var documented = regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\| ([a-z ]+) \\| (.*?) \\| (.*?) \\| (.*?) \\|$")

// TestEveryProbeIsDocumented: docs/conformance.md has every probe with its mark, its fact and what the
// simulator says, and no other.
func TestEveryProbeIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "conformance.md"))
	if err != nil {
		t.Fatal(err)
	}
	var listed, known []string
	for _, row := range documented.FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, strings.Join(row[1:5], " | "))
	}
	for _, each := range probes() {
		known = append(known, strings.Join([]string{each.name, each.mark, each.fact, each.simulator}, " | "))
	}
	if !slices.Equal(listed, known) {
		t.Errorf("documented are\n%s\nand there are\n%s", strings.Join(listed, "\n"), strings.Join(known, "\n"))
	}
}
