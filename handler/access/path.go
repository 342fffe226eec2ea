package access

import (
	"fmt"
	"strings"

	"mailgrant/handler/grant"
)

// PathKind is by what a workload reaches mailboxes.
type PathKind string

// The kinds of path. BySelfGrant opens nothing today: its holder can give itself
// access to everything.
const (
	ByConsent           PathKind = "consent"
	ByAssignment        PathKind = "roleAssignment"
	ByMailboxPermission PathKind = "mailboxPermission"
	BySelfGrant         PathKind = "selfGrant"
)

// Path is one way by which a workload reaches mailboxes with a capability that the
// question overlaps with.
type Path struct {
	Kind PathKind
	// What names the path for people: the permission and resource, or the role
	// assignment and its role.
	What string
	// ID is the tenant's id of the consent or assignment; empty where there is none.
	ID string
	// Organization: it reaches every mailbox.
	Organization bool
	// MayBeOrganization: it is not known whether it does; Unknown says why.
	MayBeOrganization bool
	// SelfGrant: its holder can give itself any access.
	SelfGrant bool
	// Confined: it is a consent that an application access policy narrows.
	Confined bool
	// Ours: a grant made it or adopted it.
	Ours bool
	// Scope names what limits it; empty where nothing does.
	Scope string
	// Values are the permissions that it confers by name.
	Values  []string
	Overlap []Capability
	// Verdict is whether it reaches the mailbox that was asked about, and whether it
	// reaches any where none was; empty where nobody asked. Unknown says by name what
	// keeps it open.
	Verdict grant.Verdict
	Unknown []string
}

// String says in one clause what the path is and what it opens.
func (p Path) String() string {
	reach := "within its own scope"
	if p.Organization {
		reach = "in every mailbox"
	}
	if p.SelfGrant {
		return p.What + ", whose holder can give itself access to every mailbox"
	}
	words := make([]string, len(p.Overlap))
	for i, capability := range p.Overlap {
		words[i] = string(capability)
	}
	return fmt.Sprintf("%s opens %s %s", p.What, strings.Join(words, ", "), reach)
}

// Paths returns every path of the facts that overlaps with what the wanted
// permissions confer and is not one of ours (named by ours). Every overlapping
// consent is a path, whatever policies exist, because policies are not read yet.
// The second result names what could not be read; while it is not empty, the
// absence of paths proves nothing.
func Paths(facts Facts, wanted []string, ours func(Assignment) bool) ([]Path, []string) {
	confers := Confers(wanted)
	var paths []Path
	var unread []string
	if !facts.Consents.Read {
		unread = append(unread, "consents: "+facts.Consents.Why)
	}
	if !facts.Assignments.Read {
		unread = append(unread, "role assignments: "+facts.Assignments.Why)
	}
	for _, consent := range facts.Consents.Value {
		paths = append(paths, consentPath(consent, confers)...)
	}
	for _, assignment := range facts.Assignments.Value {
		if !ours(assignment) {
			paths = append(paths, assignmentPath(assignment, confers)...)
		}
	}
	return paths, unread
}

// consentPath judges one consent. One on Graph or Exchange whose role is not in
// the table is not called harmless when its name speaks of mail.
func consentPath(consent Consent, confers []Capability) []Path {
	if consent.Resource == Other {
		return nil
	}
	path := Path{Kind: ByConsent, Organization: true, What: fmt.Sprintf("the consent to %s on %s", consent.title(), consent.ResourceName)}
	permission, known := LookUp(consent.Resource, consent.Value)
	switch {
	case known && permission.SelfGrant:
		path.SelfGrant = true
		path.Overlap = confers
	case known:
		path.Overlap = Overlap(permission.Confers, confers)
	case mayOpenMailboxes(consent):
		path.Overlap = confers
	}
	if len(path.Overlap) == 0 {
		return nil
	}
	return []Path{path}
}

func (c Consent) title() string {
	if c.Value == "" {
		return "an app role that its resource does not list (" + c.AppRoleID + ")"
	}
	return c.Value
}

// mayOpenMailboxes reports whether a consent that the table does not know may open
// mailboxes: everything on Exchange Online may, on Graph what is named so or has no
// name that is known.
func mayOpenMailboxes(consent Consent) bool {
	if consent.Resource == Exchange || consent.Value == "" {
		return true
	}
	for _, prefix := range []string{"Mail", "Calendars", "Contacts", "Exchange", "eDiscovery", "IMAP", "POP", "SMTP", "EWS"} {
		if strings.HasPrefix(consent.Value, prefix) {
			return true
		}
	}
	return false
}

func assignmentPath(assignment Assignment, confers []Capability) []Path {
	overlap := Overlap(RoleConfers(assignment.Role), confers)
	if len(overlap) == 0 {
		return nil
	}
	// A disabled assignment is still a path: whether Exchange honours the switch for
	// applications is not documented.
	return []Path{{
		Kind:         ByAssignment,
		What:         fmt.Sprintf("the role assignment %q of %s", assignment.Name, assignment.Role),
		Organization: assignment.Unscoped,
		Overlap:      overlap,
	}}
}

// Defeating returns those paths that defeat every scope: organization-wide ones.
func Defeating(paths []Path) []Path {
	var wide []Path
	for _, path := range paths {
		if path.Organization {
			wide = append(wide, path)
		}
	}
	return wide
}

// Undecided returns those paths of which it is not known whether they defeat every scope.
func Undecided(paths []Path) []Path {
	var open []Path
	for _, path := range paths {
		if path.MayBeOrganization {
			open = append(open, path)
		}
	}
	return open
}
