package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// trial is one grant from its request to its end.
type trial struct {
	world
	options
	api   service
	lines []line
	// location is where the grant is; empty until it was accepted.
	location string
	// next is what to do about what did not hold.
	next string
}

// stations are the lines of a trial that came to its end.
const stations = 8

// endsBySelf is how long the grant would live if nobody handed it back: the shortest time that is
// granted, for a permission by a scoped role, is three hours.
const endsBySelf = "PT4H"

// tries is how often the request is sent, always under one key.
const tries = 3

// play goes on as long as things hold, and hands back whatever was given.
func (t *trial) play(ctx context.Context) {
	given := t.alive(ctx) && t.unreached(ctx, "before") && t.ask(ctx)
	if given {
		_ = t.provided(ctx)
	}
	if t.location == "" {
		return
	}
	// An interruption must not leave a grant behind.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.patience+time.Minute)
	defer cancel()
	if t.handBack(ending) {
		t.unreached(ending, "after")
	}
}

func (t *trial) note(what, wanted, seen string, fine bool) bool {
	t.lines = append(t.lines, line{what: what, wanted: wanted, seen: seen, fine: fine})
	fmt.Fprintf(t.out, "  %s: %s\n", what, seen)
	return fine
}

// failed notes what could not be done, and what to do next.
func (t *trial) failed(what, wanted string, err error, next string) bool {
	t.next = next
	return t.note(what, wanted, err.Error(), false)
}

const askDoctor = "Next: go run ./scripts/doctor says what is missing and how to mend it."

func (t *trial) alive(ctx context.Context) bool {
	var health struct {
		Status    string
		NewAccess bool
	}
	err := t.api.get(ctx, "/api/health", &health)
	if err != nil {
		return t.failed("health", "ok", err, "Next: is that the address (az functionapp show --query defaultHostName), and was the package published? After a deployment the first start takes a minute.")
	}
	seen := health.Status
	if !health.NewAccess {
		seen += ", and no new access is given"
		t.next = askDoctor
	}
	return t.note("health", "ok", seen, health.NewAccess)
}

// unreached holds that the service sees no path by which the application reaches the mailbox. What it
// could not look at is told and proves nothing: right after a deployment it has not been through the
// mailboxes' own permissions yet.
func (t *trial) unreached(ctx context.Context, when string) bool {
	query := url.Values{"workload": {t.workload}, "mailbox": {t.mailbox}, "permission": {t.permission}}
	var answer struct {
		Verdict     string
		Permissions []struct{ Paths []any }
		Unknown     []string
	}
	err := t.api.get(ctx, "/api/access?"+query.Encode(), &answer)
	if err != nil {
		return t.failed("reach "+when, "no path", err, askDoctor)
	}
	paths := 0
	for _, each := range answer.Permissions {
		paths += len(each.Paths)
	}
	fine := answer.Verdict != "allowed" && paths == 0 && len(answer.Permissions) > 0
	seen := fmt.Sprintf("%d paths, %s", paths, answer.Verdict)
	if len(answer.Unknown) > 0 {
		seen += fmt.Sprintf(" (%d things not seen: %s)", len(answer.Unknown), answer.Unknown[0])
	}
	if !fine {
		t.next = "Next: choose a test application that holds nothing, or look at GET /api/access?" + query.Encode()
	}
	return t.note("reach "+when, "no path", seen, fine)
}

func (t *trial) ask(ctx context.Context) bool {
	body := map[string]any{
		"workload": map[string]string{"appId": t.workload}, "permissions": []string{t.permission},
		"scope": map[string]any{"mailboxes": []string{t.mailbox}}, "duration": endsBySelf,
		"requester": "scripts/smoke", "justification": "trial after a deployment; handed back at once",
	}
	if t.canary != "" {
		body["canaries"] = []string{t.canary}
	}
	key := "smoke-" + strings.ToLower(rand.Text())
	location, err := t.api.post(ctx, "/api/requests/ops", body, key)
	// The same key names the same grant, so a lost answer can be asked for again.
	for try := 1; err != nil && statusOf(err) == 0 && try < tries; try++ {
		location, err = t.api.post(context.WithoutCancel(ctx), "/api/requests/ops", body, key)
	}
	if statusOf(err) == 0 && err != nil {
		return t.failed("request", "202", err, "Next: whether it was taken is not known. GET /api/grants lists it as asked for by scripts/smoke; it ends by itself after "+endsBySelf+".")
	}
	if err != nil {
		return t.failed("request", "202", err, "Next: the answer says what the operator's document or the tenant has against it.")
	}
	t.location = location
	return t.note("request", "202", "202, "+location, true)
}

// provided waits for the grant, and holds its evidence against what was asked.
func (t *trial) provided(ctx context.Context) bool {
	held, err := t.await(ctx, func(g grant) bool { return g.State == "active" || g.ended() })
	if err != nil {
		return t.failed("state", "active", fmt.Errorf("%w; %s", err, held.trouble()), askDoctor)
	}
	if !t.note("state", "active", strings.TrimSpace(held.State+" "+held.trouble()), held.State == "active") {
		t.next = askDoctor
		return false
	}
	inside := t.evidence("test mailbox", held, held.Mailboxes, "allowed")
	outside := t.evidence("canary", held, held.Canaries, "denied")
	return inside && outside
}

// evidence holds that each of the mailboxes was tested, and that every test says what is wanted.
func (t *trial) evidence(what string, of grant, mailboxes []mailbox, wanted string) bool {
	var seen []string
	fine := len(mailboxes) > 0
	for _, each := range mailboxes {
		found := of.about(each)
		for _, one := range found {
			seen = append(seen, fmt.Sprintf("%s: %s by %s (request %s)", each.Address, one.Verdict, one.Means, one.RequestID))
			fine = fine && one.Verdict == wanted
		}
		fine = fine && len(found) > 0
	}
	if len(seen) == 0 {
		seen = []string{"no evidence"}
	}
	if !fine {
		t.next = "Next: GET " + t.location + " has the evidence; whoever changed the scope or the consents is in the tenant's audit log."
	}
	return t.note(what, wanted, strings.Join(seen, "; "), fine)
}

func (t *trial) handBack(ctx context.Context) bool {
	byHand := "THE GRANT MAY BE LEFT: POST " + t.location + "/revoke; it ends by itself after " + endsBySelf + "."
	_, err := t.api.post(ctx, t.location+"/revoke", map[string]any{"by": "scripts/smoke", "reason": "the trial is over"}, "")
	if err != nil {
		return t.failed("handed back", "revoked", err, byHand)
	}
	left, err := t.await(ctx, grant.ended)
	if err != nil {
		return t.failed("handed back", "revoked", fmt.Errorf("%w; %s", err, left.trouble()), byHand)
	}
	seen, fine := left.State, left.State == "revoked" || left.State == "failed" || left.State == "denied"
	for _, each := range left.Steps {
		if each.State != "gone" {
			seen, fine = seen+fmt.Sprintf(", %s %s is %s", each.Kind, each.Name, each.State), false
		}
	}
	if !fine {
		t.next = byHand
	}
	return t.note("handed back", "revoked", seen, fine)
}

// await reads the grant until it is as wanted, as long as there is patience.
func (t *trial) await(ctx context.Context, settled func(grant) bool) (grant, error) {
	ctx, cancel := context.WithTimeout(ctx, t.patience)
	defer cancel()
	var last grant
	for {
		var now grant
		err := t.api.get(ctx, t.location, &now)
		switch {
		case err == nil && settled(now):
			return now, nil
		case err == nil:
			last = now
		case ctx.Err() == nil && !passes(err):
			return last, err
		}
		wait := time.NewTimer(t.pollEvery)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return last, fmt.Errorf("still %s after %s", last.State, t.patience)
		}
	}
}

// passes: an answer of the platform, not of the service, says nothing about the grant.
func passes(err error) bool {
	status := statusOf(err)
	return status == 0 || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}
