package session

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Grant is what the commands read of a grant's document.
type Grant struct {
	ID          string      `json:"id"`
	State       string      `json:"state"`
	Workload    Workload    `json:"workload"`
	Permissions []string    `json:"permissions"`
	Scope       Scope       `json:"scope"`
	Mailboxes   []Mailbox   `json:"mailboxes"`
	Canaries    []Mailbox   `json:"canaries"`
	ReceivedAt  time.Time   `json:"receivedAt"`
	StartsAt    time.Time   `json:"startsAt"`
	ExpiresAt   time.Time   `json:"expiresAt"`
	VerifiedAt  time.Time   `json:"verifiedAt"`
	EffectiveBy time.Time   `json:"effectiveBy"`
	RemovedAt   time.Time   `json:"removedAt"`
	GoneBy      time.Time   `json:"goneBy"`
	Conditions  []Condition `json:"conditions"`
	Steps       []Step      `json:"steps"`
	Evidence    []Evidence  `json:"evidence"`
	Ticket      Ticket      `json:"ticket"`
}

// Scope is what was asked for, in the words of the request.
type Scope struct {
	Mailboxes []string `json:"mailboxes"`
}

// Ticket is where the request came from.
type Ticket struct {
	System string `json:"system"`
	ID     string `json:"id"`
}

// Workload is the identity that gets the access.
type Workload struct {
	AppID       string `json:"appId"`
	ObjectID    string `json:"objectId"`
	DisplayName string `json:"displayName"`
	Type        string `json:"type"`
}

// Mailbox is one mailbox of a grant.
type Mailbox struct {
	GUID    string `json:"guid"`
	Address string `json:"address"`
	Type    string `json:"type"`
}

// Condition is one statement about a grant. Status is "True", "False" or "Unknown".
type Condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Step is one object in the tenant.
type Step struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	State string `json:"state"`
}

// Evidence is one dated check; Subject is a mailbox's GUID.
type Evidence struct {
	At       time.Time `json:"at"`
	Means    string    `json:"means"`
	Subject  string    `json:"subject"`
	Expected string    `json:"expected"`
	Verdict  string    `json:"verdict"`
}

// Operation is a sweep that was asked for.
type Operation struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Total    int       `json:"total"`
	Done     int       `json:"done"`
	Findings []Finding `json:"findings"`
}

// Finding is what a sweep saw and a person should.
type Finding struct {
	Grant   string `json:"grant"`
	Type    string `json:"type"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Entry is one line of a grant's history.
type Entry struct {
	At     time.Time `json:"at"`
	Event  string    `json:"event"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	Detail string    `json:"detail"`
}

// Condition returns the condition of that type; the zero value when there is none.
func (g Grant) Condition(kind string) Condition {
	for _, condition := range g.Conditions {
		if condition.Type == kind {
			return condition
		}
	}
	return Condition{}
}

// Proved reports whether the grant's evidence covers each of its mailboxes as allowed
// and each of its canaries as denied, and holds nothing that differs from what was
// expected; every check has to be at since or later.
func (g Grant) Proved(since time.Time) bool {
	verdicts := map[string]string{}
	for _, evidence := range g.Evidence {
		if evidence.Verdict != evidence.Expected || evidence.At.Before(since) {
			return false
		}
		verdicts[evidence.Subject] = evidence.Verdict
	}
	return all(g.Mailboxes, verdicts, "allowed") && all(g.Canaries, verdicts, "denied")
}

func all(mailboxes []Mailbox, verdicts map[string]string, wanted string) bool {
	for _, mailbox := range mailboxes {
		if verdicts[mailbox.GUID] != wanted {
			return false
		}
	}
	return len(mailboxes) > 0
}

// Grant reads the grant at location, which a receipt has named.
func (c Client) Grant(ctx context.Context, location string) (Grant, error) {
	var grant Grant
	err := c.read(ctx, location, &grant)
	return grant, err
}

// History reads a grant's history, oldest first.
func (c Client) History(ctx context.Context, location string) ([]Entry, error) {
	var page struct {
		Entries []Entry `json:"entries"`
		Next    string  `json:"next"`
	}
	err := c.read(ctx, location+"/history?limit=200", &page)
	if err == nil && page.Next != "" {
		err = fmt.Errorf("the history of %s has more than one page", location)
	}
	return page.Entries, err
}

// pollEvery is how often an outcome is looked for.
const pollEvery = 50 * time.Millisecond

// Await reads the grant again and again until settled says that it is as wanted, and
// returns it. It returns the grant as it was last read, and the reason, when ctx ends
// first.
func (c Client) Await(ctx context.Context, location string, settled func(Grant) bool) (Grant, error) {
	for {
		grant, err := c.Grant(ctx, location)
		if err != nil || settled(grant) {
			return grant, err
		}
		err = pause(ctx)
		if err != nil {
			return grant, fmt.Errorf("waiting for %s, which is %s: %w", location, grant.State, err)
		}
	}
}

// Sweep asks for a sweep ("retest" or "expire"), polls its operation until it is
// done, and returns it.
func (c Client) Sweep(ctx context.Context, kind string) (Operation, error) {
	answer, err := c.Post(ctx, "/api/run/"+kind, "", nil)
	if err != nil {
		return Operation{}, err
	}
	location := answer.Header.Get("Location")
	if answer.Status != http.StatusAccepted || location == "" {
		return Operation{}, fmt.Errorf("asking for the sweep %s: the answer was %s", kind, answer)
	}
	for {
		var operation Operation
		err := c.read(ctx, location, &operation)
		if err != nil || operation.State == "done" {
			return operation, err
		}
		err = pause(ctx)
		if err != nil {
			return operation, fmt.Errorf("waiting for the sweep %s, %d of %d done: %w", kind, operation.Done, operation.Total, err)
		}
	}
}

func (c Client) read(ctx context.Context, path string, into any) error {
	answer, err := c.Get(ctx, path)
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return fmt.Errorf("reading %s: the answer was %s", path, answer)
	}
	return answer.Read(into)
}

func pause(ctx context.Context) error {
	wait := time.NewTimer(pollEvery)
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
