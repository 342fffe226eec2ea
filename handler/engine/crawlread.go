package engine

import (
	"context"
	"strings"

	"mailgrant/handler/access"
)

// readPermissions reads which workloads may open one mailbox, or send in its name.
// Entries of people and groups are left out.
func (e *Engine) readPermissions(ctx context.Context, mailbox string, people holders) ([]access.MailboxPermission, error) {
	opened, err := e.Exchange.ListMailboxPermissions(ctx, mailbox)
	if err != nil {
		return nil, err
	}
	sending, err := e.Exchange.ListRecipientPermissions(ctx, mailbox)
	if err != nil {
		return nil, err
	}
	var found []access.MailboxPermission
	add := func(trustee string, rights []string, right access.MailboxRight, deny bool) {
		for _, given := range rights {
			if !strings.EqualFold(given, string(right)) {
				continue
			}
			// A name can be that of several workloads: each of them may hold the right.
			holders, _ := people.named(trustee)
			for _, holder := range holders {
				found = append(found, access.MailboxPermission{Workload: holder, Mailbox: mailbox, Right: right, Deny: deny})
			}
		}
	}
	for _, entry := range opened {
		add(entry.Trustee, entry.Rights, access.FullAccess, entry.Deny)
	}
	for _, entry := range sending {
		add(entry.Trustee, entry.Rights, access.SendAs, entry.Deny)
	}
	return found, nil
}
