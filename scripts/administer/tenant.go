// Package administer makes the calls of an administrator to a tenant: Microsoft Graph, and the
// cmdlets of Exchange's administration endpoint, as they go over the wire.
//
// It is for scripts that people run. It must not be used by the service, whose own clients can make
// none of these calls; it decides nothing, and sends no write twice.
package administer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"mailgrant/handler/identity"
)

// The public cloud.
const (
	PublicGraph    = "https://graph.microsoft.com"
	PublicExchange = "https://outlook.office365.com"
)

// The app ids of the two resources, the same in every tenant.
const (
	GraphAppID    = "00000003-0000-0000-c000-000000000000"
	ExchangeAppID = "00000002-0000-0ff1-ce00-000000000000"
)

// Resource is whose token a request carries.
type Resource string

// The two resources, by the scope of their tokens. The audience is the public one wherever the
// endpoint is.
const (
	Graph    Resource = PublicGraph + "/.default"
	Exchange Resource = PublicExchange + "/.default"
)

// Options says which tenant, as whom, and over what.
type Options struct {
	// Tenant is its GUID.
	Tenant string
	// Graph and Exchange are https origins; empty means the public cloud.
	Graph, Exchange string
	// Credential yields the caller's tokens.
	Credential azcore.TokenCredential
	// Transport carries the requests; nil means that of net/http.
	Transport http.RoundTripper
	// Wait is how a read waits before its next try; nil means a timer.
	Wait func(context.Context, time.Duration) error
}

// Tenant is one tenant as one caller sees it.
type Tenant struct {
	options Options
	http    *http.Client
}

// longestRequest is a little more than what a cmdlet may take by the service's own limit that public
// clients go by.
const longestRequest = 2 * time.Minute

// New checks the options; it sends nothing.
func New(options Options) (*Tenant, error) {
	if options.Graph == "" {
		options.Graph = PublicGraph
	}
	if options.Exchange == "" {
		options.Exchange = PublicExchange
	}
	for _, origin := range []string{options.Graph, options.Exchange} {
		parsed, err := url.Parse(origin)
		if err != nil || parsed.Scheme != "https" || parsed.Host == "" || parsed.Path != "" || parsed.User != nil {
			return nil, fmt.Errorf("%q is no https origin", origin)
		}
	}
	if options.Tenant == "" || strings.ContainsAny(options.Tenant, "/?# ") {
		return nil, errors.New("the tenant is not named: set AZURE_TENANT_ID to its GUID")
	}
	if options.Wait == nil {
		options.Wait = Pause
	}
	return &Tenant{options: options, http: &http.Client{Transport: options.Transport, Timeout: longestRequest,
		// A redirect would carry the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// Pause waits on a timer, or returns the context's error before.
func Pause(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Caller tells whose token is sent to a resource.
func (t *Tenant) Caller(ctx context.Context, to Resource) (identity.Token, error) {
	text, err := t.token(ctx, to)
	if err != nil {
		return identity.Token{}, err
	}
	return identity.ReadToken(text)
}

func (t *Tenant) token(ctx context.Context, to Resource) (string, error) {
	token, err := t.options.Credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{string(to)}, TenantID: t.options.Tenant})
	if err != nil {
		return "", fmt.Errorf("getting a token for %s: %w; sign in with az login as an administrator, or name an administrator's application in AZURE_CLIENT_ID and AZURE_CLIENT_SECRET", to, err)
	}
	return token.Token, nil
}
