package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"mailgrant/handler/simulator/storage"
)

// TestProveStorageOutage lets the storage go away for a quarter of an hour at a write
// of every phase. Nothing new is given meanwhile, and everything ends as without it.
func TestProveStorageOutage(t *testing.T) {
	prove(t, storageOutage())
}

// outagesEach is how many writes of each phase an outage is tried at: clients try
// again for seconds before they give up, so each life is a long one.
const outagesEach = 3

func storageOutage() proof {
	return proof{number: 7, name: "storage outage of 15 minutes in each phase", sample: 2, trials: func(g *ground, m mechanism) []trial {
		var all []trial
		for _, at := range spread(g.points(m), outagesEach) {
			all = append(all, trial{name: at.stage + " " + at.String(), kind: "in " + at.stage, run: g.compared(m, outageAt(at))})
		}
		return all
	}}
}

// outageAtIntents is the same row at every batch that comes before a write to the
// tenant while the grant is made: where the intent is refused, nothing may be sent.
func outageAtIntents() proof {
	p := storageOutage()
	p.trials = func(g *ground, m mechanism) []trial {
		var all []trial
		for _, at := range g.points(m) {
			if at.stage == "apply" && at.what == "table ledger batch" {
				all = append(all, trial{name: at.stage + " " + at.String(), run: g.compared(m, outageAt(at))})
			}
		}
		return all
	}
	return p
}

// outageAt lets the storage go away with a write: one to the storage is the first
// that fails, one to the tenant the last that is done.
func outageAt(at point) fate {
	return fate{at: at, before: true, endure: (*life).outage, strike: func(l *life, drop func()) {
		drop()
		l.stack.Wire.Fault(storage.Fault{Name: storage.FaultDown, Match: "*"})
	}}
}

// outage is a quarter of an hour without storage: the timers fire, a new request is
// refused, and there is no trace of it afterwards.
func (l *life) outage() {
	answer, err := l.callAs("meanwhile", http.MethodPost, "/api/requests/ops", l.mechanism.request(1))
	if err != nil || answer.status != http.StatusServiceUnavailable {
		l.Errorf("a request without storage was answered %d and not 503: %v", answer.status, err)
	}
	for range 3 {
		l.pass(5*time.Minute, "expire")
	}
	l.stack.Wire.ClearFaults()
	var list struct{ Grants []struct{ ID string } }
	text := l.get("/api/grants")
	err = json.Unmarshal(text, &list)
	if err != nil || len(list.Grants) > 1 || l.id != "" && len(list.Grants) == 0 {
		l.Errorf("after the outage the grants are not the one that was asked for: %s %v", text, err)
	}
	l.pass(time.Minute, "expire", "retest")
}
