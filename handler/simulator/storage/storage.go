// Package storage runs the storage emulator for tests and demonstrations and
// puts a wire in front of it on which things can go wrong: lost requests, lost
// answers, a service that is busy or gone, and queue messages that become
// visible by a shared clock instead of by the emulator's own.
//
// It knows HTTP requests, not rows: it must never interpret what the product
// stores, import any package of the product, or be linked into its binary.
package storage

import (
	"fmt"
	"strings"

	"mailgrant/handler/simulator/trust"
)

// Account is one storage account of a running emulator. Accounts share nothing,
// so each test can have its own.
type Account struct {
	Name string
	// Key is the account key in base64, as connection strings carry it.
	Key string
	// The endpoints are URLs of the form http://127.0.0.1:port/name without a
	// trailing slash.
	TableEndpoint string
	QueueEndpoint string
	BlobEndpoint  string
	// Trust is what the endpoints, then HTTPS, show: they take tokens. Nil means plain HTTP.
	Trust *trust.Certificate
}

// ConnectionString returns the account in the long form that every storage
// client reads; the Go clients refuse the short UseDevelopmentStorage form.
func (a Account) ConnectionString() string {
	parts := []string{
		"DefaultEndpointsProtocol=http",
		"AccountName=" + a.Name,
		"AccountKey=" + a.Key,
		"BlobEndpoint=" + a.BlobEndpoint,
		"QueueEndpoint=" + a.QueueEndpoint,
		"TableEndpoint=" + a.TableEndpoint,
	}
	return strings.Join(parts, ";") + ";"
}

// endpoint returns the endpoint of one service ("table", "queue" or "blob").
func (a Account) endpoint(service string) (string, error) {
	switch service {
	case serviceTable:
		return a.TableEndpoint, nil
	case serviceQueue:
		return a.QueueEndpoint, nil
	case serviceBlob:
		return a.BlobEndpoint, nil
	}
	return "", fmt.Errorf("no storage service is called %q", service)
}

// The services of an account, as they appear in the names of requests.
const (
	serviceTable = "table"
	serviceQueue = "queue"
	serviceBlob  = "blob"
)
