package tenant

import (
	"slices"
	"strconv"
	"strings"
)

// usualResultSize is how many recipients come when ResultSize is absent.
const usualResultSize = 1000

func getRecipient(t *Tenant, call *invocation) ([]row, error) {
	return t.recipientRows(call, func(mailbox) bool { return true })
}

// getMailbox does not find recipients that have no mailbox in Exchange Online.
func getMailbox(t *Tenant, call *invocation) ([]row, error) {
	return t.recipientRows(call, mailbox.isMailbox)
}

// recipientRows is strict about more than one match: a name that is no id need not be unique.
func (t *Tenant) recipientRows(call *invocation, is func(mailbox) bool) ([]row, error) {
	found, err := t.recipientsAsked(call, is)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, each := range found {
		rows = append(rows, t.recipientRow(each))
	}
	return rows, nil
}

// recipientsAsked finds one recipient or lists those that the parameters let through. A new one can
// hide for a while.
func (t *Tenant) recipientsAsked(call *invocation, is func(mailbox) bool) ([]mailbox, error) {
	text := call.text("Filter") + call.text("RecipientPreviewFilter")
	if call.text("Identity") != "" && text != "" || call.text("Filter") != "" && call.text("RecipientPreviewFilter") != "" {
		return nil, badParameters("Identity, Filter and RecipientPreviewFilter")
	}
	most, err := resultSize(call.text("ResultSize"))
	if err != nil {
		return nil, err
	}
	if identity := call.text("Identity"); identity != "" {
		found, _, err := oneOf(t.state.recipients(), identity, call.conditions.other, func(each mailbox) bool {
			return is(each) && !each.visibleFrom.After(call.at) && each.answersTo(identity, t.organization.Domain)
		})
		if err != nil {
			return nil, err
		}
		return []mailbox{found}, nil
	}
	wanted, err := t.recipientFilter(text)
	if err != nil {
		return nil, err
	}
	var listed []mailbox
	for _, each := range t.state.recipients() {
		typed := isOfTypes(each.Type, call.list("RecipientTypeDetails"))
		hidden := each.visibleFrom.After(call.at)
		if is(each) && !hidden && typed && wanted(each) && len(listed) < most {
			listed = append(listed, each)
		}
	}
	return listed, nil
}

// recipients are all that Exchange has a mail address for: mailboxes, contacts, and the groups that
// it knows. A group can also stand among the mailboxes of a directory; it is then there once.
func (s *state) recipients() []mailbox {
	if len(s.groups) == 0 {
		return s.mailboxes
	}
	all := slices.Clone(s.mailboxes)
	for _, each := range s.groups {
		if each.inExchange() && !each.standsAmong(s.mailboxes) {
			all = append(all, each.recipient())
		}
	}
	return all
}

// isOfTypes lets everything through where no type is named.
func isOfTypes(held string, wanted []string) bool {
	return len(wanted) == 0 || slices.ContainsFunc(wanted, func(each string) bool { return isOfType(held, each) })
}

// isOfType matches prefixes, as enumeration values are matched there: a wrong value that begins
// like no type finds nothing and is no error.
func isOfType(held, wanted string) bool {
	return wanted == "" || strings.HasPrefix(strings.ToLower(held), strings.ToLower(wanted))
}

func resultSize(text string) (int, error) {
	if text == "" {
		return usualResultSize, nil
	}
	if strings.EqualFold(text, "Unlimited") {
		return int(^uint(0) >> 1), nil
	}
	size, err := strconv.Atoi(text)
	if err != nil || size < 1 {
		return 0, badValue("ResultSize '" + text + "' is neither a number nor Unlimited")
	}
	return size, nil
}

func (t *Tenant) recipientRow(from mailbox) row {
	made := row{
		"Name": from.name(), "Identity": from.name(), "DisplayName": from.DisplayName, "Alias": from.alias(),
		"Guid": guid(from.GUID), "ExchangeGuid": guid(from.ExchangeGUID), "ExternalDirectoryObjectId": from.EntraID,
		"DistinguishedName":  from.distinguishedName(t.organization.Domain),
		"PrimarySmtpAddress": from.Primary, "EmailAddresses": from.proxies(), "UserPrincipalName": from.UPN,
		"RecipientTypeDetails": from.Type, "RecipientType": recipientType(from.Type),
		"AdministrativeUnits": t.unitsOf(from), "OrganizationalUnit": t.organization.Domain,
	}
	for _, name := range attributeNames {
		made[name] = from.Attributes[name]
	}
	for number := 1; number <= 15; number++ {
		name := "CustomAttribute" + strconv.Itoa(number)
		made[name] = from.CustomAttributes[name]
	}
	return made
}

// recipientType is the coarse type beside the detailed one.
func recipientType(details string) string {
	switch {
	case strings.HasSuffix(details, "MailUser"):
		return "MailUser"
	case details == "GroupMailbox":
		return "MailUniversalDistributionGroup"
	case strings.HasSuffix(details, "Mailbox"):
		return "UserMailbox"
	}
	return details
}
