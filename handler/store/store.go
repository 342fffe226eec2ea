// Package store keeps mailgrant's state in Azure Table Storage and its hints in
// Azure Storage queues.
//
// It moves rows: it knows keys, batches, leases and what a lost answer means. It
// must not know what a grant is: documents are opaque bytes made by others, no
// decision about access is taken here, and nothing here reads the clock or the
// environment.
//
// Every method may be called from several goroutines at once. Every outgoing
// call carries its own deadline of at most ten seconds inside the caller's.
package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// Schema is the layout version written on every row. A row that bears a higher
// number was written by a newer release and is refused with KindInvalid.
const Schema = 1

const (
	tableIDs    = "ids"
	tableLedger = "ledger"
	tableDue    = "due"
	tableWork   = "work"
)

// Names of the two queues that Prepare creates and Send accepts.
const (
	QueueApply  = "apply"
	QueueNotify = "notify"
)

// Options says where the state lives. Either ConnectionString is set, or
// TableEndpoint, QueueEndpoint and Credential are.
type Options struct {
	// ConnectionString is the expanded form with AccountName and AccountKey; the
	// short form UseDevelopmentStorage=true is not understood by the Go clients.
	ConnectionString string
	// TableEndpoint and QueueEndpoint are service URLs, for example
	// https://account.table.core.windows.net and https://account.queue.core.windows.net.
	TableEndpoint, QueueEndpoint string
	// Credential obtains tokens for the endpoints; they must then be HTTPS.
	Credential azcore.TokenCredential
	// Transport sends the requests; nil means the platform library's own client.
	Transport policy.Transporter
}

// Store is a handle on one installation's tables and queues. Make one with Open.
type Store struct {
	tables *aztables.ServiceClient
	queues *azqueue.ServiceClient
	pace   pace
}

// Open builds the clients. It does no I/O: wrong addresses or keys show at the
// first call. It fails with KindInvalid when the options do not name a storage
// account in exactly one of the two ways, or cannot be understood.
func Open(options Options) (*Store, error) {
	err := options.check()
	if err != nil {
		return nil, invalid("open", "options", err)
	}
	tables, err := openTables(options)
	if err != nil {
		return nil, invalid("open", "table service", err)
	}
	queues, err := openQueues(options)
	if err != nil {
		return nil, invalid("open", "queue service", err)
	}
	return &Store{tables: tables, queues: queues, pace: standardPace()}, nil
}

func (o Options) check() error {
	byIdentity := o.TableEndpoint != "" || o.QueueEndpoint != ""
	switch {
	case o.ConnectionString != "" && byIdentity:
		return errors.New("a connection string and service endpoints are both set")
	case o.ConnectionString == "" && !byIdentity:
		return errors.New("neither a connection string nor service endpoints are set")
	case o.ConnectionString != "":
		return nil
	case o.TableEndpoint == "" || o.QueueEndpoint == "":
		return errors.New("table and queue endpoint must be set together")
	case o.Credential == nil:
		return errors.New("service endpoints need a credential")
	}
	return nil
}

// clientOptions turns the platform library's own retries off: azcore posts a
// write again after a lost reply, which would make an insert conflict with itself.
func (o Options) clientOptions() azcore.ClientOptions {
	return azcore.ClientOptions{
		Retry:            policy.RetryOptions{MaxRetries: -1},
		Transport:        o.Transport,
		PerCallPolicies:  []policy.Policy{batchReader{}},
		PerRetryPolicies: []policy.Policy{sentMarker{}, dateKeeper{}},
	}
}

func openTables(options Options) (*aztables.ServiceClient, error) {
	clientOptions := &aztables.ClientOptions{ClientOptions: options.clientOptions()}
	if options.ConnectionString != "" {
		return aztables.NewServiceClientFromConnectionString(trimmed(options.ConnectionString), clientOptions)
	}
	return aztables.NewServiceClient(options.TableEndpoint, options.Credential, clientOptions)
}

func openQueues(options Options) (*azqueue.ServiceClient, error) {
	clientOptions := &azqueue.ClientOptions{ClientOptions: options.clientOptions()}
	if options.ConnectionString != "" {
		return azqueue.NewServiceClientFromConnectionString(trimmed(options.ConnectionString), clientOptions)
	}
	return azqueue.NewServiceClient(options.QueueEndpoint, options.Credential, clientOptions)
}

// trimmed drops the closing semicolon that the portal's copies often carry and
// that the table client takes for an empty setting.
func trimmed(connectionString string) string {
	return strings.TrimRight(strings.TrimSpace(connectionString), ";")
}

// Prepare creates the tables ids, ledger, due and work and the queues apply and
// notify. What exists already is success. It may be repeated at any time.
func (s *Store) Prepare(ctx context.Context) error {
	tables := []string{tableIDs, tableLedger, tableDue, tableWork}
	queues := []string{QueueApply, QueueNotify}
	return inParallel(len(tables)+len(queues), func(i int) error {
		if i < len(tables) {
			return s.createTable(ctx, tables[i])
		}
		return s.createQueue(ctx, queues[i-len(tables)])
	})
}

func (s *Store) createTable(ctx context.Context, name string) error {
	err := s.writeRepeatable(ctx, subject{"create table", name}, func(ctx context.Context) error {
		_, err := s.tables.CreateTable(ctx, name, nil)
		return err
	})
	if KindOf(err) == KindExists {
		return nil
	}
	return err
}

// Ping reads one row that is not there. It returns nil when the table service
// answers that the row is absent, and KindUnavailable when it does not answer,
// refuses the caller or has no such table.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.readEntity(ctx, place{tableIDs, "ping", ""})
	if KindOf(err) == KindNotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ping the store: %w", err)
	}
	return nil
}
