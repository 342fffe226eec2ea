package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mailgrant/handler/simulator/host"
	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/storage"
	"mailgrant/handler/simulator/tenant"
)

// TestKilledAfterEveryWrite lives one whole life of a grant again and again. In each
// life the process is killed (SIGKILL) right after another one of its writes to the
// outside, before it can see the answer; it is started again and swept. The tenant
// and the grant have to be what they are in a life without a kill.
func TestKilledAfterEveryWrite(t *testing.T) {
	b := newBed(t)
	calm, writes := liveOnce(t, b, 0)
	t.Logf("an uninterrupted life has %d outgoing writes", len(writes))
	if len(writes) < 20 {
		t.Fatalf("a life with %d writes is no whole life: %v", len(writes), writes)
	}
	var killed sync.Map
	var wrong atomic.Int64
	t.Run("lives", func(t *testing.T) {
		for number := 1; number <= len(writes); number++ {
			t.Run(fmt.Sprintf("%03d", number), func(t *testing.T) {
				t.Parallel()
				outcome, seen := liveOnce(t, b, number)
				if len(seen) >= number {
					killed.Store(number, seen[number-1])
				}
				if outcome != calm {
					wrong.Add(1)
					t.Errorf("killed after %s, the life ended otherwise:\n%s\nand without the kill:\n%s", last(seen, number), outcome, calm)
				}
			})
		}
	})
	points := 0
	killed.Range(func(_, _ any) bool { points++; return true })
	t.Logf("kill points: %d of %d writes; lives that left or made anything else: %d", points, len(writes), wrong.Load())
	// Messages to the notifier run beside the work, so a life may have a write less.
	if points < len(writes)-3 {
		t.Errorf("only %d of %d kill points were reached", points, len(writes))
	}
}

func last(seen []string, number int) string {
	if len(seen) < number {
		return "nothing"
	}
	return seen[number-1]
}

// life is one whole life of a grant under the eyes of a killer.
type life struct {
	t     *testing.T
	stack *stack.Stack

	mutex   sync.Mutex
	writes  []string
	target  int
	pending bool // killed and not yet started again
}

const lifeRequest = `{"workload": {"appId": "` + tenant.SampleNewsletterAppID + `"}, "permissions": ["Mail.Send", "Calendars.Read"],
 "scope": {"mailboxes": ["news@contoso.example"]}, "duration": "P2D", "requester": "alice@contoso.example"}`

// liveOnce lives one life, killed after write number target (0: never), and returns
// what it left, by meaning, with the writes in their order.
func liveOnce(t *testing.T, b *bed, target int) (string, []string) {
	t.Helper()
	folder, err := b.simulated()
	if err != nil {
		t.Fatal(err)
	}
	account, err := b.account()
	if err != nil {
		t.Fatal(err)
	}
	started, err := stack.Start(context.Background(), stack.Options{Package: folder, Account: account, Scratch: t.TempDir(), Seed: b.seed})
	if err != nil {
		t.Fatal(err)
	}
	defer started.Close()
	l := &life{t: t, stack: started, target: target}
	before := string(started.Tenant.Dump())
	// The tables are made by the first call; their making is no part of the life.
	l.get("/api/health")
	started.Wire.SetWriteHook(func(w storage.Write) {
		if w.Phase == storage.PhaseAfter {
			l.wrote(w.What, w.Drop)
		}
	})
	started.Tenant.SetWriteHook(func(w tenant.Write) {
		if w.Phase == "after" {
			l.wrote(w.What, nil)
		}
	})
	outcome := l.live(before)
	for _, unknown := range started.Tenant.Unknown() {
		t.Errorf("the simulated tenant does not know %s", unknown.Name)
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return outcome, l.writes
}

// wrote counts a write that has taken effect and kills the process when it is the one.
func (l *life) wrote(what string, drop func()) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.writes = append(l.writes, what)
	if len(l.writes) != l.target {
		return
	}
	l.stack.Host.Kill()
	l.pending = true
	if drop != nil {
		drop()
	}
}

// live goes from the request to long after the end and writes down what was seen.
func (l *life) live(before string) string {
	var seen strings.Builder
	id := l.request()
	l.pass(0)
	l.sweepUntil(id, "active")
	fmt.Fprintf(&seen, "%s\ntenant while active: %s\n", l.meaning(id), l.stack.Tenant.Dump())
	l.pass(61*time.Minute, "retest")
	l.pass(3*time.Minute, "expire", "retest")
	l.pass(48*time.Hour, "expire")
	l.sweepUntil(id, "revoked")
	l.pass(20*time.Minute, "expire")
	fmt.Fprintf(&seen, "%s\n", l.meaning(id))
	if string(l.stack.Tenant.Dump()) != before {
		fmt.Fprintf(&seen, "LEAK: the tenant is not as before: %s\n", l.stack.Tenant.Dump())
	}
	for _, change := range l.stack.Tenant.Changes() {
		fmt.Fprintf(&seen, "%s %s %s %s\n", change.By, change.Action, change.Object, change.Name)
	}
	return seen.String()
}

// request sends the request as a ticket system does: again, with the same key, until
// it is answered.
func (l *life) request() string {
	for range 10 {
		response, err := l.call(http.MethodPost, "/api/requests/ops", lifeRequest)
		l.revive()
		if err == nil && response.status == http.StatusAccepted {
			var told struct{ ID string }
			_ = json.Unmarshal(response.body, &told)
			return told.ID
		}
	}
	l.t.Fatal("the request was never answered")
	return ""
}

// revive starts the process again after its kill.
func (l *life) revive() {
	l.mutex.Lock()
	pending := l.pending
	l.pending = false
	l.mutex.Unlock()
	if !pending {
		return
	}
	err := l.stack.Host.Restart(context.Background())
	if err != nil {
		l.t.Fatalf("starting the process again: %v", err)
	}
}

// pass lets time pass, fires the timers and waits until all is quiet, starting the
// process again should it be killed meanwhile.
func (l *life) pass(length time.Duration, timers ...string) {
	l.stack.Tenant.Advance(length)
	for _, timer := range timers {
		err := l.stack.Host.Fire(context.Background(), timer)
		if err != nil && !errors.Is(err, host.ErrKilled) {
			l.t.Fatalf("firing %s: %v", timer, err)
		}
		l.quiet()
	}
	l.quiet()
}

func (l *life) quiet() {
	for range 5 {
		ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
		err := l.stack.Settle(ctx)
		cancel()
		l.revive()
		if err == nil {
			return
		}
	}
	l.t.Fatal("the process does not come to rest")
}

// sweepUntil sweeps as the timers would until the grant is in that state: a dead
// worker's lease lapses after 90 seconds, and what it owed comes up after two minutes.
func (l *life) sweepUntil(id, state string) {
	for range 12 {
		if strings.Contains(string(l.get("/api/grants/"+id)), `"state":"`+state+`"`) {
			return
		}
		l.pass(2*time.Minute, "expire")
	}
	l.t.Errorf("the grant never became %s: %s", state, l.get("/api/grants/"+id))
}

// meaning is the grant by meaning: what it is, how it ended, its steps and their
// remote ids; without times, attempts and request ids.
func (l *life) meaning(id string) string {
	var view struct {
		ID, State, Ending string
		Steps             []struct{ Kind, Name, State, RemoteID string }
		Evidence          []struct{ Subject, Permission, Expected, Verdict string }
		Conditions        []struct{ Type, Status, Reason string }
	}
	err := json.Unmarshal(l.get("/api/grants/"+id), &view)
	if err != nil {
		l.t.Fatalf("reading the grant: %v", err)
	}
	for i, c := range view.Conditions {
		if c.Type == "Stuck" || c.Type == "Expiring" || c.Type == "Effective" {
			view.Conditions[i] = struct{ Type, Status, Reason string }{}
		}
	}
	text, err := json.Marshal(view)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(bytes.ReplaceAll(text, []byte(`,{"Type":"","Status":"","Reason":""}`), nil))
}

type lifeAnswer struct {
	status int
	body   []byte
}

func (l *life) get(path string) []byte {
	for range 5 {
		response, err := l.call(http.MethodGet, path, "")
		if err == nil && response.status < 500 {
			return response.body
		}
		l.revive()
	}
	l.t.Fatalf("%s was never answered", path)
	return nil
}

func (l *life) call(method, path, body string) (lifeAnswer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, l.stack.Host.URL()+path, strings.NewReader(body))
	if err != nil {
		return lifeAnswer{}, err
	}
	request.Header.Set("x-functions-key", l.stack.Host.FunctionKey())
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "one-life")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return lifeAnswer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return lifeAnswer{response.StatusCode, text}, err
}
