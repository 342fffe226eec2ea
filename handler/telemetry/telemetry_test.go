package telemetry

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestNothingIsAskedFor: without an endpoint there is no telemetry, and everything that
// is called on it leaves no trace.
func TestNothingIsAskedFor(t *testing.T) {
	t.Parallel()
	none, err := Start(t.Context(), Options{})
	if none != nil || err != nil || none.On() {
		t.Fatalf("got %v, %v", none, err)
	}
	ctx, served := none.Serve(t.Context(), Served{Method: "GET", Route: "/"})
	ctx, resumed := none.Resume(ctx, Resumed{Carried: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
	ctx, called := none.Call(ctx, Call{Edge: "graph"})
	Answered(ctx, 200, "r", time.Second)
	called(OutcomeFine)
	resumed(errors.New("failed"))
	served(500)
	none.Sent(ctx, "apply")
	none.Lateness(ctx, "expire", time.Minute)
	none.Verdict(ctx, "allowed", "allowed")
	none.Grants(ctx, Count{})
	if none.Carry(ctx) != "" || ctx != t.Context() || none.Close(ctx) != nil {
		t.Error("nothing is not nothing")
	}
}

// TestCollectorThatIsGone: what cannot be sent delays nobody, fails nobody, and is told.
func TestCollectorThatIsGone(t *testing.T) {
	t.Parallel()
	var told bytes.Buffer
	open, err := Start(t.Context(), Options{Endpoint: "http://127.0.0.1:1/", Installation: "test01", Log: slog.New(slog.NewJSONHandler(&told, nil))})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	ctx, called := open.Call(t.Context(), Call{Edge: "exchange", Operation: "Get-Mailbox"})
	Answered(ctx, 429, "r", 3*time.Second)
	called("throttled")
	open.Grants(ctx, Count{ByState: map[string]int{"active": 1}})
	if time.Since(began) > time.Second || !strings.HasPrefix(open.Carry(ctx), "00-") {
		t.Errorf("took %s, carries %q", time.Since(began), open.Carry(ctx))
	}
	limit, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if open.Close(limit) == nil {
		t.Error("what was lost is not told")
	}
}
