package tenant

import (
	"slices"
	"strings"
)

// attributeNames are the plain text properties of a recipient that filters know, besides the fifteen
// custom ones.
var attributeNames = []string{"Department", "Company", "Office", "Title", "City", "StateOrProvince", "CountryOrRegion", "Notes"}

// alias is the mail nickname, which addresses share with nothing but the local part.
func (m mailbox) alias() string {
	name, _, _ := strings.Cut(m.Primary, "@")
	return name
}

func (m mailbox) addresses() []string {
	return append([]string{m.Primary}, m.Aliases...)
}

// name is unique for groups and the display name for everybody else.
func (m mailbox) name() string {
	if m.commonName != "" {
		return m.commonName
	}
	return m.DisplayName
}

func (m mailbox) distinguishedName(domain string) string {
	within := ""
	if m.container != "" {
		within = ",OU=" + m.container
	}
	return "CN=" + m.name() + within + ",OU=" + domain + ",OU=Microsoft Exchange Hosted Organizations,DC=EURPR00A001,DC=PROD,DC=OUTLOOK,DC=COM"
}

// properties answers filter evaluation. PrimarySmtpAddress searches every proxy address, which the
// PowerShell reference ("Filterable properties for the Filter parameter") warns about.
func (m mailbox) properties(name string) []string {
	var values []string
	switch name {
	case "Guid":
		values = []string{m.GUID}
	case "ExchangeGuid":
		values = []string{m.ExchangeGUID}
	case "ExternalDirectoryObjectId":
		values = []string{m.EntraID}
	case "PrimarySmtpAddress":
		values = m.addresses()
	case "EmailAddresses":
		values = m.proxies()
	case "Alias":
		values = []string{m.alias()}
	case "UserPrincipalName":
		values = []string{m.UPN}
	case "DisplayName":
		values = []string{m.DisplayName}
	case "RecipientTypeDetails":
		values = []string{m.Type}
	case "MemberOfGroup":
		values = m.MemberOf
	case "Name":
		values = []string{m.name()}
	case "RecipientType":
		values = []string{recipientType(m.Type)}
	default:
		values = []string{m.CustomAttributes[name] + m.Attributes[name]}
	}
	lowered := make([]string, len(values))
	for index, value := range values {
		lowered[index] = strings.ToLower(value)
	}
	return lowered
}

// proxies marks the primary address with capitals, as Exchange does.
func (m mailbox) proxies() []string {
	list := []string{"SMTP:" + m.Primary}
	for _, alias := range m.Aliases {
		list = append(list, "smtp:"+alias)
	}
	return list
}

// isMailbox is false for recipients whose mail lies elsewhere.
func (m mailbox) isMailbox() bool {
	return slices.Contains(mailboxTypes, m.Type)
}

// answersTo is how an identity finds a recipient: ids, every address, and names that need not be
// unique.
func (m mailbox) answersTo(identity, domain string) bool {
	names := append(m.addresses(), m.GUID, m.ExchangeGUID, m.EntraID, m.UPN, m.alias(), m.DisplayName, m.distinguishedName(domain))
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, identity) })
}
