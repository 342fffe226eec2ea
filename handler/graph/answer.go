package graph

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	messageLimit = 300
	// A service that asks for more than a day has lost its mind or its clock.
	longestRetryAfter = 24 * time.Hour
)

// codeNotFound is the directory's own word for an absent object (Microsoft
// Graph documentation, error responses and resource types). A 404 without it
// may come from a gateway, or from a wrong path, and proves nothing.
const codeNotFound = "Request_ResourceNotFound"

// errorBody is the OData error document. The SDK's own type for it is not used:
// it fails whole when one detail is odd, and printing it panics when the body
// has no error object.
type errorBody struct {
	Error struct {
		Code       string `json:"code"`
		Message    string `json:"message"`
		InnerError struct {
			RequestID string `json:"request-id"`
		} `json:"innerError"`
	} `json:"error"`
}

// refusal turns an answer that is not a success into an error. The body may be
// anything: a document, a page of HTML, bytes that were cut off.
func refusal(status int, header http.Header, body []byte) *Error {
	var document errorBody
	// Decoding goes on past fields of a wrong type, so whatever was understood
	// is used and the decoder's complaint is not.
	_ = json.Unmarshal(body, &document)
	failure := &Error{
		Status:     status,
		Code:       printable(document.Error.Code, 80),
		Message:    printable(document.Error.Message, messageLimit),
		RequestID:  printable(document.Error.InnerError.RequestID, 80),
		RetryAfter: retryAfter(header),
	}
	if failure.Code == "" && failure.Message == "" {
		failure.Message = printable(string(body), messageLimit)
	}
	if failure.RequestID == "" {
		failure.RequestID = requestID(header)
	}
	failure.Kind = kindOf(status, document.Error.Code)
	return failure
}

func kindOf(status int, code string) Kind {
	switch {
	case status == http.StatusNotFound && code == codeNotFound:
		return NotFound
	case status == http.StatusBadRequest:
		return BadRequest
	case status == http.StatusUnauthorized:
		return Unauthorized
	case status == http.StatusForbidden:
		return Forbidden
	case status == http.StatusTooManyRequests:
		return Throttled
	case status == http.StatusRequestTimeout, status >= 500:
		return Transient
	case status < 300:
		return Incomplete
	default:
		return Unknown
	}
}

func requestID(header http.Header) string {
	return printable(header.Get("request-id"), 80)
}

// retryAfter reads seconds, whole or fractional, or a date, which is compared
// with the answer's own date so that our clock does not matter. It returns 0
// when there is nothing usable.
func retryAfter(header http.Header) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	seconds, err := strconv.ParseFloat(text, 64)
	if err == nil {
		return wholeSeconds(seconds)
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	sent, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0
	}
	return wholeSeconds(until.Sub(sent).Seconds())
}

// wholeSeconds rounds up, because coming back a fraction too early counts as
// another offence and lengthens the throttling.
func wholeSeconds(seconds float64) time.Duration {
	if math.IsNaN(seconds) || seconds <= 0 {
		return 0
	}
	return time.Duration(math.Ceil(min(seconds, longestRetryAfter.Seconds()))) * time.Second
}

// printable makes foreign text safe for one line of a log: control characters
// become spaces, runs of space become one, and the rest is cut at limit runes.
func printable(text string, limit int) string {
	if len(text) > limit*16 {
		text = text[:limit*16]
	}
	clean := strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) && r != unicode.ReplacementChar {
			return r
		}
		return ' '
	}, text)
	runes := []rune(strings.Join(strings.Fields(clean), " "))
	if len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return string(runes)
}
