package administer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Request is one request as it goes out.
type Request struct {
	Method string
	// Path follows the origin of the resource; where it begins with https it has to be of that origin.
	Path string
	To   Resource
	// As is whose audience the token has; empty means To.
	As     Resource
	Header http.Header
	// Body is sent as JSON; nil sends none.
	Body any
}

// Reply is what came back, whatever its status.
type Reply struct {
	Status int
	Header http.Header
	// Body is at most 4 MiB; what could not be read of a refusal is left out.
	Body []byte
}

const longestBody = 4 << 20

// Send sends a request once. The error says that no answer came, or none that is a success and whole.
func (t *Tenant) Send(ctx context.Context, wanted Request) (Reply, error) {
	request, err := t.request(ctx, wanted)
	if err != nil {
		return Reply{}, err
	}
	response, err := t.http.Do(request)
	if err != nil {
		return Reply{}, fmt.Errorf("%s %s: no answer: %w; read before doing it again", wanted.Method, wanted.Path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, longestBody))
	// Some refusals are labelled as compressed and are not; their status and headers count.
	if err != nil && response.StatusCode < http.StatusBadRequest {
		return Reply{}, fmt.Errorf("%s %s: reading the answer: %w", wanted.Method, wanted.Path, err)
	}
	return Reply{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

func (t *Tenant) request(ctx context.Context, wanted Request) (*http.Request, error) {
	origin := t.options.Graph
	if wanted.To == Exchange {
		origin = t.options.Exchange
	}
	address := wanted.Path
	if !strings.HasPrefix(address, "https://") {
		address = origin + wanted.Path
	}
	if !strings.HasPrefix(address, origin+"/") {
		return nil, fmt.Errorf("%s does not lead to %s, and no token is sent there", wanted.Path, origin)
	}
	if wanted.As == "" {
		wanted.As = wanted.To
	}
	token, err := t.token(ctx, wanted.As)
	if err != nil {
		return nil, err
	}
	var body io.Reader
	if wanted.Body != nil {
		text, err := json.Marshal(wanted.Body)
		if err != nil {
			return nil, fmt.Errorf("%s %s: writing the body: %w", wanted.Method, wanted.Path, err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, wanted.Method, address, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", wanted.Method, wanted.Path, err)
	}
	for name, values := range wanted.Header {
		request.Header[name] = values
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// triesOfRead bounds a read; a write is sent once.
const triesOfRead = 4

// read sends again while the service asks for patience.
func (t *Tenant) read(ctx context.Context, wanted Request) (Reply, error) {
	for try := 1; ; try++ {
		got, err := t.Send(ctx, wanted)
		busy := got.Status == http.StatusTooManyRequests || got.Status == http.StatusServiceUnavailable || got.Status == http.StatusGatewayTimeout
		if err != nil || !busy || try == triesOfRead {
			return got, err
		}
		err = t.options.Wait(ctx, retryAfter(got.Header, try))
		if err != nil {
			return Reply{}, err
		}
	}
}

// retryAfter rounds up what the service asks for, which may be a fraction.
func retryAfter(header http.Header, try int) time.Duration {
	seconds, err := strconv.ParseFloat(header.Get("Retry-After"), 64)
	if err != nil || seconds < 0 || seconds > 300 {
		return time.Duration(try) * time.Second
	}
	return time.Duration(seconds+1) * time.Second
}
