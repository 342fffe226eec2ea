package tenant

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// directory is the document a tenant starts from; directory.schema.json describes the same names.
type directory struct {
	Tenant            organization  `json:"tenant"`
	Service           service       `json:"service"`
	ServicePrincipals []principal   `json:"servicePrincipals"`
	Applications      []application `json:"applications"`
	Consents          []consent     `json:"consents"`
	Mailboxes         []mailbox     `json:"mailboxes"`
	Pointers          []pointer     `json:"pointers"`
	Scopes            []scope       `json:"scopes"`
	Assignments       []assignment  `json:"assignments"`
	Hydrated          *bool         `json:"hydrated"`
	// RoleGroupDelegation says what delegating assignments of application roles are worth to a role
	// group: honoured (also when empty), ignored, or refused.
	RoleGroupDelegation string `json:"roleGroupDelegation"`

	Groups              []group         `json:"groups"`
	AdministrativeUnits []unit          `json:"administrativeUnits"`
	AccessPolicies      []policy        `json:"accessPolicies"`
	MailboxPermissions  []permission    `json:"mailboxPermissions"`
	DirectoryRoles      []directoryRole `json:"directoryRoles"`
	RoleGroups          []roleGroup     `json:"roleGroups"`
	// MissingRoles are application roles that this tenant does not have.
	MissingRoles []string `json:"missingRoles"`
}

type organization struct {
	ID     string `json:"id"`
	Domain string `json:"domain"`
	// SMTPDisabled switches authenticated SMTP off for mailboxes that do not say otherwise.
	SMTPDisabled bool `json:"smtpClientAuthenticationDisabled,omitempty"`
}

// service is the identity of the product under test, and what an administrator gave it.
type service struct {
	AppID         string   `json:"appId"`
	ObjectID      string   `json:"objectId"`
	DisplayName   string   `json:"displayName"`
	Type          string   `json:"type"`
	Secret        string   `json:"secret"`
	Roles         []string `json:"roles"`
	ExchangeRoles []string `json:"exchangeRoles"`
	// Delegating lists the application roles that it may assign to others; absent means all.
	Delegating []string `json:"delegating"`
}

// principal is one Entra service principal (an enterprise application or a managed identity).
type principal struct {
	AppID       string `json:"appId"`
	ObjectID    string `json:"objectId"`
	DisplayName string `json:"displayName"`
	Type        string `json:"type"`
	Secret      string `json:"secret,omitempty"`
	// Owners are ids of who may add credentials; Federated are those of other issuers.
	Owners    []string              `json:"owners,omitempty"`
	Federated []federatedCredential `json:"federatedIdentityCredentials,omitempty"`

	// resource is set for the two principals that own app roles.
	resource string
	deleted  bool
}

// application is an app registration. Its object id is the one people confuse with the principal's.
type application struct {
	AppID       string `json:"appId"`
	ObjectID    string `json:"objectId"`
	DisplayName string `json:"displayName"`
	// Declared is what the registration asks for, which gives nothing until somebody consents.
	Declared []declaration `json:"declared,omitempty"`
}

// declaration is one permission of requiredResourceAccess. A delegated one is about signed-in users.
type declaration struct {
	Resource   string `json:"resource"`
	Permission string `json:"permission"`
	Delegated  bool   `json:"delegated,omitempty"`
}

// consent is one app role assignment, organization-wide by nature.
type consent struct {
	ID         string `json:"id,omitempty"`
	Workload   string `json:"workload"`
	Resource   string `json:"resource"`
	Permission string `json:"permission"`

	createdAt   time.Time
	visibleFrom time.Time
}

// mailbox is one recipient, of whatever type.
type mailbox struct {
	GUID             string            `json:"guid"`
	ExchangeGUID     string            `json:"exchangeGuid"`
	EntraID          string            `json:"entraId"`
	DisplayName      string            `json:"displayName"`
	Primary          string            `json:"primary"`
	Aliases          []string          `json:"aliases"`
	UPN              string            `json:"upn"`
	Type             string            `json:"type"`
	CustomAttributes map[string]string `json:"customAttributes,omitempty"`
	// Attributes are Department, Company and the like; attributeNames lists them.
	Attributes          map[string]string `json:"attributes,omitempty"`
	MemberOf            []string          `json:"memberOf,omitempty"`
	AdministrativeUnits []string          `json:"administrativeUnits,omitempty"`

	// IMAPDisabled and POPDisabled switch a protocol off; SMTPDisabled overrides the organization's
	// switch where it is not null.
	IMAPDisabled bool  `json:"imapDisabled,omitempty"`
	POPDisabled  bool  `json:"popDisabled,omitempty"`
	SMTPDisabled *bool `json:"smtpClientAuthenticationDisabled,omitempty"`

	visibleFrom time.Time
	// commonName is what stands in the distinguished name; empty means the display name. container is
	// an organizational unit below the organization's own.
	commonName, container string
}

// pointer is Exchange's own record of an Entra service principal.
type pointer struct {
	GUID        string `json:"guid"`
	AppID       string `json:"appId"`
	ObjectID    string `json:"objectId"`
	DisplayName string `json:"displayName"`

	visibleFrom time.Time
	// unripe is a pointer that the next role assignment does not find yet.
	unripe bool
}

// scope is a management scope; Filter is always in the tenant's normalized form once loaded.
type scope struct {
	GUID      string `json:"guid"`
	Name      string `json:"name"`
	Filter    string `json:"filter"`
	Exclusive bool   `json:"exclusive,omitempty"`

	visibleFrom time.Time
}

// assignment gives an application role to a pointer. With neither scope nor administrative unit it
// is organization-wide.
type assignment struct {
	GUID               string `json:"guid"`
	Name               string `json:"name"`
	Role               string `json:"role"`
	Workload           string `json:"workload"`
	Scope              string `json:"scope"`
	AdministrativeUnit string `json:"administrativeUnit,omitempty"`
	Delegating         bool   `json:"delegating,omitempty"`
	Disabled           bool   `json:"disabled,omitempty"`

	visibleFrom time.Time
}

// readDirectory reads strictly: a name it does not know is a fault, not a wish it ignores.
func readDirectory(from io.Reader) (directory, error) {
	var document directory
	decoder := json.NewDecoder(from)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&document)
	if err != nil {
		return directory{}, fmt.Errorf("read the directory: %w", err)
	}
	_, err = decoder.Token()
	if err != io.EOF {
		return directory{}, fmt.Errorf("read the directory: something follows the closing brace")
	}
	return document, nil
}
