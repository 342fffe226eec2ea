package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"mailgrant/handler/engine"
	"mailgrant/handler/exchange"
	"mailgrant/handler/graph"
	"mailgrant/handler/policy"
	"mailgrant/handler/store"

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

	// gate is held while the fields below are read or changed. It is a channel so
	// that a caller whose time is up does not go on waiting.
	gate     chan struct{}
	engine   *engine.Engine
	prepared bool
}

func newBackend(settings config, now func() time.Time, log *slog.Logger) *backend {
	return &backend{settings: settings, now: now, log: log, gate: make(chan struct{}, 1)}
}

// ready returns the engine with its tables and queues in place. They are made once
// a process; the error's kind is engine.KindStorage while they cannot be, and the
// next call tries again.
func (b *backend) ready(ctx context.Context) (*engine.Engine, error) {
	err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer b.leave()
	err = b.build()
	if err != nil || b.prepared {
		return b.engine, err
	}
	err = b.engine.Store.Prepare(ctx)
	if err != nil {
		return nil, &engine.Error{Kind: engine.KindStorage, Detail: "the tables and queues cannot be reached", Cause: err}
	}
	b.prepared = true
	return b.engine, nil
}

// built returns the engine without touching the storage, for health.
func (b *backend) built(ctx context.Context) (*engine.Engine, error) {
	err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer b.leave()
	err = b.build()
	return b.engine, err
}

func (b *backend) enter(ctx context.Context) error {
	select {
	case b.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the storage to be prepared by another call: %w", ctx.Err())
	}
}

func (b *backend) leave() { <-b.gate }

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
	admin, err := exchange.New(exchange.Options{Endpoint: b.settings.exchangeEndpoint, Tenant: b.settings.tenant, Credential: credential})
	if err != nil {
		return fmt.Errorf("building the Exchange client: %w", err)
	}
	directory, err := graph.New(graph.Options{Endpoint: b.settings.graphEndpoint, Credential: credential})
	if err != nil {
		return fmt.Errorf("building the Graph client: %w", err)
	}
	b.engine = engine.New(engine.Settings{
		Installation: b.settings.installation,
		Store:        rows,
		Exchange:     admin,
		Graph:        directory,
		Now:          b.now,
		Document:     func() (policy.Document, error) { return readDocument(b.settings.documentPath) },
		Log:          b.log,
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
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: options, TenantID: settings.tenant})
	}
	identity := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
	if clientID != "" {
		identity.ID = azidentity.ClientID(clientID)
	}
	return azidentity.NewManagedIdentityCredential(identity)
}
