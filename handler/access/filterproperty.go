package access

import (
	"fmt"
	"strings"
)

// PropertyKind is what a recipient property holds, and so what may be asked of it.
type PropertyKind string

// The kinds. TextProperty values may change hands unless the property says otherwise.
// ProxyProperty is one whose comparison also searches the other addresses of a
// mailbox; LinkProperty holds distinguished names and silently matches nothing else.
const (
	TextProperty    PropertyKind = "text"
	GUIDProperty    PropertyKind = "guid"
	WordProperty    PropertyKind = "enumeration"
	BooleanProperty PropertyKind = "boolean"
	ProxyProperty   PropertyKind = "proxyAddresses"
	LinkProperty    PropertyKind = "link"
)

// Property is one filterable property of a recipient.
type Property struct {
	Name string
	Kind PropertyKind
	// Reassignable: the value follows a person or a name and not the mailbox, so that a
	// filter on it can come to mean another mailbox.
	Reassignable bool
}

// Properties lists what is known of filterable properties (PowerShell reference,
// Filterable properties for the RecipientFilter parameter). Lists and sizes are left
// out on purpose: nobody scopes by them.
func Properties() []Property {
	kinds := []struct {
		kind  PropertyKind
		names []string
	}{
		{TextProperty, []string{"City", "Company", "CountryCode", "CountryOrRegion", "Department", "DisplayName", "FirstName", "Initials", "LastName", "Name",
			"Notes", "Office", "Phone", "PostalCode", "SimpleDisplayName", "StateOrProvince", "StreetAddress", "Title", "ExternalDirectoryObjectId"}},
		{GUIDProperty, []string{"Guid", "ExchangeGuid", "ArchiveGuid"}},
		{WordProperty, []string{"RecipientType", "RecipientTypeDetails"}},
		{BooleanProperty, []string{"HiddenFromAddressListsEnabled", "IsDirSynced"}},
		{ProxyProperty, []string{"EmailAddresses", "ExternalEmailAddress", "PrimarySmtpAddress", "WindowsEmailAddress"}},
		{LinkProperty, []string{"AcceptMessagesOnlyFrom", "AdministrativeUnits", "Database", "DistinguishedName", "ForwardingAddress", "GrantSendOnBehalfTo",
			"ManagedBy", "Manager", "MemberOfGroup", "ModeratedBy", "RejectMessagesFrom"}},
	}
	var all []Property
	for _, each := range kinds {
		for _, name := range each.names {
			all = append(all, Property{Name: name, Kind: each.kind})
		}
	}
	for number := range 15 {
		all = append(all, Property{Name: fmt.Sprintf("CustomAttribute%d", number+1), Kind: TextProperty})
	}
	for number := range 5 {
		all = append(all, Property{Name: fmt.Sprintf("ExtensionCustomAttribute%d", number+1), Kind: TextProperty})
	}
	for _, name := range []string{"Alias", "SamAccountName", "UserPrincipalName"} {
		all = append(all, Property{Name: name, Kind: TextProperty, Reassignable: true})
	}
	return all
}

// knownProperties is constant: the properties by name in lower case.
var knownProperties = propertiesByName()

func propertiesByName() map[string]Property {
	known := map[string]Property{}
	for _, property := range Properties() {
		known[strings.ToLower(property.Name)] = property
	}
	return known
}

// LookUpProperty returns what is known of a property, by its name without regard to
// letter case; false when it is not known.
func LookUpProperty(name string) (Property, bool) {
	property, known := knownProperties[strings.ToLower(name)]
	return property, known
}
