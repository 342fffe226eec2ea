package engine

import (
	"context"

	"mailgrant/handler/access"
)

// readPermissions reads which workloads may open one mailbox, or send in its name.
// Entries of people and groups are left out. A name can be that of several workloads: each
// of them may hold the right.
func (e *Engine) readPermissions(ctx context.Context, mailbox string, people holders) ([]access.MailboxPermission, error) {
	found, _, err := e.rightsOn(ctx, mailbox, people, true)
	return found, err
}

// rightsOn does so with or without those who may send, and returns the tenant's id of the
// last request that told of any.
func (e *Engine) rightsOn(ctx context.Context, mailbox string, people holders, sending bool) ([]access.MailboxPermission, string, error) {
	opened, err := e.Exchange.ListMailboxPermissions(ctx, mailbox)
	if err != nil {
		return nil, "", err
	}
	var found []access.MailboxPermission
	requestID := opened[0].RequestID // the edge returns no empty list
	for _, entry := range opened {
		found = append(found, rightsOf(people, entry.Trustee, mailbox, entry.Rights, entry.Deny)...)
	}
	if !sending {
		return found, requestID, nil
	}
	senders, err := e.Exchange.ListRecipientPermissions(ctx, mailbox)
	if err != nil {
		return nil, requestID, err
	}
	for _, entry := range senders {
		requestID = entry.RequestID
		found = append(found, rightsOf(people, entry.Trustee, mailbox, entry.Rights, entry.Deny)...)
	}
	return found, requestID, nil
}
