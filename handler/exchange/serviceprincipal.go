package exchange

import "context"

// ServicePrincipal is Exchange's pointer to a service principal of the directory.
type ServicePrincipal struct {
	// ObjectID is the directory's object id of the enterprise application, in lower case.
	ObjectID string
	// AppID is the application's id, in lower case.
	AppID string
	// GUID is the pointer's own id in Exchange, in lower case; "" when it was not returned.
	GUID string
	// Identity is how Exchange names the pointer; it may be any of several forms.
	Identity string
	// Name is the pointer's name in Exchange; "" when it was not returned.
	Name string
	// DisplayName is for people and need not be unique.
	DisplayName string
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

func decodeServicePrincipal(properties row, requestID string) ServicePrincipal {
	return ServicePrincipal{
		ObjectID:    properties.guid("ObjectId"),
		AppID:       properties.guid("AppId"),
		GUID:        properties.guid("Guid"),
		Identity:    properties.text("Identity"),
		Name:        properties.text("Name"),
		DisplayName: properties.text("DisplayName"),
		RequestID:   requestID,
	}
}

func (s ServicePrincipal) complete() bool { return s.ObjectID != "" && s.AppID != "" }

// answersTo looks at the object id alone: an app id or a display name can be another object's id or
// name, and this is the identity that everything else hangs on.
func (s ServicePrincipal) answersTo(identity string) bool { return sameAsAny(identity, s.ObjectID) }

// FindServicePrincipal reads the pointer by the object id of the enterprise application. When there
// is none the error's kind is NotFound, and only then.
func (c *Client) FindServicePrincipal(ctx context.Context, objectID string) (ServicePrincipal, error) {
	asked := command{
		purpose: "find a service principal's pointer", cmdlet: "Get-ServicePrincipal",
		subject: normalGUID(objectID), parameters: map[string]any{"Identity": normalGUID(objectID)},
	}
	refused := asked.checkGUID("the object id", objectID)
	if refused != nil {
		return ServicePrincipal{}, refused
	}
	received, err := c.read(ctx, asked)
	if err != nil {
		return ServicePrincipal{}, err
	}
	return one(asked, received, decodeServicePrincipal)
}

// NewServicePrincipal makes the pointer. An application's pointer that is there already gives kind
// AlreadyExists; an object id that is no enterprise application's is refused by the tenant.
func (c *Client) NewServicePrincipal(ctx context.Context, appID, objectID, displayName string) (ServicePrincipal, error) {
	asked := command{
		purpose: "make a service principal's pointer", cmdlet: "New-ServicePrincipal",
		subject: normalGUID(objectID), write: true,
		parameters: map[string]any{"AppId": normalGUID(appID), "ObjectId": normalGUID(objectID)},
	}
	refused := asked.checkGUID("the object id", objectID)
	if refused == nil {
		refused = asked.checkGUID("the application id", appID)
	}
	if refused != nil {
		return ServicePrincipal{}, refused
	}
	if displayName != "" {
		asked.parameters["DisplayName"] = displayName
	}
	received, err := c.write(ctx, asked)
	if err != nil {
		return ServicePrincipal{}, err
	}
	return one(asked, received, decodeServicePrincipal)
}

// RemoveServicePrincipal removes the pointer. A missing one gives kind NotFound.
func (c *Client) RemoveServicePrincipal(ctx context.Context, objectID string) error {
	asked := command{
		purpose: "remove a service principal's pointer", cmdlet: "Remove-ServicePrincipal",
		subject: normalGUID(objectID), write: true,
	}
	refused := asked.checkGUID("the object id", objectID)
	if refused != nil {
		return refused
	}
	return c.remove(ctx, asked)
}

// remove runs a Remove- cmdlet on the command's subject, without its confirmation prompt.
func (c *Client) remove(ctx context.Context, asked command) error {
	refused := asked.checkIdentity(asked.subject)
	if refused != nil {
		return refused
	}
	asked.parameters = map[string]any{"Identity": asked.subject, "Confirm": false}
	_, err := c.write(ctx, asked)
	return err
}
