package exchange

import (
	"context"
	"slices"
	"strings"
)

// Recipient is anything that can receive mail; Type says what.
type Recipient struct {
	// GUID is the directory's id of the recipient, which never changes; in lower case.
	GUID string
	// ExchangeGUID is the mailbox's id, in lower case; "" for recipients without a mailbox.
	ExchangeGUID string
	// ExternalDirectoryObjectID is the object id in the Entra directory, in lower case; "" when there
	// is none.
	ExternalDirectoryObjectID string
	// Name, Alias and DisplayName are for people; Exchange accepts each of them as an identity.
	Name, Alias, DisplayName string
	// PrimaryAddress is a bare address in lower case.
	PrimaryAddress string
	// Addresses are all SMTP addresses, bare and in lower case, sorted.
	Addresses []string
	// UserPrincipalName is the sign-in name; "" when it was not returned.
	UserPrincipalName string
	// DistinguishedName changes when the recipient is renamed or moved; "" when it was not returned.
	DistinguishedName string
	// AdministrativeUnits are the units that the recipient is a member of, as Exchange writes them
	// (ids of the directory, as far as is known); empty also when they were not returned.
	AdministrativeUnits []string
	// Properties are what filters may ask about, by name in lower case. A property that was not
	// returned is not in the map; one without a value has no values.
	Properties map[string][]string
	// Type is the detailed type: "UserMailbox", "SharedMailbox", "RoomMailbox", "MailUser", …
	Type string
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

func decodeRecipient(properties row, requestID string) Recipient {
	return Recipient{
		GUID:                      properties.guid("Guid"),
		ExchangeGUID:              properties.guid("ExchangeGuid"),
		ExternalDirectoryObjectID: properties.guid("ExternalDirectoryObjectId"),
		Name:                      properties.text("Name"),
		Alias:                     properties.text("Alias"),
		DisplayName:               properties.text("DisplayName"),
		PrimaryAddress:            bareAddress(properties.text("PrimarySmtpAddress")),
		Addresses:                 bareAddresses(properties.list("EmailAddresses")),
		UserPrincipalName:         properties.text("UserPrincipalName"),
		DistinguishedName:         properties.text("DistinguishedName"),
		AdministrativeUnits:       properties.list("AdministrativeUnits"),
		Properties:                filterable(properties),
		Type:                      properties.text("RecipientTypeDetails"),
		RequestID:                 requestID,
	}
}

// bareAddress takes "SMTP:a@x" or "a@x"; other address types give "".
func bareAddress(text string) string {
	kind, address, prefixed := strings.Cut(strings.TrimSpace(text), ":")
	if !prefixed {
		return strings.ToLower(kind)
	}
	if !strings.EqualFold(kind, "smtp") {
		return ""
	}
	return strings.ToLower(address)
}

func bareAddresses(texts []string) []string {
	var addresses []string
	for _, text := range texts {
		address := bareAddress(text)
		if address != "" {
			addresses = append(addresses, address)
		}
	}
	slices.Sort(addresses)
	return slices.Compact(addresses)
}

// complete asks for the type because a recipient of unknown type must not pass for a mailbox.
func (r Recipient) complete() bool { return r.GUID != "" && r.Type != "" }

// answersTo accepts the names too, because Exchange does: whoever asked by a name must be able to
// tell one match from several. Whether a name is good enough to act on is not decided here.
func (r Recipient) answersTo(identity string) bool {
	names := []string{
		r.GUID, r.ExchangeGUID, r.ExternalDirectoryObjectID,
		r.PrimaryAddress, r.UserPrincipalName, r.Name, r.Alias, r.DisplayName,
	}
	return sameAsAny(identity, append(names, r.Addresses...)...)
}

// FindRecipient reads the one recipient that the identity names: a GUID, an address, or one of the
// names. Kind NotFound means that there is none, Ambiguous that there are several.
func (c *Client) FindRecipient(ctx context.Context, identity string) (Recipient, error) {
	asked := command{
		purpose: "find a recipient", cmdlet: "Get-Recipient", subject: identity,
		parameters: map[string]any{"Identity": identity, "ResultSize": "Unlimited"},
	}
	refused := asked.checkIdentity(identity)
	if refused != nil {
		return Recipient{}, refused
	}
	received, err := c.read(ctx, asked)
	if err != nil {
		return Recipient{}, err
	}
	return one(asked, received, decodeRecipient)
}
