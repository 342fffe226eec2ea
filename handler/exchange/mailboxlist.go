package exchange

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// The columns that lists of recipients ask for. The two cmdlets share the first; the second is what
// mailboxes show (cmdlet reference, Get-Mailbox), the third what recipients show (Get-Recipient).
var (
	identityColumns = []string{
		"Guid", "ExchangeGuid", "ExternalDirectoryObjectId", "DistinguishedName", "Name", "Alias", "DisplayName",
		"PrimarySmtpAddress", "EmailAddresses", "RecipientType", "RecipientTypeDetails", "Office", "HiddenFromAddressListsEnabled",
	}
	mailboxColumns = []string{
		"UserPrincipalName", "AdministrativeUnits", "WindowsEmailAddress", "SamAccountName", "SimpleDisplayName", "IsDirSynced",
	}
	profileColumns = []string{
		"City", "Company", "CountryOrRegion", "Department", "FirstName", "LastName", "Notes", "Phone", "PostalCode", "StateOrProvince", "Title",
	}
)

// mailboxTypes are the detailed types of what ListMailboxProfiles reads: the mailboxes that access
// can be given to.
var mailboxTypes = []string{"UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"}

func customColumns() []string {
	var names []string
	for number := 1; number <= 15; number++ {
		names = append(names, fmt.Sprintf("CustomAttribute%d", number))
	}
	for number := 1; number <= 5; number++ {
		names = append(names, fmt.Sprintf("ExtensionCustomAttribute%d", number))
	}
	return names
}

// filterableNames is constant: every column but the ones that filters treat by themselves.
var filterableNames = slices.DeleteFunc(slices.Concat(identityColumns, mailboxColumns, profileColumns, customColumns()),
	func(name string) bool {
		return name == "Guid" || name == "AdministrativeUnits" || name == "DistinguishedName"
	})

// filterable keeps the difference between a property without a value and one that was not returned:
// a filter over the latter cannot be judged.
func filterable(properties row) map[string][]string {
	values := map[string][]string{}
	for _, name := range filterableNames {
		name = strings.ToLower(name)
		_, returned := properties[name]
		if !returned {
			continue
		}
		values[name] = slices.DeleteFunc(properties.list(name), func(text string) bool { return text == "" })
	}
	return values
}

// ListMailboxes reads every mailbox of the organization (the cmdlet leaves group mailboxes and
// recipients without a mailbox out): the whole list or an error. Type tells them apart. What
// Get-Mailbox does not show of a person (Department and the like) is not among the Properties; see
// ListMailboxProfiles.
func (c *Client) ListMailboxes(ctx context.Context) ([]Recipient, error) {
	asked := command{
		purpose: "list mailboxes", cmdlet: "Get-Mailbox", subject: "all", long: true,
		parameters: map[string]any{"ResultSize": "Unlimited"},
		columns:    slices.Concat(identityColumns, mailboxColumns, customColumns()),
	}
	return c.recipients(ctx, asked)
}

// ListMailboxProfiles reads user, shared, room and equipment mailboxes as recipients, with the
// Properties of persons that ListMailboxes lacks and without sign-in names and administrative units.
// It is a second reading: whoever joins the two does so by GUID.
func (c *Client) ListMailboxProfiles(ctx context.Context) ([]Recipient, error) {
	asked := command{
		purpose: "list mailboxes with their profiles", cmdlet: "Get-Recipient", subject: "all", long: true,
		parameters: map[string]any{"RecipientTypeDetails": mailboxTypes, "ResultSize": "Unlimited"},
		columns:    slices.Concat(identityColumns, profileColumns, customColumns()),
	}
	return c.recipients(ctx, asked)
}

// ListRecipients reads every recipient, of whatever type, that the OPATH filter selects: the tenant's
// own preview of a scope. The filter is sent as it is; one that cannot be parsed there gives kind
// BadParameter where the tenant says so by type, else Unknown. An empty list is a valid answer.
func (c *Client) ListRecipients(ctx context.Context, recipientFilter string) ([]Recipient, error) {
	asked := command{
		purpose: "list the recipients of a filter", cmdlet: "Get-Recipient", subject: recipientFilter, long: true,
		parameters: map[string]any{"Filter": recipientFilter, "ResultSize": "Unlimited"},
		columns:    slices.Concat(identityColumns, profileColumns, customColumns()),
	}
	if strings.TrimSpace(recipientFilter) == "" {
		return nil, asked.refuse(BadParameter, "an empty filter would select every recipient")
	}
	return c.recipients(ctx, asked)
}

func (c *Client) recipients(ctx context.Context, asked command) ([]Recipient, error) {
	all, err := listed(ctx, c, asked, decodeRecipient, Recipient.complete)
	if err != nil {
		return nil, err
	}
	return distinct(asked, all, func(each Recipient) string { return each.GUID })
}
