package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// grant is what this reads of a grant's document.
type grant struct {
	State      string
	Ending     string
	Mailboxes  []mailbox
	Canaries   []mailbox
	Evidence   []evidence
	Conditions []condition
	Faults     []struct{ Pointer, Detail string }
	Steps      []struct{ Kind, Name, State string }
}

type mailbox struct{ GUID, Address string }

type evidence struct{ Means, Subject, Expected, Verdict, RequestID string }

type condition struct{ Type, Status, Reason, Message string }

// ended: nothing follows from here.
func (g grant) ended() bool {
	switch g.State {
	case "revoked", "denied", "failed", "abandoned":
		return true
	}
	return false
}

func (g grant) about(one mailbox) []evidence {
	var found []evidence
	for _, each := range g.Evidence {
		if strings.EqualFold(each.Subject, one.GUID) {
			found = append(found, each)
		}
	}
	return found
}

// trouble is what the grant says about not going on; empty when it says nothing.
func (g grant) trouble() string {
	var said []string
	if g.Ending != "" {
		said = append(said, g.Ending)
	}
	for _, each := range g.Faults {
		said = append(said, each.Pointer+" "+each.Detail)
	}
	for _, each := range g.Conditions {
		stuck := each.Type == "Stuck" && each.Status == "True"
		if stuck || each.Type == "Confined" && each.Status == "False" || each.Type == "Verified" && each.Status == "False" {
			said = append(said, each.Type+" "+each.Reason+": "+each.Message)
		}
	}
	return strings.Join(said, "; ")
}

// service is mailgrant, as a holder of a function key calls it.
type service struct {
	base, key string
	http      *http.Client
}

const (
	// longestCall is more than a start from sleep takes.
	longestCall   = 2 * time.Minute
	longestAnswer = 4 << 20
)

// newService follows no redirect: the key is meant for one address.
func newService(chosen options) service {
	return service{base: strings.TrimSuffix(chosen.service, "/"), key: chosen.key, http: &http.Client{Timeout: longestCall,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// unwanted is an answer with another status than was wanted.
type unwanted struct {
	status int
	said   string
}

func (u *unwanted) Error() string { return strings.TrimSpace(fmt.Sprintf("%d %s", u.status, u.said)) }

// statusOf is 0 when no answer came.
func statusOf(err error) int {
	var answer *unwanted
	if errors.As(err, &answer) {
		return answer.status
	}
	return 0
}

func (s service) get(ctx context.Context, path string, into any) error {
	_, body, err := s.call(ctx, http.MethodGet, path, nil, "", http.StatusOK)
	if err != nil {
		return err
	}
	err = json.Unmarshal(body, into)
	if err != nil {
		return fmt.Errorf("reading the answer to %s: %w", path, err)
	}
	return nil
}

// post returns the Location of what was accepted; empty when there is none.
func (s service) post(ctx context.Context, path string, body any, key string) (string, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("writing the body: %w", err)
	}
	header, _, err := s.call(ctx, http.MethodPost, path, text, key, http.StatusAccepted)
	return header.Get("Location"), err
}

func (s service) call(ctx context.Context, method, path string, body []byte, key string, wanted int) (http.Header, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fmt.Errorf("making the call %s %s: %w", method, path, err)
	}
	request.Header.Set("x-functions-key", s.key)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
		request.Header.Set("Prefer", "wait=60")
	}
	response, err := s.http.Do(request)
	if err != nil {
		return nil, nil, fmt.Errorf("calling %s %s: %w", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the answer to %s %s: %w", method, path, err)
	}
	if response.StatusCode != wanted {
		return response.Header, nil, &unwanted{status: response.StatusCode, said: problemOf(text)}
	}
	return response.Header, text, nil
}

// problemOf words a problem of the service (RFC 9457) on one line.
func problemOf(text []byte) string {
	var problem struct {
		Title, Detail string
		Faults        []struct{ Pointer, Detail string }
	}
	err := json.Unmarshal(text, &problem)
	if err != nil || problem.Title == "" {
		return ""
	}
	said := []string{problem.Title + ": " + problem.Detail}
	for _, fault := range problem.Faults {
		said = append(said, fault.Pointer+" "+fault.Detail)
	}
	return strings.Join(said, "; ")
}
