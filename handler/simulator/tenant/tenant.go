package tenant

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"

	"mailgrant/handler/simulator/trust"
)

// Options says which tenant to play and how. The zero value is a calm tenant with the sample
// directory on the machine's time.
type Options struct {
	// Directory is the directory as JSON; nil means the built-in sample.
	Directory io.Reader
	// Start is the shared clock's first reading; zero means the machine's time.
	Start time.Time
	// Seed decides every random choice; whoever starts a tenant prints it.
	Seed uint64
	// Mood is how the tenant behaves without planted faults.
	Mood Mood
}

// Tenant is one running tenant. It is safe for concurrent use.
type Tenant struct {
	options        Options
	clock          *clock
	random         *dice
	certificate    trust.Certificate
	signingKey     []byte
	identityHeader string
	organization   organization
	service        service
	journal        *journal
	servers        servers

	// mutex guards everything below.
	mutex   sync.Mutex
	state   state
	pending []pendingEffect
	faults  []*armedFault
	pages   map[string]pages
	caches  map[string]reachCache
	hook    func(Write)
	writes  int
	turns   map[string]int
	// unitIndex is remade when the units change.
	unitIndex unitIndex
}

// Start serves the tenant on loopback until ctx ends or Close is called. It fails when the
// directory is not a valid one, with every fault in it, or when no port can be had.
func Start(ctx context.Context, options Options) (*Tenant, error) {
	document, err := openDirectory(options.Directory)
	if err != nil {
		return nil, err
	}
	t := &Tenant{
		options:      options,
		clock:        newClock(options.Start),
		random:       newDice(options.Seed),
		organization: document.Tenant,
		service:      document.Service,
		journal:      &journal{},
		pages:        map[string]pages{},
		caches:       map[string]reachCache{},
		turns:        map[string]int{},
	}
	t.certificate, err = trust.New("Simulated tenant authority", t.clock.wall())
	if err != nil {
		return nil, fmt.Errorf("start the simulated tenant: %w", err)
	}
	t.signingKey = make([]byte, 32)
	_, err = rand.Read(t.signingKey)
	if err != nil {
		return nil, fmt.Errorf("make the key that signs tokens: %w", err)
	}
	t.identityHeader = hex.EncodeToString(t.signingKey[:8]) + "-identity"
	t.state = newState(document, t.clock.now())
	err = t.serve()
	if err != nil {
		return nil, err
	}
	t.servers.endWith(ctx, t.Close)
	return t, nil
}

func openDirectory(from io.Reader) (directory, error) {
	if from == nil {
		from = sampleDirectory()
	}
	document, err := readDirectory(from)
	if err != nil {
		return directory{}, err
	}
	err = document.check()
	if err != nil {
		return directory{}, fmt.Errorf("check the directory: %w", err)
	}
	return document, nil
}

// Close stops the tenant and waits for the requests in hand, at most five seconds; a write hook
// that never returns holds its request for ever. Closing twice is harmless.
func (t *Tenant) Close() error {
	return t.servers.close()
}

// URL is the base of Graph (/v1.0), Exchange (/adminapi/beta) and sign-in, over HTTPS, without a
// trailing slash.
func (t *Tenant) URL() string { return "https://" + t.servers.services.Addr().String() }

// ControlURL is the base of the control port, over plain HTTP, without a trailing slash.
func (t *Tenant) ControlURL() string { return "http://" + t.servers.control.Addr().String() }

// IdentityURL is what IDENTITY_ENDPOINT holds on App Service.
func (t *Tenant) IdentityURL() string {
	return "http://" + t.servers.identity.Addr().String() + identityPath
}

// IdentityHeader is what IDENTITY_HEADER holds on App Service; calls without it are refused.
func (t *Tenant) IdentityHeader() string { return t.identityHeader }

// CertificatePEM is the authority to trust, for SSL_CERT_FILE or a client's root pool. It is made
// at start and covers 127.0.0.1, ::1 and localhost.
func (t *Tenant) CertificatePEM() []byte { return t.certificate.Authority }

// TenantID is the directory's tenant GUID.
func (t *Tenant) TenantID() string { return t.organization.ID }

// Seed is the seed of this run's random choices.
func (t *Tenant) Seed() uint64 { return t.options.Seed }

// Now reads the shared clock.
func (t *Tenant) Now() time.Time { return t.clock.now() }

// Advance moves the shared clock forward and lets late effects land that fall due by then. A
// negative span is ignored: the clock never goes backwards.
func (t *Tenant) Advance(by time.Duration) {
	// The only error says that the span is negative.
	_ = t.clock.advance(by)
	t.settle()
}

// Requests lists every request since the start or the last reset, in order of arrival.
func (t *Tenant) Requests() []Request { return t.journal.list() }

// ResetRequests empties the list of requests; the list of unknown ones stays.
func (t *Tenant) ResetRequests() { t.journal.reset() }

// Unknown lists the requests that were answered 501 because the tenant does not play them.
func (t *Tenant) Unknown() []Request { return t.journal.listUnknown() }

// Changes lists every effective change in order.
func (t *Tenant) Changes() []Change {
	t.settle()
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return append([]Change{}, t.state.changes...)
}

// Dump is the tenant's state as canonical JSON: two tenants in the same state give the same bytes.
func (t *Tenant) Dump() []byte {
	t.settle()
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.state.dump()
}

// Fault plants faults, in addition to those that stand. On an error none of them is planted.
func (t *Tenant) Fault(planted ...Fault) error {
	armed := make([]*armedFault, 0, len(planted))
	for _, each := range planted {
		fault, err := armFault(each)
		if err != nil {
			return err
		}
		armed = append(armed, fault)
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.faults = append(t.faults, armed...)
	return nil
}

// ClearFaults takes every planted fault away. Effects that are already on their way still land.
func (t *Tenant) ClearFaults() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.faults = nil
}

// turn counts through n variants of something that the live service does in several ways. It needs
// the lock.
func (t *Tenant) turn(what string, n int) int {
	now := t.turns[what]
	t.turns[what] = now + 1
	return now % n
}
