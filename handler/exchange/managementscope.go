package exchange

import (
	"context"
	"strings"
)

// ManagementScope is a named set of recipients, given by a filter.
type ManagementScope struct {
	Name string
	// Identity is how Exchange names the scope; usually its name.
	Identity string
	// GUID is in lower case; "" when it was not returned.
	GUID string
	// RecipientFilter is the filter as Exchange writes it, which is not byte for byte as it was
	// given: compare parsed filters.
	RecipientFilter string
	// RecipientRoot limits the scope to a part of the directory; "" for none.
	RecipientRoot string
	// ScopeRestrictionType is "RecipientScope" for scopes over recipients.
	ScopeRestrictionType string
	// Exclusive is true only when the tenant says so. Exclusive scopes do not restrict applications.
	Exclusive bool
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

func decodeManagementScope(properties row, requestID string) ManagementScope {
	return ManagementScope{
		Name:                 properties.text("Name"),
		Identity:             properties.text("Identity"),
		GUID:                 properties.guid("Guid"),
		RecipientFilter:      properties.text("RecipientFilter"),
		RecipientRoot:        properties.text("RecipientRoot"),
		ScopeRestrictionType: properties.text("ScopeRestrictionType"),
		Exclusive:            properties.flag("Exclusive", false),
		RequestID:            requestID,
	}
}

// complete does not ask for the GUID: that it is returned is inferred, and the name is unique.
func (s ManagementScope) complete() bool { return s.Name != "" }

func (s ManagementScope) answersTo(identity string) bool {
	return sameAsAny(identity, s.Name, s.Identity, s.GUID)
}

// FindManagementScope reads a scope by its name; its GUID or Identity will do too. When there is
// none the error's kind is NotFound, and only then.
func (c *Client) FindManagementScope(ctx context.Context, name string) (ManagementScope, error) {
	asked := command{
		purpose: "find a management scope", cmdlet: "Get-ManagementScope",
		subject: name, parameters: map[string]any{"Identity": name},
	}
	refused := asked.checkIdentity(name)
	if refused != nil {
		return ManagementScope{}, refused
	}
	received, err := c.read(ctx, asked)
	if err != nil {
		return ManagementScope{}, err
	}
	return one(asked, received, decodeManagementScope)
}

// NewManagementScope makes a scope over the recipients that the OPATH filter selects. The filter is
// sent as it is. A name that is taken gives kind AlreadyExists; an organization that was never
// customized gives Dehydrated.
func (c *Client) NewManagementScope(ctx context.Context, name, recipientFilter string) (ManagementScope, error) {
	asked := command{
		purpose: "make a management scope", cmdlet: "New-ManagementScope", subject: name, write: true,
		parameters: map[string]any{"Name": name, "RecipientRestrictionFilter": recipientFilter},
	}
	refused := asked.checkName("the scope's name", name)
	if refused == nil && strings.TrimSpace(recipientFilter) == "" {
		refused = asked.refuse(BadParameter, "an empty filter would select every recipient")
	}
	if refused != nil {
		return ManagementScope{}, refused
	}
	received, err := c.write(ctx, asked)
	if err != nil {
		return ManagementScope{}, err
	}
	return one(asked, received, decodeManagementScope)
}

// SetManagementScope gives a scope another OPATH filter. It changes every assignment that uses the
// scope. A missing one gives kind NotFound.
func (c *Client) SetManagementScope(ctx context.Context, identity, recipientFilter string) error {
	asked := command{
		purpose: "change a management scope", cmdlet: "Set-ManagementScope", subject: identity, write: true,
		parameters: map[string]any{"Identity": identity, "RecipientRestrictionFilter": recipientFilter},
	}
	refused := asked.checkIdentity(identity)
	if refused == nil && strings.TrimSpace(recipientFilter) == "" {
		refused = asked.refuse(BadParameter, "an empty filter would select every recipient")
	}
	if refused != nil {
		return refused
	}
	_, err := c.write(ctx, asked)
	return err
}

// RemoveManagementScope removes a scope by its name or GUID. A missing one gives kind NotFound, one
// that an assignment still uses InUse.
func (c *Client) RemoveManagementScope(ctx context.Context, identity string) error {
	return c.remove(ctx, command{
		purpose: "remove a management scope", cmdlet: "Remove-ManagementScope", subject: identity, write: true,
	})
}
