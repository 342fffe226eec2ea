package main

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mailgrant/handler/engine"
)

// TestWaitingCallsShareAFailure: calls that wait for the storage to be prepared do
// not each try again in turn, and a call that comes later does.
func TestWaitingCallsShareAFailure(t *testing.T) {
	t.Parallel()
	var healthy atomic.Bool
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if healthy.Load() && r.Method == http.MethodGet {
			// The tables are there and empty.
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"odata.error":{"code":"ResourceNotFound","message":{"value":"no"}}}`))
			return
		}
		if healthy.Load() {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		time.Sleep(100 * time.Millisecond)
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(storage.Close)
	settings, faults := readConfig(lookupIn(map[string]string{"GrantStorage": storageOn(storage.URL)}))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	waited := newBackend(settings, time.Now, quiet())
	var calls sync.WaitGroup
	for range 30 {
		calls.Go(func() {
			_, err := waited.ready(t.Context())
			if engine.KindOf(err) != engine.KindStorage {
				t.Errorf("got %v", err)
			}
		})
	}
	calls.Wait()
	if attempts := waited.started.Load(); attempts > 3 {
		t.Errorf("30 calls at once made %d attempts", attempts)
	}
	healthy.Store(true)
	_, err := waited.ready(t.Context())
	if err != nil {
		t.Errorf("after the storage came back: %v", err)
	}
}
