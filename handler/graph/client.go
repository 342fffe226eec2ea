// Package graph reads from Microsoft Graph what mailgrant must know about
// workloads and their reach: service principals, app registrations and what they
// declare, the app roles that a resource offers, consents (app role assignments)
// by holder and by resource, groups, administrative units, directory roles and
// users. It adds and removes consents.
//
// It must not decide what a consent means or whether there should be one, must
// write nothing else, must not send a write twice, must not keep anything
// between two calls, and must never hand over part of a list as the whole: what could not be read completely is an [Error], and only the typed
// not-found of the service means that an object is absent.
package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mailgrant/handler/telemetry"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	kiota "github.com/microsoft/kiota-abstractions-go"
	identity "github.com/microsoft/kiota-authentication-azure-go"
	wire "github.com/microsoft/kiota-http-go"
	serialization "github.com/microsoft/kiota-serialization-json-go"
)

// The app ids of the two resources whose app roles open mailboxes. They are the
// same in every tenant; the object ids of their service principals are not.
const (
	// GraphAppID is Microsoft Graph.
	GraphAppID = "00000003-0000-0000-c000-000000000000"
	// ExchangeAppID is Office 365 Exchange Online.
	ExchangeAppID = "00000002-0000-0ff1-ce00-000000000000"
)

const (
	publicEndpoint = "https://graph.microsoft.com"
	// The audience of a token is the public resource wherever the endpoint is,
	// so that a stand-in endpoint never sees a token made out to itself.
	tokenScope = publicEndpoint + "/.default"
	apiVersion = "/v1.0"
)

// Client asks Microsoft Graph. It holds no facts and may be used by many
// goroutines at once. Make it with [New].
type Client struct {
	adapter    kiota.RequestAdapter
	endpoint   *url.URL
	credential azcore.TokenCredential
	wait       func(context.Context, time.Duration) error
	telemetry  *telemetry.Telemetry
}

// Options says where to ask and as whom.
type Options struct {
	// Endpoint is an https origin without path; empty means the public cloud.
	// The client adds the API version.
	Endpoint string
	// Credential yields tokens for the service's own identity. Required.
	Credential azcore.TokenCredential
	// Transport carries the requests; nil means [http.DefaultTransport]. It
	// must not retry.
	Transport http.RoundTripper
	// Wait sleeps between two tries and returns early, with an error, when the
	// context ends; nil means a timer on the wall clock.
	Wait func(context.Context, time.Duration) error
	// Telemetry traces and counts every request; nil does neither.
	Telemetry *telemetry.Telemetry
}

// New makes a client. No request is sent and no token is asked for. The error
// says which option is unusable.
func New(options Options) (*Client, error) {
	if options.Credential == nil {
		return nil, errors.New("graph client: no credential")
	}
	endpoint, err := parseEndpoint(options.Endpoint)
	if err != nil {
		return nil, err
	}
	adapter, err := newAdapter(endpoint, options)
	if err != nil {
		return nil, fmt.Errorf("graph client for %s: %w", endpoint, err)
	}
	client := &Client{adapter: adapter, endpoint: endpoint, credential: options.Credential, wait: options.Wait, telemetry: options.Telemetry}
	if client.wait == nil {
		client.wait = sleep
	}
	return client, nil
}

func parseEndpoint(text string) (*url.URL, error) {
	if text == "" {
		text = publicEndpoint
	}
	endpoint, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil {
		return nil, fmt.Errorf("graph endpoint: %w", err)
	}
	bare := url.URL{Scheme: "https", Host: endpoint.Host}
	if endpoint.Hostname() == "" || *endpoint != bare {
		return nil, fmt.Errorf("graph endpoint %q: want https://host[:port] and nothing more", text)
	}
	return endpoint, nil
}

// newAdapter leaves out the library's retry and redirect handlers: a transport
// that resends would one day resend a write, and a redirect would carry the
// token elsewhere. Repeating is decided in this package.
func newAdapter(endpoint *url.URL, options Options) (kiota.RequestAdapter, error) {
	authentication, err := newAuthentication(endpoint, options.Credential)
	if err != nil {
		return nil, err
	}
	guarded := &guard{endpoint: endpoint, next: options.Transport}
	if guarded.next == nil {
		guarded.next = http.DefaultTransport
	}
	client := &http.Client{
		Transport:     wire.NewCustomTransportWithParentTransport(guarded, wire.NewParametersNameDecodingHandler()),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	// The factories are named here because the default ones are a registry in
	// package variables, filled by the SDK's root client that we do not import.
	adapter, err := wire.NewNetHttpRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		authentication, serialization.NewJsonParseNodeFactory(), serialization.NewJsonSerializationWriterFactory(), client)
	if err != nil {
		return nil, err
	}
	adapter.SetBaseUrl(endpoint.String() + apiVersion)
	return adapter, nil
}

// newAuthentication allows the endpoint's host name and no other. The library
// compares names without port: an entry with a port would match nothing and no
// token would be sent, an empty list would match everything.
//
// Tokens for continuous access evaluation are not asked for: they live a day,
// and the challenge that comes with them would have to be answered below the
// place where this package decides about repeating.
func newAuthentication(endpoint *url.URL, credential azcore.TokenCredential) (*identity.AzureIdentityAuthenticationProvider, error) {
	return identity.NewAzureIdentityAuthenticationProviderWithScopesAndValidHostsAndObservabilityOptionsAndIsCaeEnabled(
		marked{credential}, []string{tokenScope}, []string{endpoint.Hostname()}, identity.ObservabilityOptions{}, false)
}
