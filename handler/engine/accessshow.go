package engine

import (
	"slices"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// AccessAnswer says whether a workload reaches a mailbox, by which paths, what is not
// known, and what the tenant's own tests say. Disagreements are findings: one of the two
// sides is wrong.
type AccessAnswer struct {
	Workload grant.Workload `json:"workload"`
	Mailbox  grant.Mailbox  `json:"mailbox"`
	// AsOf is when reading began.
	AsOf time.Time `json:"asOf"`
	// Verdict is allowed only when everything that was asked is allowed.
	Verdict        grant.Verdict  `json:"verdict"`
	CanGrantItself grant.Verdict  `json:"canGrantItself"`
	Disagreements  []string       `json:"disagreements"`
	Permissions    []ShownFinding `json:"permissions"`
	SelfGrants     []ShownPath    `json:"selfGrants"`
	Unknown        []string       `json:"unknown"`
	// Declared opens nothing now; the next consent to what the registration asks for would.
	Declared Declared    `json:"declared"`
	NotSeen  []string    `json:"notSeen"`
	Tests    TenantTests `json:"tenantTests"`
}

// ShownFinding is the answer for one permission; an empty Permission stands for any
// access at all. ByName is about an endpoint that asks for this very name.
type ShownFinding struct {
	Permission string        `json:"permission,omitempty"`
	Verdict    grant.Verdict `json:"verdict"`
	ByName     grant.Verdict `json:"byName"`
	Paths      []ShownPath   `json:"paths"`
	Unknown    []string      `json:"unknown"`
}

// ShownPath is one way by which a workload reaches mailboxes.
type ShownPath struct {
	Kind access.PathKind `json:"kind"`
	What string          `json:"what"`
	ID   string          `json:"id,omitempty"`
	// Organization: it reaches every mailbox. Confined: an application access policy
	// narrows it. SelfGrant: its holder can give itself access.
	Organization bool `json:"organization"`
	Confined     bool `json:"confined"`
	SelfGrant    bool `json:"selfGrant"`
	// Ours: a grant made it, and Grant says which where that is known.
	Ours         bool                `json:"ours"`
	Grant        string              `json:"grant,omitempty"`
	Scope        string              `json:"scope,omitempty"`
	Permissions  []string            `json:"permissions"`
	Capabilities []access.Capability `json:"capabilities"`
	Verdict      grant.Verdict       `json:"verdict,omitempty"`
	Unknown      []string            `json:"unknown"`
}

// TenantTests are what the tenant's own tests say of the same workload and mailbox:
// Test-ServicePrincipalAuthorization, which sees roles and no consents, and
// Test-ApplicationAccessPolicy, where a policy decides at all.
type TenantTests struct {
	Roles []ShownRole `json:"roles"`
	// RolesUnread says why there is no such answer; empty where there is one, and where
	// Exchange has no pointer to ask about.
	RolesUnread string           `json:"rolesUnread,omitempty"`
	RequestID   string           `json:"requestId,omitempty"`
	Policies    *ShownPolicyTest `json:"policies,omitempty"`
}

// ShownRole is one row of the tenant's test of roles.
type ShownRole struct {
	Role        string        `json:"role"`
	Permissions []string      `json:"permissions"`
	Scope       string        `json:"scope,omitempty"`
	Verdict     grant.Verdict `json:"verdict"`
}

// ShownPolicyTest is the tenant's test of its policies. Printed is its own word, which
// is localized.
type ShownPolicyTest struct {
	Verdict   grant.Verdict `json:"verdict"`
	Printed   string        `json:"printed,omitempty"`
	Unread    string        `json:"unread,omitempty"`
	RequestID string        `json:"requestId,omitempty"`
}

// answer judges what was read.
func (a *asking) answer() AccessAnswer {
	found := a.facts.assemble()
	reached := found.index.Reach(a.workload.ObjectID, a.question.Permissions, a.mailbox.GUID)
	made := AccessAnswer{Workload: a.workload, Mailbox: mailboxOf(a.mailbox), AsOf: a.facts.ReadAt, Verdict: reached.Verdict,
		CanGrantItself: reached.CanGrantItself, Permissions: []ShownFinding{}, SelfGrants: found.paths(reached.SelfGrants),
		Unknown: distinctFold(append(slices.Clone(reached.Unknown), found.unknown...)), Declared: a.declared, NotSeen: notSeen(), Tests: a.tests}
	for _, finding := range reached.Findings {
		made.Permissions = append(made.Permissions, ShownFinding{Permission: finding.Permission, Verdict: finding.Verdict, ByName: finding.ByName,
			Paths: found.paths(finding.Paths), Unknown: orNone(finding.Unknown)})
	}
	if a.known {
		made.Disagreements = found.index.Compare(a.workload.ObjectID, a.mailbox.GUID, a.rows)
	}
	made.Disagreements = append(orNone(made.Disagreements), a.policyDisagreements()...)
	return made
}

// policyDisagreements are the doubts that only the tenant's own test of its policies has
// brought: where it settles a doubt none is added. Asked about any access at all, so
// that another path does not hide them.
func (a *asking) policyDisagreements() []string {
	if len(a.facts.Tests) == 0 {
		return nil
	}
	with := a.doubts(a.facts)
	untested := a.facts
	untested.Tests = nil
	without := a.doubts(untested)
	return slices.DeleteFunc(with, func(doubt string) bool { return slices.Contains(without, doubt) })
}

func (a *asking) doubts(facts surveyed) []string {
	var doubts []string
	for _, finding := range facts.assemble().index.Reach(a.workload.ObjectID, nil, a.mailbox.GUID).Findings {
		for _, path := range finding.Paths {
			doubts = append(doubts, path.Unknown...)
		}
	}
	return distinctFold(doubts)
}

// paths shows paths, with the grant that each of ours belongs to.
func (a assembled) paths(paths []access.Path) []ShownPath {
	shown := make([]ShownPath, len(paths))
	for i, path := range paths {
		shown[i] = ShownPath{Kind: path.Kind, What: path.What, ID: path.ID, Organization: path.Organization, Confined: path.Confined,
			SelfGrant: path.SelfGrant, Ours: path.Ours, Scope: path.Scope, Permissions: orNone(path.Values), Capabilities: orNone(path.Overlap),
			Verdict: path.Verdict, Unknown: orNone(path.Unknown)}
		if path.Ours {
			shown[i].Grant = a.grants[strings.ToLower(path.ID)]
		}
	}
	return shown
}

// orNone is an empty list for nil, because callers are promised lists.
func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
