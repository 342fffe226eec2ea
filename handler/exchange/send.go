package exchange

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"mailgrant/handler/telemetry"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

// reply is one answered request.
type reply struct {
	answer    answer
	requestID string
	// at is when the tenant answered, by its own clock; zero when it did not say.
	at     time.Time
	status int
}

// send is sendOnce, traced and counted.
func (c *Client) send(ctx context.Context, asked command, address *url.URL) (reply, *Error) {
	ctx, done := c.telemetry.Call(ctx, telemetry.Call{Edge: "exchange", Operation: asked.cmdlet, Write: asked.write})
	received, refused := c.sendOnce(ctx, asked, address)
	if refused != nil {
		telemetry.Answered(ctx, refused.Status, refused.RequestID, refused.RetryAfter)
		done(asked.outcome(refused.Kind))
		return received, refused
	}
	telemetry.Answered(ctx, received.status, received.requestID, 0)
	done(telemetry.OutcomeFine)
	return received, nil
}

// outcome is what telemetry is told of a failure.
func (c command) outcome(kind Kind) string {
	if kind == NotFound && !c.write {
		return telemetry.OutcomeAbsent
	}
	return string(kind)
}

// sendOnce posts the command once and judges what comes back. Continuations are POSTs of the same
// body too, so every request of this package passes here.
func (c *Client) sendOnce(ctx context.Context, asked command, address *url.URL) (reply, *Error) {
	var travel journey
	requestID, err := runtime.NewUUID()
	if err != nil {
		return reply{}, asked.refuse(Unknown, "make a request id: %v", err)
	}
	request, err := c.newRequest(travel.watch(ctx), asked, address, requestID)
	if err != nil {
		return reply{}, asked.refuse(BadParameter, "compose the request: %v", err)
	}
	leave, err := c.gate(ctx, asked.write)
	if err != nil {
		kept := asked.refuse(Held, "%v", err)
		kept.MayHaveActed, kept.cause = false, err
		return reply{}, kept
	}
	defer leave()
	response, err := c.pipeline.Do(request)
	if response == nil {
		return reply{}, asked.unanswered(err, requestID, travel.neverLeft())
	}
	body, err := runtime.Payload(response)
	if err != nil {
		return reply{}, asked.unanswered(err, requestID, false)
	}
	received := asked.received(response, requestID)
	if !isSuccess(response.StatusCode) {
		return reply{}, received.because(asked, decodeError(body))
	}
	decoded, err := decodeAnswer(body)
	if err != nil {
		received.Kind, received.Message, received.cause = Incomplete, clean(err.Error(), messageLimit), err
		return reply{}, received
	}
	if len(decoded.failures) > 0 {
		return reply{}, received.despite(asked, decoded)
	}
	return reply{answer: decoded, requestID: received.RequestID, at: dateOf(response.Header), status: response.StatusCode}, nil
}

// dateOf is the time at which the answer was made, in UTC; zero when it does not say.
func dateOf(header http.Header) time.Time {
	at, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

func (c *Client) newRequest(ctx context.Context, asked command, address *url.URL, requestID string) (*policy.Request, error) {
	request, err := asked.request(ctx, address)
	if err != nil {
		return nil, err
	}
	header := request.Raw().Header
	header.Set("Accept", "application/json")
	// Texts decide a few kinds, and they are localized.
	header.Set("Accept-Language", "en-US")
	// net/http would inflate by itself and lose the status when the body is not what it says.
	header.Set("Accept-Encoding", "identity")
	header.Set("Prefer", "odata.maxpagesize=1000")
	header.Set("X-AnchorMailbox", c.anchor)
	header.Set("X-CmdletName", asked.cmdlet)
	header.Set("X-ResponseFormat", "json")
	header.Set("client-request-id", requestID)
	header.Set("User-Agent", "mailgrant")
	return request, nil
}

// request is the bare request: a cmdlet is always a POST.
func (c command) request(ctx context.Context, address *url.URL) (*policy.Request, error) {
	if c.get {
		request, err := runtime.NewRequest(ctx, http.MethodGet, address.String())
		if err == nil {
			request.Raw().Header.Set("CommandName", "*")
		}
		return request, err
	}
	request, err := runtime.NewRequest(ctx, http.MethodPost, address.String())
	if err != nil {
		return nil, err
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	return request, request.SetBody(streaming.NopCloser(bytes.NewReader(body)), "application/json")
}

// received starts an Error from an answer's status and headers. Its kind is still open.
func (c command) received(response *http.Response, sentID string) *Error {
	return c.fromHeaders(response.StatusCode, response.Header, sentID)
}

func (c command) fromHeaders(status int, header http.Header, sentID string) *Error {
	received := c.refuse(Unknown, "")
	received.Status = status
	received.RequestID = firstHeader(header, "request-id", "x-ms-request-id")
	if received.RequestID == "" {
		received.RequestID = sentID
	}
	received.Diagnostics = firstHeader(header, "x-ms-diagnostics")
	received.RetryAfter = retryAfter(header)
	received.MayHaveActed = c.write
	return received
}

// because completes the Error with what the body said.
func (e *Error) because(asked command, said fault) *Error {
	e.Code = clean(said.code, headerLimit)
	e.ExceptionType = clean(said.exceptionType, headerLimit)
	e.Message = clean(said.message, messageLimit)
	e.Kind = refusal{cmdlet: asked.cmdlet, status: e.Status, fault: said}.kind()
	e.MayHaveActed = asked.write && mayHaveActed(e.Status, e.Kind)
	return e
}

// despite completes the Error of a success that carries failures. Absence is believed only when
// nothing else was said: no rows, and no failure of another kind.
func (e *Error) despite(asked command, mixed answer) *Error {
	for _, failure := range mixed.failures {
		e.because(asked, failure)
		if e.Kind != NotFound {
			return e
		}
	}
	if len(mixed.rows) > 0 {
		e.Kind = Incomplete
	}
	return e
}

// unanswered is a request without a usable answer.
func (c command) unanswered(err error, requestID string, neverLeft bool) *Error {
	var token *tokenError
	var body *bodyError
	if errors.As(err, &body) {
		received := c.fromHeaders(body.status, body.header, requestID)
		received.Kind, received.Message, received.cause = Lost, clean(err.Error(), messageLimit), err
		if errors.Is(err, errAnswerTooLarge) {
			received.Kind = Incomplete
		}
		return received
	}
	lost := c.refuse(Lost, "%v", withoutAddress(err))
	lost.RequestID, lost.cause = requestID, err
	switch {
	case errors.As(err, &token):
		lost.Kind, lost.RequestID = Unauthorized, ""
	case neverLeft:
		// No connection: nothing can have happened, and trying again is harmless even for a write.
		lost.Kind = Transient
	default:
		lost.MayHaveActed = c.write
	}
	return lost
}

// withoutAddress leaves out the address that net/http puts before its errors: it is the same for
// all cmdlets, except for the opaque token of a continuation.
func withoutAddress(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

func firstHeader(header http.Header, names ...string) string {
	for _, name := range names {
		value := clean(header.Get(name), headerLimit)
		if value != "" {
			return value
		}
	}
	return ""
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

// neverLeft is true only when the transport reports its steps and did not reach the first byte; a
// transport that reports nothing may have sent everything.
func (j *journey) neverLeft() bool {
	return j.started.Load() && !j.headersWritten.Load()
}
