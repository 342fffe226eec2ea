package tenant

import (
	"fmt"
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
	if call.text("Identity") != "" && call.text("Filter") != "" {
		return nil, badParameters("Identity and Filter")
	}
	most, err := resultSize(call.text("ResultSize"))
	if err != nil {
		return nil, err
	}
	if identity := call.text("Identity"); identity != "" {
		found, _, err := oneOf(t.state.mailboxes, identity, call.conditions.other, func(each mailbox) bool {
			return is(each) && each.answersTo(identity, t.organization.Domain)
		})
		if err != nil {
			return nil, err
		}
		return []row{t.recipientRow(found)}, nil
	}
	wanted := func(mailbox) bool { return true }
	if text := call.text("Filter"); text != "" {
		parsed, err := parseFilter(text)
		if err != nil {
			return nil, badValue(fmt.Sprintf("the filter is invalid: %v", err))
		}
		wanted = func(each mailbox) bool { return parsed.matches(each.properties) }
	}
	var rows []row
	for _, each := range t.state.mailboxes {
		typed := isOfType(each.Type, call.text("RecipientTypeDetails"))
		if is(each) && typed && wanted(each) && len(rows) < most {
			rows = append(rows, t.recipientRow(each))
		}
	}
	return rows, nil
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
		"Name": from.DisplayName, "Identity": from.DisplayName, "DisplayName": from.DisplayName, "Alias": from.alias(),
		"Guid": guid(from.GUID), "ExchangeGuid": guid(from.ExchangeGUID), "ExternalDirectoryObjectId": from.EntraID,
		"DistinguishedName":  from.distinguishedName(t.organization.Domain),
		"PrimarySmtpAddress": from.Primary, "EmailAddresses": from.proxies(), "UserPrincipalName": from.UPN,
		"RecipientTypeDetails": from.Type, "RecipientType": recipientType(from.Type),
		"AdministrativeUnits": from.AdministrativeUnits, "OrganizationalUnit": t.organization.Domain,
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
