package graph

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// largestBody bounds what is held in memory. The largest known answer, the app
// roles of Microsoft Graph itself, is below one megabyte.
const largestBody = 16 << 20

// guard is the last thing before the wire. Going out, it refuses every host but
// the endpoint. Coming in, it lets through only a whole JSON object with status
// 200; everything else becomes an [Error] here, where status, header and bytes
// are still at hand and before the library guesses at them.
type guard struct {
	endpoint *url.URL
	next     http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	if !sameOrigin(request.URL, g.endpoint) {
		return nil, &Error{Kind: Incomplete, Message: fmt.Sprintf("refused to send to %q", request.URL.Host)}
	}
	response, err := g.next.RoundTrip(request)
	if err != nil {
		return nil, &Error{Kind: Lost, Message: "no answer", Cause: err}
	}
	body, err := readBody(response)
	if response.StatusCode != http.StatusOK {
		// A body that cannot be read does not make the status less certain.
		return nil, refusal(response.StatusCode, response.Header, body)
	}
	if err != nil {
		return nil, &Error{Kind: Lost, Message: "the answer was cut off", RequestID: requestID(response.Header), Cause: err}
	}
	fault := faultOf(response.Header, body)
	if fault != "" {
		return nil, &Error{Kind: Incomplete, Status: response.StatusCode, Message: fault, RequestID: requestID(response.Header)}
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	return response, nil
}

func readBody(response *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, largestBody+1))
	// Nothing is learnt from a failure to close what has been read.
	_ = response.Body.Close()
	return body, err
}

// faultOf says why an answer with status 200 cannot be trusted to be whole, or
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

func sameOrigin(one, other *url.URL) bool {
	return one.Scheme == other.Scheme && strings.EqualFold(one.Hostname(), other.Hostname()) && port(one) == port(other)
}

func port(address *url.URL) string {
	if address.Port() == "" && address.Scheme == "https" {
		return "443"
	}
	return address.Port()
}
