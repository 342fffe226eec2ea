package main

import (
	"context"
	"log/slog"
)

// invocationKey is the context's key of the host's invocation id.
type invocationKey struct{}

func withInvocation(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, invocationKey{}, id)
}

// invocationOf returns the host's id of the call that ctx belongs to, empty where
// the call did not come through the host.
func invocationOf(ctx context.Context) string {
	id, _ := ctx.Value(invocationKey{}).(string)
	return id
}

// invocationLog adds the invocation id to every line that is written during a call,
// so that a line of the engine can be laid beside the host's own telemetry.
type invocationLog struct{ slog.Handler }

func (h invocationLog) Handle(ctx context.Context, record slog.Record) error {
	id := invocationOf(ctx)
	if id != "" {
		record.AddAttrs(slog.String("invocation", id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h invocationLog) WithAttrs(attributes []slog.Attr) slog.Handler {
	return invocationLog{h.Handler.WithAttrs(attributes)}
}

func (h invocationLog) WithGroup(name string) slog.Handler {
	return invocationLog{h.Handler.WithGroup(name)}
}
