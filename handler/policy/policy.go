// Package policy reads the operator's document: what the operator of an
// installation allows at all, and which mailboxes must never be reached by a
// grant.
//
// It is pure. It must not open the file, ask the tenant whether a mailbox exists,
// or remember an earlier document: the caller brings the bytes and keeps the last
// good one.
package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/grant"
)

// What holds where the document is silent.
const (
	DefaultMaxDuration = 90 * 24 * time.Hour
	DefaultMailboxes   = 50
	DefaultMembers     = 500
	DefaultPermissions = 10
	DefaultLiveGrants  = 200
)

// Document is what the operator has written, checked and with its defaults filled
// in. Addresses and GUIDs are lower case and in the order of the document.
type Document struct {
	// Canaries are mailboxes of which one must stay refused to a workload; a check
	// uses those that lie outside what the workload is rightly granted. Never empty
	// in a document that Parse found without fault.
	Canaries []string `json:"canaries"`
	// Protected are mailboxes that no grant may name. Empty where there are none.
	Protected []string `json:"protected"`
	// MaxDuration is the longest time between a grant's start and its end.
	MaxDuration time.Duration `json:"maxDuration"`
	Limits      Limits        `json:"limits"`
	// Groups is which groups may be a scope.
	Groups GroupRule `json:"groups"`
	// Approvers are the names, as Exchange shows a group's owners, of those who may own
	// a group that is a scope. Empty where nobody may.
	Approvers []string `json:"approvers"`
	// Drift is what is done when a retest finds that the tenant has drifted.
	Drift Answer `json:"drift"`
	// Mechanisms are those by which access may be given. Never empty.
	Mechanisms []grant.Mechanism `json:"mechanisms"`
	// ConsentBy is who gives and removes consents.
	ConsentBy grant.ConsentBy `json:"consentBy"`
	Waits     Waits           `json:"waits"`
	// MailboxDomains are the domains in which shared mailboxes may be made that a request
	// names and that do not exist. Empty where none may.
	MailboxDomains []string `json:"mailboxDomains"`
}

// MayMakeMailbox reports whether a shared mailbox of this address may be made.
func (d Document) MayMakeMailbox(address string) bool {
	_, domain, _ := strings.Cut(address, "@")
	return slices.ContainsFunc(d.MailboxDomains, func(allowed string) bool { return strings.EqualFold(allowed, domain) })
}

// Waits are how long the tenant is given to follow a change that cannot be observed. None
// is ever shorter than what Microsoft publishes.
type Waits struct {
	// Policies is for application access policies and the members of their groups.
	Policies time.Duration `json:"policies"`
	// Tokens is for tokens of applications, LongTokens for those of managed identities.
	Tokens     time.Duration `json:"tokens"`
	LongTokens time.Duration `json:"longTokens"`
}

// For returns the waits of a grant to the workload; zero where no consent or policy is
// part of it.
func (w Waits) For(consents bool, workload grant.Workload) grant.Waits {
	switch {
	case !consents:
		return grant.Waits{}
	case workload.LongTokens():
		return grant.Waits{Policy: w.Policies, Tokens: w.LongTokens}
	}
	return grant.Waits{Policy: w.Policies, Tokens: w.Tokens}
}

// GroupRule is which groups may be a scope.
type GroupRule string

// The rules for groups.
const (
	// ApprovedGroups are those that nobody may join by himself and whose owners are
	// approvers.
	ApprovedGroups GroupRule = "approved"
	// AnyGroup is every group that Exchange can match the members of.
	AnyGroup GroupRule = "any"
)

// Answer is what is done about drift.
type Answer string

// The answers to drift. Repair may only narrow: whatever would give access again
// waits for a person.
const (
	// Report names the drift and leaves everything as it is.
	Report Answer = "report"
	// Narrow also brings a scope that was widened back to what was granted.
	Narrow Answer = "narrow"
	// Revoke takes the grant away.
	Revoke Answer = "revoke"
)

// Limits cap what one grant, and the live grants of one workload, may hold.
type Limits struct {
	// Mailboxes is the most mailboxes of one grant.
	Mailboxes int `json:"mailboxes"`
	// Members is the most mailboxes that a group, unit or filter may hold.
	Members int `json:"members"`
	// Permissions is the most permissions of one grant.
	Permissions int `json:"permissions"`
	// LiveGrants is the most grants of one workload that have not ended.
	LiveGrants int `json:"liveGrants"`
}

// Digest identifies what the document says: 64 hexadecimal digits, the same for
// two documents that differ only in comments, layout or spelled-out defaults.
func (d Document) Digest() string {
	text, err := json.Marshal(d)
	if err != nil {
		// Strings and integers only: Marshal has nothing that it could refuse.
		panic("policy: a document of plain values did not marshal: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Fault is one thing that is wrong with a document. Line and Column count from 1
// and are 0 where the fault has no place; Path names the value, such as
// canaries[1], and is empty for the whole document. Reason is for programs,
// Detail for people.
type Fault struct {
	Line, Column int
	Path         string
	Reason       string
	Detail       string
}

// String says where the fault is and what it is, on one line.
func (f Fault) String() string {
	text := f.Detail
	if f.Path != "" {
		text = f.Path + ": " + text
	}
	if f.Line > 0 {
		text = fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, text)
	}
	return text
}
