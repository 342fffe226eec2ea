package access_test

import (
	"fmt"
	"slices"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// Of some things it is not documented what they open. Each such tenant stands for two
// that are beyond doubt: one that opens the least of what it may, and one that opens
// the most. What both open is allowed, what neither opens is denied, and nothing else
// may be unknown.

// world is the one that opens the most, or the least. With decided, the tenant's own
// test has said what its policies do, and they are left as they are.
func (d playedTenant) world(most, decided bool) playedTenant {
	made := d.copied()
	made.Assignments = nil
	for _, each := range d.Assignments {
		each, stands := d.clear(each, most)
		if stands {
			made.Assignments = append(made.Assignments, each)
		}
	}
	made.MailboxPermissions = d.clearRights(most)
	if decided {
		return made
	}
	for i, each := range d.Policies {
		upper := most == (each.Right == "RestrictAccess")
		scope := playedGroup{GUID: numbered(7, i), DisplayName: fmt.Sprintf("World %d", i), Kind: "MailEnabledSecurity",
			Primary: fmt.Sprintf("world%d@%s", i, playedDomain), Members: d.scopeMembers(each.Scope, upper)}
		made.Groups = append(made.Groups, scope)
		made.Policies[i].Scope = scope.GUID
	}
	return made
}

// clear settles one assignment; false when it is to count for nothing. Undocumented
// are a disabled one, a role for SMTP beside a consent to it, and a scope that is not
// understood, is exclusive, or is a unit that is gone.
func (d playedTenant) clear(of playedAssignment, most bool) (playedAssignment, bool) {
	scope := d.scope(of.Scope)
	gone := of.Unit != "" && !slices.ContainsFunc(d.Units, func(each playedUnit) bool { return each.ID == of.Unit })
	beside := of.Role == "Application SMTP.SendAsApp" && d.holds(of.Workload, "SMTP.SendAsApp")
	if !most {
		return of, !of.Disabled && !beside && !scope.undecided && !gone
	}
	of.Disabled = false
	if scope.undecided || scope.Exclusive || gone {
		of.Scope, of.Unit = "", ""
	}
	return of, true
}

// clearRights: mailboxes that were not crawled may give everybody anything, or nothing.
func (d playedTenant) clearRights(most bool) []playedRight {
	var rights []playedRight
	for _, each := range d.Mailboxes {
		for _, right := range d.MailboxPermissions {
			if right.Mailbox == each.GUID && !each.uncrawled {
				rights = append(rights, right)
			}
		}
		for _, holder := range d.Pointers {
			if most && each.uncrawled {
				rights = append(rights, playedRight{Mailbox: each.GUID, Trustee: holder.ObjectID, Right: "FullAccess"})
			}
		}
	}
	return rights
}

// listed: Exchange knows the group and lists its direct members.
func (g playedGroup) listed() bool {
	return g.Kind != "Dynamic" && g.Kind != "Security" && g.GUID != ""
}

func (d playedTenant) group(id string) playedGroup {
	at := slices.IndexFunc(d.Groups, func(each playedGroup) bool { return each.GUID == id })
	if at < 0 {
		return playedGroup{}
	}
	return d.Groups[at]
}

// scopeMembers are the mailboxes of a policy's scope: at the least the direct members,
// at the most all nested ones, and everybody where a list cannot be had.
func (d playedTenant) scopeMembers(id string, upper bool) []string {
	if slices.Contains(d.everybody(), id) {
		return []string{id}
	}
	if !upper {
		if top := d.group(id); top.listed() {
			return d.mailboxesAmong(top.Members)
		}
		return nil
	}
	var members []string
	waiting, seen := []string{id}, map[string]bool{}
	for len(waiting) > 0 {
		next := d.group(waiting[0])
		if !next.listed() {
			return d.everybody()
		}
		seen[next.GUID] = true
		waiting = waiting[1:]
		members = append(members, d.mailboxesAmong(next.Members)...)
		for _, each := range next.Members {
			if d.group(each).GUID != "" && !seen[each] {
				waiting = append(waiting, each)
			}
		}
	}
	return members
}

// policyTests are what the tenant's own test of its policies would answer for every
// application and mailbox: whether a consent that they confine, held by each and with
// nothing else in the tenant, reaches.
func (d playedTenant) policyTests() ([]access.PolicyTest, error) {
	bare := playedTenant{Tenant: d.Tenant, Service: d.Service, ServicePrincipals: d.ServicePrincipals, Mailboxes: d.Mailboxes, Groups: d.Groups, Policies: d.Policies}
	for _, each := range d.ServicePrincipals {
		bare.Consents = append(bare.Consents, playedConsent{Workload: each.ObjectID, Resource: "graph", Permission: "Mail.Send"})
	}
	reached, err := bare.reached()
	if err != nil {
		return nil, err
	}
	var tests []access.PolicyTest
	for _, each := range d.ServicePrincipals {
		for _, mailbox := range d.everybody() {
			verdict := grant.Refused
			if reached.Reaches(each.AppID, "Mail.Send", mailbox) {
				verdict = grant.Allowed
			}
			tests = append(tests, access.PolicyTest{AppID: each.AppID, Mailbox: mailbox, Verdict: verdict})
		}
	}
	return tests, nil
}
