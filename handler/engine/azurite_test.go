package engine

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	emulated "mailgrant/handler/simulator/storage"
	"mailgrant/handler/store"
)

// accounts is how many tests one run may hold, several times (-count).
const accounts = 100

var nextAccount atomic.Int32

// emulator starts with the first test that needs it.
var emulator = sync.OnceValues(func() (*emulated.Azurite, error) {
	return emulated.StartAzurite(context.Background(), "../../scripts/azurite", accounts)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if nextAccount.Load() > 0 {
		started, err := emulator()
		if err == nil {
			started.Close()
		}
	}
	os.Exit(code)
}

// rows opens an empty storage account of the test's own, on the real emulator.
func rows(t *testing.T) *store.Store {
	t.Helper()
	started, err := emulator()
	if err != nil {
		t.Fatalf("no storage emulator (run: make azurite): %v", err)
	}
	account := started.Account(int(nextAccount.Add(1)) - 1)
	opened, err := store.Open(store.Options{ConnectionString: account.ConnectionString()})
	if err == nil {
		err = opened.Prepare(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// hands is a clock that a test moves.
type hands struct {
	mutex sync.Mutex
	at    time.Time
}

func (h *hands) now() time.Time {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.at
}

func (h *hands) pass(length time.Duration) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.at = h.at.Add(length)
}

func morning() *hands { return &hands{at: time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)} }
