package stack

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"mailgrant/handler/simulator/host"
	"mailgrant/handler/simulator/storage"
	"mailgrant/handler/simulator/tenant"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// nameByIdentity replaces the connection string by the addresses of the account and the
// identity that has rights there, as infra/ does. No key of the account is left in the
// settings. The certificate file then also holds what the storage shows.
func nameByIdentity(settings map[string]string, account storage.Account, certificate string, authority []byte) error {
	delete(settings, "GrantStorage")
	settings["GrantStorage__tableServiceUri"] = account.TableEndpoint
	settings["GrantStorage__queueServiceUri"] = account.QueueEndpoint
	settings["GrantStorage__credential"] = "managedidentity"
	settings["GrantStorage__clientId"] = tenant.SampleServiceAppID
	err := os.WriteFile(certificate, append(append([]byte{}, authority...), account.Trust.Authority...), 0o600)
	if err != nil {
		return fmt.Errorf("writing the certificates of the simulated tenant and storage: %w", err)
	}
	return nil
}

// bySecret takes the platform's identity away.
func bySecret(settings map[string]string, authority string) {
	for _, name := range []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "GrantStorage__credential", "GrantStorage__clientId"} {
		delete(settings, name)
	}
	settings["AZURE_AUTHORITY_HOST"], settings["AZURE_CLIENT_SECRET"] = authority, tenant.SampleServiceSecret
}

// byIdentity lets the host's queue triggers sign in with the same identity.
func byIdentity(options *host.Options, s *Stack) {
	account := s.Wire.Platform()
	options.Storage = account.QueueEndpoint
	options.Credential = platformCredential{s.Tenant}
	options.Transport = &http.Client{Transport: &http.Transport{TLSClientConfig: account.Trust.Client()}}
}

// platformCredential has the platform's tokens for the identity of the application.
type platformCredential struct{ tenant *tenant.Tenant }

// GetToken implements azcore.TokenCredential. There is always a token; the storage judges it.
func (c platformCredential) GetToken(_ context.Context, asked policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if len(asked.Scopes) != 1 {
		return azcore.AccessToken{}, fmt.Errorf("the platform is asked for %d scopes at once", len(asked.Scopes))
	}
	return azcore.AccessToken{Token: c.tenant.Token(tenant.SampleServiceObjectID, asked.Scopes[0]), ExpiresOn: time.Now().Add(time.Hour)}, nil
}
