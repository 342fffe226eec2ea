package grant

import (
	"slices"
	"strings"
)

// Adoption is what a grant has taken over as it was found. Nothing of it was made or
// changed for the grant: what follows for it is recorded by exact id in its steps, and
// goes at the grant's end.
type Adoption struct {
	// Assignments and Policies are the names or ids by which they were asked for.
	Assignments []string `json:"assignments,omitempty"`
	Policies    []string `json:"policies,omitempty"`
	// MailboxPermissions are the workload's rights on mailboxes, each by the mailbox's GUID.
	MailboxPermissions []AdoptedRight `json:"mailboxPermissions,omitempty"`
	// Notices say what was found beside them and what does not end with the grant.
	Notices []string `json:"notices,omitempty"`
	// Beside are the identities of the workload's other application access policies as they
	// were then, so that only further ones are called a change.
	Beside []string `json:"beside,omitempty"`
	// Open are the ids of those groups that were open to others then, which a notice tells:
	// only one that has come to be is a change.
	Open []string `json:"open,omitempty"`
}

// AdoptedRight is a right of the workload on one mailbox.
type AdoptedRight struct {
	// Mailbox is an address or a GUID as it was asked for, and the GUID once it was found.
	Mailbox string `json:"mailbox"`
	// Right is FullAccess or SendAs.
	Right string `json:"right"`
	// Denied: another entry of the mailbox denied the same right then, which is no change.
	Denied bool `json:"denied,omitempty"`
}

// WasDenied reports whether the right on the mailbox was denied as well when it was
// adopted; false for what was not adopted.
func (a *Adoption) WasDenied(mailbox, right string) bool {
	return a != nil && slices.ContainsFunc(a.MailboxPermissions, func(one AdoptedRight) bool {
		return one.Denied && strings.EqualFold(one.Mailbox, mailbox) && one.Right == right
	})
}

// ByOrganization is the scope of an assignment that was adopted without any. Nobody can ask
// for it, so it is not among the kinds of scope of a request.
const ByOrganization ScopeKind = "organization"

// adoptionMember is the member of the canonical body that asks for an adoption.
const adoptionMember = "adopt"

// AsAdoption is the canonical body of an adoption that is asked for by its own call.
// Whatever is wrong with the text stays wrong with it.
func AsAdoption(body []byte) []byte { return withMember(body, adoptionMember) }

// Adopt names what exists in the tenant and is to become a grant. Exactly one of the lists
// of objects is set, because each belongs to a mechanism of its own.
type Adopt struct {
	// Assignments are names or GUIDs of role assignments.
	Assignments []string
	// Policies are identities of application access policies.
	Policies []string
	// MailboxPermissions are rights of the workload on mailboxes, and Permissions those
	// whose consents on Office 365 Exchange Online end with them; set only together.
	MailboxPermissions []AdoptedRight
	Permissions        []string
}

// Mechanism is the one that the named objects belong to.
func (a Adopt) Mechanism() Mechanism {
	switch {
	case len(a.Policies) > 0:
		return AccessPolicy
	case len(a.MailboxPermissions) > 0:
		return MailboxPermission
	}
	return RBAC
}
