package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/simulator/tenant"
	"mailgrant/scripts/session"
)

func (s *story) use(ctx context.Context) error {
	g, err := s.api.Grant(ctx, s.location)
	if err != nil {
		return err
	}
	token, err := s.application.Token(ctx)
	if err != nil {
		return err
	}
	err = s.tell(
		claim{"Two hours later the grant says that it is effective, by the published limit.", g.Condition("Effective").Status == "True", g.Conditions},
		claim{"The application signs in. Its token's roles claim is empty, and that is right: there is no consent.", len(token.Roles) == 0, token.Roles})
	if err != nil {
		return err
	}
	err = s.send(ctx, token, mailbox, accepted, ", sent.")
	if err != nil {
		return err
	}
	return s.send(ctx, token, outside, forbidden, ", outside the grant.")
}

var consent = tenant.Action{Workload: tenant.SampleNewsletterAppID, Resource: "graph", Permission: "Mail.Send"}

func (s *story) drift(ctx context.Context) error {
	added := consent
	added.Do = "addConsent"
	err := s.Tenant.Administer(added)
	if err != nil {
		return fmt.Errorf("adding the consent: %w", err)
	}
	s.wide, err = s.application.Token(ctx)
	if err != nil {
		return err
	}
	err = s.tell(claim{"He consents to Mail.Send for the whole organization. A new token carries the role Mail.Send.",
		slices.Equal(s.wide.Roles, []string{"Mail.Send"}), s.wide.Roles})
	if err != nil {
		return err
	}
	err = s.send(ctx, s.wide, outside, accepted, ": the application now sends as anybody.")
	if err != nil {
		return err
	}
	return s.found(ctx)
}

// found has the retest name the consent, and then find nothing once it is gone.
func (s *story) found(ctx context.Context) error {
	s.out.wait("  retesting")
	first, err := s.api.Sweep(ctx, "retest")
	if err != nil {
		return err
	}
	named := len(first.Findings) == 1 && first.Findings[0].Type == "Confined" && strings.Contains(first.Findings[0].Message, "Mail.Send") &&
		strings.Contains(first.Findings[0].Message, "consent") && "/api/grants/"+first.Findings[0].Grant == s.location
	message := ""
	if named {
		message = first.Findings[0].Message
	}
	err = s.tell(claim{"POST /api/run/retest: 202. Found: " + message + ".", named, first})
	if err != nil {
		return err
	}
	removed := consent
	removed.Do = "removeConsent"
	err = s.Tenant.Administer(removed)
	if err != nil {
		return fmt.Errorf("removing the consent: %w", err)
	}
	s.out.wait("  retesting")
	second, err := s.api.Sweep(ctx, "retest")
	if err != nil {
		return err
	}
	return s.clean(ctx, second)
}

func (s *story) clean(ctx context.Context, operation session.Operation) error {
	token, err := s.application.Token(ctx)
	if err != nil {
		return err
	}
	err = s.tell(claim{"The administrator takes it back. POST /api/run/retest: 202, one grant tested, nothing found.",
		len(token.Roles) == 0 && operation.Total == 1 && operation.Done == 1 && len(operation.Findings) == 0, operation})
	if err != nil {
		return err
	}
	err = s.send(ctx, token, outside, forbidden, " with a new token, as it should be.")
	if err != nil {
		return err
	}
	return s.send(ctx, s.wide, outside, accepted, " with the old token: it keeps its role until it dies, within the hour.")
}
