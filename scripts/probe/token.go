package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// tokenScope is Microsoft Graph in the public cloud.
const tokenScope = publicGraph + "/.default"

// newCredential signs in as the workload does: by the secret or certificate in the
// environment, by a federated token, or as the managed identity of the place. A person's
// own sign-in is never used: it would try the person's access.
func newCredential(chosen options, env func(string) string) (azcore.TokenCredential, error) {
	// Only a well-known authority can be looked up with Microsoft; whoever names another
	// one vouches for it.
	named := env("AZURE_AUTHORITY_HOST") != ""
	switch {
	case env("AZURE_CLIENT_SECRET") != "" || env("AZURE_CLIENT_CERTIFICATE_PATH") != "":
		return azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{DisableInstanceDiscovery: named})
	case env("AZURE_FEDERATED_TOKEN_FILE") != "":
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{DisableInstanceDiscovery: named})
	}
	identity := &azidentity.ManagedIdentityCredentialOptions{}
	if chosen.clientID != "" {
		identity.ID = azidentity.ClientID(chosen.clientID)
	}
	return azidentity.NewManagedIdentityCredential(identity)
}

// graphToken gets a token and makes sure that it is the workload's: observations of
// another application would be told as this one's.
func graphToken(ctx context.Context, credential azcore.TokenCredential, appID string) (string, error) {
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{tokenScope}})
	if err != nil {
		return "", fmt.Errorf("getting a token as the workload: %w", err)
	}
	holder, err := applicationOf(token.Token)
	if err != nil {
		return "", err
	}
	if !strings.EqualFold(holder, appID) {
		return "", fmt.Errorf("the token is of application %s and the grant of %s: run this where the workload lives, or name its identity with -client-id", holder, appID)
	}
	return token.Token, nil
}

// applicationOf reads the application id out of an access token, by its name in version 1
// and in version 2 (Microsoft identity platform, Access token claims reference).
func applicationOf(token string) (string, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", errors.New("the token cannot be read, so it is not known whose it is")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", errors.New("the token cannot be decoded, so it is not known whose it is")
	}
	var claims struct {
		AppID string `json:"appid"`
		AZP   string `json:"azp"`
	}
	err = json.Unmarshal(payload, &claims)
	if err != nil || claims.AppID == "" && claims.AZP == "" {
		return "", errors.New("the token names no application")
	}
	if claims.AppID == "" {
		return claims.AZP, nil
	}
	return claims.AppID, nil
}
