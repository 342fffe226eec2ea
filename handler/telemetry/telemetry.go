// Package telemetry sends traces and metrics by the OpenTelemetry protocol, and is the only
// package that knows that library.
//
// It must not decide anything, keep anything that matters, or fail a caller: what cannot be
// sent is dropped. It takes names, numbers and ids and nothing else, so that neither a
// token nor a mailbox's address can get into what it sends. A nil *Telemetry, which is what
// there is while nobody has asked for any, does nothing.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	metrics "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	traces "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Options says where to send what, and from whom.
type Options struct {
	// Endpoint is the base address of a collector, to which /v1/traces and /v1/metrics are
	// added (OpenTelemetry protocol exporter). Empty means that nothing is sent.
	Endpoint string
	// Installation is the mark of this installation.
	Installation string
	// Log gets what could not be sent; required.
	Log *slog.Logger
}

// Telemetry measures and traces. Every method may be called on nil, and by many goroutines
// at once.
type Telemetry struct {
	tracer      trace.Tracer
	closers     []func(context.Context) error
	instruments instruments
}

const scope = "mailgrant"

// Start makes the exporters, which begin to send in the background and stop at Close. It
// sends nothing itself. It returns nil without an error where no endpoint is given.
func Start(ctx context.Context, options Options) (*Telemetry, error) {
	if options.Endpoint == "" {
		return nil, nil
	}
	base := strings.TrimRight(options.Endpoint, "/")
	spans, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(base+"/v1/traces"))
	if err != nil {
		return nil, fmt.Errorf("making the exporter of traces: %w", err)
	}
	numbers, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(base+"/v1/metrics"))
	if err != nil {
		return nil, fmt.Errorf("making the exporter of metrics: %w", err)
	}
	from, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", scope), attribute.String(AttributeInstallation, options.Installation)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("reading what the environment says of this service: %w", err)
	}
	// The library's own handler writes to stderr, every line of which the Functions host
	// takes for an error. This is the one thing of the library's that is set for the process.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { options.Log.Warn("telemetry was not sent", "error", err.Error()) }))
	tracing := traces.NewTracerProvider(traces.WithBatcher(spans), traces.WithResource(from))
	measuring := metrics.NewMeterProvider(metrics.WithReader(metrics.NewPeriodicReader(numbers)), metrics.WithResource(from))
	made := &Telemetry{tracer: tracing.Tracer(scope), closers: []func(context.Context) error{tracing.Shutdown, measuring.Shutdown}}
	made.instruments, err = newInstruments(measuring.Meter(scope))
	return made, err
}

// Close sends what is left and ends the exporters; what cannot be sent before ctx ends is
// lost, and is the error.
func (t *Telemetry) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	var failures []error
	for _, closer := range t.closers {
		failures = append(failures, closer(ctx))
	}
	return errors.Join(failures...)
}

// instruments are what is measured with.
type instruments struct {
	grants, overdue    metric.Int64Gauge
	stuck              metric.Float64Gauge
	requests, verdicts metric.Int64Counter
	waits, lateness    metric.Float64Histogram
}

func newInstruments(meter metric.Meter) (instruments, error) {
	var made instruments
	var failures [7]error
	made.grants, failures[0] = meter.Int64Gauge(MetricGrants, metric.WithUnit("{grant}"))
	made.overdue, failures[1] = meter.Int64Gauge(MetricOverdue, metric.WithUnit("{grant}"))
	made.stuck, failures[2] = meter.Float64Gauge(MetricStuckAge, metric.WithUnit("s"))
	made.requests, failures[3] = meter.Int64Counter(MetricRequests, metric.WithUnit("{request}"))
	made.waits, failures[4] = meter.Float64Histogram(MetricThrottleWait, metric.WithUnit("s"))
	made.lateness, failures[5] = meter.Float64Histogram(MetricSweepLateness, metric.WithUnit("s"))
	made.verdicts, failures[6] = meter.Int64Counter(MetricVerdicts, metric.WithUnit("{verdict}"))
	err := errors.Join(failures[:]...)
	if err != nil {
		return instruments{}, fmt.Errorf("making the instruments: %w", err)
	}
	return made, nil
}

// Lateness measures one run of a sweep; late is 0 where nothing had been due.
func (t *Telemetry) Lateness(ctx context.Context, sweep string, late time.Duration) {
	if t == nil {
		return
	}
	t.instruments.lateness.Record(ctx, max(late, 0).Seconds(), metric.WithAttributes(attribute.String(AttributeSweep, sweep)))
}

// Verdict counts one answer of the tenant's own tests.
func (t *Telemetry) Verdict(ctx context.Context, expected, verdict string) {
	if t == nil {
		return
	}
	t.instruments.verdicts.Add(ctx, 1, metric.WithAttributes(attribute.String(AttributeExpected, expected), attribute.String(AttributeVerdict, verdict)))
}

// Count is the grants of an installation at one moment.
type Count struct {
	// ByState has a number for every live state, 0 included: a state that is left out would
	// go on being reported as it was.
	ByState map[string]int
	Overdue int
	// StuckFor is since when the longest stuck grant is stuck; 0 for none.
	StuckFor time.Duration
}

// Grants measures the grants.
func (t *Telemetry) Grants(ctx context.Context, count Count) {
	if t == nil {
		return
	}
	for state, number := range count.ByState {
		t.instruments.grants.Record(ctx, int64(number), metric.WithAttributes(attribute.String(AttributeState, state)))
	}
	t.instruments.overdue.Record(ctx, int64(count.Overdue))
	t.instruments.stuck.Record(ctx, count.StuckFor.Seconds())
}

// On reports whether anything is sent, for measurements that take reading first.
func (t *Telemetry) On() bool { return t != nil }
