package storage

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// WireOptions are what a wire cannot choose itself.
type WireOptions struct {
	// Now is the shared clock: wall time plus an offset that only grows. Nil
	// leaves the visibility of messages to the emulator's own clock.
	Now func() time.Time
	// Seed decides every random choice: what a fault with Percent spoils, and the spread
	// of latencies.
	Seed uint64
	// Standing are faults from the start to the end, for all requests that no armed
	// fault spoils. Their Times and After are not used.
	Standing []Fault
}

// Wire stands in front of one account of an emulator and passes every request
// on byte for byte, unless it was told to spoil it. It has two doors: one for
// the program under test, whose requests are recorded, announced and spoiled,
// and one for whoever plays the platform, whose requests only pass.
type Wire struct {
	account  Account
	handler  Account
	platform Account

	transport *http.Transport
	servers   []*http.Server
	serving   sync.WaitGroup

	messages *messages
	faults   *faults
	record   *record
	hook     *hook
}

// StartWire opens the doors on free loopback ports. ctx bounds the start only;
// Close ends it.
func StartWire(ctx context.Context, account Account, options WireOptions) (*Wire, error) {
	wire := &Wire{
		account:   account,
		handler:   account,
		platform:  account,
		transport: account.transport(),
		faults:    newFaults(options),
		record:    &record{},
		hook:      &hook{},
	}
	wire.messages = newMessages(account, wire.transport, options.Now)
	err := wire.openAll(ctx)
	if err != nil {
		return nil, errors.Join(err, wire.Close())
	}
	return wire, nil
}

// openAll opens the doors. The platform's tables and blobs go straight to the
// emulator: nothing on the wire would look at them.
func (w *Wire) openAll(ctx context.Context) error {
	doors := []struct {
		service  string
		counted  bool
		endpoint *string
	}{
		{serviceTable, true, &w.handler.TableEndpoint},
		{serviceQueue, true, &w.handler.QueueEndpoint},
		{serviceBlob, true, &w.handler.BlobEndpoint},
		{serviceQueue, false, &w.platform.QueueEndpoint},
	}
	for _, d := range doors {
		endpoint, err := w.open(ctx, d.service, d.counted)
		if err != nil {
			return fmt.Errorf("opening the wire's %s door: %w", d.service, err)
		}
		*d.endpoint = endpoint
	}
	return nil
}

func (w *Wire) open(ctx context.Context, service string, counted bool) (string, error) {
	target, err := w.account.endpoint(service)
	if err != nil {
		return "", err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	opened, err := newDoor(w, service, target, counted)
	if err != nil {
		return "", errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: opened, ReadHeaderTimeout: time.Minute}
	w.servers = append(w.servers, server)
	if w.account.Trust != nil {
		secured := tls.NewListener(listener, w.account.Trust.Server())
		w.serving.Go(func() { _ = server.Serve(secured) })
		return "https://" + listener.Addr().String(), nil
	}
	w.serving.Go(func() { _ = server.Serve(listener) })
	return "http://" + listener.Addr().String() + "/" + w.account.Name, nil
}

// Handler is the account as the program under test gets it. The addresses of one that takes
// tokens are those of services, as in Azure, without the account in their paths.
func (w *Wire) Handler() Account { return w.handler }

// Platform is the account for whoever plays the platform: not counted, never spoiled, but
// the same clock for messages.
func (w *Wire) Platform() Account { return w.platform }

// ConnectionString returns the account as the program under test gets it.
func (w *Wire) ConnectionString() string { return w.handler.ConnectionString() }

// HostConnectionString returns the account for whoever plays the platform: not
// counted, never spoiled, but the same clock for messages.
func (w *Wire) HostConnectionString() string { return w.platform.ConnectionString() }

// Close cuts all connections and waits until nothing of the wire runs. The
// emulator stays.
func (w *Wire) Close() error {
	var faults []error
	for _, server := range w.servers {
		faults = append(faults, server.Close())
	}
	w.serving.Wait()
	w.transport.CloseIdleConnections()
	return errors.Join(faults...)
}
