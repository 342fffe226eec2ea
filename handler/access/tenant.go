package access

import (
	"time"

	"mailgrant/handler/grant"
)

// Tenant are the facts of a whole tenant, or of as much of it as a question needs.
// Each part says whether it was read. Mailboxes, groups and units are named by GUID;
// letter case never matters.
type Tenant struct {
	// Mailboxes is the universe: a workload that reaches everything reaches these.
	Mailboxes Reading[[]Mailbox]
	Workloads []Subject
	// Scopes are the management scopes that role assignments name. A scope that is
	// named and not listed is unknown.
	Scopes   Reading[[]Scope]
	Groups   Reading[[]Group]
	Units    Reading[[]Unit]
	Policies Reading[[]Policy]
	// PolicyTests are answers of the tenant's own test of policies
	// (Test-ApplicationAccessPolicy). They settle what nested membership leaves open.
	PolicyTests        []PolicyTest
	MailboxPermissions Reading[MailboxPermissions]
}

// Subject is a workload and what was read of it.
type Subject struct {
	Workload grant.Workload
	Facts    Facts
}

// Mailbox is one mailbox of the universe with the properties that filters may ask
// for. A property that is not in the map was not read; one without a value has an
// empty list. Property names are in lower case.
type Mailbox struct {
	GUID       string
	Address    string
	Properties map[string][]string
}

// Group is a group as Exchange knows it, or that it has none of this name (Gone).
type Group struct {
	ID                string
	DistinguishedName string
	Name              string
	// Members are the direct ones. Not read is not the same as empty: of some kinds of
	// group Exchange lists no members at all.
	Members Reading[Membership]
	Gone    bool
}

// Membership are the direct members of a group: mailboxes by GUID, and other groups
// by id. Members of other kinds are left out.
type Membership struct {
	Mailboxes []string
	Groups    []string
}

// Unit is an administrative unit with the mailboxes that are members themselves.
// Users in a group that is a member are not in the unit.
type Unit struct {
	ID, Name string
	Members  Reading[[]string]
}

// PolicyRight is what an application access policy does.
type PolicyRight string

// The two rights. Any other word makes the policy's effect unknown.
const (
	RestrictAccess PolicyRight = "RestrictAccess"
	DenyAccess     PolicyRight = "DenyAccess"
)

// Policy is one application access policy.
type Policy struct {
	ID string
	// AppID is the application, or "*" for all of them.
	AppID string
	Right PolicyRight
	// Group is the id of its scope group; where the scope is a single mailbox, Mailbox
	// is its GUID.
	Group, Mailbox string
	// Description is for people; a policy of ours bears its name there.
	Description string
	// Ours: a grant made it or adopted it.
	Ours bool
}

// PolicyTest is the tenant's own answer for one application and one mailbox.
type PolicyTest struct {
	AppID, Mailbox string
	Verdict        grant.Verdict
}

// MailboxRight is what a mailbox permission lets its holder do.
type MailboxRight string

// The rights that open a mailbox to a service principal.
const (
	FullAccess MailboxRight = "FullAccess"
	SendAs     MailboxRight = "SendAs"
)

// MailboxPermission is one right of one workload (by object id) on one mailbox.
type MailboxPermission struct {
	Workload, Mailbox string
	Right             MailboxRight
	Deny              bool
	Ours              bool
}

// MailboxPermissions are those that were found. They cannot be listed by holder, only
// mailbox by mailbox, so the list says how far it goes.
type MailboxPermissions struct {
	Entries []MailboxPermission
	// Complete: every mailbox was listed. Otherwise Covered names those that were.
	Complete bool
	Covered  []string
	// OldestRead is when the mailbox whose list is oldest was read; zero when nothing was.
	OldestRead time.Time
}
