package exchange

import (
	"context"
	"strings"
)

// InScope is the tenant's verdict on one role and one resource.
type InScope int

const (
	// InScopeUnknown is any verdict that is not one of the others, and none at all.
	InScopeUnknown InScope = iota
	// InScopeTrue means that the role reaches the resource.
	InScopeTrue
	// InScopeFalse means that it does not.
	InScopeFalse
	// InScopeNotRun means that nothing was tested, because no resource was given.
	InScopeNotRun
)

// String returns the verdict as the cmdlet prints it.
func (s InScope) String() string {
	switch s {
	case InScopeTrue:
		return "True"
	case InScopeFalse:
		return "False"
	case InScopeNotRun:
		return "NotRun"
	default:
		return "Unknown"
	}
}

// parseInScope reads the printed form of a flag or a text, in any case and spacing, since servers
// send both. It never guesses: what it does not know is no verdict.
func parseInScope(text string) InScope {
	switch strings.ToLower(strings.ReplaceAll(strings.TrimSpace(text), " ", "")) {
	case "true":
		return InScopeTrue
	case "false":
		return InScopeFalse
	case "notrun":
		return InScopeNotRun
	default:
		return InScopeUnknown
	}
}

// Authorization is one role of an application, with its verdict.
type Authorization struct {
	// RoleName is the role's name: "Application Mail.Send".
	RoleName string
	// GrantedPermissions are the permissions that the role confers; a composite role has several.
	GrantedPermissions []string
	// AllowedResourceScope names the scope; "" when the tenant named none.
	AllowedResourceScope string
	// ScopeType is the kind of the scope ("CustomRecipientScope", "Organization", …), as it came.
	ScopeType string
	InScope   InScope
}

// Answer is all that the tenant says about one application and one resource.
type Answer struct {
	// Rows holds one entry for each assigned role; empty when the pointer has no role.
	Rows []Authorization
	// RequestID is the tenant's id of the request.
	RequestID string
}

// TestServicePrincipalAuthorization asks which roles the application holds and, when resource is not
// empty, whether each reaches that mailbox. The cmdlet does not use the authorization cache and does
// not see consents in the directory (Microsoft Learn, Role Based Access Control for Applications in
// Exchange Online). Kind NotFound means that Exchange does not know the application or the
// resource; it does not say which.
func (c *Client) TestServicePrincipalAuthorization(ctx context.Context, objectID, resource string) (Answer, error) {
	asked := command{
		purpose: "test an application's authorization", cmdlet: "Test-ServicePrincipalAuthorization",
		subject: normalGUID(objectID), parameters: map[string]any{"Identity": normalGUID(objectID)},
	}
	refused := asked.checkGUID("the object id", objectID)
	if refused == nil && resource != "" {
		refused = asked.checkIdentity(resource)
		asked.parameters["Resource"] = resource
		asked.subject += " on " + resource
	}
	if refused != nil {
		return Answer{}, refused
	}
	received, err := c.read(ctx, asked)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{RequestID: received.requestID}
	for _, properties := range received.rows {
		authorization := decodeAuthorization(properties)
		if authorization.RoleName == "" {
			return Answer{}, asked.doubt(received, Incomplete, "a row came without its role")
		}
		answer.Rows = append(answer.Rows, authorization)
	}
	return answer, nil
}

// decodeAuthorization splits the permissions whether they come as one text with commas or as a list:
// a composite role hides what it confers when only its name is looked at.
func decodeAuthorization(properties row) Authorization {
	var permissions []string
	for _, text := range properties.list("GrantedPermissions") {
		for permission := range strings.SplitSeq(text, ",") {
			permission = strings.TrimSpace(permission)
			if permission != "" {
				permissions = append(permissions, permission)
			}
		}
	}
	return Authorization{
		RoleName:             properties.text("RoleName"),
		GrantedPermissions:   permissions,
		AllowedResourceScope: properties.text("AllowedResourceScope"),
		ScopeType:            properties.text("ScopeType"),
		InScope:              parseInScope(properties.text("InScope")),
	}
}
