package graph_test

import (
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/graph"
	"mailgrant/handler/simulator/tenant"
)

// writing is a tenant whose service may write consents.
func writing(t *testing.T) (*graph.Client, *tenant.Tenant) {
	t.Helper()
	running, err := tenant.Start(t.Context(), tenant.Options{Directory: strings.NewReader(tenant.SampleWritingDirectory())})
	if err != nil {
		t.Fatal(err)
	}
	transport := running.Transport()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = running.Close()
		for _, unknown := range running.Unknown() {
			t.Errorf("the tenant does not play %+v", unknown)
		}
	})
	client, err := graph.New(graph.Options{Endpoint: running.URL(), Credential: serviceToken{running}, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return client, running
}

// A consent is added, found, found again, removed, and gone.
func TestConsentsAgainstTheSimulatedTenant(t *testing.T) {
	t.Parallel()
	client, _ := writing(t)
	ctx := t.Context()
	for resource, value := range map[string]string{graph.GraphAppID: "Mail.Read", graph.ExchangeAppID: "IMAP.AccessAsApp"} {
		made, err := client.AddConsent(ctx, tenant.SampleNewsletterObjectID, resource, value)
		if err != nil || made.PrincipalID != tenant.SampleNewsletterObjectID || made.CreatedAt.IsZero() {
			t.Fatalf("%s: %+v, %v", value, made, err)
		}
		listed, err := client.ListConsents(ctx, tenant.SampleNewsletterObjectID)
		if err != nil || !slices.Contains(listed, made) {
			t.Errorf("%s: %+v, %v", value, listed, err)
		}
		_, err = client.AddConsent(ctx, tenant.SampleNewsletterObjectID, resource, value)
		wantKind(t, err, graph.AlreadyExists)
		wantKind(t, client.RemoveConsent(ctx, tenant.SampleArchiveObjectID, made.ID), graph.NotFound)
		err = client.RemoveConsent(ctx, tenant.SampleNewsletterObjectID, made.ID)
		if err != nil {
			t.Error(err)
		}
		wantKind(t, client.RemoveConsent(ctx, tenant.SampleNewsletterObjectID, made.ID), graph.NotFound)
		listed, err = client.ListConsents(ctx, tenant.SampleNewsletterObjectID)
		if err != nil || slices.Contains(listed, made) {
			t.Errorf("%s is still there: %+v, %v", value, listed, err)
		}
	}
	_, err := client.AddConsent(ctx, tenant.SampleNewsletterRegistrationID, graph.GraphAppID, "Mail.Read")
	wantKind(t, err, graph.NotFound)
}

// Without the role for it no consent is written, and the error says which role.
func TestConsentsNeedTheirRole(t *testing.T) {
	t.Parallel()
	_, err := simulated(t).AddConsent(t.Context(), tenant.SampleNewsletterObjectID, graph.GraphAppID, "Mail.Read")
	failure := wantKind(t, err, graph.Forbidden)
	if failure.MayHaveActed || !strings.Contains(err.Error(), "AppRoleAssignment.ReadWrite.All") {
		t.Errorf("the text is %q", err)
	}
}

func TestDeclarationsInTheSimulatedTenant(t *testing.T) {
	t.Parallel()
	client, running := writing(t)
	ctx := t.Context()
	declare := func(do, resource, value string) tenant.Action {
		return tenant.Action{Do: do, Workload: tenant.SampleNewsletterAppID, Resource: resource, Permission: value}
	}
	before, err := client.DeclaredPermissions(ctx, tenant.SampleNewsletterAppID)
	if err != nil {
		t.Fatal(err)
	}
	err = running.Administer(declare("declarePermission", "graph", "Calendars.Read"), declare("declarePermission", "exchange", "POP.AccessAsApp"))
	if err != nil {
		t.Fatal(err)
	}
	declared, err := client.DeclaredPermissions(ctx, tenant.SampleNewsletterAppID)
	says := func(resource, value string) bool {
		return slices.ContainsFunc(declared, func(each graph.DeclaredPermission) bool {
			return each.ResourceAppID == resource && each.Value == value && each.AppRoleID != ""
		})
	}
	if err != nil || len(declared) != len(before)+2 || !says(graph.GraphAppID, "Calendars.Read") || !says(graph.ExchangeAppID, "POP.AccessAsApp") {
		t.Errorf("declared: %+v, %v", declared, err)
	}
	_, err = client.DeclaredPermissions(ctx, tenant.SampleNewsletterRegistrationID)
	wantKind(t, err, graph.NotFound)
}
