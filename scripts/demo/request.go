package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/tenant"
	"mailgrant/scripts/session"
)

const (
	mailbox = "news@" + tenant.SampleDomain
	outside = "hr@" + tenant.SampleDomain
	days    = 30

	permission = "Mail.Send"
	ticket     = "RITM0012345"
)

// body is what the ticket system sends.
var body = fmt.Sprintf(`{"workload": {"appId": %q}, "permissions": [%q],
 "scope": {"mailboxes": [%q]}, "duration": "P%dD",
 "ticket": {"system": "servicenow", "id": %q}, "requester": "alice@%s",
 "owner": "newsletter team", "justification": "the weekly newsletter"}`,
	tenant.SampleNewsletterAppID, permission, mailbox, days, ticket, tenant.SampleDomain)

func (s *story) health(ctx context.Context) error {
	s.before = s.Tenant.Dump()
	var health struct {
		Status         string `json:"status"`
		NewAccess      bool   `json:"newAccess"`
		SimulatedClock bool   `json:"simulatedClock"`
	}
	answer, err := s.api.Get(ctx, "/api/health")
	if err != nil {
		return err
	}
	err = answer.Read(&health)
	if err != nil {
		return err
	}
	return s.tell(
		claim{fmt.Sprintf("The tenant is written down as it is, %d bytes, without a trace of the service.", len(s.before)),
			len(s.before) > 0 && !strings.Contains(string(s.before), stack.Installation), string(s.before)},
		claim{"GET /api/health: 200, ok, new access is given. This build's time is simulated: it stands at the left.",
			answer.Status == http.StatusOK && health.Status == "ok" && health.NewAccess && health.SimulatedClock, answer})
}

func (s *story) request(ctx context.Context) error {
	s.Tenant.ResetRequests()
	header := http.Header{"Prefer": {"wait=60"}, "Idempotency-Key": {ticket}}
	answer, err := s.api.Post(ctx, "/api/requests/ops", body, header)
	if err != nil {
		return err
	}
	s.location = answer.Header.Get("Location")
	var asked session.Grant
	err = answer.Read(&asked)
	if err != nil {
		return err
	}
	err = s.tell(
		claim{fmt.Sprintf("Ticket %s asks for %s on %s, and nothing else, for Newsletter, for %d days.", ticket, permission, mailbox, days),
			slices.Equal(asked.Permissions, []string{permission}) && slices.Equal(asked.Scope.Mailboxes, []string{mailbox}) &&
				asked.Workload.AppID == tenant.SampleNewsletterAppID && asked.Ticket.ID == ticket && asked.ExpiresAt.Equal(asked.StartsAt.AddDate(0, 0, days)), answer},
		claim{fmt.Sprintf("POST /api/requests/ops: 202, Location: %s", s.location),
			answer.Status == accepted && strings.HasPrefix(s.location, "/api/grants/"), answer})
	if err != nil {
		return err
	}
	s.out.wait("  making it and proving it")
	s.grant, err = s.api.Await(ctx, s.location, func(g session.Grant) bool {
		s.out.step()
		return g.State == "active" || stuck(g)
	})
	if err != nil {
		return err
	}
	return s.granted(ctx)
}

// stuck reports a grant on which work fails: waiting would not help.
func stuck(g session.Grant) bool { return g.Condition("Stuck").Status == "True" }

func (s *story) granted(ctx context.Context) error {
	err := s.Settle(ctx)
	if err != nil {
		return err
	}
	g := s.grant
	s.changes = len(s.Tenant.Changes())
	made := len(g.Steps)
	asked, tokens := s.asked()
	bound := len(g.Mailboxes) == 1 && g.Mailboxes[0].GUID == tenant.SampleNewsGUID && g.Workload.ObjectID == tenant.SampleNewsletterObjectID
	err = s.tell(
		claim{fmt.Sprintf("Both were resolved to ids that do not change: %s and %s.", g.Workload.ObjectID, tenant.SampleNewsGUID), bound, g},
		claim{fmt.Sprintf("%d objects were made: %s. The grant is active.", made, kinds(g.Steps)), g.State == "active" && made == 3 && s.changes == made, g},
		claim{fmt.Sprintf("Proved both ways by the tenant's own test: allowed on %s, denied on %s.", mailbox, addresses(g.Canaries)), g.Proved(g.ReceivedAt), g.Evidence},
		claim{fmt.Sprintf("That took %d requests to Exchange and Graph, and %d for tokens.", asked, tokens), asked > 0 && tokens > 0, s.Tenant.Requests()},
		claim{"Data access follows by " + day(g.EffectiveBy) + "; nobody calls before, since that keeps a denial cached.",
			g.EffectiveBy.After(s.Tenant.Now()) && s.calls() == 0, g.EffectiveBy})
	if err != nil {
		return err
	}
	s.until(g.EffectiveBy)
	return nil
}

func kinds(steps []session.Step) string {
	var names []string
	for _, step := range steps {
		names = append(names, step.Kind)
	}
	return strings.Join(names, ", ")
}

// asked counts what the service asked the tenant, and its tokens apart.
func (s *story) asked() (asked, tokens int) {
	for _, request := range s.Tenant.Requests() {
		switch request.Kind {
		case "graph", "exchange":
			asked++
		case "token":
			tokens++
		}
	}
	return asked, tokens
}

// calls counts the calls that applications have made so far.
func (s *story) calls() int {
	requests := s.Tenant.Requests()
	return len(slices.DeleteFunc(requests, func(request tenant.Request) bool { return request.Kind != "data" }))
}
