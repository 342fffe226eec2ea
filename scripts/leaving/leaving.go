// Package leaving hands every grant of an installation back, by the calls that any operator
// can make: new access is frozen, each grant that is live is revoked, and the tenant is
// compared with the ledger.
//
// It may be run again and again; each time it does what is left, and says what that is.
package leaving

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Service is a deployment as an operator reaches it.
type Service struct {
	// Base is its address without a trailing slash.
	Base, Key string
	HTTP      *http.Client
}

// reason is recorded with the freeze and with every revocation.
const reason = "this installation leaves the tenant"

// Left is what is still there.
type Left struct {
	// Grants are those that have not ended, with their state and why they are stuck.
	Grants []Grant
	// Marked are objects in the tenant that bear the installation's mark and have no grant.
	Marked []string
	// Abandoned counts grants that were given up: what they left is in nobody's hands.
	Abandoned int
}

// Grant is one row of a list.
type Grant struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Stuck string `json:"stuck"`
}

// Nothing reports whether the app and its storage may be deleted.
func (l Left) Nothing() bool { return len(l.Grants)+len(l.Marked)+l.Abandoned == 0 }

// live are the states of grants that have not ended, in the order of their lives. What is
// received while the freeze was not yet in force is denied when it is bound.
var live = [...]string{"received", "bound", "awaitingApproval", "scheduled", "provisioning", "active", "revoking"}

// Leave does what is left to do and returns what is still there then; revocations go on
// by themselves. by is recorded as whoever does it. After an error, run it again.
func Leave(ctx context.Context, service Service, by string) (Left, error) {
	said := fmt.Sprintf(`{"by":%q,"reason":%q}`, by, reason)
	err := service.call(ctx, http.MethodPost, "/api/freeze", said, nil)
	if err != nil {
		return Left{}, fmt.Errorf("freezing new access: %w", err)
	}
	grants, err := service.live(ctx)
	if err != nil {
		return Left{}, err
	}
	for _, grant := range grants {
		if grant.State == "revoking" {
			continue
		}
		err := service.call(ctx, http.MethodPost, "/api/grants/"+grant.ID+"/revoke", said, nil)
		var refused errStatus
		if errors.As(err, &refused) && refused.status == http.StatusConflict {
			continue // it has ended meanwhile
		}
		if err != nil {
			return Left{}, fmt.Errorf("revoking %s: %w", grant.ID, err)
		}
	}
	return service.left(ctx)
}

func (s Service) left(ctx context.Context) (Left, error) {
	var left Left
	findings, err := s.discover(ctx)
	if err != nil {
		return left, fmt.Errorf("comparing the tenant with the ledger: %w", err)
	}
	for _, finding := range findings {
		if finding.Type == "Orphan" && finding.Reason != "Removed" {
			left.Marked = append(left.Marked, finding.Message)
		}
		if finding.Type == "Unread" {
			return left, fmt.Errorf("the tenant could not be read: %s", finding.Message)
		}
	}
	left.Grants, err = s.live(ctx)
	if err != nil {
		return left, err
	}
	abandoned, err := s.list(ctx, "abandoned")
	left.Abandoned = len(abandoned)
	return left, err
}

func (s Service) live(ctx context.Context) ([]Grant, error) {
	var all []Grant
	for _, state := range live {
		grants, err := s.list(ctx, state)
		if err != nil {
			return nil, err
		}
		all = append(all, grants...)
	}
	return all, nil
}

func (s Service) list(ctx context.Context, state string) ([]Grant, error) {
	var all []Grant
	for cursor := ""; ; {
		var page struct {
			Grants []Grant `json:"grants"`
			Next   string  `json:"next"`
		}
		query := url.Values{"state": {state}, "limit": {"200"}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		err := s.call(ctx, http.MethodGet, "/api/grants?"+query.Encode(), "", &page)
		if err != nil {
			return nil, fmt.Errorf("listing the grants that are %s: %w", state, err)
		}
		all = append(all, page.Grants...)
		cursor = page.Next
		if cursor == "" {
			return all, nil
		}
	}
}

// finding is one line of an operation.
type finding struct {
	Type    string `json:"type"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// pollEvery is how often the operation is looked at; the context bounds how long.
const pollEvery = time.Second

func (s Service) discover(ctx context.Context) ([]finding, error) {
	var operation struct {
		ID       string    `json:"id"`
		State    string    `json:"state"`
		Findings []finding `json:"findings"`
	}
	err := s.call(ctx, http.MethodPost, "/api/run/discover", "", &operation)
	for err == nil && operation.State != "done" && len(operation.Findings) == 0 {
		pause := time.NewTimer(pollEvery)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil, ctx.Err()
		}
		err = s.call(ctx, http.MethodGet, "/api/operations/"+operation.ID, "", &operation)
	}
	return operation.Findings, err
}

// errStatus is an answer that is no success.
type errStatus struct {
	status int
	body   string
}

// Error is the status and what the answer says.
func (e errStatus) Error() string { return fmt.Sprintf("%d %s", e.status, e.body) }

const longestBody = 16 << 20

func (s Service) call(ctx context.Context, method, path, body string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, s.Base+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("x-functions-key", s.Key)
	request.Header.Set("Content-Type", "application/json")
	response, err := s.HTTP.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, longestBody))
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return errStatus{response.StatusCode, strings.Join(strings.Fields(string(answer)), " ")}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
