package administer

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// SignIn is the sign-in of whoever runs a script: tokens that were got by other means, from
// MAILGRANT_GRAPH_TOKEN and MAILGRANT_EXCHANGE_TOKEN, else that of the Azure tools (az login, an
// application named in AZURE_CLIENT_ID, and what else azidentity knows). transport may be nil.
func SignIn(env func(string) string, transport policy.Transporter) (azcore.TokenCredential, error) {
	given := given{Graph: env("MAILGRANT_GRAPH_TOKEN"), Exchange: env("MAILGRANT_EXCHANGE_TOKEN")}
	if given[Graph] != "" && given[Exchange] != "" {
		return given, nil
	}
	options := clientOptions(env, transport)
	// Where the environment names an application it alone is meant, and not whoever is signed in here.
	if env("AZURE_CLIENT_SECRET") != "" {
		return azidentity.NewClientSecretCredential(env("AZURE_TENANT_ID"), env("AZURE_CLIENT_ID"), env("AZURE_CLIENT_SECRET"),
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: env("AZURE_AUTHORITY_HOST") != ""})
	}
	return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: options, TenantID: env("AZURE_TENANT_ID")})
}

// SignInAs is the sign-in of the identity itself: as the managed identity with this client id where
// the platform offers one, or with a secret from MAILGRANT_IDENTITY_SECRET where it is an
// application. It returns nil where neither is to be had. Each call makes a credential that has no
// token yet.
func SignInAs(env func(string) string, tenant, clientID string, transport policy.Transporter) (azcore.TokenCredential, error) {
	options := clientOptions(env, transport)
	switch {
	case env("MAILGRANT_IDENTITY_SECRET") != "":
		return azidentity.NewClientSecretCredential(tenant, clientID, env("MAILGRANT_IDENTITY_SECRET"),
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: env("AZURE_AUTHORITY_HOST") != ""})
	case env("IDENTITY_ENDPOINT") != "" && env("IDENTITY_HEADER") != "":
		return azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ClientOptions: options, ID: azidentity.ClientID(clientID)})
	}
	return nil, nil
}

func clientOptions(env func(string) string, transport policy.Transporter) azcore.ClientOptions {
	options := azcore.ClientOptions{Transport: transport}
	if authority := env("AZURE_AUTHORITY_HOST"); authority != "" {
		options.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: authority + "/"}
	}
	return options
}

// given are tokens by resource. How long they last is not known here: they are used as they are.
type given map[Resource]string

// GetToken implements azcore.TokenCredential.
func (g given) GetToken(_ context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	for _, scope := range options.Scopes {
		if text := g[Resource(scope)]; text != "" {
			return azcore.AccessToken{Token: text, ExpiresOn: time.Now().Add(time.Hour)}, nil
		}
	}
	return azcore.AccessToken{}, fmt.Errorf("no token was given for %v", options.Scopes)
}
