package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"mailgrant/handler/simulator/storage"
)

// sameAtOnce is how often the same delivery comes at the same moment.
const sameAtOnce = 100

// TestProveSameDelivery sends the same request a hundred times at once, and again a
// day later: there is one grant, made once.
func TestProveSameDelivery(t *testing.T) {
	prove(t, sameDelivery())
}

func sameDelivery() proof {
	return proof{number: 3, name: "the same delivery 100 times at once, and again a day later", sample: 1, trials: func(_ *ground, m mechanism) []trial {
		var all []trial
		for round, spoilt := range []string{"", "table ids insert", "table due", "queue apply put", ""} {
			kind := "deliveries"
			if spoilt != "" {
				kind += " with lost answers"
			}
			all = append(all, trial{name: fmt.Sprintf("round %d %s", round+1, spoilt), kind: kind, size: 2 * sameAtOnce,
				run: func(g *ground, f *findings) { g.flood(f, m, spoilt) }})
		}
		return all
	}}
}

// flood is a life whose request comes many times. Where spoilt names a write to the
// storage, its first answers are lost.
func (g *ground) flood(f *findings, m mechanism, spoilt string) {
	l, end := g.begin(f, m, fate{})
	defer end()
	if spoilt != "" {
		l.stack.Wire.Fault(storage.Fault{Name: storage.FaultLostAfter, Match: spoilt, Writes: true, Times: 5})
	}
	l.enter("request")
	l.id = l.deliver()
	l.pass(0)
	l.sweepUntil("active")
	l.madeOnce()
	l.pass(25 * time.Hour)
	again := l.deliver()
	if again != l.id {
		l.Errorf("a day later the same delivery was taken for another: %s and %s", l.id, again)
	}
	answer, err := l.call(http.MethodPost, "/api/requests/ops", m.request(1))
	if err != nil || answer.status != http.StatusUnprocessableEntity {
		l.Errorf("another body under the same key was answered %d and not 422: %v", answer.status, err)
	}
	l.pass(time.Minute, "expire", "retest")
	l.madeOnce()
	l.enter("revoke")
	l.pass(24*time.Hour, "expire")
	l.sweepUntil("revoked")
	l.pass(20*time.Minute, "expire")
	l.madeOnce()
	l.sameAsBefore()
}

// deliver sends the delivery many times at once and returns the one id that all
// answers name.
func (l *life) deliver() string {
	ids := make([]string, sameAtOnce)
	var sent sync.WaitGroup
	for i := range ids {
		sent.Go(func() {
			answer, err := l.call(http.MethodPost, "/api/requests/ops", l.mechanism.request(0))
			var told struct{ ID string }
			if err == nil {
				err = json.Unmarshal(answer.body, &told)
			}
			if err != nil || answer.status != http.StatusAccepted || told.ID == "" {
				l.Errorf("delivery %d was answered %d %s: %v", i, answer.status, answer.body, err)
			}
			ids[i] = told.ID
		})
	}
	sent.Wait()
	for _, id := range ids {
		if id != ids[0] {
			l.Fatalf("the same delivery made %s and %s", ids[0], id)
		}
	}
	return ids[0]
}

// madeOnce looks for a second grant, and for a second object in the tenant.
func (l *life) madeOnce() {
	var list struct{ Grants []struct{ ID string } }
	text := l.get("/api/grants")
	err := json.Unmarshal(text, &list)
	if err != nil || len(list.Grants) != 1 || list.Grants[0].ID != l.id {
		l.Errorf("there is not the one grant %s: %s %v", l.id, text, err)
	}
	seen := map[string]bool{}
	for _, change := range l.stack.Tenant.Changes() {
		what := change.Action + " " + change.Object + " " + change.Name + " " + change.Detail
		if seen[what] {
			l.Errorf("the tenant changed twice: %s", what)
		}
		seen[what] = true
	}
}
