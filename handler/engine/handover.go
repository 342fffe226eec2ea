package engine

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// Handover is what the application's owner needs to use a grant, and not to break it.
type Handover struct {
	// TokenScope is what the application asks a token for.
	TokenScope string `json:"tokenScope"`
	// Roles explains why the token's roles claim is empty.
	Roles string `json:"roles"`
	// NotBefore is when calls should begin.
	NotBefore time.Time `json:"notBefore,omitzero"`
	// Calls are Graph calls that work with this grant, by mailbox.
	Calls []Call `json:"calls"`
	// Notices are what has to be known of some permissions: dates at which they stop to
	// work, and what they need beside the grant. Absent where there is nothing.
	Notices []string `json:"notices,omitempty"`
	// Refusals says what a refused call looks like.
	Refusals string `json:"refusals"`
}

// Call is one Graph call that a permission opens on a mailbox.
type Call struct {
	Permission string `json:"permission"`
	Mailbox    string `json:"mailbox"`
	Method     string `json:"method"`
	URL        string `json:"url"`
}

// fewCalls is how many mailboxes of a group, unit or filter calls are shown for.
const fewCalls = 3

const (
	tokenScope = "https://graph.microsoft.com/.default"
	emptyRoles = "The token's roles claim is empty, and that is right: the access comes from Exchange and not from a consent. " +
		"Do not add an application permission in Entra; a consent opens every mailbox and defeats the scope."
	consentedRoles = "The token's roles claim holds the permissions of this grant. A token that was minted before effectiveBy may lack them: ask for a new one. " +
		"Any further application permission would reach the same mailboxes, or all of them; ask for another grant instead."
	policyRefusals = "A mailbox outside the grant answers 403 ErrorAccessDenied, as \"Access to OData is disabled.\""
	refusals       = "A mailbox outside the grant answers 403 ErrorAccessDenied. A mailbox of the grant may do so until effectiveBy; " +
		"do not call before then, because early calls keep the denial cached."
	protocolRoles = "The token's roles claim holds the permissions of this grant; a token that was minted before effectiveBy may lack them: ask for a new one. " +
		"Sign in with AUTH XOAUTH2 and the mailbox's address as the user."
	protocolRefusals = "A mailbox outside the grant refuses the sign-in (IMAP: NO AUTHENTICATE failed; POP: -ERR; SMTP: 535 5.7.3). A mailbox of the grant may do so until effectiveBy."
	protocolScope    = "https://outlook.office365.com/.default"
	graphUsers       = "https://graph.microsoft.com/v1.0/users/"
)

func (e *Engine) handover(g grant.Grant, members []grant.Mailbox) *Handover {
	if g.State.Ended() {
		return nil
	}
	handover := Handover{TokenScope: tokenScope, Roles: emptyRoles, NotBefore: g.EffectiveBy, Refusals: refusals, Calls: []Call{}}
	switch g.Mechanism {
	case grant.MailboxPermission:
		handover.TokenScope, handover.Roles, handover.Refusals = protocolScope, protocolRoles, protocolRefusals
	case grant.AccessPolicy:
		handover.Roles, handover.Refusals = consentedRoles, policyRefusals
	}
	for _, value := range g.Permissions {
		permission, _ := access.Scopable(value)
		if permission.Notice != "" {
			handover.Notices = append(handover.Notices, value+": "+permission.Notice)
		}
	}
	for _, mailbox := range append(slices.Clone(g.Mailboxes), members[:min(len(members), fewCalls)]...) {
		for _, permission := range g.Permissions {
			handover.Calls = append(handover.Calls, callFor(permission, mailbox))
		}
	}
	return &handover
}

// callFor is the plainest call that the permission opens (Microsoft Graph REST reference
// v1.0; EWS and SMTP at the public cloud's addresses). The mailbox is named by its Entra object id where it is known.
func callFor(permission string, mailbox grant.Mailbox) Call {
	method, path := "GET", "/messages"
	known, _ := access.LookUp(access.Graph, permission)
	other, _ := access.LookUp(access.Exchange, permission)
	signIn := Call{Permission: permission, Mailbox: mailbox.GUID, Method: "AUTH XOAUTH2"}
	switch {
	case other.Protocol == access.OverEWS:
		return Call{Permission: permission, Mailbox: mailbox.GUID, Method: "POST", URL: "https://outlook.office365.com/EWS/Exchange.asmx"}
	case other.Protocol == access.OverSMTP:
		signIn.URL = "smtp://smtp.office365.com:587"
		return signIn
	case other.Protocol == access.OverIMAP:
		signIn.URL = "imaps://outlook.office365.com:993"
		return signIn
	case other.Protocol == access.OverPOP:
		signIn.URL = "pop3s://outlook.office365.com:995"
		return signIn
	case permission == "Mail.Send":
		method, path = "POST", "/sendMail"
	case strings.HasPrefix(permission, "MailboxFolder"):
		path = "/mailFolders"
	case len(known.Confers) == 0:
	case known.Confers[0] == access.Calendar:
		path = "/calendar/events"
	case known.Confers[0] == access.Contacts:
		path = "/contacts"
	case known.Confers[0] == access.Settings:
		path = "/mailboxSettings"
	}
	return Call{Permission: permission, Mailbox: mailbox.GUID, Method: method, URL: graphUsers + url.PathEscape(mailbox.UserID()) + path}
}
