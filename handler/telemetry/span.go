package telemetry

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Served is one call from outside.
type Served struct {
	// Method and Route name the span; Route is the pattern and holds no value of the caller's.
	Method, Route string
	// Invocation is the host's id of the call; may be empty.
	Invocation string
	// Header is where a caller's traceparent stands (W3C Trace Context); nil for none.
	Header http.Header
}

// Serve begins the span of a call from outside. The function that it returns ends it with
// the status that was answered.
func (t *Telemetry) Serve(ctx context.Context, call Served) (context.Context, func(status int)) {
	if t == nil {
		return ctx, func(int) {}
	}
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(call.Header))
	ctx, span := t.tracer.Start(ctx, call.Method+" "+call.Route, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String(AttributeMethod, call.Method), attribute.String(AttributeRoute, call.Route), attribute.String(AttributeInvocation, call.Invocation)))
	return ctx, func(status int) {
		span.SetAttributes(attribute.Int(AttributeStatus, status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(status))
		}
		span.End()
	}
}

// carrier is the one header that is kept in a row.
const carrier = "traceparent"

// Carry returns what continues the trace of ctx elsewhere: a traceparent of 55 characters,
// empty where there is no trace.
func (t *Telemetry) Carry(ctx context.Context) string {
	if t == nil {
		return ""
	}
	kept := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, kept)
	return kept[carrier]
}

// Sent notes a message in the span that sends it.
func (t *Telemetry) Sent(ctx context.Context, queue string) {
	if t == nil {
		return
	}
	trace.SpanFromContext(ctx).AddEvent(EventSent, trace.WithAttributes(attribute.String(AttributeQueue, queue)))
}

// Resumed is work that another call has asked for.
type Resumed struct {
	// Carried is what Carry returned there; empty, or not understood, begins a new trace.
	Carried string
	// Grant is what is worked on.
	Grant string
	// Apart begins a new trace with a link to that one, for work so much later that one
	// trace would span weeks.
	Apart bool
}

// Resume begins the span of such work. The function that it returns ends it.
func (t *Telemetry) Resume(ctx context.Context, work Resumed) (context.Context, func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(attribute.String(AttributeGrant, work.Grant))}
	asked := propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{carrier: work.Carried})
	from := trace.SpanContextFromContext(asked)
	switch {
	case from.IsValid() && !work.Apart:
		ctx = asked
	case from.IsValid():
		options = append(options, trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: from}))
	}
	ctx, span := t.tracer.Start(ctx, SpanApply, options...)
	return ctx, func(err error) {
		if err != nil {
			// Not its text: that may name mailboxes.
			span.SetStatus(codes.Error, "the work failed; the log says why")
		}
		span.End()
	}
}

// Call is one request to the tenant.
type Call struct {
	// Edge is exchange or graph; Operation the cmdlet, or what is asked of Graph in words.
	Edge, Operation string
	Write           bool
}

// answered is what the wire told of a call.
type answered struct {
	status    int
	requestID string
	wait      time.Duration
}

type answeredKey struct{}

// Answered notes what the wire told of the call that ctx belongs to; without a call it
// does nothing. The request id is the tenant's own, wait what it asked for.
func Answered(ctx context.Context, status int, requestID string, wait time.Duration) {
	noted, ours := ctx.Value(answeredKey{}).(*answered)
	if ours {
		*noted = answered{status, requestID, wait}
	}
}

// Call begins the span of one request. The function that it returns ends it with its
// outcome: OutcomeFine, OutcomeAbsent or the kind of an error.
func (t *Telemetry) Call(ctx context.Context, call Call) (context.Context, func(outcome string)) {
	if t == nil {
		return ctx, func(string) {}
	}
	named := []attribute.KeyValue{attribute.String(AttributeEdge, call.Edge), attribute.String(AttributeOperation, call.Operation), attribute.Bool(AttributeWrite, call.Write)}
	ctx, span := t.tracer.Start(ctx, call.Operation, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(named...))
	noted := &answered{}
	ctx = context.WithValue(ctx, answeredKey{}, noted)
	return ctx, func(outcome string) {
		ended := attribute.String(AttributeOutcome, outcome)
		span.SetAttributes(ended, attribute.Int(AttributeStatus, noted.status), attribute.String(AttributeRequestID, noted.requestID))
		if outcome != OutcomeFine && outcome != OutcomeAbsent {
			span.SetStatus(codes.Error, outcome)
		}
		span.End()
		t.instruments.requests.Add(ctx, 1, metric.WithAttributes(append(named, ended)...))
		if noted.wait > 0 {
			t.instruments.waits.Record(ctx, noted.wait.Seconds(), metric.WithAttributes(named[0]))
		}
	}
}
