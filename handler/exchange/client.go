// Package exchange speaks to Exchange Online's administration endpoint: one typed function per
// cmdlet, one typed error for everything that can go wrong on that wire.
//
// It knows how the wire behaves and nothing about grants: it must not decide what is ours, what may
// be created or removed, or whether a failure is worth another attempt later. It reads no clock and
// no environment, keeps no tenant facts between calls, and never sends a write twice.
package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"mailgrant/handler/identity"
	"mailgrant/handler/telemetry"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const (
	publicEndpoint = "https://outlook.office365.com"

	// tokenScope names the public resource whatever the endpoint is: the audience of a token is a
	// property of the service, and a token for another audience must not leave for a stand-in.
	tokenScope = "https://outlook.office365.com/.default"

	// anchorPrefix routes an app-only call that has no mailbox as its target. The identifier of this
	// system mailbox is the same in every organization (inferred from public clients).
	anchorPrefix = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@"
)

// Options says which tenant a Client speaks to, as whom, and over what.
type Options struct {
	// Endpoint is an https address without path, query or user information.
	// Empty means the public cloud, https://outlook.office365.com.
	Endpoint string
	// Tenant is the tenant's identifier, a GUID.
	Tenant string
	// Credential mints the service's own tokens. It is asked for the public Exchange resource.
	Credential azcore.TokenCredential
	// Transport carries the requests. Nil means a plain client of net/http; redirects are never
	// followed by either, because a redirected write would be a second write.
	Transport policy.Transporter
	// Gate is passed before every request and says whether it is a write; what it
	// returns is called when the answer is there. Its error keeps the request from
	// being sent. Nil lets everything pass.
	Gate func(ctx context.Context, write bool) (func(), error)
	// Wait is how a read waits before its next try: it returns nil after the duration, or the
	// context's error before. Nil means a timer.
	Wait func(context.Context, time.Duration) error
	// Telemetry traces and counts every request; nil does neither.
	Telemetry *telemetry.Telemetry
}

// Client sends cmdlets to one tenant. It is safe for concurrent use and holds no tenant state.
type Client struct {
	pipeline runtime.Pipeline
	address  *url.URL
	// moduleFile is where the endpoint tells what may be run.
	moduleFile *url.URL
	credential azcore.TokenCredential
	telemetry  *telemetry.Telemetry
	anchor     string
	wait       func(context.Context, time.Duration) error
	gate       func(context.Context, bool) (func(), error)
}

// New checks the options and builds a Client; it sends nothing. The error names every option that
// cannot be used.
func New(options Options) (*Client, error) {
	endpoint, endpointFault := parseEndpoint(options.Endpoint)
	tenant := normalGUID(options.Tenant)
	var faults []error
	if endpointFault != nil {
		faults = append(faults, endpointFault)
	}
	if tenant == "" {
		faults = append(faults, fmt.Errorf("tenant %q is not a GUID", options.Tenant))
	}
	if options.Credential == nil {
		faults = append(faults, errors.New("a credential is missing"))
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("set up the Exchange client: %w", errors.Join(faults...))
	}
	client := &Client{
		pipeline:   newPipeline(options),
		address:    endpoint.JoinPath("adminapi", "beta", tenant, "InvokeCommand"),
		moduleFile: moduleFileOf(endpoint, tenant),
		credential: options.Credential,
		telemetry:  options.Telemetry,
		anchor:     anchorPrefix + tenant,
		wait:       options.Wait,
		gate:       options.Gate,
	}
	if client.gate == nil {
		client.gate = func(context.Context, bool) (func(), error) { return func() {}, nil }
	}
	if client.wait == nil {
		client.wait = waitOnTimer
	}
	return client, nil
}

func parseEndpoint(text string) (*url.URL, error) {
	if text == "" {
		text = publicEndpoint
	}
	endpoint, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("endpoint %q cannot be parsed: %w", text, err)
	}
	bare := endpoint.Path == "" || endpoint.Path == "/"
	if endpoint.Scheme != "https" || endpoint.Host == "" || !bare {
		return nil, fmt.Errorf("endpoint %q must be https://host[:port] and nothing more", text)
	}
	if endpoint.User != nil || endpoint.RawQuery != "" || endpoint.Fragment != "" {
		return nil, fmt.Errorf("endpoint %q must not carry user information, a query or a fragment", endpoint.Redacted())
	}
	return endpoint, nil
}

// newPipeline leaves azcore's own retries off: they repeat POSTs, and here every POST may be a write.
// The one repetition left is the bearer policy's answer to a claims challenge: that is a 401, so the
// first POST was turned away at the door.
func newPipeline(options Options) runtime.Pipeline {
	bearer := runtime.NewBearerTokenPolicy(markedCredential{options.Credential}, []string{tokenScope}, nil)
	return runtime.NewPipeline("mailgrant", "", runtime.PipelineOptions{
		PerRetry: []policy.Policy{bearer},
		AllowedHeaders: []string{
			"Client-Request-Id", "X-Cmdletname", "X-Ms-Diagnostics", "X-Exceptiontype",
			"Rate-Limit-Limit", "Rate-Limit-Remaining", "Rate-Limit-Reset",
		},
	}, &policy.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: -1},
		Telemetry: policy.TelemetryOptions{Disabled: true},
		Transport: boundedTransport{withoutRedirects(options.Transport)},
	})
}

// withoutRedirects works on a copy, since the given client belongs to the caller. A transport that is
// no http.Client is taken as it is; a redirect that it followed would be its own doing.
func withoutRedirects(transport policy.Transporter) policy.Transporter {
	given, isClient := transport.(*http.Client)
	switch {
	case transport == nil:
		given = &http.Client{}
	case !isClient:
		return transport
	}
	own := *given
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// tokenError marks a failure of the credential, so that it is not mistaken for a lost answer.
type tokenError struct{ cause error }

func (e *tokenError) Error() string { return "no token for Exchange: " + e.cause.Error() }
func (e *tokenError) Unwrap() error { return e.cause }

type markedCredential struct{ inner azcore.TokenCredential }

// GetToken implements azcore.TokenCredential; its errors can be told from those of the wire.
func (c markedCredential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := c.inner.GetToken(ctx, options)
	if err != nil {
		return azcore.AccessToken{}, &tokenError{cause: err}
	}
	return token, nil
}

// Token returns what the access token says that the cmdlets are sent with now. The error's kind is
// Unauthorized when there is no token to be had, Incomplete when it cannot be read.
func (c *Client) Token(ctx context.Context) (identity.Token, error) {
	asked := command{purpose: "get a token", cmdlet: "no cmdlet", subject: tokenScope}
	got, err := c.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{tokenScope}})
	if err != nil {
		refused := asked.refuse(Unauthorized, "%v", err)
		refused.cause = err
		return identity.Token{}, refused
	}
	token, err := identity.ReadToken(got.Token)
	if err != nil {
		return identity.Token{}, asked.refuse(Incomplete, "%v", err)
	}
	return token, nil
}
