package exchange

import (
	"context"
	"strings"
)

// OrganizationConfig is what the tenant says about itself, as far as it concerns access.
type OrganizationConfig struct {
	Name string
	// Dehydrated is true only when the tenant says that it was never opened for customization. False
	// does not mean that creating works already.
	Dehydrated bool
	// EWSEnabled is the tenant's switch for Exchange Web Services; nil when nobody has set it.
	EWSEnabled *bool
	// EWSApplicationAccessPolicy is "EnforceAllowList", "EnforceBlockList" or "".
	EWSApplicationAccessPolicy string
	// EWSAllowList are the user agents that the access policy lets through.
	EWSAllowList []string
	// EWSAllowedAppIDs are the applications that may go on using Exchange Web Services, in lower case.
	// Inferred: that the property is a list of ids, or a text of them.
	EWSAllowedAppIDs []string
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

func decodeOrganizationConfig(properties row, requestID string) OrganizationConfig {
	return OrganizationConfig{
		Name:                       properties.text("Name"),
		Dehydrated:                 properties.flag("IsDehydrated", false),
		EWSEnabled:                 properties.setting("EwsEnabled"),
		EWSApplicationAccessPolicy: properties.text("EwsApplicationAccessPolicy"),
		EWSAllowList:               properties.list("EwsAllowList"),
		EWSAllowedAppIDs:           words(properties.list("EWSAllowedAppIDs")),
		RequestID:                  requestID,
	}
}

// setting is a flag that may be unset: nil unless the property clearly says true or false.
func (r row) setting(name string) *bool {
	yes := r.flag(name, false)
	if yes != r.flag(name, true) {
		return nil
	}
	return &yes
}

// GetOrganizationConfig reads the tenant's own settings.
func (c *Client) GetOrganizationConfig(ctx context.Context) (OrganizationConfig, error) {
	asked := command{purpose: "read the organization's settings", cmdlet: "Get-OrganizationConfig"}
	received, err := c.read(ctx, asked)
	if err != nil {
		return OrganizationConfig{}, err
	}
	if len(received.rows) != 1 {
		return OrganizationConfig{}, asked.doubt(received, Incomplete, "%d organizations came, not one", len(received.rows))
	}
	config := decodeOrganizationConfig(received.rows[0], received.requestID)
	if config.Name == "" {
		return OrganizationConfig{}, asked.doubt(received, Incomplete, "the organization came without its name")
	}
	for at, appID := range config.EWSAllowedAppIDs {
		config.EWSAllowedAppIDs[at] = strings.ToLower(appID)
	}
	return config, nil
}
