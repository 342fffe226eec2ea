package graph_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"mailgrant/handler/graph"
)

// failing answers the first n requests with fault and the rest well.
func failing(n int, fault http.HandlerFunc) http.HandlerFunc {
	tries := make(chan struct{}, n)
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case tries <- struct{}{}:
			fault(w, r)
		default:
			reply(w, 200, principalBody)
		}
	}
}

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "4000")
	_, _ = w.Write([]byte(principalBody))
}

func TestReadsAreRepeated(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault    http.HandlerFunc
		failures int
		kind     graph.Kind
		requests int
	}{
		"throttled once":       {always(429, `{}`), 1, "", 2},
		"unavailable twice":    {always(503, `x`), 2, "", 3},
		"gateway times out":    {always(504, ``), 2, "", 3},
		"throttled for ever":   {always(429, `{}`), 9, graph.Throttled, 5},
		"unavailable for ever": {always(503, `{}`), 9, graph.Transient, 5},
		"no answer once":       {hangUp, 1, "", 2},
		"no answer for ever":   {hangUp, 9, graph.Lost, 5},
		"cut off once":         {cutOff, 1, "", 2},
		"cut off for ever":     {cutOff, 9, graph.Lost, 5},
		"internal error":       {always(500, `{}`), 9, graph.Transient, 1},
		"absent":               {always(404, absent), 9, graph.NotFound, 1},
		"denied":               {always(403, `{}`), 9, graph.Forbidden, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := serve(t, failing(test.failures, test.fault))
			got, err := d.client(t).FindServicePrincipal(t.Context(), objectID)
			if graph.KindOf(err) != test.kind || (err == nil && got != newsletter) {
				t.Errorf("got %+v, %v; want kind %q", got, err, test.kind)
			}
			if d.asked() != test.requests || len(d.waits) != test.requests-1 {
				t.Errorf("%d requests with waits %v, want %d requests", d.asked(), d.waits, test.requests)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const date = "Sun, 01 Nov 2026 08:00:00 GMT"
	tests := map[string]struct {
		header string
		told   time.Duration
		waits  []time.Duration
	}{
		"none":            {"", 0, []time.Duration{1e9, 2e9, 3e9, 4e9}},
		"whole":           {"7", 7e9, []time.Duration{7e9, 7e9}},
		"fractional":      {"2.1", 3e9, []time.Duration{3e9, 3e9, 3e9, 4e9}},
		"a little":        {"0.001", 1e9, []time.Duration{1e9, 2e9, 3e9, 4e9}},
		"zero":            {"0", 0, []time.Duration{1e9, 2e9, 3e9, 4e9}},
		"negative":        {"-5", 0, []time.Duration{1e9, 2e9, 3e9, 4e9}},
		"date":            {"Sun, 01 Nov 2026 08:00:09 GMT", 9e9, []time.Duration{9e9, 9e9}},
		"date gone by":    {"Sun, 01 Nov 2026 07:00:00 GMT", 0, []time.Duration{1e9, 2e9, 3e9, 4e9}},
		"words":           {"soon", 0, []time.Duration{1e9, 2e9, 3e9, 4e9}},
		"no number":       {"NaN", 0, []time.Duration{1e9, 2e9, 3e9, 4e9}},
		"all that is had": {"20", 20e9, []time.Duration{20e9}},
		"too long":        {"21", 21e9, nil},
		"twice too long":  {"11", 11e9, []time.Duration{11e9}},
		"absurd":          {"1e300", 24 * time.Hour, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", date)
				if test.header != "" {
					w.Header().Set("Retry-After", test.header)
				}
				reply(w, 429, `{"error":{"code":"TooManyRequests"}}`)
			})
			_, err := d.client(t).FindServicePrincipal(t.Context(), objectID)
			failure := wantKind(t, err, graph.Throttled)
			if failure.RetryAfter != test.told || !slices.Equal(d.waits, test.waits) {
				t.Errorf("told %v, waited %v; want %v, %v", failure.RetryAfter, d.waits, test.told, test.waits)
			}
		})
	}
}

// The waits of all pages come out of one purse.
func TestPagesShareTheWaiting(t *testing.T) {
	t.Parallel()
	var count atomic.Int32
	d := serve(t, func(w http.ResponseWriter, r *http.Request) {
		number := count.Add(1)
		if number%2 == 1 {
			w.Header().Set("Retry-After", "8")
			reply(w, 429, `{}`)
			return
		}
		name := fmt.Sprint(number)
		reply(w, 200, consentPage("https://"+r.Host+r.URL.Path+"?$skiptoken="+name, consentRow(name)))
	})
	consents, err := d.client(t).ListConsents(t.Context(), objectID)
	wantKind(t, err, graph.Throttled)
	if consents != nil || !slices.Equal(d.waits, []time.Duration{8e9, 8e9}) {
		t.Errorf("%d rows, waits %v", len(consents), d.waits)
	}
}

func TestNoWaitBeyondTheDeadline(t *testing.T) {
	t.Parallel()
	d := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "15")
		reply(w, 503, `{}`)
	})
	limited, cancel := context.WithTimeout(t.Context(), 14*time.Second)
	defer cancel()
	_, err := d.client(t).FindServicePrincipal(limited, objectID)
	wantKind(t, err, graph.Transient)
	if d.asked() != 1 || len(d.waits) != 0 {
		t.Errorf("%d requests, waits %v", d.asked(), d.waits)
	}
	roomy, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	_, err = d.client(t).FindServicePrincipal(roomy, objectID)
	wantKind(t, err, graph.Transient)
	if d.asked() != 3 || len(d.waits) != 1 {
		t.Errorf("%d requests, waits %v", d.asked(), d.waits)
	}
}

func TestEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	d := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := d.client(t).FindServicePrincipal(ctx, objectID)
	wantKind(t, err, graph.Lost)
	if !errors.Is(err, context.Canceled) || d.asked() != 1 {
		t.Errorf("%d requests: %v", d.asked(), err)
	}
}

// Without a wait of the caller's, a real timer is used and the context ends it.
func TestDefaultWait(t *testing.T) {
	t.Parallel()
	d := serve(t, failing(1, always(503, `{}`)))
	client, err := graph.New(graph.Options{Endpoint: d.URL, Credential: d.tokens, Transport: d.Client().Transport})
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	_, err = client.FindServicePrincipal(t.Context(), objectID)
	if err != nil || time.Since(begun) < time.Second {
		t.Errorf("after %v: %v", time.Since(begun), err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	stuck := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "19")
		reply(w, 503, `{}`)
		time.AfterFunc(50*time.Millisecond, cancel)
	})
	client, err = graph.New(graph.Options{Endpoint: stuck.URL, Credential: d.tokens, Transport: stuck.Client().Transport})
	if err != nil {
		t.Fatal(err)
	}
	begun = time.Now()
	_, err = client.FindServicePrincipal(ctx, objectID)
	wantKind(t, err, graph.Transient)
	if time.Since(begun) > 10*time.Second || stuck.asked() != 1 {
		t.Errorf("%d requests, after %v", stuck.asked(), time.Since(begun))
	}
}
