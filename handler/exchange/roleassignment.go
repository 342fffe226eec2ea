package exchange

import (
	"context"
	"strings"
)

// RoleAssignment gives a role to an assignee, within a scope or without one.
type RoleAssignment struct {
	Name string
	// Identity is how Exchange names the assignment; usually its name.
	Identity string
	// GUID is in lower case; "" when it was not returned.
	GUID string
	// Role is the role's name: "Application Mail.Send".
	Role string
	// RoleAssignee, RoleAssigneeName and RoleAssigneeType say who holds the role, as Exchange shows it.
	RoleAssignee     string
	RoleAssigneeName string
	RoleAssigneeType string
	// AssignmentMethod is "Direct" unless the role comes by way of a group.
	AssignmentMethod string
	// CustomResourceScope and CustomRecipientWriteScope name the scope; both empty for an assignment
	// that is not limited by a management scope.
	CustomResourceScope       string
	CustomRecipientWriteScope string
	// RecipientWriteScope is the kind of the limit ("CustomRecipientScope", "Organization", …).
	RecipientWriteScope string
	// Enabled is true unless the tenant says that it is not.
	Enabled bool
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

// NewRoleAssignment is what NewManagementRoleAssignment makes. Every field is required.
type NewRoleAssignment struct {
	// Name is at most 64 characters and unique in the tenant.
	Name string
	// Role is the role's name: "Application Mail.Send".
	Role string
	// App is the object id of the enterprise application.
	App string
	// CustomResourceScope is the name of the management scope that limits the role.
	CustomResourceScope string
}

func decodeRoleAssignment(properties row, requestID string) RoleAssignment {
	return RoleAssignment{
		Name:                      properties.text("Name"),
		Identity:                  properties.text("Identity"),
		GUID:                      properties.guid("Guid"),
		Role:                      properties.text("Role"),
		RoleAssignee:              properties.text("RoleAssignee"),
		RoleAssigneeName:          properties.text("RoleAssigneeName"),
		RoleAssigneeType:          properties.text("RoleAssigneeType"),
		AssignmentMethod:          properties.text("AssignmentMethod"),
		CustomResourceScope:       properties.text("CustomResourceScope"),
		CustomRecipientWriteScope: properties.text("CustomRecipientWriteScope"),
		RecipientWriteScope:       properties.text("RecipientWriteScope"),
		Enabled:                   properties.flag("Enabled", true),
		RequestID:                 requestID,
	}
}

func (a RoleAssignment) complete() bool { return a.Name != "" && a.Role != "" }

func (a RoleAssignment) answersTo(identity string) bool {
	return sameAsAny(identity, a.Name, a.Identity, a.GUID)
}

// isHeldBy says whether one of the names is the assignee's. Inferred: it is not published whether
// RoleAssignee shows an application's object id, its app id, the pointer's name or a path that ends
// in one of them, so each is accepted when it is among the names.
func (a RoleAssignment) isHeldBy(names []string) bool {
	shown := []string{a.RoleAssignee, a.RoleAssigneeName}
	for _, text := range []string{a.RoleAssignee, a.RoleAssigneeName} {
		shown = append(shown, text[strings.LastIndexAny(text, `/\`)+1:])
	}
	for _, name := range names {
		if sameAsAny(name, shown...) {
			return true
		}
	}
	return false
}

// ListManagementRoleAssignments reads all assignments of one application, by the object id of the
// enterprise application. alsoKnownAs are further names under which Exchange may show it: the app
// id, and the pointer's Name, Identity, GUID and DisplayName.
//
// An empty list is a valid answer. A row that belongs to somebody else, or lacks its name or role,
// gives kind Incomplete, because then nothing is known about what is missing. An assignee that
// Exchange does not know gives NotFound.
func (c *Client) ListManagementRoleAssignments(ctx context.Context, roleAssigneeObjectID string, alsoKnownAs ...string) ([]RoleAssignment, error) {
	asked := command{
		purpose: "list role assignments", cmdlet: "Get-ManagementRoleAssignment",
		subject:    normalGUID(roleAssigneeObjectID),
		parameters: map[string]any{"RoleAssignee": normalGUID(roleAssigneeObjectID)},
	}
	refused := asked.checkGUID("the assignee", roleAssigneeObjectID)
	if refused != nil {
		return nil, refused
	}
	received, err := c.read(ctx, asked)
	if err != nil {
		return nil, err
	}
	names := append([]string{asked.subject}, alsoKnownAs...)
	assignments := make([]RoleAssignment, 0, len(received.rows))
	for _, properties := range received.rows {
		assignment := decodeRoleAssignment(properties, received.requestID)
		if !assignment.complete() {
			return nil, asked.doubt(received, Incomplete, "an assignment came without its name or role")
		}
		if !assignment.isHeldBy(names) {
			return nil, asked.doubt(received, Incomplete, "assignment %q belongs to %q", assignment.Name, assignment.RoleAssignee)
		}
		assignments = append(assignments, assignment)
	}
	return assignments, nil
}

// NewManagementRoleAssignment gives an application a role within a scope. There is no way to leave
// the scope out: without one the role would reach the whole organization, so that is refused here
// with kind BadParameter. A pointer or scope that Exchange has not spread yet gives NotReady.
func (c *Client) NewManagementRoleAssignment(ctx context.Context, wanted NewRoleAssignment) (RoleAssignment, error) {
	asked := command{
		purpose: "assign a role", cmdlet: "New-ManagementRoleAssignment", subject: wanted.Name, write: true,
		parameters: map[string]any{
			"Name": wanted.Name, "Role": wanted.Role, "App": normalGUID(wanted.App),
			"CustomResourceScope": wanted.CustomResourceScope,
		},
	}
	refused := asked.checkAssignment(wanted)
	if refused != nil {
		return RoleAssignment{}, refused
	}
	received, err := c.write(ctx, asked)
	if err != nil {
		return RoleAssignment{}, err
	}
	return one(asked, received, decodeRoleAssignment)
}

func (c command) checkAssignment(wanted NewRoleAssignment) *Error {
	if strings.TrimSpace(wanted.CustomResourceScope) == "" {
		return c.refuse(BadParameter, "without a scope the role would reach the whole organization")
	}
	refused := c.checkName("the assignment's name", wanted.Name)
	if refused == nil {
		refused = c.checkName("the scope's name", wanted.CustomResourceScope)
	}
	if refused == nil {
		refused = c.checkIdentity(wanted.Role)
	}
	if refused == nil {
		refused = c.checkGUID("the application's object id", wanted.App)
	}
	return refused
}

// RemoveManagementRoleAssignment removes an assignment by its name or GUID. A missing one gives kind
// NotFound.
func (c *Client) RemoveManagementRoleAssignment(ctx context.Context, identity string) error {
	return c.remove(ctx, command{
		purpose: "remove a role assignment", cmdlet: "Remove-ManagementRoleAssignment", subject: identity, write: true,
	})
}

// FindManagementRoleAssignment reads an assignment by its name; its GUID or Identity will do too.
// When there is none the error's kind is NotFound, and only then.
func (c *Client) FindManagementRoleAssignment(ctx context.Context, name string) (RoleAssignment, error) {
	asked := command{
		purpose: "find a role assignment", cmdlet: "Get-ManagementRoleAssignment",
		subject: name, parameters: map[string]any{"Identity": name},
	}
	refused := asked.checkIdentity(name)
	if refused != nil {
		return RoleAssignment{}, refused
	}
	received, err := c.read(ctx, asked)
	if err != nil {
		return RoleAssignment{}, err
	}
	return one(asked, received, decodeRoleAssignment)
}
