package graph_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"mailgrant/handler/graph"
	"mailgrant/handler/simulator/tenant"
)

// serviceToken signs in to the simulated tenant as the service.
type serviceToken struct{ tenant *tenant.Tenant }

func (s serviceToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token := s.tenant.Token(tenant.SampleServiceObjectID, "graph")
	return azcore.AccessToken{Token: token, ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func simulated(t *testing.T) *graph.Client {
	t.Helper()
	running, err := tenant.Start(t.Context(), tenant.Options{})
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
	return client
}

func TestAgainstTheSimulatedTenant(t *testing.T) {
	t.Parallel()
	client := simulated(t)
	found, err := client.FindServicePrincipalByAppID(t.Context(), tenant.SampleNewsletterAppID)
	if err != nil || found.ObjectID != tenant.SampleNewsletterObjectID || found.OwnerTenant != tenant.SampleTenantID || !found.Enabled {
		t.Errorf("newsletter: %+v, %v", found, err)
	}
	_, err = client.FindServicePrincipal(t.Context(), tenant.SampleNewsletterRegistrationID)
	wantKind(t, err, graph.NotFound)
	registration, err := client.FindApplication(t.Context(), tenant.SampleNewsletterRegistrationID)
	if err != nil || registration.AppID != tenant.SampleNewsletterAppID {
		t.Errorf("registration: %+v, %v", registration, err)
	}
	resource, err := client.FindResource(t.Context(), graph.GraphAppID)
	isMailSend := func(role graph.AppRole) bool { return role.ID == mailSend && role.Value == "Mail.Send" }
	if err != nil || resource.ObjectID != tenant.SampleGraphObjectID || !slices.ContainsFunc(resource.AppRoles, isMailSend) {
		t.Errorf("resource: %+v, %v", resource, err)
	}
	consents, err := client.ListConsents(t.Context(), tenant.SampleServiceObjectID)
	if err != nil || len(consents) == 0 || consents[0].CreatedAt.IsZero() {
		t.Errorf("consents of the service: %+v, %v", consents, err)
	}
}

// What the simulated tenant tells of groups, units, roles and holders.
func TestReachAgainstTheSimulatedTenant(t *testing.T) {
	t.Parallel()
	client := simulated(t)
	unit, err := client.FindAdministrativeUnit(t.Context(), tenant.SampleParisUnitID)
	if err != nil || unit.DisplayName != "Paris" {
		t.Errorf("unit: %+v, %v", unit, err)
	}
	inUnit, err := client.ListAdministrativeUnitMembers(t.Context(), tenant.SampleParisUnitID)
	if err != nil || len(inUnit) != 3 {
		t.Errorf("members of the unit: %+v, %v", inUnit, err)
	}
	holdersAgainstTheSimulatedTenant(t, client)
}

func holdersAgainstTheSimulatedTenant(t *testing.T, client *graph.Client) {
	t.Helper()
	principals, err := client.ListServicePrincipals(t.Context())
	isArchive := func(each graph.ServicePrincipal) bool { return each.AppID == tenant.SampleArchiveAppID && each.Enabled }
	if err != nil || !slices.ContainsFunc(principals, isArchive) {
		t.Errorf("principals: %+v, %v", principals, err)
	}
	consents, err := client.ListConsentsTo(t.Context(), tenant.SampleGraphObjectID)
	isArchives := func(each graph.Consent) bool {
		return each.PrincipalID == tenant.SampleArchiveObjectID && each.PrincipalType == "ServicePrincipal" && each.ResourceID == tenant.SampleGraphObjectID
	}
	if err != nil || !slices.ContainsFunc(consents, isArchives) {
		t.Errorf("consents: %+v, %v", consents, err)
	}
	roles, err := client.ListDirectoryRoles(t.Context())
	if err != nil || len(roles) == 0 || !roles[0].BuiltIn || roles[0].TemplateID == "" {
		t.Errorf("roles: %+v, %v", roles, err)
	}
	_, err = client.ListAllDirectoryRoleAssignments(t.Context())
	if err != nil {
		t.Error(err)
	}
	held, err := client.ListDirectoryRoleAssignments(t.Context(), tenant.SampleArchiveObjectID)
	if err != nil || len(held) != 0 {
		t.Errorf("roles of the archive: %+v, %v", held, err)
	}
}
