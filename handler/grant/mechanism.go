package grant

import (
	"encoding/json"
	"fmt"
	"time"
)

// Mechanism is how the tenant expresses a grant.
type Mechanism string

// The mechanisms.
const (
	// RBAC is RBAC for Applications: one management scope and one role assignment a
	// permission (Microsoft Learn, Role Based Access Control for Applications in Exchange
	// Online).
	RBAC Mechanism = "rbac"
	// AccessPolicy is a consent that an application access policy restricts to a group
	// (Microsoft Learn, Limiting application permissions to specific Exchange Online
	// mailboxes). Microsoft advises against new ones.
	AccessPolicy Mechanism = "accessPolicy"
	// MailboxPermission is a consent to an older protocol together with a permission on
	// each mailbox for the service principal's pointer in Exchange (Microsoft Learn,
	// Authenticate an IMAP, POP or SMTP connection using OAuth).
	MailboxPermission Mechanism = "mailboxPermission"
)

// Mechanisms lists every mechanism, the one that is used without a word first.
func Mechanisms() []Mechanism { return []Mechanism{RBAC, AccessPolicy, MailboxPermission} }

// Consents reports whether the mechanism works by consents, which somebody has to give and
// to remove, and whose tokens outlive them.
func (m Mechanism) Consents() bool { return m == AccessPolicy || m == MailboxPermission }

// ConsentBy is who gives and removes consents.
type ConsentBy string

// Who consents. Whoever may write consents may give himself any access, so that the
// service does so only where the operator has opted into it.
const (
	// Person: the grant shows the call, waits until the tenant shows its effect, and goes on.
	Person ConsentBy = "person"
	// Service: the service consents and removes consents itself.
	Service ConsentBy = "service"
)

// Waits are how long the tenant may take to follow, where nothing that can be observed
// says when it does.
type Waits struct {
	// Policy is how long after a change of an application access policy, or of the members
	// of its group, access may still follow what was before.
	Policy time.Duration
	// Tokens is how long a token that was minted before a change of consent lives on.
	Tokens time.Duration
}

// writtenWaits are waits as people read them, such as 2h0m0s.
type writtenWaits struct {
	Policy string `json:"policy"`
	Tokens string `json:"tokens"`
}

// MarshalJSON writes the waits as Go writes durations.
func (w Waits) MarshalJSON() ([]byte, error) {
	return json.Marshal(writtenWaits{w.Policy.String(), w.Tokens.String()})
}

// UnmarshalJSON reads what MarshalJSON has written; anything else is an error.
func (w *Waits) UnmarshalJSON(text []byte) error {
	var written writtenWaits
	err := json.Unmarshal(text, &written)
	if err != nil {
		return fmt.Errorf("reading waits: %w", err)
	}
	w.Policy, err = time.ParseDuration(written.Policy)
	if err != nil {
		return fmt.Errorf("reading waits: %w", err)
	}
	w.Tokens, err = time.ParseDuration(written.Tokens)
	if err != nil {
		return fmt.Errorf("reading waits: %w", err)
	}
	return nil
}

// The waits where the operator's document says no more. A policy takes more than an hour
// (Microsoft Learn, Limiting application permissions to specific Exchange Online
// mailboxes). An application's token lives for up to 90 minutes, one of a managed
// identity or of a client that understands continuous access evaluation for up to a day
// (Microsoft Learn, Access tokens in the Microsoft identity platform, Token lifetime;
// Managed identities, Limitations: a day of caching).
const (
	PolicySettles   = 2 * time.Hour
	TokensLive      = 2 * time.Hour
	TokensLiveLong  = 25 * time.Hour
	managedIdentity = "ManagedIdentity"
)

// LongTokens reports whether tokens of the workload may live for a day.
func (w Workload) LongTokens() bool { return w.Type == managedIdentity }

// WaitsOf are the waits of a mechanism before it is known what kind of workload gets the
// access; zero where the mechanism needs none.
func WaitsOf(mechanism Mechanism) Waits {
	if mechanism.Consents() {
		return Waits{Policy: PolicySettles, Tokens: TokensLive}
	}
	return Waits{}
}

// leadTime is how long before it should work access has to be begun.
func leadTime(mechanism Mechanism, waits Waits) time.Duration {
	switch mechanism {
	case AccessPolicy:
		return waits.Policy + waits.Tokens
	case MailboxPermission:
		return max(waits.Tokens, Lead)
	}
	return Lead
}

// MigrationTime is how long a migration takes at least: the scoped access has to work,
// and tokens have to die, before it is over.
func (g *Grant) MigrationTime() time.Duration { return Lead + g.Waits.Tokens }

// LeadTime is how long before StartsAt provisioning begins.
func (g *Grant) LeadTime() time.Duration { return leadTime(g.Mechanism, g.Waits) }

// FollowsAfter is how long after the proof of a grant data access may take to follow.
func (g *Grant) FollowsAfter() time.Duration {
	switch g.Mechanism {
	case AccessPolicy:
		return g.Waits.Tokens
	case MailboxPermission:
		return max(g.Waits.Tokens, Lead)
	}
	return Lead
}

// GoneAfter is how long after the removal of the access data access may go on. For mailbox
// permissions nothing is published; operators report up to two hours, which is inferred to
// be the limit.
func (g *Grant) GoneAfter() time.Duration {
	if g.Mechanism == AccessPolicy {
		return g.Waits.Policy
	}
	return Lead
}

// TooShort reports whether the grant, received when it was, would end before it was of use.
func (g *Grant) TooShort() bool {
	lead := g.LeadTime()
	if g.Migration != nil {
		lead = g.MigrationTime()
	}
	return g.ExpiresAt.Sub(g.ProvisionAt()) < lead+leastUse
}

// leastUse is what has to be left of a grant once its access works.
const leastUse = time.Hour
