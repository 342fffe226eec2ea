package exchange

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestReadsAreTriedThreeTimes(t *testing.T) {
	t.Parallel()
	seconds := func(counts ...int) []time.Duration {
		var waits []time.Duration
		for _, count := range counts {
			waits = append(waits, time.Duration(count)*time.Second)
		}
		return waits
	}
	throttled := func(after string) http.HandlerFunc { return says(429, "", "Retry-After", after) }
	cases := map[string]struct {
		handlers []http.HandlerFunc
		kind     Kind
		sent     int
		waits    []time.Duration
		after    time.Duration
	}{
		"at once":              {[]http.HandlerFunc{says(200, rows(pointerRow))}, "", 1, nil, 0},
		"second try":           {[]http.HandlerFunc{says(503, ""), says(200, rows(pointerRow))}, "", 2, seconds(1), 0},
		"third try":            {[]http.HandlerFunc{says(503, ""), says(500, ""), says(200, rows(pointerRow))}, "", 3, seconds(1, 2), 0},
		"never":                {[]http.HandlerFunc{throttled("")}, Throttled, 5, seconds(1, 2, 4, 8), 0},
		"rounded up":           {[]http.HandlerFunc{throttled("3.2"), throttled("4"), says(200, rows(pointerRow))}, "", 3, seconds(4, 4), 0},
		"too long":             {[]http.HandlerFunc{throttled("21")}, Throttled, 1, nil, 21 * time.Second},
		"too long in sum":      {[]http.HandlerFunc{throttled("12")}, Throttled, 2, seconds(12), 12 * time.Second},
		"twenty is allowed":    {[]http.HandlerFunc{throttled("20"), says(200, rows(pointerRow))}, "", 2, seconds(20), 0},
		"plain text":           {[]http.HandlerFunc{says(400, "maximum number of concurrent requests per tenant"), says(200, rows(pointerRow))}, "", 2, seconds(1), 0},
		"forbidden":            {[]http.HandlerFunc{says(403, "")}, Forbidden, 1, nil, 0},
		"absent":               {[]http.HandlerFunc{says(404, refusalBody("NotFound", "|"+notFoundType+"|x"))}, NotFound, 1, nil, 0},
		"no answer":            {[]http.HandlerFunc{drops}, Lost, 5, seconds(1, 2, 4, 8), 0},
		"absent after waiting": {[]http.HandlerFunc{says(503, ""), says(404, refusalBody("NotFound", "|"+notFoundType+"|x"))}, NotFound, 2, seconds(1), 0},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newWire(t, test.handlers...)
			_, err := played.client.FindServicePrincipal(context.Background(), testObjectID)
			if KindOf(err) != test.kind {
				t.Fatalf("kind is %q, want %q: %v", KindOf(err), test.kind, err)
			}
			if err != nil && asError(t, err).RetryAfter != test.after {
				t.Errorf("RetryAfter is %v, want %v", asError(t, err).RetryAfter, test.after)
			}
			if len(played.requests()) != test.sent || !reflect.DeepEqual(played.waits, test.waits) {
				t.Errorf("sent %d times, waited %v; want %d, %v", len(played.requests()), played.waits, test.sent, test.waits)
			}
		})
	}
}

func TestRetryAfterOnAWriteIsReported(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(429, "", "Retry-After", "0.5"))
	err := played.client.RemoveServicePrincipal(context.Background(), testObjectID)
	if fault := wantKind(t, err, Throttled); fault.RetryAfter != time.Second {
		t.Errorf("RetryAfter is %v", fault.RetryAfter)
	}
	if len(played.requests()) != 1 || len(played.waits) != 0 {
		t.Errorf("sent %d times, waited %v", len(played.requests()), played.waits)
	}
}

func TestNoWaitBeyondTheDeadline(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(429, "", "Retry-After", "15"))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := played.client.FindServicePrincipal(ctx, testObjectID)
	if fault := wantKind(t, err, Throttled); fault.RetryAfter != 15*time.Second || len(played.waits) != 0 {
		t.Errorf("RetryAfter %v, waited %v", fault.RetryAfter, played.waits)
	}
}

func TestCancelledWait(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(503, ""))
	played.client.wait = func(context.Context, time.Duration) error { return context.Canceled }
	_, err := played.client.FindServicePrincipal(context.Background(), testObjectID)
	wantKind(t, err, Transient)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not tell of the cancellation", err)
	}
}

func TestWaitOnTimer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	if err := waitOnTimer(ctx, time.Nanosecond); err != nil {
		t.Error(err)
	}
	cancel()
	if err := waitOnTimer(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestRetryAfterIsRoundedUp(t *testing.T) {
	t.Parallel()
	const date = "Tue, 01 Dec 2026 08:00:00 GMT"
	for text, want := range map[string]time.Duration{
		"":                              0,
		"1":                             time.Second,
		" 2 ":                           2 * time.Second,
		"0.2":                           time.Second,
		"1.000001":                      2 * time.Second,
		"0":                             0,
		"-3":                            0,
		"NaN":                           0,
		"soon":                          0,
		"1e300":                         longestWait,
		"Inf":                           longestWait,
		"Tue, 01 Dec 2026 08:00:30 GMT": 30 * time.Second,
		"Tue, 01 Dec 2026 07:00:30 GMT": 0,
	} {
		header := http.Header{"Retry-After": {text}, "Date": {date}}
		if got := retryAfter(header); got != want {
			t.Errorf("%q gives %v, want %v", text, got, want)
		}
	}
	if got := retryAfter(http.Header{"Retry-After": {"Tue, 01 Dec 2026 08:00:30 GMT"}}); got != 0 {
		t.Errorf("a date without the answer's date gives %v", got)
	}
}

func TestTheCallersDeadlineLosesAWrite(t *testing.T) {
	t.Parallel()
	played := newWire(t, func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() })
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := played.client.RemoveManagementScope(ctx, "mg-1")
	if fault := wantKind(t, err, Lost); !fault.MayHaveActed || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %+v", fault)
	}
}

func TestNoConnectionMeansNoEffect(t *testing.T) {
	t.Parallel()
	played := newWire(t, drops)
	played.server.Close()
	err := played.client.RemoveManagementScope(context.Background(), "mg-1")
	if fault := wantKind(t, err, Transient); fault.MayHaveActed {
		t.Error("a write that never left cannot have acted")
	}
}

func TestNoTokenMeansNoEffect(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(200, ""))
	failure := errors.New("the identity endpoint is silent")
	client, err := New(Options{Endpoint: played.server.URL, Tenant: testTenant, Credential: staticCredential{failure}, Transport: played.server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	err = client.RemoveManagementScope(context.Background(), "mg-1")
	if fault := wantKind(t, err, Unauthorized); fault.MayHaveActed || !errors.Is(err, failure) {
		t.Errorf("got %+v", fault)
	}
	if len(played.requests()) != 0 {
		t.Error("something was sent without a token")
	}
}

func TestNULBytesDeclaredAsGzip(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(403, strings.Repeat("\x00", 4096), "Content-Encoding", "gzip", "x-ms-diagnostics", "2000012;reason=\"role\""))
	_, err := played.client.FindServicePrincipal(context.Background(), testObjectID)
	fault := wantKind(t, err, Forbidden)
	if fault.Status != 403 || fault.Message != "" || fault.RequestID != "tenant-request-7" || !strings.Contains(fault.Diagnostics, "role") {
		t.Errorf("got %+v", fault)
	}
}

func TestATransportThatInflatesByItself(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		kind   Kind
	}{"refusal": {403, Forbidden}, "success": {200, Lost}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport := transportFunc(func(request *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: test.status, Header: http.Header{"Request-Id": {"r"}}, Body: brokenBody{}, Request: request}, nil
			})
			client, err := New(Options{Tenant: testTenant, Credential: staticCredential{}, Transport: transport,
				Wait: func(context.Context, time.Duration) error { return nil }})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.FindServicePrincipal(context.Background(), testObjectID)
			if fault := wantKind(t, err, test.kind); fault.Status != test.status || fault.RequestID != "r" {
				t.Errorf("the broken body hides status or headers: %+v", fault)
			}
		})
	}
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) Do(request *http.Request) (*http.Response, error) { return f(request) }

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, gzip.ErrHeader }
func (brokenBody) Close() error             { return nil }

func TestGzipAllTheSame(t *testing.T) {
	t.Parallel()
	played := newWire(t, func(writer http.ResponseWriter, _ *http.Request) {
		writer.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(writer)
		_, _ = io.WriteString(packed, rows(pointerRow))
		_ = packed.Close()
	})
	found, err := played.client.FindServicePrincipal(context.Background(), testObjectID)
	if err != nil || found.AppID != testAppID {
		t.Fatalf("got %+v, %v", found, err)
	}
	if normalGUID(found.RequestID) == "" {
		t.Errorf("without the tenant's id the request's own is kept, got %q", found.RequestID)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", bodyLimit)
	played := newWire(t, says(200, rows(`{"DisplayName":"`+long+`"}`)))
	_, err := played.client.FindServicePrincipal(context.Background(), testObjectID)
	if fault := wantKind(t, err, Incomplete); fault.Status != 200 || !errors.Is(err, errAnswerTooLarge) {
		t.Errorf("got %v", fault)
	}
	refused := newWire(t, says(400, long+long))
	_, err = refused.client.FindServicePrincipal(context.Background(), testObjectID)
	if fault := wantKind(t, err, Unknown); fault.Status != 400 || len(fault.Message) != messageLimit {
		t.Errorf("status %d, %d bytes of text", fault.Status, len(fault.Message))
	}
}
