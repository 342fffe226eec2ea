package grant

import "time"

// Migration is what a grant takes the place of. First the scoped access is made and
// proved, and waited for until the data plane follows; then the organization-wide consents
// go; then, when no token that was minted under them can live, the policies that confined
// them. So its mailboxes are never cut, and nobody else's are ever opened.
type Migration struct {
	// Consents are the permissions on Microsoft Graph whose organization-wide consents go.
	Consents []string `json:"consents"`
	// Stays says what stays as it is, and why.
	Stays []string `json:"stays,omitempty"`
	// Nested names the groups that were found inside the groups of the scope and joined it.
	Nested []string `json:"nested,omitempty"`
	// FollowsNested: the scope is to hold what lies in its groups, however deep, so that a
	// group that is put into one of them later is told.
	FollowsNested bool `json:"followsNested,omitempty"`
	// ProvedAt is when the scoped access was proved beside what it takes the place of.
	ProvedAt time.Time `json:"provedAt,omitzero"`
}

// EffectiveAt is when the data plane follows the scoped access by the published limit;
// zero while it is not proved.
func (m Migration) EffectiveAt() time.Time {
	if m.ProvedAt.IsZero() {
		return time.Time{}
	}
	return m.ProvedAt.Add(Lead)
}

// Nested is what becomes of groups inside the groups of a migration's scope.
type Nested string

// AddDirect takes them into the scope themselves. Without it they are refused where the
// scope is that of policies, and left out where it was named.
const AddDirect Nested = "addDirect"

// nestedMember is the member of the canonical body that says so.
const nestedMember = "nested"

// migrationMember is the member of the canonical body that asks for a migration.
const migrationMember = "migrate"

// AsMigration is the canonical body of a migration that is asked for by its own call.
// Whatever is wrong with the text stays wrong with it.
func AsMigration(body []byte) []byte { return withMember(body, migrationMember) }
