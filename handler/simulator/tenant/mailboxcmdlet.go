package tenant

import (
	"slices"
	"strings"
)

// newMailbox makes shared mailboxes only: every other kind that people make by hand takes a password,
// which this wire carries encrypted with a key that is not published.
func newMailbox(t *Tenant, call *invocation) ([]row, error) {
	if !call.flag("Shared") {
		return nil, badParameters("Shared is missing, and so is Password.")
	}
	name := call.text("Name")
	err := checkName(name)
	if err != nil {
		return nil, err
	}
	made := mailbox{DisplayName: name, Type: "SharedMailbox", commonName: name, visibleFrom: hiddenUntil(call.at, call.conditions)}
	if display := call.text("DisplayName"); display != "" {
		made.DisplayName = display
	}
	alias := call.text("Alias")
	if alias == "" {
		alias = addressable(name)
	}
	made.UPN = alias + "@" + t.organization.Domain
	made.Primary = made.UPN
	if primary := call.text("PrimarySmtpAddress"); primary != "" {
		made.Primary = primary
	}
	err = t.checkMailboxNames(made)
	if err != nil {
		return nil, err
	}
	made.GUID = t.state.newGUID("mailbox", name)
	made.ExchangeGUID, made.EntraID = inventedGUID("exchangeGuid", made.GUID), inventedGUID("entraId", made.GUID)
	t.state.mailboxes = append(slices.Clone(t.state.mailboxes), made)
	t.state.changed(call.at, call.by, "created", "mailbox", made.DisplayName, made.Primary)
	return []row{t.recipientRow(made)}, nil
}

// checkMailboxNames holds that neither name, sign-in name nor address is taken.
func (t *Tenant) checkMailboxNames(made mailbox) error {
	if !strings.Contains(made.Primary, "@") {
		return badValue("PrimarySmtpAddress '" + made.Primary + "'")
	}
	for _, each := range t.state.recipients() {
		for _, address := range []string{made.Primary, made.UPN} {
			if containsFold(each.addresses(), address) || strings.EqualFold(each.UPN, address) {
				return alreadyExists(address)
			}
		}
		if strings.EqualFold(each.name(), made.name()) {
			return alreadyExists(made.name())
		}
	}
	return nil
}

// removeMailbox leaves the entries of others' access control lists that name it, which then belong to
// nobody, and it stays a member of its groups as an id without a name (both inferred). That it can be
// brought back for 30 days is not played.
func removeMailbox(t *Tenant, call *invocation) ([]row, error) {
	gone, index, err := t.findMailbox(call, call.text("Identity"))
	if err != nil {
		return nil, err
	}
	t.state.mailboxes = slices.Delete(slices.Clone(t.state.mailboxes), index, index+1)
	t.state.changed(call.at, call.by, "removed", "mailbox", gone.DisplayName, gone.Primary)
	return nil, nil
}
