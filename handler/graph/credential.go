package graph

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// marked makes a failure to get a token recognizable after it has come up
// through the library, which hands it on among errors of every other origin.
type marked struct {
	credential azcore.TokenCredential
}

// GetToken implements azcore.TokenCredential.
func (m marked) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := m.credential.GetToken(ctx, options)
	if err != nil {
		return azcore.AccessToken{}, &tokenError{cause: err}
	}
	return token, nil
}

type tokenError struct {
	cause error
}

func (e *tokenError) Error() string { return "no token: " + e.cause.Error() }

func (e *tokenError) Unwrap() error { return e.cause }
