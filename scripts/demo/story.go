package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"mailgrant/scripts/session"
)

// story is one life of a grant, as far as it has been told.
type story struct {
	*session.Session
	out         *screen
	api         session.Client
	application session.Application

	before   []byte // the tenant's dump
	location string // where the grant is
	grant    session.Grant
	// wide is a token that was minted while the consent stood.
	wide session.Token
	// changes is how many changes the tenant had seen when the grant was active.
	changes int
}

// chapter is a part of the story with a heading.
type chapter struct {
	title string
	tell  func(ctx context.Context) error
}

func (s *story) chapters() []chapter {
	return []chapter{
		{"Before", s.health},
		{"A ticket asks, and access is given and proved both ways", s.request},
		{"The application uses it", s.use},
		{"An administrator adds a consent, and that is the danger", s.drift},
		{"A month passes", s.month},
		{"The end", s.end},
		{"What was recorded", s.history},
	}
}

// claim is one sentence and whether it holds; got is what there was instead.
type claim struct {
	sentence string
	holds    bool
	got      any
}

// tell prints the claims in order as long as they hold. The first that does not is
// the error, and is not printed.
func (s *story) tell(claims ...claim) error {
	for _, one := range claims {
		if !one.holds {
			return fmt.Errorf("this does not hold: %q; there was instead: %v", one.sentence, one.got)
		}
		s.out.sentence(s.Tenant.Now(), one.sentence)
	}
	return nil
}

// until lets the clock pass an instant, so that what is due by then is due.
func (s *story) until(at time.Time) {
	s.Tenant.Advance(at.Sub(s.Tenant.Now()) + time.Second)
}

// send has the application send a message and claims the outcome.
func (s *story) send(ctx context.Context, token session.Token, mailbox string, status int, because string) error {
	answer, err := s.application.SendMail(ctx, token, mailbox)
	if err != nil {
		return err
	}
	outcome := fmt.Sprint(status)
	denied := strings.Contains(string(answer.Body), "ErrorAccessDenied")
	if status == forbidden {
		outcome += " ErrorAccessDenied"
	}
	return s.tell(claim{fmt.Sprintf("POST /users/%s/sendMail: %s%s", mailbox, outcome, because),
		answer.Status == status && denied == (status == forbidden), answer})
}

const (
	accepted  = 202
	forbidden = 403
)

func day(at time.Time) string { return at.UTC().Format("02 Jan 2006 15:04") }

func addresses(mailboxes []session.Mailbox) string {
	var all []string
	for _, mailbox := range mailboxes {
		all = append(all, mailbox.Address)
	}
	return strings.Join(all, " and ")
}
