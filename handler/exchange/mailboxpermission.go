package exchange

import (
	"context"
	"strings"
)

// MailboxPermission is one entry of a mailbox's access control list: what one trustee may do.
type MailboxPermission struct {
	// Mailbox is how the entry names the mailbox; a name, not an id.
	Mailbox string
	// Trustee is who holds it, as Exchange shows it: a sign-in name, an object id, a name, a security
	// identifier (of somebody who is gone), or `NT AUTHORITY\SELF`.
	Trustee string
	// Rights are such as "FullAccess" and "ReadPermission".
	Rights []string
	// Deny is true only when the tenant says that the entry takes the rights away.
	Deny bool
	// Inherited is true only when the tenant says that the entry comes from above the mailbox.
	Inherited bool
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

// RecipientPermission is one entry of a recipient's permissions: sending in its name.
type RecipientPermission struct {
	// Recipient is how the entry names the recipient; a name, not an id.
	Recipient string
	// Trustee is who holds it, as for MailboxPermission.
	Trustee string
	// Rights are such as "SendAs".
	Rights []string
	// Deny is true only when the tenant says that the entry takes the rights away.
	Deny bool
	// Inherited is true only when the tenant says that the entry comes from above.
	Inherited bool
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

func decodeMailboxPermission(properties row, requestID string) MailboxPermission {
	return MailboxPermission{
		Mailbox:   properties.text("Identity"),
		Trustee:   properties.text("User"),
		Rights:    words(properties.list("AccessRights")),
		Deny:      properties.flag("Deny", false),
		Inherited: properties.flag("IsInherited", false),
		RequestID: requestID,
	}
}

func decodeRecipientPermission(properties row, requestID string) RecipientPermission {
	return RecipientPermission{
		Recipient: properties.text("Identity"),
		Trustee:   properties.text("Trustee"),
		Rights:    words(properties.list("AccessRights")),
		Deny:      strings.EqualFold(strings.TrimSpace(properties.text("AccessControlType")), "Deny"),
		Inherited: properties.flag("IsInherited", false),
		RequestID: requestID,
	}
}

func (p MailboxPermission) complete() bool   { return p.Trustee != "" && len(p.Rights) > 0 }
func (p RecipientPermission) complete() bool { return p.Trustee != "" && len(p.Rights) > 0 }

// words splits enumeration values, which come as a list or as one text with commas.
func words(texts []string) []string {
	var all []string
	for _, text := range texts {
		for word := range strings.SplitSeq(text, ",") {
			word = strings.TrimSpace(word)
			if word != "" {
				all = append(all, word)
			}
		}
	}
	return all
}

// ListMailboxPermissions reads the whole access control list of the mailbox with this GUID. A list
// without any entry gives kind Incomplete, because every mailbox has one for itself; so does a list
// of several mailboxes. NotFound means that there is no such mailbox.
func (c *Client) ListMailboxPermissions(ctx context.Context, mailboxGUID string) ([]MailboxPermission, error) {
	asked := command{purpose: "list mailbox permissions", cmdlet: "Get-MailboxPermission", subject: normalGUID(mailboxGUID)}
	entries, err := permissions(ctx, c, asked, decodeMailboxPermission, MailboxPermission.complete)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, asked.refuse(Incomplete, "the list lacks even the mailbox's own entry")
	}
	for _, entry := range entries {
		if !strings.EqualFold(entry.Mailbox, entries[0].Mailbox) {
			return nil, asked.refuse(Incomplete, "entries of both %q and %q came", entries[0].Mailbox, entry.Mailbox)
		}
	}
	return entries, nil
}

// ListRecipientPermissions reads who may send as the recipient with this GUID. An empty list is a
// valid answer; a list of several recipients gives kind Incomplete. NotFound means that there is no
// such recipient.
func (c *Client) ListRecipientPermissions(ctx context.Context, recipientGUID string) ([]RecipientPermission, error) {
	asked := command{purpose: "list recipient permissions", cmdlet: "Get-RecipientPermission", subject: normalGUID(recipientGUID)}
	entries, err := permissions(ctx, c, asked, decodeRecipientPermission, RecipientPermission.complete)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if !strings.EqualFold(entry.Recipient, entries[0].Recipient) {
			return nil, asked.refuse(Incomplete, "entries of both %q and %q came", entries[0].Recipient, entry.Recipient)
		}
	}
	return entries, nil
}

// permissions asks by the command's subject, which must be a GUID: a name could be another's. That
// the entries name their owner by a name only is why they are not compared with what was asked.
func permissions[T any](ctx context.Context, c *Client, asked command, decode func(row, string) T, complete func(T) bool) ([]T, error) {
	refused := asked.checkGUID("the mailbox's id", asked.subject)
	if refused != nil {
		return nil, refused
	}
	asked.parameters = map[string]any{"Identity": asked.subject}
	return listed(ctx, c, asked, decode, complete)
}
