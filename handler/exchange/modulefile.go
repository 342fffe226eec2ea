package exchange

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
)

// moduleVersion is the version of the PowerShell module for which the list is asked. Public clients
// send this one; that others would give the same list is inferred.
const moduleVersion = "3.9.2"

func moduleFileOf(endpoint *url.URL, tenant string) *url.URL {
	address := endpoint.JoinPath("adminapi", "v1.0", tenant, "EXOModuleFile")
	address.RawQuery = url.Values{"Version": {moduleVersion}}.Encode()
	return address
}

// Allowed is what the service's identity may do on the administration endpoint.
type Allowed struct {
	// Cmdlets are the names of those that may be run, as the tenant writes them; empty when it says
	// that there are none.
	Cmdlets []string
	// At is when the tenant answered, by its own clock; zero when it did not say.
	At time.Time
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

// ListCmdlets asks which cmdlets the service's identity may run, without running any. Kind
// Unauthorized means that the identity has no app role for Exchange (or no token), Forbidden that it
// has that and no role in Exchange; kind Incomplete that the answer has no list.
func (c *Client) ListCmdlets(ctx context.Context) (Allowed, error) {
	ctx, cancel := context.WithTimeout(ctx, readDeadline)
	defer cancel()
	asked := command{purpose: "list the cmdlets that may be run", cmdlet: "EXOModuleFile", subject: "own identity", get: true}
	patience := waitBudget
	received, refused := c.sendRead(ctx, asked, c.moduleFile, &patience)
	if refused != nil {
		return Allowed{}, refused
	}
	whole := result{rows: received.answer.rows, requestID: received.requestID}
	if len(whole.rows) == 0 {
		return Allowed{}, asked.doubt(whole, Incomplete, "the answer names no module file")
	}
	allowed := Allowed{At: received.at, RequestID: received.requestID}
	for _, file := range whole.rows {
		for _, name := range strings.Split(file.text("exportedCmdlets"), ",") {
			name = strings.TrimSpace(name)
			if name != "" && !slices.Contains(allowed.Cmdlets, name) {
				allowed.Cmdlets = append(allowed.Cmdlets, name)
			}
		}
	}
	return allowed, nil
}

// ListDelegatedRoles names the roles that the holder of this object id may hand on, by an assignment
// of its own or of a role group that it is a member of; an empty list when there are none. Kind
// NotFound means that Exchange knows no such holder, as it is for an identity that has its rights by a
// role of the directory alone.
//
// Inferred: that the assignee may be a service principal's object id, as it may be a user's
// (PowerShell reference, Get-ManagementRoleAssignment, RoleAssignee), and that its indirect
// assignments are listed as a user's are.
func (c *Client) ListDelegatedRoles(ctx context.Context, objectID string) ([]string, error) {
	asked := command{
		purpose: "list the roles that may be handed on", cmdlet: "Get-ManagementRoleAssignment", subject: normalGUID(objectID), long: true,
		parameters: map[string]any{"RoleAssignee": normalGUID(objectID), "Delegating": true},
	}
	refused := asked.checkGUID("the assignee", objectID)
	if refused != nil {
		return nil, refused
	}
	assignments, err := listed(ctx, c, asked, decodeRoleAssignment, RoleAssignment.complete)
	if err != nil {
		return nil, err
	}
	roles := []string{}
	for _, one := range assignments {
		delegates := strings.HasPrefix(strings.ToLower(one.DelegationType), "delegating")
		if delegates && one.Enabled && !slices.Contains(roles, one.Role) {
			roles = append(roles, one.Role)
		}
	}
	return roles, nil
}
