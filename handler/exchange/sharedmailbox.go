package exchange

import (
	"context"
	"net/mail"
	"strings"
)

// SharedMailbox is the detailed type of a mailbox that no one person signs in to.
const SharedMailbox = "SharedMailbox"

// NewSharedMailbox makes a shared mailbox with this name, display name (at most 64 characters each) and
// primary address; Exchange derives the alias from the name. Kind AlreadyExists means that the name or the address
// is taken; an answer about another recipient, or one of another type, gives Incomplete.
func (c *Client) NewSharedMailbox(ctx context.Context, name, displayName, address string) (Recipient, error) {
	asked := command{
		purpose: "make a shared mailbox", cmdlet: "New-Mailbox", subject: address, write: true,
		parameters: map[string]any{"Shared": true, "Name": name, "DisplayName": displayName, "PrimarySmtpAddress": address},
	}
	refused := asked.checkName("the mailbox's name", name)
	if refused == nil {
		refused = asked.checkName("the mailbox's display name", displayName)
	}
	if refused == nil {
		refused = asked.checkAddress(address)
	}
	if refused != nil {
		return Recipient{}, refused
	}
	received, err := c.write(ctx, asked)
	if err != nil {
		return Recipient{}, err
	}
	made, err := one(asked, received, decodeRecipient)
	if err != nil {
		return Recipient{}, err
	}
	if made.Type != SharedMailbox || !strings.EqualFold(made.PrimaryAddress, address) {
		return Recipient{}, asked.doubt(received, Incomplete, "a %q with the address %q was made", made.Type, made.PrimaryAddress)
	}
	return made, nil
}

// checkAddress takes a bare address only: no display name, comment or quotes.
func (c command) checkAddress(address string) *Error {
	refused := c.checkIdentity(address)
	if refused != nil {
		return refused
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || strings.ContainsAny(address, ` "<>()`) {
		return c.refuse(BadParameter, "%q is not a bare address", address)
	}
	return nil
}
