package grant

import "time"

// StepKind is the kind of remote object that a step makes.
type StepKind string

// The kinds of step, by mechanism and in the order in which they are made. A pointer, a
// consent and a mailbox permission bear no name of ours and belong to the workload, not to
// one grant of it.
const (
	// PointerStep is Exchange's own record of the service principal.
	PointerStep    StepKind = "servicePrincipal"
	ScopeStep      StepKind = "managementScope"
	AssignmentStep StepKind = "roleAssignment"

	// GroupStep is a closed, mail-enabled security group of the grant's own.
	GroupStep StepKind = "group"
	// HidingStep keeps that group out of the address lists. It goes with the group.
	HidingStep StepKind = "groupHiding"
	// MemberStep is one mailbox in that group; its name is the mailbox's GUID.
	MemberStep StepKind = "groupMember"
	// PolicyStep is an application access policy that restricts the workload to the
	// group; our name is its description.
	PolicyStep StepKind = "accessPolicy"
	// ConsentStep is an app role assignment in Entra; its name is resource/permission.
	ConsentStep StepKind = "consent"

	// MailboxPermissionStep is one right of the workload on one mailbox; its name is the
	// mailbox's GUID/right.
	MailboxPermissionStep StepKind = "mailboxPermission"

	// MailboxStep is a shared mailbox that did not exist; our name is its name, and it is
	// kept at the end.
	MailboxStep StepKind = "mailbox"
)

// Shared reports whether such a step belongs to the workload, so that several of its
// grants may need the same one.
func (k StepKind) Shared() bool {
	return k == PointerStep || k == ConsentStep || k == MailboxPermissionStep
}

// StepState is what is known of a step's remote object.
type StepState string

const (
	// Wanted: nothing was sent yet.
	Wanted StepState = "wanted"
	// Creating: a create was recorded and may have been sent.
	Creating StepState = "creating"
	// Made: the object was read back and equals the intent.
	Made StepState = "made"
	// Removing: a removal was recorded and may have been sent.
	Removing StepState = "removing"
	// Gone: the object was read absent when that counts.
	Gone StepState = "gone"
	// Left: the object is a stranger's, was there before us, and stays.
	Left StepState = "left"
)

// LateEffect is how long a write whose answer was lost can still take effect:
// Exchange lets a cmdlet run for 15 minutes (ExchangeOnlineManagement, About
// Exchange Online PowerShell), and one minute is added for the clocks.
const LateEffect = 16 * time.Minute

// Step is one remote effect of a grant. Its name is chosen before it is made.
type Step struct {
	Number int       `json:"number"`
	Kind   StepKind  `json:"kind"`
	Name   string    `json:"name"`
	State  StepState `json:"state"`
	// RemoteID is the id that the tenant returned; empty until it was read.
	RemoteID string `json:"remoteId,omitempty"`
	// Permission is set for role assignments and consents, Role for the former only.
	Permission string `json:"permission,omitempty"`
	Role       string `json:"role,omitempty"`
	// Unit is the object id of the administrative unit that limits a role assignment;
	// empty where a management scope does.
	Unit string `json:"unit,omitempty"`
	// Group is what Exchange shows as the group that limits a role assignment, for one that
	// was adopted and shows no management scope; empty for all others.
	Group string `json:"group,omitempty"`
	// Unscoped: a role assignment that was adopted as it was, over the whole organization.
	Unscoped bool `json:"unscoped,omitempty"`
	// Adopted: the object was there before the grant. It is known by RemoteID and by
	// nothing else: its name may become another's.
	Adopted bool `json:"adopted,omitempty"`
	// Filter is set for management scopes: the recipient filter as it is sent, or as it was
	// read of one that was adopted.
	Filter string `json:"filter,omitempty"`
	// Address and DisplayName are set for mailboxes that are made.
	Address     string `json:"address,omitempty"`
	DisplayName string `json:"displayName,omitempty"`
	// ReadAbsentAt is when the object was last read absent before our write; it is
	// what makes an object that bears no name ours.
	ReadAbsentAt time.Time `json:"readAbsentAt,omitzero"`
	// Sent counts the creates that were sent and have made the object or may yet
	// make it.
	Sent int `json:"sent,omitempty"`
	// MayAppearUntil is until when a create whose answer is not known can still
	// take effect. Absence before that instant is no proof.
	MayAppearUntil time.Time `json:"mayAppearUntil,omitzero"`
	// RemovalsSent and MayVanishUntil are the same for removals.
	RemovalsSent   int       `json:"removalsSent,omitempty"`
	MayVanishUntil time.Time `json:"mayVanishUntil,omitzero"`
	// MadeAt and GoneAt are when the object was first read present and, after that, first
	// read absent; what has to settle or to die out is counted from them.
	MadeAt time.Time `json:"madeAt,omitzero"`
	GoneAt time.Time `json:"goneAt,omitzero"`
	// Holds: at the end of its grant a policy was seen to confine a consent that no grant
	// answers for. ReleasedAt is when such a consent was first read absent after that.
	Holds      bool      `json:"holds,omitempty"`
	ReleasedAt time.Time `json:"releasedAt,omitzero"`
}

// Seen notes that the object was read present: one of the creates that were sent
// has made it, and only further ones can still take effect.
func (s Step) Seen() Step {
	s.Sent = max(s.Sent-1, 0)
	if s.Sent == 0 {
		s.MayAppearUntil = time.Time{}
	}
	return s
}

// SeenGone notes the same for removals: the object was read absent.
func (s Step) SeenGone() Step {
	s.RemovalsSent = max(s.RemovalsSent-1, 0)
	if s.RemovalsSent == 0 {
		s.MayVanishUntil = time.Time{}
	}
	return s
}

// Identity is how the tenant is asked about the object: by our name for what we make,
// because that holds before anything was read.
func (s Step) Identity() string {
	if s.Adopted {
		return s.RemoteID
	}
	return s.Name
}

// Exists reports whether the step's object may be in the tenant and is ours to remove.
func (s Step) Exists() bool {
	switch s.State {
	case Creating, Made, Removing:
		return true
	}
	return false
}
