// Package grant holds the words of the product: the grant itself, its states
// and which may follow which, its conditions, its steps, the names that its
// remote objects bear, the request that asks for it, and what is owed when.
//
// It does no I/O and reads no clock: every function that depends on the time
// takes it as a value. It must not know how a tenant is asked or where a row is
// kept.
package grant

import "time"

// Grant is one workload, its permissions, its scope, a start, an end, an owner
// and a ticket, together with what has become of it. Zero times mean "not yet".
type Grant struct {
	ID        string    `json:"id"`
	State     State     `json:"state"`
	Mechanism Mechanism `json:"mechanism"`

	Workload    Workload `json:"workload"`
	Permissions []string `json:"permissions"`
	Scope       Scope    `json:"scope"`
	// Target is the group or unit of the scope as it was resolved; nil for others.
	Target *Target `json:"target,omitempty"`
	// Targets are the groups of a scope of several; empty for others.
	Targets []Target `json:"targets,omitempty"`
	// Members sums up what a group, unit or filter held when it was last looked at; nil
	// for named mailboxes.
	Members *Members `json:"members,omitempty"`
	// Mailboxes are those that were named; empty for a group, unit or filter.
	Mailboxes []Mailbox `json:"mailboxes"`
	Canaries  []Mailbox `json:"canaries"`
	// ConfineExisting are the permissions that the workload was consented to before the
	// grant and that the grant confines, takes over, and takes away at its end.
	ConfineExisting []string `json:"confineExisting,omitempty"`
	// NewMailbox is set for a grant that makes mailboxes.
	NewMailbox *NewMailbox `json:"newMailbox,omitempty"`
	// Replaces is the id of the grant that ends when this one is seen to work; empty for none.
	Replaces string `json:"replaces,omitempty"`
	// Migration is set for a grant that takes the place of organization-wide consents.
	Migration *Migration `json:"migration,omitempty"`
	// Adoption is set for a grant of what was there before it.
	Adoption *Adoption `json:"adoption,omitempty"`
	// ConsentBy is who gives and removes consents; empty where the mechanism has none.
	ConsentBy ConsentBy `json:"consentBy,omitempty"`
	// ClearedAt is when it was known that no old mailbox permission of the workload comes
	// alive with the grant's consents; zero before, and where it does not matter.
	ClearedAt time.Time `json:"clearedAt,omitzero"`
	// Waits are fixed when the grant is bound; zero where the mechanism has none.
	Waits Waits `json:"waits,omitzero"`

	ReceivedAt time.Time `json:"receivedAt"`
	// StartsAt is when access should work; provisioning begins up to two hours earlier.
	StartsAt time.Time `json:"startsAt"`
	// ExpiresAt is when removal starts.
	ExpiresAt  time.Time `json:"expiresAt"`
	VerifiedAt time.Time `json:"verifiedAt,omitzero"`
	// EffectiveBy is the published limit for data access to follow the configuration.
	EffectiveBy time.Time `json:"effectiveBy,omitzero"`
	RemovedAt   time.Time `json:"removedAt,omitzero"`
	// GoneBy is the published limit for data access to end after the removal.
	GoneBy time.Time `json:"goneBy,omitzero"`

	Conditions []Condition `json:"conditions"`

	Ticket        Ticket `json:"ticket,omitzero"`
	Requester     string `json:"requester,omitempty"`
	Owner         string `json:"owner,omitempty"`
	Justification string `json:"justification,omitempty"`
	Source        string `json:"source"`

	// Ending says why the grant is being taken away; empty while it is not.
	Ending Ending `json:"ending,omitempty"`
	// Work is what the service itself has to remember between two invocations.
	Work Work `json:"work,omitzero"`
}

// GroupTargets are the groups of the scope as they were resolved; empty for other scopes.
func (g *Grant) GroupTargets() []Target {
	switch {
	case g.Scope.Kind() == ByGroups:
		return g.Targets
	case g.Scope.Kind() == ByGroup && g.Target != nil:
		return []Target{*g.Target}
	}
	return nil
}

// Workload is the identity that gets access: an Entra service principal. ObjectID
// is the id of the enterprise application, never that of the app registration.
type Workload struct {
	AppID       string `json:"appId"`
	ObjectID    string `json:"objectId"`
	DisplayName string `json:"displayName,omitempty"`
	// Type is Entra's servicePrincipalType: Application, ManagedIdentity, …
	Type string `json:"type,omitempty"`
}

// Mailbox is one mailbox as it was resolved at binding. Only GUID identifies it;
// the address is for people and may move to another mailbox later.
type Mailbox struct {
	// GUID is empty while the mailbox is still to be made.
	GUID    string `json:"guid"`
	Address string `json:"address"`
	// Type is Exchange's RecipientTypeDetails.
	Type string `json:"type"`
	// EntraID is the object id of the mailbox's user in Entra, by which Graph names
	// it; empty where Exchange did not say.
	EntraID string `json:"entraId,omitempty"`
}

// UserID is what names the mailbox in a Graph URL: its user's object id, else its
// address.
func (m Mailbox) UserID() string {
	if m.EntraID != "" {
		return m.EntraID
	}
	return m.Address
}

// Ticket points to the request in the caller's own system.
type Ticket struct {
	System string `json:"system,omitempty"`
	ID     string `json:"id,omitempty"`
	URL    string `json:"url,omitempty"`
}

// Work is the bookkeeping of the service: when it tries again, since when it
// fails, and which due rows exist for the grant.
type Work struct {
	// NotBefore is the earliest next try of work that failed or has to wait; zero
	// means at once.
	NotBefore time.Time `json:"notBefore,omitzero"`
	// PickUpAt is when a sweep takes the work up again should its worker have died.
	PickUpAt time.Time `json:"pickUpAt,omitzero"`
	// Attempts counts tries that failed since the last success.
	Attempts int `json:"attempts,omitempty"`
	// FailingSince is when the first of those tries failed.
	FailingSince time.Time `json:"failingSince,omitzero"`
	// RetestAt is when an active grant is proved again.
	RetestAt time.Time `json:"retestAt,omitzero"`
	// RetriedAt is the last retry that was asked for and has been taken up.
	RetriedAt time.Time `json:"retriedAt,omitzero"`
	// Probes is how many reports of the workload have been taken up.
	Probes int `json:"probes,omitempty"`
	// ObservedAt is when every call that the grant should allow was last reported as
	// answered; zero when it never was, and again once one is reported as refused.
	ObservedAt time.Time `json:"observedAt,omitzero"`
	// VerifyUntil ends the retries of a verification that answers unknown.
	VerifyUntil time.Time `json:"verifyUntil,omitzero"`
	// Owed are the due rows that were written for this grant.
	Owed []Due `json:"owed,omitempty"`
}

// Ending is why a grant is taken away.
type Ending string

// The reasons for an end. RevokedBeforeStart and ExpiredBeforeStart go with the
// state denied, because nothing had been made.
const (
	Expired            Ending = "Expired"
	Revoked            Ending = "Revoked"
	RevokedBeforeStart Ending = "RevokedBeforeStart"
	ExpiredBeforeStart Ending = "ExpiredBeforeStart"
	CanaryAllowed      Ending = "CanaryAllowed"
	OtherPath          Ending = "OtherPath"
	// ScopeGrown: before it was active its scope had come to hold what it may not.
	ScopeGrown     Ending = "ScopeGrown"
	NotVerified    Ending = "NotVerified"
	NotProvisioned Ending = "NotProvisioned"
	// Drifted: the tenant had drifted and the operator's document answers that with
	// the end of the access.
	Drifted Ending = "Drifted"
	// Replaced: another grant took its place and was seen to work.
	Replaced Ending = "Replaced"
	// Dropped goes with the state abandoned.
	Dropped Ending = "Dropped"
)

// Failed reports whether this end means that the grant never became what was
// asked, so that it ends failed and not revoked.
func (e Ending) Failed() bool {
	switch e {
	case CanaryAllowed, OtherPath, ScopeGrown, NotVerified, NotProvisioned:
		return true
	}
	return false
}
