package docs

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/tenant"
	"mailgrant/scripts/session"
)

// TestScopeRequests asks for every row of the README's table of scopes, as printed, and
// waits until each is proved. The document is the stack's own, with the member that the
// row of groups names.
func TestScopeRequests(t *testing.T) {
	t.Parallel()
	said := rows(t, "README.md", "scope")
	var kinds []string
	for _, row := range said {
		kinds = append(kinds, strings.Trim(row[0], "`"))
	}
	same(t, "kinds of scope", kinds, parse(t).constants("grant/scope.go", "ScopeKind"))
	folder, err := session.Assemble(t.Context(), root, t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	running, err := session.Start(t.Context(), session.Options{Root: root, Package: folder, Document: stack.Document + "groups: any\n"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := running.Close()
		if err != nil {
			t.Error(err)
		}
	})
	for _, row := range said {
		granted(t, running, strings.Trim(row[2], "`"))
	}
}

// TestMechanismRequests asks for every row of the README's table of mechanisms, as printed,
// of the tenant and with the document that make run has. What waits for the tenant's caches
// for hours is looked at until it waits.
func TestMechanismRequests(t *testing.T) {
	t.Parallel()
	said := rows(t, "README.md", "mechanism")
	var kinds []string
	for _, row := range said {
		kinds = append(kinds, strings.Trim(row[0], "`"))
	}
	same(t, "mechanisms", kinds, parse(t).constants("grant/mechanism.go", "Mechanism"))
	folder, err := session.Assemble(t.Context(), root, t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	running, err := session.Start(t.Context(), session.Options{Root: root, Package: folder,
		Directory: strings.NewReader(tenant.SampleWritingDirectory()), Document: stack.Document + "mechanisms: [rbac, accessPolicy, mailboxPermission]\nconsentBy: service\n"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := running.Close()
		if err != nil {
			t.Error(err)
		}
	})
	for _, row := range said {
		taken(t, running, strings.Trim(row[3], "`"))
	}
}

// taken waits until the grant is active, or waits for its policy to settle.
func taken(t *testing.T, running *session.Session, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	answer, err := running.Client().Post(ctx, "/api/requests/ops", body, nil)
	if err != nil || answer.Status != http.StatusAccepted {
		t.Errorf("%s: %s, %v", body, answer, err)
		return
	}
	there := func(g session.Grant) bool {
		return g.State == "active" || g.Condition("Provisioned").Reason == "PolicySettling"
	}
	_, err = running.Client().Await(ctx, answer.Header.Get("Location"), there)
	if err != nil {
		t.Errorf("%s: %v", body, err)
	}
}

func granted(t *testing.T, running *session.Session, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	answer, err := running.Client().Post(ctx, "/api/requests/ops", body, nil)
	if err != nil || answer.Status != http.StatusAccepted {
		t.Errorf("%s: %s, %v", body, answer, err)
		return
	}
	location := answer.Header.Get("Location")
	ended := func(g session.Grant) bool { return g.State == "active" || g.State == "denied" || g.State == "failed" }
	grant, err := running.Client().Await(ctx, location, ended)
	if err != nil || grant.State != "active" || grant.Condition("Verified").Status != "True" {
		t.Errorf("%s: it is %s, %v: %+v", body, grant.State, err, grant.Conditions)
	}
}
