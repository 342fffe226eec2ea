package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// observation is what is reported of one call; Status is 0 where no answer came.
type observation struct {
	Permission string `json:"permission"`
	Mailbox    string `json:"mailbox"`
	Method     string `json:"method"`
	URL        string `json:"url"`
	Status     int    `json:"status"`
	Error      string `json:"error,omitempty"`
	RequestID  string `json:"requestId,omitempty"`
	At         string `json:"at"`
}

// caller calls Microsoft Graph as the workload.
type caller struct {
	graph, token string
	// sendTo is the only address that mail is sent to; empty for none.
	sendTo string
	client *http.Client
}

func newCaller(ctx context.Context, chosen options, env func(string) string, appID string) (caller, error) {
	credential, err := newCredential(chosen, env)
	if err != nil {
		return caller{}, fmt.Errorf("finding out how the workload signs in: %w", err)
	}
	token, err := graphToken(ctx, credential, appID)
	if err != nil {
		return caller{}, err
	}
	return caller{graph: chosen.graph, token: token, sendTo: chosen.sendTo, client: plainClient(longestCall)}, nil
}

// readable is every address that is read, and sendable the one that is written to. The
// plan comes from a service that is not trusted with the workload's token.
var (
	readable = regexp.MustCompile(`^https://graph\.microsoft\.com/v1\.0/users/[A-Za-z0-9@._%+-]+/(messages|calendar/events|contacts|mailboxSettings)(\?\$top=1)?$`)
	sendable = regexp.MustCompile(`^https://graph\.microsoft\.com/v1\.0/users/[A-Za-z0-9@._%+-]+/sendMail$`)
)

// check refuses what this program was not made for, before anything is called.
func (c caller) check(wanted call) error {
	switch {
	case wanted.Method == http.MethodGet && readable.MatchString(wanted.URL):
		return nil
	case wanted.Method != http.MethodPost || !sendable.MatchString(wanted.URL):
		return fmt.Errorf("the plan asks for %s %q, which is not tried", wanted.Method, wanted.URL)
	case c.sendTo == "" || !strings.EqualFold(wanted.To, c.sendTo):
		return fmt.Errorf("the plan asks for a mail to %q, and -send-to does not", wanted.To)
	}
	return nil
}

// try makes one call. A failure is an observation too.
func (c caller) try(ctx context.Context, wanted call, now func() time.Time) observation {
	seen := observation{Permission: wanted.Permission, Mailbox: wanted.Mailbox, Method: wanted.Method, URL: wanted.URL,
		At: now().UTC().Format(time.RFC3339)}
	request, err := c.request(ctx, wanted)
	if err != nil {
		seen.Error = "NotSent"
		return seen
	}
	response, err := c.client.Do(request)
	if err != nil {
		seen.Error = "NoAnswer"
		return seen
	}
	defer func() { _ = response.Body.Close() }()
	seen.Status, seen.RequestID = response.StatusCode, short(response.Header.Get("request-id"))
	if seen.Status < 200 || seen.Status > 299 {
		seen.Error = errorCode(response.Body)
	}
	return seen
}

func (c caller) request(ctx context.Context, wanted call) (*http.Request, error) {
	var body io.Reader
	if wanted.Method == http.MethodPost {
		text, err := message(wanted)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	address := strings.TrimSuffix(c.graph, "/") + strings.TrimPrefix(wanted.URL, publicGraph)
	request, err := http.NewRequestWithContext(ctx, wanted.Method, address, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// message is the one mail; it is not kept among the sent ones.
func message(wanted call) ([]byte, error) {
	return json.Marshal(map[string]any{
		"message": map[string]any{
			"subject":      "Test of a mail permission",
			"body":         map[string]string{"contentType": "Text", "content": "The owner of an application has tried whether it may send from this mailbox."},
			"toRecipients": []any{map[string]any{"emailAddress": map[string]string{"address": wanted.To}}},
		},
		"saveToSentItems": false,
	})
}

// errorCode reads the code of an OData error; empty where the body has none.
func errorCode(body io.Reader) string {
	var answer struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	err := json.NewDecoder(io.LimitReader(body, longestAnswer)).Decode(&answer)
	if err != nil {
		return ""
	}
	return short(answer.Error.Code)
}

// short keeps what others have written within what a report takes: one printable line.
func short(text string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(clean[:min(len(clean), 128)])
}
