package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
	"mailgrant/handler/store"
)

const (
	crawlPartition = "crawl"
	crawlKey       = "crawl"
	// crawlBudget is how many mailboxes one daily pass lists, two cmdlets each, and
	// crawlFor how long it may take: mailbox permissions can be listed only mailbox by
	// mailbox, and nobody waits for them.
	crawlBudget = 300
	crawlFor    = time.Minute
)

// crawlState is how far the crawl has come.
type crawlState struct {
	// Cursor is the GUID of the last mailbox that was listed in order.
	Cursor string `json:"cursor"`
	// FullAt is when the crawl last came to the end; zero before.
	FullAt time.Time `json:"fullAt,omitzero"`
}

// crawledMailbox is what one mailbox gives to workloads, and when it was read.
type crawledMailbox struct {
	ReadAt  time.Time                  `json:"readAt"`
	Entries []access.MailboxPermission `json:"entries,omitempty"`
}

// crawl lists the permissions of some more mailboxes: those of the ledger each time, and
// the others in turn. While no workload holds a consent to a protocol there is nothing
// that a mailbox permission could open to one, and nothing is listed.
func (e *Engine) crawl(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, crawlFor)
	defer cancel()
	consents, err := e.readConsentsTo(ctx, graph.ExchangeAppID)
	if err != nil || !slices.ContainsFunc(consents, byProtocol) {
		return err
	}
	own, err := e.grantedMailboxes(ctx)
	if err != nil {
		return err
	}
	_, err = e.crawlOn(ctx, own)
	return err
}

// crawlOn lists the permissions of these mailboxes and then of those whose turn it is. It
// returns all mailboxes as they were listed.
func (e *Engine) crawlOn(ctx context.Context, own []string) ([]exchange.Recipient, error) {
	pointers, err := e.Exchange.ListServicePrincipals(ctx)
	if err != nil {
		return nil, err
	}
	mailboxes, err := e.Exchange.ListMailboxes(ctx)
	if err != nil {
		return nil, err
	}
	var state crawlState
	err = e.readWork(ctx, surveyPartition, crawlKey, &state)
	if err != nil {
		return nil, err
	}
	people := newHolders(&surveyed{Pointers: access.Known(pointers)})
	_, err = e.crawlEach(ctx, own, people)
	if err != nil {
		return nil, err
	}
	next, ends := turn(mailboxes, state.Cursor)
	last, failed := e.crawlEach(ctx, next, people)
	state.Cursor = firstOf(last, state.Cursor)
	if failed == nil && ends {
		state = crawlState{FullAt: e.Now()}
		failed = e.forgetMailboxes(ctx, mailboxes)
	}
	// What was listed is listed, also when the rest could not be.
	err = e.keepWork(context.WithoutCancel(ctx), surveyPartition, crawlKey, state)
	return mailboxes, errors.Join(failed, err)
}

// turn returns the mailboxes whose turn it is, and whether they are the last ones.
func turn(mailboxes []exchange.Recipient, cursor string) ([]string, bool) {
	var guids []string
	for _, one := range mailboxes {
		if grantable(one.Type) && one.GUID > cursor {
			guids = append(guids, one.GUID)
		}
	}
	slices.Sort(guids)
	if len(guids) <= crawlBudget {
		return guids, true
	}
	return guids[:crawlBudget], false
}

// crawlEach lists mailboxes one after the other and returns the last that is kept. One
// that is gone is left out.
func (e *Engine) crawlEach(ctx context.Context, guids []string, people holders) (string, error) {
	last := ""
	for _, guid := range guids {
		readAt := e.Now()
		read, err := readPart(ctx, e, needsRecipients, func(ctx context.Context) ([]access.MailboxPermission, error) {
			return e.readPermissions(ctx, guid, people)
		})
		if exchange.KindOf(err) != exchange.NotFound {
			if err != nil {
				return last, err
			}
			err = e.keepWork(ctx, crawlPartition, guid, crawledMailbox{ReadAt: readAt, Entries: read.Value})
			if err != nil {
				return last, err
			}
		}
		last = guid
	}
	return last, nil
}

// grantedMailboxes are the mailboxes of live grants.
func (e *Engine) grantedMailboxes(ctx context.Context) ([]string, error) {
	var guids []string
	var failed error
	err := e.eachClaim(ctx, []grant.State{grant.Active}, func(claim store.Claim) {
		if failed != nil || len(guids) >= crawlBudget {
			return
		}
		g, err := e.grant(ctx, claim.Workload, claim.ID)
		if err != nil && KindOf(err) != KindNotFound {
			failed = err
		}
		for _, mailbox := range g.Mailboxes {
			guids = append(guids, mailbox.GUID)
		}
	})
	if err == nil {
		err = failed
	}
	guids = distinctFold(guids)
	return guids[:min(len(guids), crawlBudget)], err
}

// forgetMailboxes deletes what was kept of mailboxes that are no more.
func (e *Engine) forgetMailboxes(ctx context.Context, mailboxes []exchange.Recipient) error {
	there := map[string]bool{}
	for _, one := range mailboxes {
		there[one.GUID] = true
	}
	var gone []string
	err := e.eachCrawled(ctx, func(guid string, _ crawledMailbox) {
		if !there[guid] {
			gone = append(gone, guid)
		}
	})
	for _, guid := range gone {
		if err == nil {
			err = storage(e.Store.DeleteWork(ctx, crawlPartition, guid), "")
		}
	}
	return err
}

func (e *Engine) eachCrawled(ctx context.Context, do func(string, crawledMailbox)) error {
	cursor := ""
	for {
		rows, next, err := e.Store.ListWork(ctx, crawlPartition, cursor, largestPage)
		if err != nil {
			return storage(err, "")
		}
		for _, row := range rows {
			var one crawledMailbox
			err := json.Unmarshal(row.Document, &one)
			if err != nil {
				return fmt.Errorf("reading the permissions of mailbox %s: %w", row.Key, err)
			}
			do(row.Key, one)
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

// crawledSoFar is what the crawl has found so far, and when each mailbox that it has listed
// was last read. How far it goes is for who asks to say.
func (e *Engine) crawledSoFar(ctx context.Context) (access.MailboxPermissions, map[string]time.Time, error) {
	var found access.MailboxPermissions
	readAt := map[string]time.Time{}
	err := e.eachCrawled(ctx, func(guid string, one crawledMailbox) {
		readAt[guid] = one.ReadAt
		found.Covered = append(found.Covered, guid)
		found.Entries = append(found.Entries, one.Entries...)
		if found.OldestRead.IsZero() || one.ReadAt.Before(found.OldestRead) {
			found.OldestRead = one.ReadAt
		}
	})
	return found, readAt, err
}

// crawled is the same, with whether all of these mailboxes were listed.
func (e *Engine) crawled(ctx context.Context, mailboxes access.Reading[[]surveyedMailbox]) (access.MailboxPermissions, error) {
	found, readAt, err := e.crawledSoFar(ctx)
	found.Complete = mailboxes.Read && !slices.ContainsFunc(mailboxes.Value, func(one surveyedMailbox) bool {
		_, covered := readAt[one.GUID]
		return !covered
	})
	return found, err
}
