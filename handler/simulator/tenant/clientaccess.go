package tenant

import "slices"

// getCASMailbox shows the client access switches of one mailbox or of all.
func getCASMailbox(t *Tenant, call *invocation) ([]row, error) {
	found, err := t.recipientsAsked(call, mailbox.isMailbox)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, each := range found {
		rows = append(rows, t.clientAccessRow(each))
	}
	return rows, nil
}

// clientAccessRow shows SMTP's switch as null where the organization's own decides (PowerShell
// reference, Set-CASMailbox).
func (t *Tenant) clientAccessRow(from mailbox) row {
	made := row{
		"Name": from.name(), "Identity": from.name(), "DisplayName": from.DisplayName, "Guid": guid(from.GUID),
		"DistinguishedName":  from.distinguishedName(t.organization.Domain),
		"PrimarySmtpAddress": from.Primary, "EmailAddresses": from.proxies(), "RecipientTypeDetails": from.Type,
		"ImapEnabled": !from.IMAPDisabled, "PopEnabled": !from.POPDisabled, "SmtpClientAuthenticationDisabled": nil,
		"EwsEnabled": nil, "MAPIEnabled": true, "OWAEnabled": true, "ActiveSyncEnabled": true,
	}
	if from.SMTPDisabled != nil {
		made["SmtpClientAuthenticationDisabled"] = *from.SMTPDisabled
	}
	return made
}

// setCASMailbox leaves the switches alone that are not named. SMTP's takes null, too, and then goes
// by the organization's own. That the data plane obeys at once is inferred.
func setCASMailbox(t *Tenant, call *invocation) ([]row, error) {
	found, index, err := t.findMailbox(call, call.text("Identity"))
	if err != nil {
		return nil, err
	}
	detail := ""
	for name, disabled := range map[string]*bool{"ImapEnabled": &found.IMAPDisabled, "PopEnabled": &found.POPDisabled} {
		if call.given(name) {
			*disabled = !call.flag(name)
		}
	}
	if call.given("SmtpClientAuthenticationDisabled") {
		found.SMTPDisabled = call.flagOrNull("SmtpClientAuthenticationDisabled")
	}
	for _, name := range clientAccessSwitches {
		if call.given(name) {
			detail += " " + name
		}
	}
	t.state.mailboxes = slices.Clone(t.state.mailboxes)
	t.state.mailboxes[index] = found
	t.state.changed(call.at, call.by, "changed", "clientAccess", found.DisplayName, "set"+detail)
	return nil, nil
}

// clientAccessSwitches are the parameters that are played; every other one is refused as unknown.
var clientAccessSwitches = []string{"ImapEnabled", "PopEnabled", "SmtpClientAuthenticationDisabled"}

// findMailbox looks among what has a mailbox in Exchange Online; a new one can hide from reads.
func (t *Tenant) findMailbox(call *invocation, identity string) (mailbox, int, error) {
	return oneOf(t.state.mailboxes, identity, call.conditions.other && !isWriteVerb(call.cmdlet), func(each mailbox) bool {
		hidden := !isWriteVerb(call.cmdlet) && each.visibleFrom.After(call.at)
		return each.isMailbox() && !hidden && each.answersTo(identity, t.organization.Domain)
	})
}

// getTransportConfig has the organization's switch for SMTP; the other settings are not played.
func getTransportConfig(t *Tenant, _ *invocation) ([]row, error) {
	return []row{{
		"Name": "Transport Settings", "Identity": "Transport Settings", "Guid": guid(inventedGUID("transport", t.organization.ID)),
		"SmtpClientAuthenticationDisabled": t.state.organization.SMTPDisabled,
	}}, nil
}

func setTransportConfig(t *Tenant, call *invocation) ([]row, error) {
	if !call.given("SmtpClientAuthenticationDisabled") {
		return nil, nil
	}
	t.state.organization.SMTPDisabled = call.flag("SmtpClientAuthenticationDisabled")
	t.state.changed(call.at, call.by, "changed", "organization", t.organization.Domain, "set SmtpClientAuthenticationDisabled")
	return nil, nil
}
