package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mailgrant/handler/engine"
	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/tenant"
	"mailgrant/handler/telemetry"

	collectedmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectedtraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector is a receiver of the OpenTelemetry protocol.
type collector struct {
	*httptest.Server
	mutex   sync.Mutex
	spans   []*traces.Span
	metrics map[string]string // the names, with their units
	texts   bytes.Buffer      // everything that came, as text
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{metrics: map[string]string{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = c.take(r.URL.Path, body)
		}
		if err != nil {
			t.Errorf("%s: %v", r.URL.Path, err)
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) take(path string, body []byte) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	switch path {
	case "/v1/traces":
		var came collectedtraces.ExportTraceServiceRequest
		err := proto.Unmarshal(body, &came)
		for _, resource := range came.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				c.spans = append(c.spans, scope.GetSpans()...)
			}
		}
		fmt.Fprintln(&c.texts, came.String())
		return err
	case "/v1/metrics":
		var came collectedmetrics.ExportMetricsServiceRequest
		err := proto.Unmarshal(body, &came)
		for _, resource := range came.GetResourceMetrics() {
			for _, scope := range resource.GetScopeMetrics() {
				for _, one := range scope.GetMetrics() {
					c.metrics[one.GetName()] = one.GetUnit()
				}
			}
		}
		fmt.Fprintln(&c.texts, came.String())
		return err
	}
	return fmt.Errorf("nothing is collected there")
}

// traceOf are the spans of the trace in which a span of that name is the first; nil while
// there is none.
func (c *collector) traceOf(name string) []*traces.Span {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	at := slices.IndexFunc(c.spans, func(span *traces.Span) bool { return span.GetName() == name })
	if at < 0 {
		return nil
	}
	var found []*traces.Span
	for _, span := range c.spans {
		if bytes.Equal(span.GetTraceId(), c.spans[at].GetTraceId()) {
			found = append(found, span)
		}
	}
	return found
}

// attribute is the text of a span's attribute; empty when there is none.
func attribute(span *traces.Span, name string) string {
	at := slices.IndexFunc(span.GetAttributes(), func(one *common.KeyValue) bool { return one.GetKey() == name })
	if at < 0 {
		return ""
	}
	value := span.GetAttributes()[at].GetValue()
	if number, is := value.GetValue().(*common.AnyValue_IntValue); is {
		return fmt.Sprint(number.IntValue)
	}
	return value.GetStringValue()
}

// spanTree prints the spans below one, those of a name together: reads run side by side, so
// that their order is another each time.
func spanTree(spans []*traces.Span, below []byte, depth int) string {
	children := map[string][]*traces.Span{}
	var names []string
	for _, span := range spans {
		if !bytes.Equal(span.GetParentSpanId(), below) {
			continue
		}
		title := span.GetName() + kindOf(span)
		if children[title] == nil {
			names = append(names, title)
		}
		children[title] = append(children[title], span)
	}
	slices.Sort(names)
	var text strings.Builder
	for _, title := range names {
		fmt.Fprintf(&text, "%s%s", strings.Repeat("  ", depth), title)
		if count := len(children[title]); count > 1 {
			fmt.Fprintf(&text, " × %d", count)
		}
		text.WriteString("\n")
		for _, span := range children[title] {
			text.WriteString(spanTree(spans, span.GetSpanId(), depth+1))
		}
	}
	return text.String()
}

// kindOf is what a span's line says of it.
func kindOf(span *traces.Span) string {
	edge, status, outcome := attribute(span, telemetry.AttributeEdge), attribute(span, telemetry.AttributeStatus), attribute(span, telemetry.AttributeOutcome)
	switch {
	case edge != "":
		return fmt.Sprintf(" (%s, %s %s)", edge, status, outcome)
	case status != "":
		return " (" + status + ")"
	}
	return ""
}

const (
	tracedCall    = "POST /api/requests/:source"
	tracedRequest = `{"workload":{"appId":"` + tenant.SampleNewsletterAppID + `"},"permissions":["Mail.Send"],"scope":{"mailboxes":["` + tenant.SampleNewsGUID + `"]},"duration":"P30D"}`
)

// TestOneGrantsTrace: from the call of the ticket system by way of the queue to the tenant's
// own request ids it is one trace, which docs/telemetry.md shows; every metric comes; and
// nothing that comes is a secret or somebody's address.
func TestOneGrantsTrace(t *testing.T) {
	t.Parallel()
	received := newCollector(t)
	running := observed(t, received.URL)
	view := grantedBy(t, running)
	running.Tenant.Advance(time.Hour)
	fault := tenant.Fault{Name: "throttle", Match: "Test-ServicePrincipalAuthorization", Times: 1, RetryAfter: "1"}
	err := running.Tenant.Fault(fault)
	if err == nil {
		err = running.Pass(t.Context(), time.Minute, "retest", "expire")
	}
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "every metric", func() bool {
		received.mutex.Lock()
		defer received.mutex.Unlock()
		return len(received.metrics) == len(telemetry.Metrics())
	})
	spans := received.traceOf(tracedCall)
	shown := spanTree(spans, nil, 0)
	page, err := os.ReadFile(filepath.Join("..", "docs", "telemetry.md"))
	if err != nil || !strings.Contains(string(page), "```text\n"+shown+"```\n") {
		t.Errorf("docs/telemetry.md does not show this trace (%v):\n%s", err, shown)
	}
	requestIDs := map[string]bool{}
	for _, span := range spans {
		requestIDs[attribute(span, telemetry.AttributeRequestID)] = true
	}
	for _, evidence := range view.Evidence {
		if !requestIDs[evidence.RequestID] {
			t.Errorf("the tenant's request %s, by which %s is proved, is not in the trace", evidence.RequestID, evidence.Subject)
		}
	}
	received.holdsNoSecret(t, running)
}

// observed starts a whole stack whose telemetry goes to that address.
func observed(t *testing.T, address string) *stack.Stack {
	t.Helper()
	b := newBed(t)
	folder, err := b.simulated()
	if err != nil {
		t.Fatal(err)
	}
	account, err := b.account()
	if err != nil {
		t.Fatal(err)
	}
	running, err := stack.Start(t.Context(), stack.Options{Package: folder, Account: account, Scratch: t.TempDir(), Settings: map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_METRIC_EXPORT_INTERVAL": "200"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := running.Close()
		if err != nil {
			t.Error(err)
		}
	})
	return running
}

// grantedBy asks for a grant and returns it when it is active and its trace has come.
func grantedBy(t *testing.T, running *stack.Stack) engine.View {
	t.Helper()
	ask := func(method, path, body string) []byte {
		request, err := http.NewRequestWithContext(t.Context(), method, running.Host.URL()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("x-functions-key", running.Host.FunctionKey())
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode > 299 {
			t.Fatalf("%s %s: %d %s %v", method, path, response.StatusCode, text, err)
		}
		return text
	}
	var view engine.View
	err := json.Unmarshal(ask(http.MethodPost, "/api/requests/ops", tracedRequest), &view)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), settleLimit)
	defer cancel()
	err = running.Settle(ctx)
	if err == nil {
		err = json.Unmarshal(ask(http.MethodGet, "/api/grants/"+view.ID, ""), &view)
	}
	if err != nil || view.State != "active" || len(view.Evidence) == 0 {
		t.Fatalf("the grant is %s: %v", view.State, err)
	}
	return view
}

// waitFor gives what is sent in the background its time.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 200 {
		if is() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%s did not come", what)
}

// holdsNoSecret looks through all that came.
func (c *collector) holdsNoSecret(t *testing.T, running *stack.Stack) {
	t.Helper()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	text := c.texts.String()
	if !strings.Contains(text, telemetry.AttributeInstallation) || len(c.spans) == 0 {
		t.Error("nothing was looked through")
	}
	token, _, _ := strings.Cut(running.Tenant.Token(tenant.SampleServiceAppID, "graph"), ".")
	for what, secret := range map[string]string{"a token": token, "the function key": running.Host.FunctionKey(), "an address": "@" + tenant.SampleDomain,
		"the identity's header": running.Tenant.IdentityHeader()} {
		if secret == "" || strings.Contains(text, secret) {
			t.Errorf("what was sent holds %s", what)
		}
	}
	for name := range c.metrics {
		if !slices.Contains(telemetry.Metrics(), name) {
			t.Errorf("the metric %s is not listed", name)
		}
	}
}

// TestTraceOfACaller: a trace that a caller began goes on; later work has one of its own that
// points there; what is no trace begins a new one.
func TestTraceOfACaller(t *testing.T) {
	t.Parallel()
	received := newCollector(t)
	log := newLog(io.Discard)
	open, err := telemetry.Start(t.Context(), telemetry.Options{Endpoint: received.URL, Installation: "test01", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	const given = "4bf92f3577b34da6a3ce929d0e0e4736"
	ctx, served := open.Serve(t.Context(), telemetry.Served{Method: "GET", Route: "/r", Header: http.Header{"Traceparent": {"00-" + given + "-00f067aa0ba902b7-01"}}})
	carried := open.Carry(ctx)
	served(http.StatusInternalServerError)
	_, done := open.Resume(context.Background(), telemetry.Resumed{Carried: carried, Grant: "g1"})
	done(nil)
	_, done = open.Resume(context.Background(), telemetry.Resumed{Carried: carried, Grant: "g2", Apart: true})
	done(io.EOF)
	_, done = open.Resume(context.Background(), telemetry.Resumed{Carried: "nonsense", Grant: "g3"})
	done(nil)
	err = open.Close(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byGrant := map[string]*traces.Span{}
	for _, span := range received.spans {
		byGrant[attribute(span, telemetry.AttributeGrant)] = span
	}
	same := func(span *traces.Span) bool { return hex.EncodeToString(span.GetTraceId()) == given }
	if len(byGrant) != 4 || !same(byGrant[""]) || !same(byGrant["g1"]) || same(byGrant["g2"]) || same(byGrant["g3"]) {
		t.Errorf("the spans are %v", received.spans)
	}
	links := byGrant["g2"].GetLinks()
	if len(links) != 1 || hex.EncodeToString(links[0].GetTraceId()) != given || len(byGrant["g3"].GetLinks()) != 0 {
		t.Errorf("the links are %v", links)
	}
}
