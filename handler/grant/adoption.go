package grant

// Adoption is what a grant has taken over as it was found. Nothing of it was made or
// changed for the grant: what follows for it is recorded by exact id in its steps, and
// goes at the grant's end.
type Adoption struct {
	// Assignments and Policies are the names or ids by which they were asked for.
	Assignments []string `json:"assignments,omitempty"`
	Policies    []string `json:"policies,omitempty"`
	// Notices say what was found beside them and what does not end with the grant.
	Notices []string `json:"notices,omitempty"`
	// Beside are the identities of the workload's other application access policies as they
	// were then, so that only further ones are called a change.
	Beside []string `json:"beside,omitempty"`
	// Open are the ids of those groups that were open to others then, which a notice tells:
	// only one that has come to be is a change.
	Open []string `json:"open,omitempty"`
}

// ByOrganization is the scope of an assignment that was adopted without any. Nobody can ask
// for it, so it is not among the kinds of scope of a request.
const ByOrganization ScopeKind = "organization"

// adoptionMember is the member of the canonical body that asks for an adoption.
const adoptionMember = "adopt"

// AsAdoption is the canonical body of an adoption that is asked for by its own call.
// Whatever is wrong with the text stays wrong with it.
func AsAdoption(body []byte) []byte { return withMember(body, adoptionMember) }

// Adopt names what exists in the tenant and is to become a grant. Exactly one of the two
// is set, because each belongs to a mechanism of its own.
type Adopt struct {
	// Assignments are names or GUIDs of role assignments.
	Assignments []string
	// Policies are identities of application access policies.
	Policies []string
}

// Mechanism is the one that the named objects belong to.
func (a Adopt) Mechanism() Mechanism {
	if len(a.Policies) > 0 {
		return AccessPolicy
	}
	return RBAC
}
