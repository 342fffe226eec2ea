package engine

import (
	"context"

	"mailgrant/handler/access"
)

// readPermissions reads which workloads may open one mailbox, or send in its name.
// Entries of people and groups are left out. A name can be that of several workloads: each
// of them may hold the right.
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
	for _, entry := range opened {
		found = append(found, rightsOf(people, entry.Trustee, mailbox, entry.Rights, entry.Deny)...)
	}
	for _, entry := range sending {
		found = append(found, rightsOf(people, entry.Trustee, mailbox, entry.Rights, entry.Deny)...)
	}
	return found, nil
}
