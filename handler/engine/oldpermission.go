package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

const (
	// crawlFresh is how old the oldest list of a crawl may be that still tells what a consent
	// would bring alive.
	crawlFresh = 7 * 24 * time.Hour
	// crawlAgain is how soon a grant that waits for a crawl takes it further.
	crawlAgain = 10 * time.Minute
)

// lookForOld takes the crawl further and says whether the consent may be given: when every
// mailbox was listed and none that nobody asked for names the workload, or when an operator
// has said so. It reports false when the rest has to wait, which it has then arranged.
func (h *holding) lookForOld(ctx context.Context, live *held, action plan.Action) (bool, error) {
	mailboxes, err := h.crawlAWhile(ctx)
	if err != nil {
		return false, h.miss(ctx, live, err)
	}
	found, listed, err := h.listedSoFar(ctx, mailboxes, h.listedSince(live))
	if err != nil {
		return false, h.miss(ctx, live, err)
	}
	old := h.oldPermissions(live, live.Permissions, found.Entries)
	switch {
	case len(old) > 0:
		return false, h.stuck(ctx, live, plan.OldPermissions, fmt.Sprintf("with the consent to %s this workload would also open %s; remove those permissions, or ask for those mailboxes too",
			action.Step.Permission, several(namesOf(old, mailboxes))), h.Now())
	case listed == len(mailboxes):
		return true, h.clear(ctx, live, fmt.Sprintf("the permissions of all %d mailboxes were listed, the first of them at %s, and no other names the workload", listed, found.OldestRead.UTC().Format(time.RFC3339)))
	}
	may, err := h.allowed(ctx, CapOldPermissions, live.ID)
	if err != nil {
		return false, err
	}
	if may {
		return true, h.clear(ctx, live, "an operator confirmed it")
	}
	return false, h.wait(ctx, live, h.Now().Add(crawlAgain), plan.CrawlNeeded, fmt.Sprintf("%s; the permissions of %d of %d mailboxes are listed so far; an operator who knows that there are none confirms it: POST /api/halts/%s/confirm",
		action.Message, listed, len(mailboxes), CapOldPermissions))
}

// listedSince is how old a list may be that tells what the grant's consents would bring
// alive: no older than its provisioning, because what was added shortly before it may be on
// none that was made for others.
func (h *holding) listedSince(live *held) time.Time {
	since := h.Now().Add(-crawlFresh)
	if began := live.ProvisionAt(); began.After(since) {
		return began
	}
	return since
}

// crawlAWhile takes the crawl as far as one pass goes, and returns the mailboxes whose
// permissions matter. That its time was over before all were listed is no failure.
func (h *holding) crawlAWhile(ctx context.Context) ([]exchange.Recipient, error) {
	pass, cancel := context.WithTimeout(ctx, crawlFor)
	defer cancel()
	mailboxes, err := h.crawlOn(pass, nil)
	if err != nil && (mailboxes == nil || pass.Err() == nil || ctx.Err() != nil) {
		return nil, err
	}
	return grantableOf(mailboxes), nil
}

func grantableOf(mailboxes []exchange.Recipient) []exchange.Recipient {
	var some []exchange.Recipient
	for _, one := range mailboxes {
		if grantable(one.Type) {
			some = append(some, one)
		}
	}
	return some
}

// clear notes that nothing else comes alive with the grant's consents.
func (h *holding) clear(ctx context.Context, live *held, why string) error {
	live.ClearedAt = h.Now()
	live.Progress()
	return h.commit(ctx, live, h.entry(grant.EventCondition, "NoOldPermissions", why))
}

// listedSoFar is what the crawl has found, and how many of these mailboxes it has listed
// since then.
func (h *holding) listedSoFar(ctx context.Context, mailboxes []exchange.Recipient, since time.Time) (access.MailboxPermissions, int, error) {
	found, readAt, err := h.crawledSoFar(ctx)
	listed := 0
	for _, one := range mailboxes {
		at, covered := readAt[one.GUID]
		if covered && !at.Before(since) {
			listed++
		}
	}
	return found, listed, err
}

// oldPermissions are the rights of the workload that these consents open and that no grant
// has made: on mailboxes that are none of the grant's.
func (h *holding) oldPermissions(live *held, consents []string, entries []access.MailboxPermission) []access.MailboxPermission {
	var old []access.MailboxPermission
	for _, entry := range entries {
		opens := slices.ContainsFunc(consents, func(permission string) bool { return access.Opens(entry.Right, permission) })
		if opens && !entry.Deny && strings.EqualFold(entry.Workload, live.Workload.ObjectID) && !live.mayCover(entry.Mailbox) && !h.madePermission(entry) {
			old = append(old, entry)
		}
	}
	return old
}

// madePermission reports whether a grant of the workload has given the right.
func (h *holding) madePermission(entry access.MailboxPermission) bool {
	step, known := h.shared[sharedKey(grant.Step{Kind: grant.MailboxPermissionStep, Name: strings.ToLower(entry.Mailbox) + "/" + string(entry.Right)})]
	return known && step.Exists()
}

func namesOf(entries []access.MailboxPermission, mailboxes []exchange.Recipient) []string {
	var names []string
	for _, entry := range entries {
		name := entry.Mailbox
		for _, one := range mailboxes {
			if strings.EqualFold(one.GUID, entry.Mailbox) {
				name = one.PrimaryAddress
			}
		}
		names = append(names, name+" ("+string(entry.Right)+")")
	}
	return names
}
