package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// batchAnswer is the reply to a batch. It travels as an error, because that is
// the only way out of the table client before it reads the body itself: that
// reading keeps neither ETags nor inner errors, and panics on a body cut short.
type batchAnswer struct {
	parts     []batchPart
	requestID string
}

// batchPart answers one row. A failed batch has a single one.
type batchPart struct {
	status int
	etag   string
	code   string // "" on success
	index  int    // position in the batch; -1 when a failure does not tell
}

// Error makes batchAnswer an error; nobody outside this package sees it.
func (a *batchAnswer) Error() string { return fmt.Sprintf("batch answered in %d parts", len(a.parts)) }

func (a *batchAnswer) failed() (batchPart, bool) {
	for _, part := range a.parts {
		if part.status >= 300 {
			return part, true
		}
	}
	return batchPart{}, false
}

// batchReader takes the answers of batches off the wire.
type batchReader struct{}

// Do implements policy.Policy.
func (batchReader) Do(request *policy.Request) (*http.Response, error) {
	response, err := request.Next()
	if err != nil || response.StatusCode >= 300 || !strings.HasSuffix(request.Raw().URL.Path, "/$batch") {
		return response, err
	}
	body, err := runtime.Payload(response)
	if err != nil {
		return nil, fmt.Errorf("read the batch's answer: %w", err)
	}
	parts, err := parseBatchAnswer(response.Header.Get("Content-Type"), body)
	if err != nil {
		return nil, fmt.Errorf("understand the batch's answer: %w", err)
	}
	return nil, &batchAnswer{parts: parts, requestID: response.Header.Get("x-ms-request-id")}
}

// parseBatchAnswer reads multipart within multipart, each innermost part an HTTP
// response. At least one part is returned, or an error.
func parseBatchAnswer(contentType string, body []byte) ([]batchPart, error) {
	outer, err := partsOf(contentType, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	change, err := outer.NextPart()
	if err != nil {
		return nil, fmt.Errorf("change set: %w", err)
	}
	inner, err := partsOf(change.Header.Get("Content-Type"), change)
	if err != nil {
		return nil, err
	}
	var parts []batchPart
	for {
		part, err := inner.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", len(parts), err)
		}
		read, err := readPart(part, len(parts))
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", len(parts), err)
		}
		parts = append(parts, read)
	}
	if len(parts) == 0 {
		return nil, errors.New("no parts")
	}
	return parts, nil
}

func partsOf(contentType string, body io.Reader) (*multipart.Reader, error) {
	media, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, fmt.Errorf("content type %q: %w", contentType, err)
	}
	if !strings.HasPrefix(media, "multipart/") || parameters["boundary"] == "" {
		return nil, fmt.Errorf("content type %q is not multipart", contentType)
	}
	return multipart.NewReader(body, parameters["boundary"]), nil
}

// readPart lets an unreadable rest of a refusal pass, since its status line alone
// already says that nothing was written.
func readPart(part io.Reader, position int) (batchPart, error) {
	response, err := http.ReadResponse(bufio.NewReader(part), nil)
	if err != nil {
		return batchPart{}, err
	}
	defer response.Body.Close()
	read := batchPart{status: response.StatusCode, etag: response.Header.Get("ETag"), index: position}
	if read.status < 300 {
		return read, nil
	}
	body, err := io.ReadAll(response.Body)
	if err != nil && len(body) == 0 {
		return batchPart{}, err
	}
	read.code, read.index = failureOf(body)
	return read, nil
}

// failureOf reads code and position from an inner error. The position is the
// number before the first colon of the message (Microsoft Learn, "Performing
// entity group transactions", sample error response).
func failureOf(body []byte) (string, int) {
	var decoded struct {
		Error struct {
			Code    string `json:"code"`
			Message struct {
				Value string `json:"value"`
			} `json:"message"`
		} `json:"odata.error"`
	}
	err := json.Unmarshal(body, &decoded)
	if err != nil {
		return "", -1
	}
	number, _, _ := strings.Cut(decoded.Error.Message.Value, ":")
	index, err := strconv.Atoi(number)
	if err != nil || index < 0 {
		index = -1
	}
	return decoded.Error.Code, index
}
