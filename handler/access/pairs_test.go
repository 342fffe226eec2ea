package access_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// pairs answers the same questions as the package, one pair of workload and mailbox
// after the other and in the slowest way: by the rule itself, without sets. It knows
// only tenants of which everything was read.
type pairs struct {
	tenant   access.Tenant
	meanings map[string]meaning
}

// carried are the permissions of the roles that drawAssignment draws.
func carried(role string) []string {
	switch role {
	case "Application Mail Full Access":
		return []string{"Mail.ReadWrite", "Mail.Send"}
	case "View-Only Recipients":
		return nil
	}
	return []string{strings.TrimPrefix(role, "Application ")}
}

func (p pairs) reaches(subject access.Subject, permission string, mailbox access.Mailbox) grant.Verdict {
	verdict := grant.Verdict(no)
	for _, consent := range subject.Facts.Consents.Value {
		onGraph := !strings.Contains(permission, "AsApp") && permission != "full_access_as_app"
		if consent.Value != permission || consent.Resource == access.Other || onGraph != (consent.Resource == access.Graph) {
			continue
		}
		verdict = max3(verdict, p.consented(subject, permission, mailbox))
	}
	for _, assignment := range subject.Facts.Assignments.Value {
		if subject.Facts.Pointer.Value != nil && !assignment.Delegating && slices.Contains(carried(assignment.Role), permission) && p.inScope(assignment, mailbox) {
			verdict = yes
		}
	}
	return verdict
}

func (p pairs) consented(subject access.Subject, permission string, mailbox access.Mailbox) grant.Verdict {
	switch permission {
	case "IMAP.AccessAsApp", "SMTP.SendAsApp":
		holds := slices.ContainsFunc(p.tenant.MailboxPermissions.Value.Entries, func(e access.MailboxPermission) bool {
			return e.Workload == subject.Workload.ObjectID && e.Mailbox == mailbox.GUID && (e.Right == access.FullAccess || permission == "SMTP.SendAsApp")
		})
		if subject.Facts.Pointer.Value != nil && holds {
			return yes
		}
		return no
	case "MailboxItem.Read.All":
		return yes
	}
	return p.policies(subject.Workload.AppID, mailbox)
}

// policies follows the documented order of rules, twice: with nested members and
// without. Where the two differ, the answer is for the tenant to give.
func (p pairs) policies(appID string, mailbox access.Mailbox) grant.Verdict {
	var answers []grant.Verdict
	for choice := range 1 << len(p.tenant.Policies.Value) {
		answers = append(answers, p.ruled(appID, mailbox, choice))
	}
	slices.Sort(answers)
	if answers[0] != answers[len(answers)-1] {
		return open
	}
	return answers[0]
}

// ruled decides with nested members counted for those policies whose bit is set.
func (p pairs) ruled(appID string, mailbox access.Mailbox, nested int) grant.Verdict {
	restricted, allowed := false, false
	for i, policy := range p.tenant.Policies.Value {
		if policy.AppID != appID && policy.AppID != "*" {
			continue
		}
		member := p.member(policy.Group, mailbox.GUID, nested&(1<<i) != 0, map[string]bool{})
		if policy.Right == access.DenyAccess && member {
			return no
		}
		if policy.Right == access.RestrictAccess {
			restricted, allowed = true, allowed || member
		}
	}
	if restricted && !allowed {
		return no
	}
	return yes
}

func (p pairs) member(id, mailbox string, nested bool, seen map[string]bool) bool {
	if seen[id] {
		return false
	}
	seen[id] = true
	for _, group := range p.tenant.Groups.Value {
		if group.ID != id {
			continue
		}
		deeper := func(inner string) bool { return p.member(inner, mailbox, true, seen) }
		return slices.Contains(group.Members.Value.Mailboxes, mailbox) || nested && slices.ContainsFunc(group.Members.Value.Groups, deeper)
	}
	return false
}

func (p pairs) inScope(assignment access.Assignment, mailbox access.Mailbox) bool {
	switch {
	case assignment.Unscoped:
		return true
	case assignment.Group != "":
		return p.member(assignment.Group, mailbox.GUID, false, map[string]bool{})
	case assignment.Unit != "":
		return slices.ContainsFunc(p.tenant.Units.Value, func(u access.Unit) bool {
			return u.ID == assignment.Unit && slices.Contains(u.Members.Value, mailbox.GUID)
		})
	}
	return p.meanings[strings.ToLower(assignment.Scope)](mailbox, p.tenant.Groups.Value)
}

func max3(a, b grant.Verdict) grant.Verdict {
	if rank(a) > rank(b) {
		return a
	}
	return b
}

// TestSetsAnswerAsPairsDo: for every workload, permission and mailbox, working over
// sets gives what the rule gives pair by pair.
func TestSetsAnswerAsPairsDo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tenant, meanings := drawTenant(t)
		slow, index := pairs{tenant, meanings}, access.NewIndex(tenant)
		permissions := []string{"Mail.Read", "Mail.ReadWrite", "Mail.Send", "Calendars.Read", "MailboxItem.Read.All", "IMAP.AccessAsApp", "SMTP.SendAsApp", "full_access_as_app", "EWS.AccessAsApp"}
		for _, subject := range tenant.Workloads {
			for _, mailbox := range tenant.Mailboxes.Value {
				answer := index.Reach(subject.Workload.ObjectID, permissions, mailbox.GUID)
				for i, permission := range permissions {
					want := slow.reaches(subject, permission, mailbox)
					if got := answer.Findings[i].ByName; got != want {
						t.Fatalf("%s with %s on %s: got %s, want %s; %+v", subject.Workload.ObjectID, permission, mailbox.GUID, got, want, answer.Findings[i])
					}
				}
			}
		}
	})
}
