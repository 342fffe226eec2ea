package exchange

import "context"

// CASMailbox says which of the older protocols a mailbox is open to. Each of the three is nil when the
// tenant says nothing: for SMTP the organization's setting then holds (see TransportConfig), for the
// others nothing is known.
type CASMailbox struct {
	// GUID is the directory's id of the mailbox in Exchange, in lower case.
	GUID string
	// IMAPOff and POPOff are whether the protocol is switched off for the mailbox.
	IMAPOff, POPOff *bool
	// SMTPAuthenticationOff is whether clients cannot sign in to send mail for the mailbox.
	SMTPAuthenticationOff *bool
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

func decodeCASMailbox(properties row, requestID string) CASMailbox {
	return CASMailbox{
		GUID:                  properties.guid("Guid"),
		IMAPOff:               opposite(properties.setting("ImapEnabled")),
		POPOff:                opposite(properties.setting("PopEnabled")),
		SMTPAuthenticationOff: properties.setting("SmtpClientAuthenticationDisabled"),
		RequestID:             requestID,
	}
}

func opposite(setting *bool) *bool {
	if setting == nil {
		return nil
	}
	off := !*setting
	return &off
}

func (m CASMailbox) complete() bool                 { return m.GUID != "" }
func (m CASMailbox) answersTo(identity string) bool { return sameAsAny(identity, m.GUID) }

// GetCASMailbox reads the protocols of the mailbox with this GUID. Kind NotFound means that there is no
// such mailbox.
func (c *Client) GetCASMailbox(ctx context.Context, mailboxGUID string) (CASMailbox, error) {
	asked := command{
		purpose: "read the protocols of a mailbox", cmdlet: "Get-CASMailbox", subject: normalGUID(mailboxGUID),
		parameters: map[string]any{"Identity": normalGUID(mailboxGUID)},
	}
	refused := asked.checkGUID("the mailbox's id", mailboxGUID)
	if refused != nil {
		return CASMailbox{}, refused
	}
	received, err := c.read(ctx, asked)
	if err != nil {
		return CASMailbox{}, err
	}
	return one(asked, received, decodeCASMailbox)
}

// TransportConfig is what the tenant says about sending, as far as it concerns access.
type TransportConfig struct {
	// SMTPAuthenticationOff is whether clients cannot sign in to send mail, for all mailboxes that do not
	// say otherwise; nil when the tenant says nothing.
	SMTPAuthenticationOff *bool
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

// GetTransportConfig reads the organization's settings for sending.
func (c *Client) GetTransportConfig(ctx context.Context) (TransportConfig, error) {
	asked := command{purpose: "read the organization's transport settings", cmdlet: "Get-TransportConfig"}
	received, err := c.read(ctx, asked)
	if err != nil {
		return TransportConfig{}, err
	}
	if len(received.rows) != 1 {
		return TransportConfig{}, asked.doubt(received, Incomplete, "%d configurations came, not one", len(received.rows))
	}
	return TransportConfig{
		SMTPAuthenticationOff: received.rows[0].setting("SmtpClientAuthenticationDisabled"),
		RequestID:             received.requestID,
	}, nil
}
