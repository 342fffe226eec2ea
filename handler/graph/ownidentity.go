package graph

import (
	"context"
	"strings"

	"mailgrant/handler/identity"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Token returns what the access token says that requests are sent with now. The
// error is an [Error]: of kind [Unauthorized] when there is no token to be had,
// [Incomplete] when it cannot be read.
func (c *Client) Token(ctx context.Context) (identity.Token, error) {
	inquiry := c.inquire("get a token", tokenScope)
	got, err := c.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{tokenScope}})
	if err != nil {
		return identity.Token{}, inquiry.caused(Unauthorized, "not sent", err)
	}
	token, err := identity.ReadToken(got.Token)
	if err != nil {
		return identity.Token{}, inquiry.caused(Incomplete, "the token cannot be read", err)
	}
	return token, nil
}

// ListOwners returns the owners of the service principal with this object id: each
// of them can add credentials to it. The error is an [Error]: of kind [NotFound]
// when there is no such principal, [Incomplete] when not every page could be had,
// [BadRequest] when the id is not a GUID.
func (c *Client) ListOwners(ctx context.Context, principalObjectID string) ([]Member, error) {
	return c.members(ctx, c.inquire("list owners of service principal", principalObjectID), "/servicePrincipals/", "/owners")
}

// FederatedCredential lets whoever holds a token of another issuer become the
// identity.
type FederatedCredential struct {
	// Name is unique for the identity; never empty.
	Name string
	// Issuer and Subject say whose tokens are taken; either may be empty.
	Issuer, Subject string
}

type federatedRow struct {
	ID      *string `json:"id"`
	Name    *string `json:"name"`
	Issuer  *string `json:"issuer"`
	Subject *string `json:"subject"`
}

// ListFederatedCredentials returns the federated credentials that the directory
// shows of the service principal with this object id. Those of a managed identity
// are kept by Azure Resource Manager: that Graph shows all of them is not
// published, so an empty list proves nothing. The error is an [Error], as that of
// [Client.ListOwners].
func (c *Client) ListFederatedCredentials(ctx context.Context, principalObjectID string) ([]FederatedCredential, error) {
	asked := c.inquire("list federated credentials of service principal", principalObjectID)
	id, err := asked.identifier()
	if err != nil {
		return nil, err
	}
	return collection(ctx, c, asked, listing[federatedRow, FederatedCredential]{
		path: "/servicePrincipals/" + id + "/federatedIdentityCredentials",
		take: func(i *inquiry, row federatedRow) (FederatedCredential, error) {
			name := textOf(row.Name)
			if name == "" {
				name = textOf(row.ID)
			}
			if name == "" {
				return FederatedCredential{}, i.fail(Incomplete, "a row lacks name and id")
			}
			return FederatedCredential{Name: name, Issuer: textOf(row.Issuer), Subject: textOf(row.Subject)}, nil
		},
		key: func(credential FederatedCredential) string { return strings.ToLower(credential.Name) },
	})
}
