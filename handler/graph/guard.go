package graph

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"mailgrant/handler/telemetry"

	"github.com/go-json-experiment/json/jsontext"
)

// largestBody bounds what is held in memory. The largest known answer, the app
// roles of Microsoft Graph itself, is below one megabyte.
const largestBody = 16 << 20

// guard is the last thing before the wire. Going out, it refuses every host but
// the endpoint. Coming in, it lets through only the one status that the method
// succeeds with, and with it only a whole JSON object (for a removal, nothing);
// everything else becomes an [Error] here, where status, header and bytes are
// still at hand and before the library guesses at them.
type guard struct {
	endpoint *url.URL
	next     http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	if !sameOrigin(request.URL, g.endpoint) {
		return nil, &Error{Kind: Incomplete, Message: fmt.Sprintf("refused to send to %q", request.URL.Host), neverLeft: true}
	}
	var travel journey
	response, err := g.next.RoundTrip(request.WithContext(travel.watch(request.Context())))
	if err != nil {
		return nil, &Error{Kind: Lost, Message: "no answer", Cause: err, neverLeft: travel.neverLeft()}
	}
	telemetry.Answered(request.Context(), response.StatusCode, requestID(response.Header), retryAfter(response.Header))
	body, err := readBody(response)
	if response.StatusCode != successes[request.Method] {
		// A body that cannot be read does not make the status less certain.
		return nil, refusal(response.StatusCode, response.Header, body)
	}
	if err != nil {
		return nil, &Error{Kind: Lost, Message: "the answer was cut off", RequestID: requestID(response.Header), Cause: err}
	}
	fault := ""
	if request.Method != http.MethodDelete {
		fault = faultOf(response.Header, body)
	}
	if fault != "" {
		return nil, &Error{Kind: Incomplete, Status: response.StatusCode, Message: fault, RequestID: requestID(response.Header)}
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	return response, nil
}

// successes are what the calls of this package answer (Microsoft Graph
// documentation: get, create and delete an appRoleAssignment). Any other method
// has none.
var successes = map[string]int{
	http.MethodGet:    http.StatusOK,
	http.MethodPost:   http.StatusCreated,
	http.MethodDelete: http.StatusNoContent,
}

func readBody(response *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, largestBody+1))
	// Nothing is learnt from a failure to close what has been read.
	_ = response.Body.Close()
	return body, err
}

// faultOf says why the answer to a success cannot be trusted to be whole, or
// nothing. Names that occur twice are a fault, since one of the two values
// would be dropped in silence.
func faultOf(header http.Header, body []byte) string {
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	switch {
	case err != nil || kind != "application/json":
		return "the answer is not JSON: " + printable(string(body), messageLimit)
	case len(body) > largestBody:
		return fmt.Sprintf("the answer is longer than %d bytes", largestBody)
	case !jsontext.Value(body).IsValid() || jsontext.Value(body).Kind() != '{':
		return "the answer is not one well-formed JSON object"
	default:
		return ""
	}
}

// journey notes how far a request got, which its error does not tell.
type journey struct {
	started, headersWritten atomic.Bool
}

func (j *journey) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:      func(string) { j.started.Store(true) },
		WroteHeaders: func() { j.headersWritten.Store(true) },
	})
}

// neverLeft believes only a transport that reports its steps: one that reports
// none may have sent everything.
func (j *journey) neverLeft() bool {
	return j.started.Load() && !j.headersWritten.Load()
}

func sameOrigin(one, other *url.URL) bool {
	return one.Scheme == other.Scheme && strings.EqualFold(one.Hostname(), other.Hostname()) && port(one) == port(other)
}

func port(address *url.URL) string {
	if address.Port() == "" && address.Scheme == "https" {
		return "443"
	}
	return address.Port()
}
