package store

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mailgrant/handler/simulator/storage"
)

// accountCount is enough to run every test several times (-count), since an
// account is used only once.
const accountCount = 500

var (
	nextAccount atomic.Int32
	connections sync.Map // *Store to its connection string
)

// emulator starts with the first test that needs it: fuzzing does not.
var emulator = sync.OnceValues(func() (*storage.Azurite, error) {
	return storage.StartAzurite(context.Background(), "../../scripts/azurite", accountCount)
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

// account hands each test an empty storage account of its own.
func account(t testing.TB) storage.Account {
	t.Helper()
	number := int(nextAccount.Add(1)) - 1
	started, err := emulator()
	if err != nil {
		t.Fatalf("no storage emulator (run: make azurite): %v", err)
	}
	return started.Account(number)
}

// unprepared opens a store whose tables do not exist, over a wire that the test
// can break.
func unprepared(t testing.TB) (*Store, *wire) {
	t.Helper()
	faulty := &wire{}
	address := account(t).ConnectionString()
	opened, err := Open(Options{ConnectionString: address, Transport: faulty})
	if err != nil {
		t.Fatal(err)
	}
	connections.Store(opened, address)
	opened.pace.pause = time.Millisecond
	return opened, faulty
}

func prepared(t testing.TB) (*Store, *wire) {
	t.Helper()
	opened, faulty := unprepared(t)
	must(t, opened.Prepare(t.Context()))
	return opened, faulty
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, err error, want Kind) {
	t.Helper()
	if KindOf(err) != want {
		t.Fatalf("kind %q of error %v, want %q", KindOf(err), err, want)
	}
}

var errCut = errors.New("connection cut")

// fault is what happens to one request.
type fault int

const (
	pass       fault = iota
	loseBefore       // the request never arrives
	loseAfter        // it arrives, its answer does not
	busy             // 503 instead of an answer, nothing done
	busyAfter        // 503, although done
	cutAnswer        // the answer ends in the middle
	twice            // something on the way sends it again
	throttled        // 429
)

// wire is a transport that spoils the requests a test names. spoil sees the
// method and the path's last part and may act on the account itself.
type wire struct {
	mutex sync.Mutex
	spoil func(request *http.Request) fault
	log   []string
	hang  bool // never answers; set before use
}

func (w *wire) set(spoil func(*http.Request) fault) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.spoil, w.log = spoil, nil
}

func (w *wire) requests() []string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return append([]string(nil), w.log...)
}

func (w *wire) choose(request *http.Request) fault {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.log = append(w.log, request.Method+" "+request.URL.Path)
	if w.spoil == nil {
		return pass
	}
	return w.spoil(request)
}

func (w *wire) Do(request *http.Request) (*http.Response, error) {
	if w.hang {
		<-request.Context().Done()
		return nil, request.Context().Err()
	}
	chosen := w.choose(request)
	switch chosen {
	case loseBefore:
		return nil, errCut
	case busy:
		return refusal(request, http.StatusServiceUnavailable), nil
	case throttled:
		return refusal(request, http.StatusTooManyRequests), nil
	}
	response, err := send(request)
	if err != nil {
		return nil, err
	}
	switch chosen {
	case loseAfter:
		response.Body.Close()
		return nil, errCut
	case busyAfter:
		response.Body.Close()
		return refusal(request, http.StatusServiceUnavailable), nil
	case cutAnswer:
		response.Body = &cutBody{response.Body, 20}
	case twice:
		response.Body.Close()
		return send(request)
	}
	return response, nil
}

func send(request *http.Request) (*http.Response, error) {
	copied := request.Clone(request.Context())
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		copied.Body = body
	}
	return http.DefaultClient.Do(copied)
}

func refusal(request *http.Request, status int) *http.Response {
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status), Request: request, Body: http.NoBody,
		Header: http.Header{"X-Ms-Error-Code": {"ServerBusy"}},
	}
}

// cutBody fails after some bytes.
type cutBody struct {
	inner interface {
		Read([]byte) (int, error)
		Close() error
	}
	left int
}

func (c *cutBody) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, errCut
	}
	n, err := c.inner.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

func (c *cutBody) Close() error { return c.inner.Close() }
