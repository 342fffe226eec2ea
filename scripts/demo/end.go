package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/scripts/session"
)

// month lets the days pass and the service retest on each of them.
func (s *story) month(ctx context.Context) error {
	s.out.wait("  a dot a day, each with its retest")
	retests := 0
	for s.Tenant.Now().Add(24 * time.Hour).Before(s.grant.ExpiresAt) {
		dawn := s.Tenant.Now().Add(24 * time.Hour)
		err := s.Pass(ctx, 24*time.Hour, "retest")
		if err != nil {
			return err
		}
		g, err := s.api.Grant(ctx, s.location)
		if err != nil {
			return err
		}
		proved := g.State == "active" && g.Proved(dawn) && g.Condition("Verified").Status == "True" && g.Condition("Confined").Status != "False"
		if !proved {
			return fmt.Errorf("on %s the retest did not prove the grant again; there was instead: %+v", day(dawn), g)
		}
		retests++
		s.out.step()
	}
	g, err := s.api.Grant(ctx, s.location)
	if err != nil {
		return err
	}
	return s.tell(
		claim{fmt.Sprintf("%d daily retests proved it anew, both ways, and changed nothing in the tenant.", retests), retests >= days-2 && s.untouched(), s.Tenant.Changes()},
		claim{"The end is near, and the grant says so: Expiring.", g.Condition("Expiring").Status == "True", g.Conditions})
}

// untouched reports whether the service has changed nothing since the grant was
// active; the administrator's two changes are his own.
func (s *story) untouched() bool {
	later := s.Tenant.Changes()[s.changes:]
	for _, change := range later {
		if change.By != "administrator" {
			return false
		}
	}
	return len(later) == 2
}

func (s *story) end(ctx context.Context) error {
	s.out.wait("  the end comes, and the timer fires")
	err := s.Pass(ctx, s.grant.ExpiresAt.Sub(s.Tenant.Now())+time.Second, "expire")
	if err != nil {
		return err
	}
	g, err := s.api.Grant(ctx, s.location)
	if err != nil {
		return err
	}
	err = s.tell(
		claim{fmt.Sprintf("Its %d days are over: the grant is revoked, removed %s, and data access ends by %s.", days, day(g.RemovedAt), day(g.GoneBy)),
			g.State == "revoked" && !g.RemovedAt.Before(g.ExpiresAt) && g.GoneBy.After(g.RemovedAt), ending(g)},
		claim{"Each object that was made is seen gone: " + kinds(g.Steps) + ".", gone(g.Steps), g.Steps})
	if err != nil {
		return err
	}
	s.until(g.GoneBy)
	token, err := s.application.Token(ctx)
	if err != nil {
		return err
	}
	err = s.send(ctx, token, mailbox, forbidden, " with a new token, two hours later.")
	if err != nil {
		return err
	}
	after := s.Tenant.Dump()
	return s.tell(
		claim{"The tenant is byte for byte as it was before.", bytes.Equal(s.before, after), difference(s.before, after)},
		claim{"No invocation failed, and nothing was asked that the simulated tenant does not play.",
			len(s.Host.Failures()) == 0 && len(s.Tenant.Unknown()) == 0, fmt.Sprint(s.Host.Failures(), s.Tenant.Unknown())})
}

// ending is what a person needs of a grant that did not end as it should.
func ending(g session.Grant) string {
	stuck := g.Condition("Stuck")
	return fmt.Sprintf("the grant is %s; Stuck is %q: %s: %s", g.State, stuck.Status, stuck.Reason, stuck.Message)
}

func gone(steps []session.Step) bool {
	return len(steps) > 0 && !slices.ContainsFunc(steps, func(step session.Step) bool { return step.State != "gone" })
}

// difference names the first line in which two dumps differ.
func difference(before, after []byte) string {
	old, now := strings.Split(string(before), "\n"), strings.Split(string(after), "\n")
	for i := range min(len(old), len(now)) {
		if old[i] != now[i] {
			return fmt.Sprintf("line %d was %q and is %q", i+1, old[i], now[i])
		}
	}
	return fmt.Sprintf("%d lines were there, and %d are", len(old), len(now))
}

// life is what the history of this story has to hold, in this order.
var life = []string{"received", "bound", "provisioning", "active", "revoking", "revoked"}

func (s *story) history(ctx context.Context) error {
	entries, err := s.api.History(ctx, s.location)
	if err != nil {
		return err
	}
	expected := life
	for _, entry := range entries {
		if len(expected) > 0 && entry.Event == expected[0] {
			expected = expected[1:]
		}
	}
	err = s.tell(claim{fmt.Sprintf("GET %s/history: %d entries, from received to revoked.", s.location, len(entries)), len(expected) == 0, entries})
	if err != nil {
		return err
	}
	for _, entry := range entries {
		s.out.row(fmt.Sprintf("%s  %-13s %-22s %s", entry.At.UTC().Format("02 Jan 15:04:05"), entry.Event, entry.Reason, entry.Detail))
	}
	return nil
}
