package exchange

import (
	"context"
	"regexp"
)

// The rights that are given here. FullAccess opens the mailbox by every protocol and does not let its
// holder send in the mailbox's name; SendAs does that and nothing else.
const (
	FullAccess = "FullAccess"
	SendAs     = "SendAs"
)

// AddMailboxPermission gives FullAccess to the mailbox with this GUID, for all its folders and without
// the mailbox being opened by itself in Outlook. The trustee is the GUID of a pointer (its object id
// will do) or of a recipient. An entry that is there already is a success to the tenant and can be told
// only by reading before. Kind NotFound means that there is no such mailbox or trustee.
func (c *Client) AddMailboxPermission(ctx context.Context, mailboxGUID, trusteeGUID string) error {
	asked := command{
		purpose: "add a mailbox permission", cmdlet: "Add-MailboxPermission",
		parameters: map[string]any{
			"User": normalGUID(trusteeGUID), "AccessRights": []string{FullAccess}, "InheritanceType": "All", "AutoMapping": false,
		},
	}
	refused := asked.checkGUID("the trustee", trusteeGUID)
	if refused != nil {
		return refused
	}
	return c.changePermission(ctx, asked, mailboxGUID)
}

// RemoveMailboxPermission takes FullAccess to the mailbox with this GUID from the trustee, named by a
// GUID or, when the trustee is gone, by the security identifier that the list shows instead. An entry
// that is not there is a success to the tenant. Kind NotFound means that there is no such mailbox or
// trustee.
func (c *Client) RemoveMailboxPermission(ctx context.Context, mailboxGUID, trustee string) error {
	asked := command{
		purpose: "remove a mailbox permission", cmdlet: "Remove-MailboxPermission",
		parameters: map[string]any{"User": trusteeID(trustee), "AccessRights": []string{FullAccess}, "InheritanceType": "All"},
	}
	refused := asked.checkTrustee(trustee)
	if refused != nil {
		return refused
	}
	return c.changePermission(ctx, asked, mailboxGUID)
}

// AddRecipientPermission lets the trustee, a GUID as for AddMailboxPermission, send as the mailbox with
// this GUID. What holds there of entries that are there already and of NotFound holds here.
func (c *Client) AddRecipientPermission(ctx context.Context, mailboxGUID, trusteeGUID string) error {
	asked := command{
		purpose: "add a recipient permission", cmdlet: "Add-RecipientPermission",
		parameters: map[string]any{"Trustee": normalGUID(trusteeGUID), "AccessRights": []string{SendAs}},
	}
	refused := asked.checkGUID("the trustee", trusteeGUID)
	if refused != nil {
		return refused
	}
	return c.changePermission(ctx, asked, mailboxGUID)
}

// RemoveRecipientPermission ends that the trustee, named as for RemoveMailboxPermission, may send as the
// mailbox with this GUID. What holds there of entries that are not there and of NotFound holds here.
func (c *Client) RemoveRecipientPermission(ctx context.Context, mailboxGUID, trustee string) error {
	asked := command{
		purpose: "remove a recipient permission", cmdlet: "Remove-RecipientPermission",
		parameters: map[string]any{"Trustee": trusteeID(trustee), "AccessRights": []string{SendAs}},
	}
	refused := asked.checkTrustee(trustee)
	if refused != nil {
		return refused
	}
	return c.changePermission(ctx, asked, mailboxGUID)
}

func (c *Client) changePermission(ctx context.Context, asked command, mailboxGUID string) error {
	asked.subject, asked.write = normalGUID(mailboxGUID), true
	refused := asked.checkGUID("the mailbox's id", mailboxGUID)
	if refused != nil {
		return refused
	}
	asked.parameters["Identity"], asked.parameters["Confirm"] = asked.subject, false
	_, err := c.write(ctx, asked)
	return err
}

// securityIdentifier is that of an account of some domain; the well-known ones (SELF, SYSTEM) are left
// out, because their entries are the mailbox's own.
var securityIdentifier = regexp.MustCompile(`^S-1-5-21(-[0-9]{1,10}){1,8}$`)

// trusteeID is "" for names, which can be another's.
func trusteeID(trustee string) string {
	if securityIdentifier.MatchString(trustee) {
		return trustee
	}
	return normalGUID(trustee)
}

func (c command) checkTrustee(trustee string) *Error {
	if trusteeID(trustee) == "" {
		return c.refuse(BadParameter, "the trustee %q is neither a GUID nor the security identifier of an account", trustee)
	}
	return nil
}
