package access

import (
	"fmt"
	"strings"

	"mailgrant/handler/grant"
)

// policyIndex holds the application access policies by application.
type policyIndex struct {
	index *Index
	byApp map[string][]policySpan
	tests map[string][]PolicyTest
	gap   string
}

// policySpan is one policy and the mailboxes of its scope.
type policySpan struct {
	policy Policy
	scopeSpan
}

// everyApp is how a policy names all applications.
const everyApp = "*"

func newPolicyIndex(x *Index, tenant Tenant) *policyIndex {
	p := &policyIndex{index: x, byApp: map[string][]policySpan{}, tests: map[string][]PolicyTest{}}
	if !tenant.Policies.Read {
		p.gap = "application access policies: " + tenant.Policies.Why
	}
	for _, policy := range tenant.Policies.Value {
		app := strings.ToLower(policy.AppID)
		p.byApp[app] = append(p.byApp[app], policySpan{policy, x.policyScope(policy)})
	}
	for _, test := range tenant.PolicyTests {
		app := strings.ToLower(test.AppID)
		p.tests[app] = append(p.tests[app], test)
	}
	return p
}

// policyScope is whom a policy is about. A scope group that is gone leaves everything
// possible, because what Exchange makes of it is not documented.
func (x *Index) policyScope(policy Policy) scopeSpan {
	if policy.Mailbox != "" {
		return scopeSpan{span: x.mailboxes.of([]string{policy.Mailbox})}
	}
	group, why := x.groupOf(policy.Group)
	switch {
	case why != "":
		return scopeSpan{x.mailboxes.anybody(), []string{fmt.Sprintf("application access policy %s: %s", policy.ID, why)}}
	case group.group.Gone:
		return scopeSpan{x.mailboxes.anybody(), []string{fmt.Sprintf("application access policy %s: its scope group is gone", policy.ID)}}
	}
	return scopeSpan{group.effective, group.nested}
}

// filtered is what policies leave of an organization-wide consent.
type filtered struct {
	span
	unknown []string
	// restricted: at least one policy allows its group only; denied: one takes mailboxes
	// away.
	restricted, denied bool
	// opened: one that allows was made by no grant.
	opened   bool
	policies []string
}

// leave works out what the policies of an application leave of a consent that they
// confine: what a Deny policy matches is refused; otherwise what any Restrict policy
// matches is allowed; otherwise everything is refused if there is a Restrict policy at
// all, and allowed if there is none (PowerShell reference, New-ApplicationAccessPolicy).
func (p *policyIndex) leave(appID string) filtered {
	all := p.index.mailboxes
	if p.gap != "" {
		return filtered{span: all.anybody(), unknown: []string{p.gap}}
	}
	policies := append(append([]policySpan(nil), p.byApp[strings.ToLower(appID)]...), p.byApp[everyApp]...)
	if len(policies) == 0 {
		return filtered{span: all.everybody()}
	}
	left := p.combine(policies)
	p.settle(&left, appID)
	return left
}

// combine unites what Restrict policies allow and takes away what Deny policies match.
// A right that is not known may be either.
func (p *policyIndex) combine(policies []policySpan) filtered {
	all := p.index.mailboxes
	left := filtered{}
	allow, deny := all.nobody(), all.nobody()
	for _, each := range policies {
		left.policies = append(left.policies, each.policy.ID)
		left.unknown = append(left.unknown, each.unknown...)
		switch each.policy.Right {
		case RestrictAccess:
			left.restricted = true
			left.opened = left.opened || !each.policy.Ours
			allow = allow.or(each.span)
		case DenyAccess:
			left.denied = true
			deny = deny.or(each.span)
		default:
			left.unknown = append(left.unknown, fmt.Sprintf("application access policy %s: the right %q is not known", each.policy.ID, each.policy.Right))
			deny = deny.or(all.anybody())
			allow = allow.or(all.anybody())
		}
	}
	if !left.restricted {
		allow = all.everybody()
	}
	left.span = allow.and(deny.not(all.all))
	return left
}

// settle takes the tenant's own answer where nested membership leaves ours open. Where
// ours is firm and the tenant's is the opposite, one of the two is wrong, and the
// answer becomes unknown.
func (p *policyIndex) settle(left *filtered, appID string) {
	tests := p.tests[strings.ToLower(appID)]
	if len(tests) == 0 {
		return
	}
	left.span = span{left.sure.clone(), left.possible.clone()}
	for _, test := range tests {
		place := p.index.mailboxes.place(test.Mailbox)
		if place < 0 || test.Verdict != grant.Allowed && test.Verdict != grant.Refused {
			continue
		}
		ours := left.at(place)
		switch {
		case ours == grant.Unsure && test.Verdict == grant.Allowed:
			left.sure.add(place)
		case ours == grant.Unsure:
			left.possible.drop(place)
		case ours != test.Verdict:
			left.sure.drop(place)
			left.possible.add(place)
			left.unknown = append(left.unknown, fmt.Sprintf("mailbox %s: the tenant's own test of its policies says %s, and the policies that were read say %s", test.Mailbox, test.Verdict, ours))
		}
	}
}

// at is the verdict of a span on one place.
func (s span) at(place int) grant.Verdict {
	switch {
	case s.sure.has(place):
		return grant.Allowed
	case s.possible.has(place):
		return grant.Unsure
	}
	return grant.Refused
}
