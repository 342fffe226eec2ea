package exchange

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// bodyLimit bounds what is read of any answer: a page of a thousand mailboxes with many addresses
// each stays below it. An answer beyond it is refused as a whole, because a part of a list must not
// pass for the list.
const bodyLimit = 8 << 20

var errAnswerTooLarge = errors.New("the answer is larger than 8 MiB")

// bodyError is a success whose body could not be read: the status is known, the content is not.
type bodyError struct {
	status int
	header http.Header
	cause  error
}

func (e *bodyError) Error() string { return "read the answer's body: " + e.cause.Error() }
func (e *bodyError) Unwrap() error { return e.cause }

// boundedTransport reads every body itself, below azcore's policies. Those read error bodies without
// a limit and give up status and headers when the read fails, which happens for real: some refusals
// are NUL bytes declared as gzip.
type boundedTransport struct{ inner policy.Transporter }

// Do implements policy.Transporter. The response that it returns holds its whole body in memory.
func (t boundedTransport) Do(request *http.Request) (*http.Response, error) {
	response, err := t.inner.Do(request)
	if err != nil {
		return nil, err
	}
	body, err := readBody(response)
	if err != nil && isSuccess(response.StatusCode) {
		return nil, &bodyError{status: response.StatusCode, header: response.Header, cause: err}
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	response.Header.Del("Content-Encoding")
	return response, nil
}

// readBody inflates only what says that it is compressed, and keeps the raw bytes when that is not
// true. It returns what could be read, also together with an error.
func readBody(response *http.Response) ([]byte, error) {
	raw, err := readLimited(response.Body)
	closeErr := response.Body.Close()
	if err != nil {
		return raw, err
	}
	if closeErr != nil {
		return raw, closeErr
	}
	if response.Header.Get("Content-Encoding") != "gzip" {
		return raw, nil
	}
	return inflate(raw)
}

// inflate is for a server that compresses although it was asked not to. What is not gzip at all is
// returned as it came, with the error.
func inflate(raw []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return raw, fmt.Errorf("a body declared as gzip: %w", err)
	}
	return readLimited(reader)
}

func readLimited(body io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(body, bodyLimit+1))
	if err != nil {
		return raw, err
	}
	if len(raw) > bodyLimit {
		return raw[:bodyLimit], errAnswerTooLarge
	}
	return raw, nil
}

// isSuccess lists the statuses that say "done". 202 is not among them: it promises an effect and
// shows none.
func isSuccess(status int) bool {
	return status == http.StatusOK || status == http.StatusCreated || status == http.StatusNoContent
}
