package graph_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
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
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(running.CertificatePEM())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
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
