package access_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// asked are the permissions that the properties ask about, besides any at all.
func asked() []string {
	return []string{"Mail.Read", "Mail.ReadWrite", "Mail.Send", "Calendars.Read", "MailboxItem.Read.All", "IMAP.AccessAsApp", "full_access_as_app"}
}

// judgements are the verdicts on every workload, permission and mailbox.
func judgements(tenant access.Tenant) map[string]grant.Verdict {
	index := access.NewIndex(tenant)
	all := map[string]grant.Verdict{}
	for _, workload := range index.Workloads() {
		for i := range 71 {
			answer := index.Reach(workload.ObjectID, asked(), numbered(1, i))
			for _, finding := range answer.Findings {
				all[fmt.Sprintf("%s %q %d", workload.ObjectID, finding.Permission, i)] = finding.Verdict
			}
			all[fmt.Sprintf("%s anything %d", workload.ObjectID, i)] = index.Reach(workload.ObjectID, nil, numbered(1, i)).Verdict
		}
	}
	return all
}

// rank orders verdicts by how much they admit.
func rank(verdict grant.Verdict) int {
	return slices.Index([]grant.Verdict{grant.Refused, grant.Unsure, grant.Allowed}, verdict)
}

func compareRanks(t *rapid.T, before, after access.Tenant, wrong func(before, after int) bool, what string) {
	first, second := judgements(before), judgements(after)
	for key, verdict := range first {
		if wrong(rank(verdict), rank(second[key])) {
			t.Fatalf("%s: %s was %s and is %s", what, key, verdict, second[key])
		}
	}
}

func TestOneMoreConsentNeverShrinksReach(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before, consent := tenants().Draw(t, "tenant"), drawConsent(t)
		after := before
		after.Workloads = slices.Clone(before.Workloads)
		consents := &after.Workloads[0].Facts.Consents
		consents.Value = append(slices.Clone(consents.Value), consent)
		compareRanks(t, before, after, func(b, a int) bool { return a < b }, consent.Value)
	})
}

func TestOneMoreAssignmentNeverShrinksReach(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before, assignment := tenants().Draw(t, "tenant"), drawAssignment(t, 99)
		after := before
		after.Workloads = slices.Clone(before.Workloads)
		assignments := &after.Workloads[0].Facts.Assignments
		assignments.Value = append(slices.Clone(assignments.Value), assignment)
		compareRanks(t, before, after, func(b, a int) bool { return a < b }, assignment.Role)
	})
}

// TestWhoMadeItChangesNoVerdict: what grants have given opens what the same things of
// strangers open.
func TestWhoMadeItChangesNoVerdict(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := tenants().Draw(t, "tenant")
		after := before
		after.Workloads = slices.Clone(before.Workloads)
		for i := range after.Workloads {
			consents := &after.Workloads[i].Facts.Consents
			consents.Value = slices.Clone(consents.Value)
			for j := range consents.Value {
				consents.Value[j].Ours = rapid.Bool().Draw(t, "our consent")
			}
		}
		after.Policies.Value = slices.Clone(before.Policies.Value)
		for i := range after.Policies.Value {
			after.Policies.Value[i].Ours = rapid.Bool().Draw(t, "our policy")
		}
		rights := &after.MailboxPermissions.Value
		rights.Entries = slices.Clone(rights.Entries)
		for i := range rights.Entries {
			rights.Entries[i].Ours = rapid.Bool().Draw(t, "our right")
		}
		compareRanks(t, before, after, func(b, a int) bool { return a != b }, "marked")
	})
}

func TestOneMoreDenialNeverWidensReach(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before, policy := tenants().Draw(t, "tenant"), drawPolicy(t, 99)
		policy.Right = access.DenyAccess
		after := before
		after.Policies.Value = append(slices.Clone(before.Policies.Value), policy)
		compareRanks(t, before, after, func(b, a int) bool { return a > b }, "denied")
	})
}

// TestNotReadingAFactOnlyEverOpensAVerdict: without a part, a verdict is as before or
// unknown, and never the opposite; nor does a gap close what was open.
func TestNotReadingAFactOnlyEverOpensAVerdict(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := tenants().Draw(t, "tenant")
		after := before
		after.Workloads = slices.Clone(before.Workloads)
		part := drawGap(t, &after)
		compareRanks(t, before, after, func(b, a int) bool { return a != b && a != 1 }, part)
	})
}

func drawGap(t *rapid.T, tenant *access.Tenant) string {
	facts := &tenant.Workloads[0].Facts
	gaps := []struct {
		part string
		lose func()
	}{
		{"consents", func() { facts.Consents = access.NotRead[[]access.Consent]("lost") }},
		{"assignments", func() { facts.Assignments = access.NotRead[[]access.Assignment]("lost") }},
		{"pointer", func() { facts.Pointer = access.NotRead[*access.Pointer]("lost") }},
		{"roles", func() { facts.Roles = access.NotRead[[]access.AdministratorRole]("lost") }},
		{"mailboxes", func() { tenant.Mailboxes = access.NotRead[[]access.Mailbox]("lost") }},
		{"scopes", func() { tenant.Scopes = access.NotRead[[]access.Scope]("lost") }},
		{"one scope", func() { tenant.Scopes.Value = tenant.Scopes.Value[1:] }},
		{"groups", func() { tenant.Groups = access.NotRead[[]access.Group]("lost") }},
		{"one group", func() { tenant.Groups.Value = tenant.Groups.Value[1:] }},
		{"members", func() {
			tenant.Groups.Value = slices.Clone(tenant.Groups.Value)
			tenant.Groups.Value[0].Members = access.NotRead[access.Membership]("lost")
		}},
		{"units", func() { tenant.Units = access.NotRead[[]access.Unit]("lost") }},
		{"policies", func() { tenant.Policies = access.NotRead[[]access.Policy]("lost") }},
		{"mailbox permissions", func() { tenant.MailboxPermissions = access.NotRead[access.MailboxPermissions]("lost") }},
		{"half the crawl", func() {
			found := &tenant.MailboxPermissions.Value
			found.Complete, found.Entries = false, nil
		}},
		{"a property", func() {
			tenant.Mailboxes.Value = slices.Clone(tenant.Mailboxes.Value)
			one := &tenant.Mailboxes.Value[0]
			one.Properties = map[string][]string{"alias": one.Properties["alias"]}
		}},
	}
	gap := gaps[rapid.IntRange(0, len(gaps)-1).Draw(t, "gap")]
	gap.lose()
	return gap.part
}

// TestTheViewsAgree: what is counted, what is listed by mailbox and what is answered
// one by one are the same facts.
func TestTheViewsAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tenant := tenants().Draw(t, "tenant")
		index := access.NewIndex(tenant)
		listed := map[string][]access.Reacher{}
		for _, mailbox := range tenant.Mailboxes.Value {
			listed[mailbox.GUID], _ = index.Reaching(mailbox.GUID)
		}
		for _, workload := range index.Workloads() {
			exposed, _ := index.Exposed(workload.ObjectID)
			count := map[grant.Verdict]int{}
			for mailbox, reachers := range listed {
				verdict := index.Reach(workload.ObjectID, nil, mailbox).Verdict
				at := slices.IndexFunc(reachers, func(r access.Reacher) bool { return r.Workload.ObjectID == workload.ObjectID })
				if (at >= 0) != (verdict != grant.Refused) || at >= 0 && reachers[at].Verdict != verdict {
					t.Fatalf("%s on %s: answered %s, listed %+v", workload.ObjectID, mailbox, verdict, reachers)
				}
				count[verdict]++
			}
			if exposed.Reached != count[grant.Allowed] || exposed.Possible != count[grant.Unsure] {
				t.Fatalf("%s: counted %d and %d, answered %v", workload.ObjectID, exposed.Reached, exposed.Possible, count)
			}
		}
	})
}
