package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"time"
)

// hostVersion is what the stand-in calls itself in headers: the version whose
// code most of its rules were read in.
const hostVersion = "4.1037.0.0"

// The headers with which the host marks its requests.
const (
	headerInvocation = "X-Azure-Functions-InvocationId"
	headerVersion    = "X-Azure-Functions-HostVersion"
	headerProxied    = "X-Ms-Invocation-Id"
)

// replyLimit bounds an envelope's answer.
const replyLimit = 16 << 20

var errOverran = errors.New("functionTimeout is over")

// envelope is the request body of everything that is not passed-on HTTP.
type envelope struct {
	Data     map[string]any
	Metadata map[string]any
}

// invoke calls one function with an envelope and returns nil when the host
// would count the invocation as succeeded. A failure is recorded and logged.
func (h *Host) invoke(ctx context.Context, f *function, content envelope) error {
	id := newIdentifier()
	failure := h.attempt(ctx, f, id, content)
	if failure == nil {
		return nil
	}
	failure.Function, failure.InvocationID, failure.At = f.name, id, h.options.Now()
	h.record(failure)
	return failure
}

func (h *Host) record(failure *Failure) {
	h.activity.fail(failure)
	h.log.line(levelError, "host", failure.Error())
}

func (h *Host) attempt(ctx context.Context, f *function, id string, content envelope) *Failure {
	body, err := json.Marshal(content)
	if err != nil {
		return &Failure{Kind: FailureEncoding, Detail: err.Error()}
	}
	run, err := h.supervisor.ready(ctx)
	if err != nil {
		return &Failure{Kind: FailureConnection, Detail: err.Error()}
	}
	limited, cancel := context.WithTimeoutCause(ctx, h.app.timeout, errOverran)
	defer cancel()
	failure := h.post(limited, run, invocation{f.name, id, body})
	if failure != nil && errors.Is(context.Cause(limited), errOverran) {
		h.supervisor.replace(run)
		return &Failure{Kind: FailureTimeout, Detail: fmt.Sprintf("no answer within %v; the handler was killed", h.app.timeout)}
	}
	return failure
}

// invocation is one envelope on its way to the child.
type invocation struct {
	function, id string
	body         []byte
}

func (h *Host) post(ctx context.Context, run *process, sent invocation) *Failure {
	address := "http://" + run.address + "/" + sent.function
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(sent.body))
	if err != nil {
		return &Failure{Kind: FailureConnection, Detail: err.Error()}
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("User-Agent", "Azure-Functions-Host/"+hostVersion)
	request.Header.Set(headerInvocation, sent.id)
	request.Header.Set(headerVersion, hostVersion)
	client := &http.Client{Transport: h.transport, CheckRedirect: lastResponse}
	response, err := client.Do(request)
	if err != nil {
		return &Failure{Kind: FailureConnection, Detail: err.Error()}
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, replyLimit))
	err = errors.Join(err, response.Body.Close())
	if err != nil {
		return &Failure{Kind: FailureConnection, Detail: err.Error()}
	}
	logs, failure := judgeReply(response.StatusCode, response.Header.Get("Content-Type"), content)
	for _, line := range logs {
		h.log.line(levelInformation, sent.function, line)
	}
	return failure
}

// judgeReply applies the host's rules to an answer: 2xx, application/json, an
// object with optional Outputs, Logs and ReturnValue. The log lines of a failed
// invocation are lost, as in the host.
func judgeReply(status int, contentType string, body []byte) ([]string, *Failure) {
	if status < http.StatusOK || status >= http.StatusMultipleChoices {
		return nil, &Failure{Kind: FailureStatus, Detail: fmt.Sprintf("the answer's status is %d", status)}
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || media != "application/json" {
		return nil, &Failure{Kind: FailureContentType, Detail: fmt.Sprintf("the answer's content type is %q", contentType)}
	}
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) == 0 || string(trimmed) == "null" {
		return nil, &Failure{Kind: FailureEmpty, Detail: "EMPTY OR NULL BODY: the real host would hang until functionTimeout; answer {} at least"}
	}
	var reply struct {
		Outputs     map[string]any
		Logs        []string
		ReturnValue any
	}
	err = json.Unmarshal(trimmed, &reply)
	if err != nil {
		return nil, &Failure{Kind: FailureBody, Detail: fmt.Sprintf("the answer is not the expected object: %v", err)}
	}
	return reply.Logs, nil
}

// newTransport returns the transport to the child: up to ten tries to connect,
// with pauses that double from 50 to 250 ms (azure-functions-host,
// RetryProxyHandler), and 240 s for an answer to begin.
func newTransport() *http.Transport {
	dialer := &net.Dialer{}
	return &http.Transport{
		DisableCompression:    true,
		MaxIdleConnsPerHost:   32,
		ResponseHeaderTimeout: 240 * time.Second,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialRepeatedly(ctx, func() (net.Conn, error) { return dialer.DialContext(ctx, network, address) })
		},
	}
}

const dialTries = 10

func dialRepeatedly(ctx context.Context, dial func() (net.Conn, error)) (net.Conn, error) {
	pause := 50 * time.Millisecond
	for try := 1; ; try++ {
		connection, err := dial()
		if err == nil || try == dialTries || !sleep(ctx, pause) {
			return connection, err
		}
		pause = min(2*pause, 250*time.Millisecond)
	}
}

// sleep waits by wall time and tells whether it waited to the end.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
