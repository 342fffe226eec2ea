package main

import (
	"encoding/json"
	"fmt"
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

// outageEvery is how many writes lie between two at which an outage is tried in the
// full form: there are enough of them for several in every phase.
const outageEvery = 3

func storageOutage() proof {
	return proof{number: 7, name: "storage outage of 15 minutes in each phase", sample: 4, trials: func(g *ground, m mechanism) []trial {
		var all []trial
		points := g.points(m)
		for i := 0; i < len(points); i += outageEvery {
			at := points[i]
			all = append(all, trial{name: fmt.Sprintf("%03d %s %s", i+1, at.stage, at), kind: "in " + at.stage,
				run: g.compared(m, outageAt(at))})
		}
		return all
	}}
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
	for range 5 {
		l.pass(3*time.Minute, "expire", "retest")
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
