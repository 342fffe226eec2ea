package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"mailgrant/handler/simulator/storage"
	"mailgrant/handler/simulator/tenant"
	"mailgrant/scripts/session"
)

// latency is what every request to the tenant takes here: as long as a quick one does
// in the cloud, and long enough for requests that run side by side to be seen so.
const latency = "30ms"

// longestWait bounds provisioning and revocation, each.
const longestWait = 60 * time.Second

// life grants one permission on one mailbox to a workload that has had none before,
// revokes it, and counts what each takes.
func life(ctx context.Context, running *session.Session) ([]figure, error) {
	api := running.Client()
	// The first call makes tables and queues, which happens once an installation.
	answer, err := api.Get(ctx, "/api/grants")
	if err != nil || answer.Status != http.StatusOK {
		return nil, fmt.Errorf("listing no grants: %s: %w", answer, err)
	}
	idle, err := resident(running.Host.Process())
	if err != nil {
		return nil, err
	}
	err = running.Tenant.Fault(tenant.Fault{Name: "latency", Match: "*", Delay: latency})
	if err != nil {
		return nil, fmt.Errorf("slowing the tenant down: %w", err)
	}
	granting, err := phase(ctx, running, "active", func() (session.Answer, error) {
		body := fmt.Sprintf(`{"workload":{"appId":%q},"permissions":["Mail.Send"],"scope":{"mailboxes":["news@%s"]},"duration":"P30D"}`,
			tenant.SampleNewsletterAppID, tenant.SampleDomain)
		return api.Post(ctx, "/api/requests/ops", body, nil)
	})
	if err != nil {
		return nil, err
	}
	revoking, err := phase(ctx, running, "revoked", func() (session.Answer, error) {
		return api.Post(ctx, granting.location+"/revoke", "", nil)
	})
	if err != nil {
		return nil, err
	}
	used, err := resident(running.Host.Process())
	if err != nil {
		return nil, err
	}
	figures := []figure{{"resident memory, idle", idle, 35, "MB"}, {"resident memory, after one grant's life", used, 0, "MB"}}
	figures = append(figures, granting.figures("a grant, provisioned and verified", 18, 10)...)
	return append(figures, revoking.figures("a revocation", 10, 8)...), nil
}

// count is what one phase of a grant's life took.
type count struct {
	location                        string
	requests, depth, tokens, stores int
	took                            time.Duration
}

// phase does something to a grant, waits for the state that follows, and counts what
// was asked of tenant and storage until the handler was at rest again.
func phase(ctx context.Context, running *session.Session, state string, act func() (session.Answer, error)) (count, error) {
	ctx, cancel := context.WithTimeout(ctx, longestWait)
	defer cancel()
	running.Tenant.ResetRequests()
	running.Wire.ResetRequests()
	began := time.Now()
	answer, err := act()
	if err != nil {
		return count{}, err
	}
	location := answer.Header.Get("Location")
	if answer.Status != http.StatusAccepted {
		return count{}, fmt.Errorf("waiting for a grant to be %s: the answer was %s", state, answer)
	}
	err = running.Settle(ctx)
	if err != nil {
		return count{}, fmt.Errorf("waiting for %s to be %s: %w", location, state, err)
	}
	took := time.Since(began)
	found := counted(running.Tenant.Requests(), running.Wire.Requests())
	found.location, found.took = location, took
	// Only now is the grant itself read: reading it asks the storage too.
	grant, err := running.Client().Grant(ctx, location)
	if err == nil && grant.State != state {
		err = fmt.Errorf("the grant is %s instead of %s: %+v", grant.State, state, grant.Conditions)
	}
	return found, err
}

func counted(asked []tenant.Request, stored []storage.Request) count {
	found := count{stores: len(stored)}
	var work []tenant.Request
	for _, request := range asked {
		if request.Kind == "token" {
			found.tokens++
			continue
		}
		work = append(work, request)
	}
	found.requests, found.depth = len(work), depth(work)
	return found
}

// depth is the longest chain of requests of which each began after the one before had
// ended: taking the one that ends first, again and again, is known to find it.
func depth(requests []tenant.Request) int {
	ordered := slices.Clone(requests)
	slices.SortFunc(ordered, func(a, b tenant.Request) int { return a.End.Compare(b.End) })
	length := 0
	var end time.Time
	for _, request := range ordered {
		if !request.Start.Before(end) {
			length, end = length+1, request.End
		}
	}
	return length
}

func (c count) figures(what string, requests, depth float64) []figure {
	return []figure{
		{what + ": requests to the tenant", float64(c.requests), requests, ""},
		{what + ": longest chain of these", float64(c.depth), depth, ""},
		{what + ": requests for tokens", float64(c.tokens), 0, ""},
		{what + ": requests to the storage", float64(c.stores), 0, ""},
		{what + ": time, at " + latency + " a request", float64(c.took.Milliseconds()), 0, "ms"},
	}
}
