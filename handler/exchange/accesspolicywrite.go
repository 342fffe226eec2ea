package exchange

import (
	"context"
	"strings"
)

// The two rights of a policy: RestrictAccess confines the application to the scope, DenyAccess keeps it
// out of the scope.
const (
	RestrictAccess = "RestrictAccess"
	DenyAccess     = "DenyAccess"
)

// descriptionLimit keeps policies small: the space that all of a tenant share is bounded (cmdlet
// reference, New-ApplicationAccessPolicy).
const descriptionLimit = 256

// NewApplicationAccessPolicy confines the application to the mailboxes of the group with this GUID. The
// right is always RestrictAccess, and the application always one: a policy for all of them would change
// what others reach. The description may be empty. alsoKnownAs are further ids under which the answer
// may show the group, such as the one in the directory.
//
// Kind PolicySpace means that the tenant has no room for another policy, AlreadyExists that there is one
// of this application and group, NotFound that there is no such group; a scope that is not a security
// principal is refused with kind Unknown. An answer about anything else gives Incomplete.
func (c *Client) NewApplicationAccessPolicy(ctx context.Context, appID, groupGUID, description string, alsoKnownAs ...string) (ApplicationAccessPolicy, error) {
	asked := command{
		purpose: "make an application access policy", cmdlet: "New-ApplicationAccessPolicy", write: true,
		subject: normalGUID(appID) + " on " + normalGUID(groupGUID),
		parameters: map[string]any{
			"AppId": []string{normalGUID(appID)}, "AccessRight": RestrictAccess, "PolicyScopeGroupId": normalGUID(groupGUID),
		},
	}
	refused := asked.checkPolicy(appID, groupGUID, description)
	if refused != nil {
		return ApplicationAccessPolicy{}, refused
	}
	if description != "" {
		asked.parameters["Description"] = description
	}
	received, err := c.write(ctx, asked)
	if err != nil {
		return ApplicationAccessPolicy{}, err
	}
	if len(received.rows) != 1 {
		return ApplicationAccessPolicy{}, asked.doubt(received, Incomplete, "%d policies came, not one", len(received.rows))
	}
	made := decodeApplicationAccessPolicy(received.rows[0], received.requestID)
	sameScope := made.ScopeGUID == "" || sameAsAny(made.ScopeGUID, append(alsoKnownAs, normalGUID(groupGUID))...)
	if !made.complete() || made.AppID != normalGUID(appID) || !strings.EqualFold(made.AccessRight, RestrictAccess) || !sameScope {
		return ApplicationAccessPolicy{}, asked.doubt(received, Incomplete,
			"the answer is about %q of %q on %q", made.AccessRight, made.AppID, made.ScopeGUID)
	}
	return made, nil
}

func (c command) checkPolicy(appID, groupGUID, description string) *Error {
	refused := c.checkGUID("the application id", appID)
	if refused == nil {
		refused = c.checkGUID("the group's id", groupGUID)
	}
	if refused == nil && len([]rune(description)) > descriptionLimit {
		refused = c.refuse(BadParameter, "the description is longer than %d characters", descriptionLimit)
	}
	if refused == nil && description != clean(description, len(description)) {
		refused = c.refuse(BadParameter, "the description is not one line of printable text")
	}
	return refused
}

// RemoveApplicationAccessPolicy removes the policy with this Identity, as the list returned it. A
// missing one gives kind NotFound.
func (c *Client) RemoveApplicationAccessPolicy(ctx context.Context, identity string) error {
	return c.remove(ctx, command{
		purpose: "remove an application access policy", cmdlet: "Remove-ApplicationAccessPolicy", subject: identity, write: true,
	})
}
