package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"mailgrant/handler/engine"
	"mailgrant/handler/exchange"
	"mailgrant/handler/graph"
	"mailgrant/handler/policy"
	"mailgrant/handler/store"
	"mailgrant/handler/telemetry"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// backend is the engine and what it works with, built by the first call that needs
// it: the host's readiness check must be answered before anything else happens.
type backend struct {
	settings config
	now      func() time.Time
	log      *slog.Logger
	// wait is how calls wait between their tries; nil means by the machine's time.
	wait func(context.Context, time.Duration) error
	// telemetry is nil where nobody asks for any.
	telemetry *telemetry.Telemetry

	building sync.Mutex
	engine   *engine.Engine

	// gate is held while the storage is prepared, with the fields below. It is a
	// channel so that a caller whose time is up does not go on waiting.
	gate     chan struct{}
	started  atomic.Int64 // attempts so far
	prepared bool
	failed   int64 // the attempt that failed last
	failure  error
}

func newBackend(settings config, now func() time.Time, log *slog.Logger) *backend {
	return &backend{settings: settings, now: now, log: log, gate: make(chan struct{}, 1)}
}

// ready returns the engine with its tables and queues in place. They are made once
// a process; the error's kind is engine.KindStorage while they cannot be, and the
// next call tries again.
func (b *backend) ready(ctx context.Context) (*engine.Engine, error) {
	arrived := b.started.Load()
	e, err := b.built()
	if err != nil {
		return nil, err
	}
	select {
	case b.gate <- struct{}{}:
	case <-ctx.Done():
		return nil, &engine.Error{Kind: engine.KindStorage, Detail: "the tables and queues are not reached in time", Cause: ctx.Err()}
	}
	defer func() { <-b.gate }()
	if b.prepared {
		return e, nil
	}
	if b.failure != nil && b.failed > arrived {
		// An attempt that began after this call came has failed: trying again for each
		// call that waits would hold the last of them for minutes.
		return nil, b.failure
	}
	return e, b.prepare(ctx, e)
}

func (b *backend) prepare(ctx context.Context, e *engine.Engine) error {
	attempt := b.started.Add(1)
	failure := e.Store.Prepare(ctx)
	if failure != nil {
		failure = &engine.Error{Kind: engine.KindStorage, Detail: "the tables and queues cannot be reached", Cause: failure}
	} else {
		failure = e.OwnStorage(ctx)
	}
	if failure == nil {
		b.prepared, b.failure = true, nil
		return nil
	}
	if ctx.Err() == nil {
		b.failed, b.failure = attempt, failure
	}
	return failure
}

// built returns the engine without touching the storage, which is all that health
// needs.
func (b *backend) built() (*engine.Engine, error) {
	b.building.Lock()
	defer b.building.Unlock()
	err := b.build()
	return b.engine, err
}

// build makes the clients. None of them does I/O here, so an error is one of the
// settings and stays.
func (b *backend) build() error {
	if b.engine != nil {
		return nil
	}
	credential, err := newCredential(b.settings, b.settings.clientID)
	if err != nil {
		return fmt.Errorf("building the service's credential: %w", err)
	}
	rows, err := openStore(b.settings, credential)
	if err != nil {
		return fmt.Errorf("building the storage client: %w", err)
	}
	ceiling := engine.NewCeiling(rows, b.now, 0)
	admin, err := exchange.New(exchange.Options{Endpoint: b.settings.exchangeEndpoint, Tenant: b.settings.tenant, Credential: credential, Gate: ceiling.Enter, Wait: b.wait, Telemetry: b.telemetry})
	if err != nil {
		return fmt.Errorf("building the Exchange client: %w", err)
	}
	directory, err := graph.New(graph.Options{Endpoint: b.settings.graphEndpoint, Credential: credential, Wait: b.wait, Telemetry: b.telemetry})
	if err != nil {
		return fmt.Errorf("building the Graph client: %w", err)
	}
	b.engine = engine.New(engine.Settings{
		Installation: b.settings.installation,
		Tenant:       b.settings.tenant,
		Store:        rows,
		Exchange:     admin,
		Graph:        directory,
		Ceiling:      ceiling,
		Now:          b.now,
		Machine:      time.Now,
		Wait:         b.wait,
		Document:     func() (policy.Document, error) { return readDocument(b.settings.documentPath) },
		Log:          b.log,
		Telemetry:    b.telemetry,
		OwnAppID:     b.settings.clientID,
	})
	return nil
}

func openStore(settings config, own azcore.TokenCredential) (*store.Store, error) {
	if settings.storage.connection != "" {
		return store.Open(store.Options{ConnectionString: settings.storage.connection})
	}
	credential := own
	if settings.storage.clientID != "" && settings.storage.clientID != settings.clientID {
		other, err := newCredential(settings, settings.storage.clientID)
		if err != nil {
			return nil, err
		}
		credential = other
	}
	return store.Open(store.Options{
		TableEndpoint: settings.storage.tableEndpoint,
		QueueEndpoint: settings.storage.queueEndpoint,
		Credential:    credential,
	})
}

// newCredential is the managed identity where the platform offers one, named by its
// client id, and a developer's own sign-in elsewhere.
func newCredential(settings config, clientID string) (azcore.TokenCredential, error) {
	options := azcore.ClientOptions{}
	if settings.authority != "" {
		options.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: settings.authority + "/"}
	}
	if !settings.managedIdentity {
		// An authority that the operator names is his to vouch for; the public cloud, which is
		// asked about any other one, does not know those of closed networks.
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: options, TenantID: settings.tenant,
			DisableInstanceDiscovery: settings.authority != ""})
	}
	identity := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
	if clientID != "" {
		identity.ID = azidentity.ClientID(clientID)
	}
	return azidentity.NewManagedIdentityCredential(identity)
}
