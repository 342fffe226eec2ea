//go:build simulated

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestSharedClockFollowsItsControlPort(t *testing.T) {
	t.Parallel()
	var shared atomic.Pointer[time.Time]
	month := time.Date(2027, 1, 1, 0, 0, 0, 5, time.UTC)
	shared.Store(&month)
	port := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"now":%q}`, shared.Load().Format(time.RFC3339Nano))
	}))
	now, err := newClock(func(string) string { return port.URL + "/clock" }, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if got := now(); !got.Equal(month) {
		t.Errorf("got %s, want %s", got, month)
	}
	later := month.AddDate(0, 1, 0)
	shared.Store(&later)
	if got := now(); !got.Equal(later) {
		t.Errorf("after a month: got %s, want %s", got, later)
	}
	port.Close()
	got := now()
	if got.Before(later) || got.After(later.Add(time.Minute)) {
		t.Errorf("without its port: got %s, want a little after %s", got, later)
	}
}

func TestSharedClockNeedsAnAddress(t *testing.T) {
	t.Parallel()
	_, err := newClock(func(string) string { return "" }, quiet())
	if err == nil || !strings.Contains(err.Error(), "MAILGRANT_CLOCK") {
		t.Errorf("got %v", err)
	}
}

func TestSharedClockRunsOnFromWallTimeBeforeItsFirstAnswer(t *testing.T) {
	t.Parallel()
	port := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{}`) }))
	t.Cleanup(port.Close)
	now, err := newClock(func(string) string { return port.URL }, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if got := now(); time.Since(got).Abs() > time.Minute {
		t.Errorf("got %s", got)
	}
}

func TestPaceShortensWaits(t *testing.T) {
	t.Parallel()
	if newWait(func(string) string { return "" }) != nil || newWait(func(string) string { return "0" }) != nil {
		t.Error("without a pace waits are not the machine's")
	}
	wait := newWait(func(string) string { return "1000000" })
	began := time.Now()
	err := wait(t.Context(), time.Hour)
	if err != nil || time.Since(began) > time.Minute {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if wait(ended, 1000*time.Hour) == nil {
		t.Error("a wait outlives its call")
	}
}
