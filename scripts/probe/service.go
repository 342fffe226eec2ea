package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// plan is the service's answer to a code that is asked for.
type plan struct {
	Grant   string    `json:"grant"`
	Code    string    `json:"code"`
	AppID   string    `json:"appId"`
	Calls   []call    `json:"calls"`
	Untried []untried `json:"untried"`
}

// call is one call to be made; Expected is "allowed" or "denied".
type call struct {
	Permission string `json:"permission"`
	Mailbox    string `json:"mailbox"`
	Method     string `json:"method"`
	URL        string `json:"url"`
	Address    string `json:"address"`
	Expected   string `json:"expected"`
	To         string `json:"to"`
}

type untried struct {
	Permission string `json:"permission"`
	Reason     string `json:"reason"`
}

// service is mailgrant, as a holder of a function key calls it.
type service struct {
	base, key string
	client    *http.Client
}

const (
	longestCall = 100 * time.Second
	// longestAnswer bounds what is read of any answer.
	longestAnswer = 1 << 20
	// reportTries is how often a report is sent that the service could not store: the very
	// same report may be sent again.
	reportTries = 3
)

func newService(chosen options) (service, error) {
	base, err := url.JoinPath(chosen.service, "api", "grants", chosen.grant, "probe")
	if err != nil {
		return service{}, fmt.Errorf("putting the service's address together: %w", err)
	}
	return service{base: base, key: chosen.key, client: plainClient(longestCall)}, nil
}

// plainClient follows no redirect: what it sends is meant for one address.
func plainClient(limit time.Duration) *http.Client {
	return &http.Client{Timeout: limit, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// plan asks for a code, or reads the answer that somebody else was given.
func (s service) plan(ctx context.Context, chosen options, in io.Reader) (plan, error) {
	text, err := s.planText(ctx, chosen, in)
	if err != nil {
		return plan{}, err
	}
	var read plan
	err = json.Unmarshal(text, &read)
	if err != nil {
		return plan{}, errors.New("the plan is no JSON of the expected form") // the cause could quote the code
	}
	switch {
	case read.Code == "" || read.AppID == "" || len(read.Calls) == 0:
		return plan{}, errors.New("the plan lacks its code, its application or its calls")
	case read.Grant != chosen.grant:
		return plan{}, fmt.Errorf("the plan is of grant %q", read.Grant)
	}
	return read, nil
}

func (s service) planText(ctx context.Context, chosen options, in io.Reader) ([]byte, error) {
	switch {
	case chosen.planFile == "-":
		return io.ReadAll(io.LimitReader(in, longestAnswer))
	case chosen.planFile != "":
		return os.ReadFile(chosen.planFile)
	}
	wish := map[string]any{}
	if chosen.sendTo != "" {
		wish["send"] = map[string]string{"from": chosen.sendFrom, "to": chosen.sendTo}
	}
	status, text, err := s.post(ctx, s.base+"/code", wish)
	if err != nil {
		return nil, fmt.Errorf("asking for a code: %w", err)
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("asking for a code: %s", refusal(status, text))
	}
	return text, nil
}

// report uses the code up.
func (s service) report(ctx context.Context, from plan, seen []observation) error {
	body := map[string]any{"code": from.Code, "observations": seen}
	for try := 1; ; try++ {
		status, text, err := s.post(ctx, s.base, body)
		switch {
		case err == nil && status == http.StatusOK:
			return nil
		case (err != nil || status == http.StatusServiceUnavailable) && try < reportTries && rest(ctx, try):
		case err != nil:
			return fmt.Errorf("reporting: %w", err)
		default:
			return fmt.Errorf("reporting: %s", refusal(status, text))
		}
	}
}

// rest waits before another try; false when there is no time left.
func rest(ctx context.Context, try int) bool {
	select {
	case <-time.After(time.Duration(try) * time.Second):
		return true
	case <-ctx.Done():
		return false
	}
}

func (s service) post(ctx context.Context, address string, body any) (int, []byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil, fmt.Errorf("writing the body: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return 0, nil, fmt.Errorf("making the request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("x-functions-key", s.key)
	response, err := s.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	return response.StatusCode, answer, err
}

// refusal words a problem of the service for whoever ran the program.
func refusal(status int, text []byte) string {
	var problem struct {
		Title, Detail string
		Faults        []struct{ Pointer, Detail string }
	}
	if json.Unmarshal(text, &problem) != nil || problem.Title == "" {
		return fmt.Sprintf("the service answered %d", status)
	}
	said := []string{fmt.Sprintf("%d %s: %s", status, problem.Title, problem.Detail)}
	for _, fault := range problem.Faults {
		said = append(said, fault.Pointer+": "+fault.Detail)
	}
	return strings.Join(said, "; ")
}
