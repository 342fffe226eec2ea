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
	// that is not limited by a management scope. Of an assignment limited by an administrative unit,
	// the first was seen to hold the unit's id; of one limited by a group, the name of the scope that
	// Exchange made for it.
	CustomResourceScope       string
	CustomRecipientWriteScope string
	// RecipientGroupScope and RecipientAdministrativeUnitScope name the group or the unit, as it came;
	// "" when there is none and when Exchange shows it elsewhere.
	RecipientGroupScope              string
	RecipientAdministrativeUnitScope string
	// RecipientWriteScope is the kind of the limit ("CustomRecipientScope", "AdministrativeUnit",
	// "Organization", …).
	RecipientWriteScope string
	// DelegationType is "Regular", or one of the words that begin with "Delegating" for an assignment
	// that lets its holder hand the role on; "" when it was not returned.
	DelegationType string
	// Enabled is true unless the tenant says that it is not.
	Enabled bool
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

// NewRoleAssignment is what NewManagementRoleAssignment makes. The first three fields are required,
// and exactly one of the other three: each says which mailboxes the role reaches.
type NewRoleAssignment struct {
	// Name is at most 64 characters and unique in the tenant.
	Name string
	// Role is the role's name: "Application Mail.Send".
	Role string
	// App is the object id of the enterprise application.
	App string
	// CustomResourceScope is the name of the management scope that limits the role.
	CustomResourceScope string
	// RecipientGroupScope is the GUID of the group whose direct members the role reaches.
	RecipientGroupScope string
	// RecipientAdministrativeUnitScope is the object id of the unit whose members the role reaches.
	RecipientAdministrativeUnitScope string
}

func decodeRoleAssignment(properties row, requestID string) RoleAssignment {
	return RoleAssignment{
		Name:                             properties.text("Name"),
		Identity:                         properties.text("Identity"),
		GUID:                             properties.guid("Guid"),
		Role:                             properties.text("Role"),
		RecipientGroupScope:              properties.text("RecipientGroupScope"),
		RecipientAdministrativeUnitScope: properties.text("RecipientAdministrativeUnitScope"),
		DelegationType:                   properties.text("RoleAssignmentDelegationType"),
		RoleAssignee:                     properties.text("RoleAssignee"),
		RoleAssigneeName:                 properties.text("RoleAssigneeName"),
		RoleAssigneeType:                 properties.text("RoleAssigneeType"),
		AssignmentMethod:                 properties.text("AssignmentMethod"),
		CustomResourceScope:              properties.text("CustomResourceScope"),
		CustomRecipientWriteScope:        properties.text("CustomRecipientWriteScope"),
		RecipientWriteScope:              properties.text("RecipientWriteScope"),
		Enabled:                          properties.flag("Enabled", true),
		RequestID:                        requestID,
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

// NewManagementRoleAssignment gives an application a role within a scope: a management scope, the
// direct members of a group, or an administrative unit. There is no way to leave the scope out:
// without one the role would reach the whole organization, so that is refused here with kind
// BadParameter, and so are two of them. A pointer, scope, group or unit that Exchange has not spread
// yet gives NotReady. For a group Exchange makes a management scope of its own.
func (c *Client) NewManagementRoleAssignment(ctx context.Context, wanted NewRoleAssignment) (RoleAssignment, error) {
	asked := command{
		purpose: "assign a role", cmdlet: "New-ManagementRoleAssignment", subject: wanted.Name, write: true,
		parameters: map[string]any{"Name": wanted.Name, "Role": wanted.Role, "App": normalGUID(wanted.App)},
	}
	for _, limit := range wanted.limits() {
		asked.parameters[limit.parameter] = limit.value
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
	limits := wanted.limits()
	switch {
	case len(limits) == 0:
		return c.refuse(BadParameter, "without a scope the role would reach the whole organization")
	case len(limits) > 1:
		return c.refuse(BadParameter, "%s and %s exclude each other", limits[0].parameter, limits[1].parameter)
	}
	refused := c.checkName("the assignment's name", wanted.Name)
	if refused == nil {
		refused = c.checkLimit(limits[0])
	}
	if refused == nil {
		refused = c.checkIdentity(wanted.Role)
	}
	if refused == nil {
		refused = c.checkGUID("the application's object id", wanted.App)
	}
	return refused
}

// limit is one scope parameter of a new assignment.
type limit struct{ parameter, value string }

const customResourceScope = "CustomResourceScope"

// limits leaves out what is blank: sent, it would mean the same as no scope at all.
func (a NewRoleAssignment) limits() []limit {
	var given []limit
	for _, each := range []limit{
		{customResourceScope, a.CustomResourceScope},
		{"RecipientGroupScope", a.RecipientGroupScope},
		{"RecipientAdministrativeUnitScope", a.RecipientAdministrativeUnitScope},
	} {
		if strings.TrimSpace(each.value) != "" {
			given = append(given, each)
		}
	}
	return given
}

// checkLimit lets groups and units be named by their ids alone: their names can become another's.
func (c command) checkLimit(given limit) *Error {
	if given.parameter == customResourceScope {
		return c.checkName("the scope's name", given.value)
	}
	return c.checkGUID(given.parameter, given.value)
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
