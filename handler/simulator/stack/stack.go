// Package stack starts everything that a grant's life needs on one machine, each
// part on the real wire: the simulated tenant, the storage emulator behind its
// faulty wire, and the stand-in for the Functions host with the assembled package.
// The stories, the demonstration, the local server and the figures all run on it.
//
// It imports nothing of the product: what it starts is the built package.
package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"mailgrant/handler/simulator/host"
	"mailgrant/handler/simulator/storage"
	"mailgrant/handler/simulator/tenant"
)

// Options says what is started.
type Options struct {
	// Package is the assembled folder.
	Package string
	// Account is the storage account to use.
	Account storage.Account
	// Scratch is a folder for the certificate and the operator's document.
	Scratch string
	// Document is the operator's document; empty means the one below.
	Document string
	// Installation is the mark in the names of everything that the handler makes; empty
	// means the one below.
	Installation string
	// Tenant is one that another stack has started, and that stays its own; nil starts a
	// new one.
	Tenant *tenant.Tenant
	// Directory is the tenant's directory as JSON; nil means the sample.
	Directory io.Reader
	Seed      uint64
	Mood      tenant.Mood
	// WireFaults misbehave before the storage all the time; storage.Unruly is to the
	// storage what a mood is to the tenant.
	WireFaults []storage.Fault
	// Pace divides the waits between the tries of a call; 0 leaves them as they are.
	Pace int
	// RealTime leaves the clock to the machine, as for the package that is shipped.
	RealTime bool
	// Timers lets timers fire by their schedules.
	Timers bool
	Port   int
	Keys   host.Keys
	// Secret lets the handler sign in by the service's secret, in place of a managed
	// identity; the directory has to be tenant.SampleSecretDirectory.
	Secret bool
	// Settings are further application settings; an empty one takes a setting away.
	Settings map[string]string
	// Log gets the host's and the handler's lines; nil drops them.
	Log io.Writer
}

// Document is the operator's document that is used when none is given.
const Document = `canaries: [ceo@contoso.example, cfo@contoso.example]
protected: [ceo@contoso.example]
maxDuration: P90D
`

// Installation is the mark in the names of everything that the stack's handler makes
// when no other is given.
const Installation = "demo01"

// Stack is what was started.
type Stack struct {
	Tenant *tenant.Tenant
	Wire   *storage.Wire
	Host   *host.Host
	// borrowed: the tenant is another stack's.
	borrowed bool
	// DocumentPath is the file that the handler reads its document from.
	DocumentPath string
}

// Start starts tenant, wire and host, in this order. Close ends them.
func Start(ctx context.Context, options Options) (*Stack, error) {
	var s Stack
	err := s.start(ctx, options)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &s, nil
}

func (s *Stack) start(ctx context.Context, options Options) error {
	var err error
	s.Tenant, s.borrowed = options.Tenant, options.Tenant != nil
	if !s.borrowed {
		s.Tenant, err = tenant.Start(ctx, tenant.Options{Directory: options.Directory, Seed: options.Seed, Mood: options.Mood})
	}
	if err != nil {
		return fmt.Errorf("starting the simulated tenant: %w", err)
	}
	s.Wire, err = storage.StartWire(ctx, options.Account, storage.WireOptions{Now: s.Tenant.Now, Seed: options.Seed, Standing: options.WireFaults})
	if err != nil {
		return fmt.Errorf("starting the wire before the storage emulator: %w", err)
	}
	settings, err := s.settings(options)
	if err != nil {
		return err
	}
	hosted := host.Options{Package: options.Package, Port: options.Port, Settings: settings,
		Storage: s.Wire.HostConnectionString(), Now: s.Tenant.Now, Keys: options.Keys, Timers: options.Timers, Log: options.Log}
	if options.Account.Trust != nil {
		byIdentity(&hosted, s)
	}
	s.Host, err = host.Start(ctx, hosted)
	if err != nil {
		return fmt.Errorf("starting the stand-in for the Functions host: %w", err)
	}
	return nil
}

// settings are the application settings as an administrator would make them, but
// for the addresses, which all point to this machine.
func (s *Stack) settings(options Options) (map[string]string, error) {
	certificate := filepath.Join(options.Scratch, "tenant.pem")
	err := os.WriteFile(certificate, s.Tenant.CertificatePEM(), 0o600)
	if err != nil {
		return nil, fmt.Errorf("writing the simulated tenant's certificate: %w", err)
	}
	s.DocumentPath = filepath.Join(options.Scratch, "mailgrant.yaml")
	document := options.Document
	if document == "" {
		document = Document
	}
	err = os.WriteFile(s.DocumentPath, []byte(document), 0o600)
	if err != nil {
		return nil, fmt.Errorf("writing the operator's document: %w", err)
	}
	settings := map[string]string{
		"AZURE_TENANT_ID":        s.Tenant.TenantID(),
		"AZURE_CLIENT_ID":        tenant.SampleServiceAppID,
		"IDENTITY_ENDPOINT":      s.Tenant.IdentityURL(),
		"IDENTITY_HEADER":        s.Tenant.IdentityHeader(),
		"GRAPH_ENDPOINT":         s.Tenant.URL(),
		"EXCHANGE_ENDPOINT":      s.Tenant.URL(),
		"SSL_CERT_FILE":          certificate,
		"GrantStorage":           s.Wire.ConnectionString(),
		"MAILGRANT_CONFIG":       s.DocumentPath,
		"MAILGRANT_INSTALLATION": cmp.Or(options.Installation, Installation),
		"EXPIRE_SCHEDULE":        "0 * * * * *",
		"RETEST_SCHEDULE":        "0 */15 * * * *",
		"DISCOVER_SCHEDULE":      "0 30 3 * * *",
	}
	if options.Account.Trust != nil {
		err := nameByIdentity(settings, s.Wire.Handler(), certificate, s.Tenant.CertificatePEM())
		if err != nil {
			return nil, err
		}
	}
	if !options.RealTime {
		// A build with the race detector would otherwise stay a second at its end.
		settings["GORACE"] = "atexit_sleep_ms=0"
		settings["MAILGRANT_CLOCK"] = s.Tenant.ControlURL() + "/clock"
		if options.Pace > 0 {
			settings["MAILGRANT_PACE"] = strconv.Itoa(options.Pace)
		}
	}
	if options.Secret {
		bySecret(settings, s.Tenant.URL())
	}
	maps.Copy(settings, options.Settings)
	maps.DeleteFunc(settings, func(_, value string) bool { return value == "" })
	return settings, nil
}

// Settle waits until the handler has nothing more to do at the present time: no
// message is waiting or under way.
func (s *Stack) Settle(ctx context.Context) error {
	return s.Host.Idle(ctx)
}

// Pass lets time pass on the shared clock, runs the sweeps that come due, and waits
// until their work is done.
func (s *Stack) Pass(ctx context.Context, length time.Duration, timers ...string) error {
	s.Tenant.Advance(length)
	for _, timer := range timers {
		err := s.Host.Fire(ctx, timer)
		if err != nil {
			return fmt.Errorf("running the timer %s: %w", timer, err)
		}
	}
	return s.Settle(ctx)
}

// Close ends everything that was started, the handler first.
func (s *Stack) Close() error {
	var errs []error
	if s.Host != nil {
		errs = append(errs, s.Host.Close())
	}
	if s.Wire != nil {
		errs = append(errs, s.Wire.Close())
	}
	if s.Tenant != nil && !s.borrowed {
		errs = append(errs, s.Tenant.Close())
	}
	return errors.Join(errs...)
}
