package session

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Client calls the service's HTTP functions through the host, with the function key.
type Client struct {
	base, key string
	http      *http.Client
}

// Client returns a client of this session's service.
func (s *Session) Client() Client {
	return Client{base: s.Host.URL(), key: s.Host.FunctionKey(), http: &http.Client{Timeout: longestCall}}
}

// longestCall is a little more than the longest wait that a caller can ask for.
const longestCall = 2 * time.Minute

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Read decodes the body into a value; the error holds the body, because it is then
// the only hint at what happened.
func (a Answer) Read(into any) error {
	err := json.Unmarshal(a.Body, into)
	if err != nil {
		return fmt.Errorf("reading the answer %s: %w", a, err)
	}
	return nil
}

// String is the status and the body on one line, cut to what a terminal can show.
func (a Answer) String() string {
	const longest = 400
	body := strings.Join(strings.Fields(string(a.Body)), " ")
	if len(body) > longest {
		body = body[:longest] + " …"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, body))
}

// Get asks for an address under the host.
func (c Client) Get(ctx context.Context, path string) (Answer, error) {
	return c.call(ctx, http.MethodGet, path, "", nil)
}

// Post sends a JSON body, or none when body is empty.
func (c Client) Post(ctx context.Context, path, body string, header http.Header) (Answer, error) {
	return c.call(ctx, http.MethodPost, path, body, header)
}

func (c Client) call(ctx context.Context, method, path, body string, header http.Header) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("making the request %s %s: %w", method, path, err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("x-functions-key", c.key)
	return send(c.http, request)
}

// send reads the whole answer: everything that is called here is bounded.
func send(client *http.Client, request *http.Request) (Answer, error) {
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("calling %s %s: %w", request.Method, request.URL.Path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("reading the answer to %s %s: %w", request.Method, request.URL.Path, err)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}
