package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/storage"
	"mailgrant/handler/simulator/tenant"
	"mailgrant/handler/store"
)

// play is a whole stack with many workloads on an unruly tenant, what was asked of it,
// and what was done to it. Its random choices come from one seed; the order of what runs
// side by side does not.
type play struct {
	found     *findings
	stack     *stack.Stack
	mechanism mechanism
	random    *rand.Rand
	// rows reads the tables past every fault.
	rows   *store.Store
	asked  []*asked
	before string
	trace  []string
}

// asked is one grant as it was asked for, and as it was last seen.
type asked struct {
	id, body, key, workload string
	mailboxes, permissions  []string
	seen                    seen
}

// seen is a grant as the service shows it.
type seen struct {
	State, Ending     string
	ExpiresAt, GoneBy time.Time
	Conditions        []struct{ Type, Status, Reason, Message string }
}

func (s seen) ended() bool {
	return slices.Contains([]string{"revoked", "denied", "failed", "abandoned"}, s.State)
}

// condition is the status and reason of one condition, empty where there is none.
func (s seen) condition(kind string) (string, string) {
	for _, c := range s.Conditions {
		if c.Type == kind {
			return c.Status, c.Reason
		}
	}
	return "", ""
}

const (
	// playSettle is how long a round of 200 grants may take on a busy machine.
	playSettle = 10 * time.Minute
	// leasesLapse is longer than a worker's lease and a slot of the ceiling last.
	leasesLapse = 130 * time.Second
	playTries   = 60
)

// playCalls are the permissions that have an application role and a call of the simulated data plane.
var playCalls = map[string][2]string{
	"Mail.Read":            {http.MethodGet, "messages"},
	"Mail.Send":            {http.MethodPost, "sendMail"},
	"Calendars.Read":       {http.MethodGet, "calendar/events"},
	"Contacts.Read":        {http.MethodGet, "contacts"},
	"MailboxSettings.Read": {http.MethodGet, "mailboxSettings"},
}

// startPlay starts a stack whose directory has that many workloads beside the sample's,
// on an unruly tenant. what tells the plays of one row from each other.
func startPlay(g *ground, f *findings, m mechanism, what string, workloads int) *play {
	return casting{what: what, workloads: workloads}.start(g, f, m)
}

// casting is what a play is begun with.
type casting struct {
	what      string
	workloads int
}

// together runs so many plays at once. They mostly wait: for the seconds that a tenant
// asks for, and for the one slot that may write.
func together(count int, play func(n int)) {
	var group sync.WaitGroup
	for n := range count {
		group.Go(func() { play(n) })
	}
	group.Wait()
}

func (c casting) start(g *ground, f *findings, m mechanism) *play {
	folder, err := g.folder()
	if err != nil {
		f.Fatalf("building the package: %v", err)
	}
	account, err := g.account()
	if err != nil {
		f.Fatalf("taking a storage account: %v", err)
	}
	scratch, err := os.MkdirTemp(g.bed.folder, "play")
	if err != nil {
		f.Fatalf("making a folder: %v", err)
	}
	seed := seedOf(g.seed, c.what)
	started, err := stack.Start(context.Background(), stack.Options{Package: folder, Account: account, Scratch: scratch, Seed: seed,
		Mood: tenant.Unruly, Pace: usualPace, Document: m.documented(), Directory: strings.NewReader(castDirectory(f, m.directory(), c.workloads))})
	if err != nil {
		f.Fatalf("starting the stack: %v", err)
	}
	p := &play{found: f, stack: started, mechanism: m, random: rand.New(rand.NewPCG(seed, 1)), before: string(started.Tenant.Dump())}
	p.rows, err = store.Open(store.Options{ConnectionString: account.ConnectionString()})
	if err != nil {
		f.Fatalf("opening the tables: %v", err)
	}
	p.note("seed %d, replayed with -args -seed=%d", seed, g.seed)
	p.call(http.MethodGet, "/api/health", "", "")
	return p
}

// seedOf gives each play of a run a seed of its own.
func seedOf(seed uint64, what string) uint64 {
	for _, letter := range what {
		seed = seed*1099511628211 + uint64(letter)
	}
	return seed
}

// castDirectory is the sample directory with more workloads, none of which has access.
func castDirectory(f *findings, sample string, workloads int) string {
	var directory map[string]any
	err := json.Unmarshal([]byte(sample), &directory)
	if err != nil {
		f.Fatalf("reading the sample directory: %v", err)
	}
	principals, _ := directory["servicePrincipals"].([]any)
	for n := range workloads {
		principals = append(principals, map[string]any{"appId": castID("a", n), "objectId": castID("b", n), "displayName": fmt.Sprintf("Workload %03d", n), "type": "Application", "secret": "s"})
	}
	directory["servicePrincipals"] = principals
	text, err := json.Marshal(directory)
	if err != nil {
		f.Fatalf("writing the directory: %v", err)
	}
	return string(text)
}

// castID is the app id ("a") or the object id ("b") of workload n.
func castID(kind string, n int) string { return fmt.Sprintf("%s0000000-0000-4000-9000-%012d", kind, n) }

func (p *play) note(format string, args ...any) {
	p.trace = append(p.trace, p.stack.Tenant.Now().Format("01-02 15:04:05 ")+fmt.Sprintf(format, args...))
}

// wrong reports a broken promise, with everything that was done up to it.
func (p *play) wrong(format string, args ...any) {
	p.found.Errorf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(p.trace, "\n"))
}

// end stops the stack and looks for what must never have happened.
func (p *play) end() {
	for _, unknown := range p.stack.Tenant.Unknown() {
		p.wrong("the simulated tenant does not know %s", unknown.Name)
	}
	err := p.stack.Close()
	if err != nil {
		p.wrong("stopping: %v", err)
	}
}

// draw is some of the values, at least one.
func (p *play) draw(values []string, most int) []string { return some(p.random, values, most) }

func some(random *rand.Rand, values []string, most int) []string {
	chosen := slices.Clone(values)
	random.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	return chosen[:1+random.IntN(min(most, len(chosen)))]
}

// ask requests a grant for workload n that begins and lasts as given, and sends the
// request again until it is answered.
func (p *play) ask(n int, mailboxes, permissions []string, begins, lasts time.Duration) *asked {
	a := &asked{workload: castID("b", n), mailboxes: mailboxes, permissions: permissions, key: fmt.Sprintf("play-%d", len(p.asked))}
	var body map[string]any
	err := json.Unmarshal([]byte(p.mechanism.request(1)), &body)
	if err != nil {
		p.found.Fatalf("reading the mechanism's request: %v", err)
	}
	starts := p.stack.Tenant.Now().Add(begins)
	body["workload"] = map[string]any{"appId": castID("a", n)}
	scope := map[string]any{"mailboxes": mailboxes}
	if p.mechanism.sampled == 0 {
		scope, a.mailboxes = scopeFor(len(p.asked), mailboxes)
	}
	body["permissions"], body["scope"] = permissions, scope
	if begins > 0 {
		body["startsAt"] = starts.Format(time.RFC3339)
	}
	delete(body, "duration")
	body["expiresAt"] = starts.Add(lasts).Format(time.RFC3339)
	text, err := json.Marshal(body)
	if err != nil {
		p.found.Fatalf("writing the request: %v", err)
	}
	a.body = string(text)
	p.post(a)
	p.asked = append(p.asked, a)
	p.note("%s is asked for: workload %d, %v on %v, in %s for %s", a.id, n, permissions, a.mailboxes, begins, lasts)
	return a
}

// scopeFor is the scope of the nth request: the mailboxes by name, and of four requests
// one by a group, a unit or a filter with the mailboxes that it holds.
func scopeFor(n int, mailboxes []string) (map[string]any, []string) {
	held := func(numbers ...int) []string {
		var guids []string
		for _, number := range numbers {
			guids = append(guids, fmt.Sprintf("d0000000-0000-4000-8000-%012d", number))
		}
		return guids
	}
	switch n % 12 {
	case 3:
		return map[string]any{"group": "sales-group@contoso.example"}, held(11, 12)
	case 7:
		return map[string]any{"administrativeUnit": "Paris"}, held(18, 19)
	case 11:
		return map[string]any{"filter": "CustomAttribute1 -eq 'apac'"}, held(12, 14, 16, 18, 20)
	}
	return map[string]any{"mailboxes": mailboxes}, mailboxes
}

// post sends a request, the first time or again.
func (p *play) post(a *asked) {
	status, body := p.call(http.MethodPost, "/api/requests/ops", a.body, a.key)
	var told struct{ ID string }
	err := json.Unmarshal(body, &told)
	if status != http.StatusAccepted || err != nil || a.id != "" && told.ID != a.id {
		p.found.Fatalf("the request %s was answered %d %s\n%s", a.body, status, body, strings.Join(p.trace, "\n"))
	}
	a.id = told.ID
}

// look reads every grant that has not been seen at its end.
func (p *play) look() {
	for _, a := range p.asked {
		if a.seen.ended() {
			continue
		}
		was := a.seen.State
		status, body := p.call(http.MethodGet, "/api/grants/"+a.id, "", "")
		var now seen
		err := json.Unmarshal(body, &now)
		if status != http.StatusOK || err != nil {
			p.found.Fatalf("grant %s was answered %d %s (%v)", a.id, status, body, err)
		}
		a.seen = now
		if now.State != was {
			p.note("%s is %s %s", a.id, now.State, now.Ending)
		}
	}
}

// live lists the grants that are not known to have ended.
func (p *play) live() []*asked {
	return slices.DeleteFunc(slices.Clone(p.asked), func(a *asked) bool { return a.seen.ended() })
}

// pass lets time pass, fires the timers and waits until all is quiet.
func (p *play) pass(length time.Duration, timers ...string) {
	p.stack.Tenant.Advance(length)
	for _, timer := range timers {
		// A sweep that fails, because the storage or the process does, is what is tried.
		_ = p.stack.Host.Fire(context.Background(), timer)
		p.quiet()
	}
	p.quiet()
}

func (p *play) quiet() {
	ctx, cancel := context.WithTimeout(context.Background(), playSettle)
	defer cancel()
	err := p.stack.Settle(ctx)
	if err == nil {
		return
	}
	p.restart()
	err = p.stack.Settle(ctx)
	if err != nil {
		p.found.Fatalf("the process does not come to rest: %v\n%s", err, strings.Join(p.trace, "\n"))
	}
}

// killAt ends the process, as when an instance is lost, before the write to the storage
// of that number from now on, counted from 1. It stays down until something needs it.
func (p *play) killAt(write int) {
	p.note("the process is to die before its write %d", write)
	var struck atomic.Bool
	p.stack.Wire.SetWriteHook(func(w storage.Write) {
		if w.Phase == storage.PhaseBefore && w.Number == write && !struck.Swap(true) {
			p.stack.Host.Kill()
		}
	})
}

func (p *play) restart() {
	err := p.stack.Host.Restart(context.Background())
	if err != nil {
		p.found.Fatalf("starting the process again: %v\n%s", err, strings.Join(p.trace, "\n"))
	}
	// What the dead process had leased lapses by itself. Who is not let wait for that
	// by the shared clock waits for seconds at each of the tenant's slots.
	p.stack.Tenant.Advance(leasesLapse)
}

// call makes one call and makes it again while the service cannot answer.
func (p *play) call(method, path, body, key string) (int, []byte) {
	status, text := 0, []byte(nil)
	for range playTries {
		status, text = p.once(method, path, body, key)
		if status != 0 && status < http.StatusInternalServerError {
			return status, text
		}
		if p.stack.Host.Process() == 0 {
			p.restart()
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.found.Fatalf("%s %s is never answered: %d %s\n%s", method, path, status, text, strings.Join(p.trace, "\n"))
	return 0, nil
}

func (p *play) once(method, path, body, key string) (int, []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, p.stack.Host.URL()+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, []byte(err.Error())
	}
	request.Header.Set("x-functions-key", p.stack.Host.FunctionKey())
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, []byte(err.Error())
	}
	return response.StatusCode, text
}
