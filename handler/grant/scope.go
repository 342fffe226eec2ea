package grant

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Scope is which mailboxes were asked for, in the requester's own words. Exactly one
// field is set.
type Scope struct {
	// Mailboxes are addresses or GUIDs as they were sent.
	Mailboxes []string `json:"mailboxes,omitempty"`
	// Group is an address, a name or a GUID; its direct members are meant.
	Group string `json:"group,omitempty"`
	// Groups are several such groups at once.
	Groups []string `json:"groups,omitempty"`
	// AdministrativeUnit is a name or a GUID; its users are meant, not those of groups
	// in it.
	AdministrativeUnit string `json:"administrativeUnit,omitempty"`
	// Filter is a recipient filter in Exchange's own language.
	Filter string `json:"filter,omitempty"`
	// Organization: every mailbox, which nobody can ask for; only what exists is adopted so.
	Organization bool `json:"organization,omitempty"`
}

// ScopeKind is by what a scope says which mailboxes it means.
type ScopeKind string

// The kinds of scope.
const (
	ByMailboxes          ScopeKind = "mailboxes"
	ByGroup              ScopeKind = "group"
	ByGroups             ScopeKind = "groups"
	ByAdministrativeUnit ScopeKind = "administrativeUnit"
	ByFilter             ScopeKind = "filter"
)

// Kind is the kind of the field that is set; ByMailboxes where none is.
func (s Scope) Kind() ScopeKind {
	switch {
	case s.Group != "":
		return ByGroup
	case len(s.Groups) > 0:
		return ByGroups
	case s.AdministrativeUnit != "":
		return ByAdministrativeUnit
	case s.Filter != "":
		return ByFilter
	case s.Organization:
		return ByOrganization
	}
	return ByMailboxes
}

// Counted reports whether the tenant decides which mailboxes the scope holds, so that
// they may become more or fewer without anybody asking for it here. The whole organization
// is not counted: there is nothing that it could grow beyond.
func (s Scope) Counted() bool { return s.Kind() != ByMailboxes && s.Kind() != ByOrganization }

// String says in a few words which mailboxes are meant.
func (s Scope) String() string {
	switch s.Kind() {
	case ByGroup:
		return "the direct members of the group " + s.Group
	case ByGroups:
		return "the direct members of the groups " + strings.Join(s.Groups, ", ")
	case ByAdministrativeUnit:
		return "the users in the administrative unit " + s.AdministrativeUnit
	case ByFilter:
		return "every mailbox that matches " + s.Filter
	case ByOrganization:
		return "every mailbox of the organization"
	}
	return strings.Join(s.Mailboxes, ", ")
}

// Target is a group or administrative unit as it was resolved at binding. ID is what
// identifies it from then on: the GUID that Exchange knows a group by, the object id
// that Entra knows a unit by.
type Target struct {
	Kind ScopeKind `json:"kind"`
	ID   string    `json:"id"`
	Name string    `json:"name"`
	// Type is Exchange's RecipientTypeDetails of a group; empty for a unit.
	Type string `json:"type,omitempty"`
	// DistinguishedName is a group's: Exchange matches its members by nothing else, and
	// it changes when the group is renamed or moved.
	DistinguishedName string `json:"distinguishedName,omitempty"`
	// Nested names the groups inside, whose members are NOT in the scope.
	Nested []string `json:"nested,omitempty"`
}

// MostNamed is how many members are kept by name; of more only count and digest are.
const MostNamed = 1000

// Members sums up the mailboxes that a scope held at an instant.
type Members struct {
	Count int `json:"count"`
	// Digest identifies the set: two sets with the same GUIDs have the same one.
	Digest string `json:"digest"`
	// Approved is the digest of those that the scope held when the grant was bound.
	Approved string    `json:"approved"`
	AsOf     time.Time `json:"asOf"`
	// Ceiling is how many mailboxes the scope may grow to before it is reported as more
	// than was approved.
	Ceiling int `json:"ceiling"`
}

// Summarize sums up the mailboxes with these GUIDs.
func Summarize(mailboxes []Mailbox, at time.Time, ceiling int) Members {
	guids := make([]string, len(mailboxes))
	for i, mailbox := range mailboxes {
		guids[i] = strings.ToLower(mailbox.GUID)
	}
	slices.Sort(guids)
	sum := sha256.Sum256([]byte(strings.Join(guids, "\n")))
	return Members{Count: len(mailboxes), Digest: hex.EncodeToString(sum[:]), AsOf: at, Ceiling: ceiling}
}

// Growth returns those mailboxes of now that were not there before, and those of before
// that are not there now, each in its own order.
func Growth(before, now []Mailbox) (joined, left []Mailbox) {
	return missing(now, before), missing(before, now)
}

func missing(from, others []Mailbox) []Mailbox {
	known := make(map[string]bool, len(others))
	for _, other := range others {
		known[strings.ToLower(other.GUID)] = true
	}
	var rest []Mailbox
	for _, mailbox := range from {
		if !known[strings.ToLower(mailbox.GUID)] {
			rest = append(rest, mailbox)
		}
	}
	return rest
}
