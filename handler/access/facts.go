package access

// Facts are what was read of one workload in the tenant during one invocation.
// Each part says whether it was read; what was not read is unknown.
type Facts struct {
	Consents    Reading[[]Consent]
	Pointer     Reading[*Pointer]
	Scopes      map[string]Reading[*Scope]
	Assignments Reading[[]Assignment]
	// Roles are the directory roles and Exchange role groups that the workload itself
	// holds.
	Roles Reading[[]AdministratorRole]
}

// Reading is a value that was read, or why it was not.
type Reading[T any] struct {
	Value T
	// Read is false when the value is not known.
	Read bool
	// Why says what kept it from being read.
	Why string
}

// Known is a value that was read.
func Known[T any](value T) Reading[T] { return Reading[T]{Value: value, Read: true} }

// NotRead is a value that is not known, and why.
func NotRead[T any](why string) Reading[T] { return Reading[T]{Why: why} }

// Consent is one app role assignment of the workload, organization-wide by nature.
type Consent struct {
	ID           string
	Resource     Resource
	ResourceName string
	// Value is the app role's value; empty when its resource does not list the role.
	Value     string
	AppRoleID string
	// Ours: a grant made it or adopted it.
	Ours bool
}

// Pointer is Exchange's own record of the service principal.
type Pointer struct {
	ObjectID, AppID string
	// ID is what addresses it in Exchange.
	ID string
	// Names are its other names, by which Exchange may show the holder of a role.
	Names []string
}

// Scope is a management scope as it was read.
type Scope struct {
	Name, ID  string
	Filter    string
	Exclusive bool
}

// Assignment is a role assignment of the workload as it was read.
type Assignment struct {
	Name, ID, Role string
	// Scope is the custom resource scope's name; empty when there is none.
	Scope string
	// ScopeType is Exchange's RecipientWriteScope, as it was read.
	ScopeType string
	Enabled   bool
	// Unscoped: it reaches the whole organization.
	Unscoped bool
	// Unit is the administrative unit and Group the group whose direct members it
	// reaches; empty where it is limited otherwise.
	Unit, Group string
	// Delegating: its holder may hand the role on, and reaches no mailbox by it.
	Delegating bool
	// Ours: a grant made it or adopted it.
	Ours bool
}

// AdministratorRole is a directory role or an Exchange role group that a workload is
// a member of. ID is the template id of a directory role; empty for a role group.
type AdministratorRole struct {
	ID, Name string
}
