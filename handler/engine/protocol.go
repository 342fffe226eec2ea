package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
)

// protocolsOf are the older protocols that the permissions go by, which can be switched off
// for a mailbox; empty for all others.
func protocolsOf(permissions []string) []access.Protocol {
	var protocols []access.Protocol
	for _, value := range permissions {
		permission, known := access.LookUp(access.Exchange, value)
		if known && permission.NeedsMailboxPermission {
			protocols = append(protocols, permission.Protocol)
		}
	}
	return protocols
}

// protocolsOpen says whether the protocols that the grant goes by are switched on for the
// mailboxes. What is switched off is told with the call that switches it on, and never
// changed: that is another decision than who may use it. The status is empty where the
// grant goes by none of them.
func (h *holding) protocolsOpen(ctx context.Context, live *held, mailboxes []grant.Mailbox) grant.Condition {
	c := grant.Condition{Type: grant.ProtocolsOpen}
	protocols := protocolsOf(live.Permissions)
	if len(protocols) == 0 {
		return c
	}
	organization, err := h.sendingOff(ctx, protocols)
	if err != nil {
		c.Status, c.Reason, c.Message = grant.Unknown, "NotRead", err.Error()
		return c
	}
	var mutex sync.Mutex
	var off, unread []string
	group, ctx := readTogether(ctx)
	for _, mailbox := range mailboxes {
		group.Go(func() error {
			read, err := h.Exchange.GetCASMailbox(ctx, mailbox.GUID)
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil {
				unread = append(unread, mailbox.Address+": "+err.Error())
				return nil
			}
			closed, gaps := closedTo(mailbox, read, protocols, organization)
			off, unread = append(off, closed...), append(unread, gaps...)
			return nil
		})
	}
	_ = group.Wait() // each has put its own error away
	slices.Sort(off)
	slices.Sort(unread)
	switch {
	case len(off) > 0:
		c.Status, c.Reason, c.Message = grant.False, "SwitchedOff", several(off)
	case len(unread) > 0:
		c.Status, c.Reason, c.Message = grant.Unknown, "NotRead", several(unread)
	default:
		c.Status, c.Reason = grant.True, "SwitchedOn"
	}
	return c
}

// sendingOff is the organization's setting for signing in to send; nil where it says
// nothing, or where the grant does not send.
func (h *holding) sendingOff(ctx context.Context, protocols []access.Protocol) (*bool, error) {
	if !slices.Contains(protocols, access.OverSMTP) {
		return nil, nil
	}
	config, err := h.Exchange.GetTransportConfig(ctx)
	return config.SMTPAuthenticationOff, err
}

// closedTo names the calls that switch the protocols on which are off for the mailbox, and
// the protocols of which nothing is known. A mailbox's own setting goes before the
// organization's (Microsoft Learn, Enable or disable authenticated client SMTP submission).
func closedTo(mailbox grant.Mailbox, read exchange.CASMailbox, protocols []access.Protocol, organization *bool) (closed, unknown []string) {
	smtp := read.SMTPAuthenticationOff
	if smtp == nil {
		smtp = organization
	}
	for _, setting := range []struct {
		protocol access.Protocol
		off      *bool
		call     string
	}{
		{access.OverIMAP, read.IMAPOff, "-ImapEnabled $true"},
		{access.OverPOP, read.POPOff, "-PopEnabled $true"},
		{access.OverSMTP, smtp, "-SmtpClientAuthenticationDisabled $false"},
	} {
		title := strings.ToUpper(string(setting.protocol))
		switch {
		case !slices.Contains(protocols, setting.protocol):
		case setting.off == nil:
			unknown = append(unknown, fmt.Sprintf("%s: the tenant does not say whether %s is switched on", mailbox.Address, title))
		case *setting.off:
			closed = append(closed, fmt.Sprintf("%s: %s is switched off; Set-CASMailbox -Identity %s %s", mailbox.Address, title, mailbox.GUID, setting.call))
		}
	}
	return closed, unknown
}
