package grant

import "time"

// Event names what a history entry records.
type Event string

// The events of a life. Every move to another state is one of them, and so is
// everything that an auditor would ask about.
const (
	EventReceived     Event = "received"
	EventBound        Event = "bound"
	EventRefused      Event = "refused"
	EventScheduled    Event = "scheduled"
	EventProvisioning Event = "provisioning"
	EventStep         Event = "step"
	EventVerified     Event = "verified"
	EventActive       Event = "active"
	EventCondition    Event = "condition"
	// EventReplacing: another grant, whose place this one takes, ends.
	EventReplacing     Event = "replacing"
	EventRevokeAsked   Event = "revokeAsked"
	EventRetryAsked    Event = "retryAsked"
	EventDropAsked     Event = "dropAsked"
	EventHalted        Event = "halted"
	EventAbandoned     Event = "abandoned"
	EventRepaired      Event = "repaired"
	EventRevoking      Event = "revoking"
	EventRevoked       Event = "revoked"
	EventFailed        Event = "failed"
	EventDenied        Event = "denied"
	EventCanaryChanged Event = "canaryChanged"
	EventMigration     Event = "migration"
	EventProbed        Event = "probed"
	EventAdopted       Event = "adopted"
)

// Entry is one line of a grant's history. Entries are only ever added.
type Entry struct {
	At    time.Time `json:"at"`
	Event Event     `json:"event"`
	// By is who caused it: the service, or the name that a caller gave (a recorded
	// claim, not an identity).
	By     string `json:"by,omitempty"`
	Reason string `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Ends is the end that this entry agrees on; zero for entries that agree on none.
	Ends time.Time `json:"ends,omitzero"`
	// Evidence is what a probe has reported; nil for every other entry.
	Evidence []Evidence `json:"evidence,omitempty"`
}

// Evidence is one dated check of one permission on one mailbox.
type Evidence struct {
	At time.Time `json:"at"`
	// Means is how it was checked, for example the cmdlet's name.
	Means string `json:"means"`
	// Subject is the mailbox's GUID.
	Subject    string  `json:"subject"`
	Permission string  `json:"permission"`
	Expected   Verdict `json:"expected"`
	Verdict    Verdict `json:"verdict"`
	// RequestID is the tenant's id of the raw answer; empty where none came.
	RequestID string `json:"requestId,omitempty"`
	Detail    string `json:"detail,omitempty"`
}

// Verdict is the outcome of a check. Unsure never counts as proof of anything.
type Verdict string

// The three verdicts.
const (
	Allowed Verdict = "allowed"
	Refused Verdict = "denied"
	Unsure  Verdict = "unknown"
)
