package engine

import (
	"net/http"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// probeCalls names the calls to be tried: for every permission that can be tried by
// reading, one mailbox of the grant and one canary, and one mail where it was asked for.
// The canary is tried by every permission, because what reaches it may open one of them
// only.
func probeCalls(g grant.Grant, mailboxes []grant.Mailbox, wish grant.ProbeWish) ([]ProbeCall, []Untried, []grant.Fault) {
	calls, untried := []ProbeCall{}, []Untried{}
	for _, permission := range g.Permissions {
		reason := untriable(permission)
		if reason == "" && len(mailboxes) == 0 {
			reason = "no mailbox of the grant is known by name"
		}
		if reason != "" {
			untried = append(untried, Untried{Permission: permission, Reason: reason})
			continue
		}
		calls = append(calls, probeCall(permission, mailboxes[0], grant.Allowed))
		for _, canary := range g.Canaries[:min(len(g.Canaries), 1)] {
			calls = append(calls, probeCall(permission, canary, grant.Refused))
		}
	}
	if wish.SendTo == "" {
		return calls, untried, nil
	}
	mail, faults := sendCall(g, mailboxes, wish)
	return append(calls, mail), untried, faults
}

func probeCall(permission string, mailbox grant.Mailbox, expected grant.Verdict) ProbeCall {
	call := ProbeCall{Call: callFor(permission, mailbox), Address: mailbox.Address, Expected: expected}
	if call.Method == http.MethodGet && !strings.HasSuffix(call.URL, "/mailboxSettings") {
		// One item of a list tells as much as all of them.
		call.URL += "?$top=1"
	}
	return call
}

// sendPermission is the one permission that cannot be tried without an effect.
const sendPermission = "Mail.Send"

// sendCall is the one mail. It has no counterpart on a canary: were that allowed, the
// proof would be a mail in somebody else's name.
func sendCall(g grant.Grant, mailboxes []grant.Mailbox, wish grant.ProbeWish) (ProbeCall, []grant.Fault) {
	granted := false
	for _, permission := range g.Permissions {
		granted = granted || permission == sendPermission
	}
	if !granted {
		return ProbeCall{}, []grant.Fault{misfit("notGranted", "the grant does not hold "+sendPermission, "send")}
	}
	for _, mailbox := range mailboxes {
		if strings.EqualFold(wish.SendFrom, mailbox.Address) || strings.EqualFold(wish.SendFrom, mailbox.GUID) {
			call := probeCall(sendPermission, mailbox, grant.Allowed)
			call.To = wish.SendTo
			return call, nil
		}
	}
	return ProbeCall{}, []grant.Fault{misfit("notGranted", "this is none of the mailboxes that the grant is known to hold", "send", "from")}
}

// untriable says why a permission cannot be tried by reading; empty where it can. Those
// that can are Microsoft Graph's older ones, for which the permissions reference names a
// plain GET on one mailbox.
func untriable(value string) string {
	known, is := access.LookUp(access.Graph, value)
	switch {
	case value == sendPermission:
		return "sending is tried only where send is asked for, and never from a canary"
	case !is || known.Protocol != access.OverGraph:
		return "only calls of Microsoft Graph are tried"
	case !known.PolicyConfined:
		return "no plain call is known here that this permission opens"
	}
	return ""
}

func untriedOf(all []Untried) string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = one.Permission + ": " + one.Reason
	}
	return several(texts)
}

// misfit is a fault of something that is well formed and does not fit the grant.
func misfit(reason, detail string, tokens ...string) grant.Fault {
	return grant.At(reason, detail, tokens...)
}
