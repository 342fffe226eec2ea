package access_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// tenants draws small tenants with every kind of path, nesting and overlap. All of it
// is read; what a test wants unread it takes away.
func tenants() *rapid.Generator[access.Tenant] {
	return rapid.Custom(func(t *rapid.T) access.Tenant {
		tenant, _ := drawTenant(t)
		return tenant
	})
}

// drawTenant also returns what each management scope means, as a plain question about
// one mailbox.
func drawTenant(t *rapid.T) (access.Tenant, map[string]meaning) {
	tenant := small()
	tenant.Mailboxes.Value = nil
	for i := range rapid.IntRange(1, 70).Draw(t, "mailboxes") {
		tenant.Mailboxes.Value = append(tenant.Mailboxes.Value, access.Mailbox{GUID: numbered(1, i), Properties: map[string][]string{
			"alias": {fmt.Sprintf("m%d", i)}, "department": rapid.SampledFrom([][]string{nil, {"Sales"}, {"sales it"}, {"IT"}}).Draw(t, "department")}})
	}
	drawGroups(t, &tenant)
	meanings := drawScopes(t, &tenant)
	tenant.Workloads = nil
	for i := range rapid.IntRange(1, 4).Draw(t, "workloads") {
		tenant.Workloads = append(tenant.Workloads, drawWorkload(t, i))
	}
	drawPolicies(t, &tenant)
	for range rapid.IntRange(0, 6).Draw(t, "mailbox permissions") {
		tenant.MailboxPermissions.Value.Entries = append(tenant.MailboxPermissions.Value.Entries, access.MailboxPermission{
			Workload: numbered(4, rapid.IntRange(0, 3).Draw(t, "holder")), Mailbox: drawMailbox(t), Right: rapid.SampledFrom([]access.MailboxRight{access.FullAccess, access.SendAs}).Draw(t, "right")})
	}
	return tenant, meanings
}

// drawMailbox may draw one that the tenant does not have.
func drawMailbox(t *rapid.T) string { return numbered(1, rapid.IntRange(0, 70).Draw(t, "mailbox")) }

func drawMailboxes(t *rapid.T) []string {
	return rapid.SliceOfN(rapid.Custom(drawMailbox), 0, 30).Draw(t, "members")
}

func drawGroups(t *rapid.T, tenant *access.Tenant) {
	for i := range 4 {
		members := access.Membership{Mailboxes: drawMailboxes(t)}
		if rapid.IntRange(0, 2).Draw(t, "nesting") == 0 {
			members.Groups = []string{numbered(2, rapid.IntRange(0, 3).Draw(t, "nested"))}
		}
		tenant.Groups.Value = append(tenant.Groups.Value, access.Group{ID: numbered(2, i), DistinguishedName: dn(fmt.Sprint(i)), Members: access.Known(members)})
		tenant.Units.Value = append(tenant.Units.Value, access.Unit{ID: numbered(3, i), Members: access.Known(drawMailboxes(t))})
	}
}

func drawScopes(t *rapid.T, tenant *access.Tenant) map[string]meaning {
	meanings := map[string]meaning{}
	for i := range 4 {
		name := fmt.Sprintf("scope %d", i)
		filter := drawFilter(t, 3)
		tenant.Scopes.Value = append(tenant.Scopes.Value, access.Scope{Name: name, Filter: filter.text})
		meanings[name] = filter.means
	}
	return meanings
}

// meaning says whether a filter matches a mailbox, given the groups.
type meaning func(access.Mailbox, []access.Group) bool

type drawnFilter struct {
	text  string
	means meaning
}

func drawFilter(t *rapid.T, depth int) drawnFilter {
	if depth == 0 {
		return drawTerm(t)
	}
	switch rapid.IntRange(0, 4).Draw(t, "shape") {
	case 0:
		inner := drawFilter(t, depth-1)
		return drawnFilter{"-not (" + inner.text + ")", func(m access.Mailbox, g []access.Group) bool { return !inner.means(m, g) }}
	case 1:
		a, b := drawFilter(t, depth-1), drawFilter(t, depth-1)
		return drawnFilter{"(" + a.text + ") -and (" + b.text + ")", func(m access.Mailbox, g []access.Group) bool { return a.means(m, g) && b.means(m, g) }}
	case 2:
		a, b := drawFilter(t, depth-1), drawFilter(t, depth-1)
		return drawnFilter{"(" + a.text + ") -or (" + b.text + ")", func(m access.Mailbox, g []access.Group) bool { return a.means(m, g) || b.means(m, g) }}
	}
	return drawTerm(t)
}

func drawTerm(t *rapid.T) drawnFilter {
	number := rapid.IntRange(0, 70).Draw(t, "number")
	alias := func(m access.Mailbox) string { return m.Properties["alias"][0] }
	department := func(m access.Mailbox) string {
		return strings.ToLower(strings.Join(m.Properties["department"], ""))
	}
	plain := func(text string, means func(access.Mailbox) bool) drawnFilter {
		return drawnFilter{text, func(m access.Mailbox, _ []access.Group) bool { return means(m) }}
	}
	switch rapid.IntRange(0, 8).Draw(t, "term") {
	case 0:
		return plain("Guid -eq '"+numbered(1, number)+"'", func(m access.Mailbox) bool { return m.GUID == numbered(1, number) })
	case 1:
		return plain(fmt.Sprintf("Alias -ne 'M%d'", number), func(m access.Mailbox) bool { return alias(m) != fmt.Sprintf("m%d", number) })
	case 2:
		return plain(fmt.Sprintf("Alias -like 'm%d*'", number%10), func(m access.Mailbox) bool { return strings.HasPrefix(alias(m), fmt.Sprintf("m%d", number%10)) })
	case 3:
		return plain("Department -eq 'sales'", func(m access.Mailbox) bool { return department(m) == "sales" })
	case 4:
		return plain("Department -like 'SALES*'", func(m access.Mailbox) bool { return strings.HasPrefix(department(m), "sales") })
	case 5:
		return plain("Department -eq $null", func(m access.Mailbox) bool { return department(m) == "" })
	case 6:
		return plain("Department -ne $null", func(m access.Mailbox) bool { return department(m) != "" })
	case 7:
		return plain("Department -notlike 'i*'", func(m access.Mailbox) bool { return !strings.HasPrefix(department(m), "i") })
	}
	return drawnFilter{"MemberOfGroup -eq '" + dn(fmt.Sprint(number%4)) + "'", func(m access.Mailbox, groups []access.Group) bool {
		return slices.Contains(groups[number%4].Members.Value.Mailboxes, m.GUID)
	}}
}

func drawWorkload(t *rapid.T, number int) access.Subject {
	subject := access.Subject{Workload: grant.Workload{ObjectID: numbered(4, number), AppID: numbered(5, number)}, Facts: small().Workloads[0].Facts}
	subject.Facts.Pointer = access.Known(&access.Pointer{ObjectID: subject.Workload.ObjectID})
	if rapid.IntRange(0, 5).Draw(t, "pointer") == 0 {
		subject.Facts.Pointer.Value = nil
	}
	subject.Facts.Consents.Value = rapid.SliceOfN(rapid.Custom(drawConsent), 0, 3).Draw(t, "consents")
	for i := range rapid.IntRange(0, 4).Draw(t, "assignments") {
		subject.Facts.Assignments.Value = append(subject.Facts.Assignments.Value, drawAssignment(t, i))
	}
	return subject
}

func drawConsent(t *rapid.T) access.Consent {
	return rapid.SampledFrom([]access.Consent{
		{Resource: access.Graph, Value: "Mail.Read"}, {Resource: access.Graph, Value: "Mail.ReadWrite"}, {Resource: access.Graph, Value: "Mail.Send"},
		{Resource: access.Graph, Value: "MailboxItem.Read.All"}, {Resource: access.Graph, Value: "Calendars.Read"}, {Resource: access.Graph, Value: "User.Read.All"},
		{Resource: access.Exchange, Value: "full_access_as_app"}, {Resource: access.Exchange, Value: "Mail.Read"}, {Resource: access.Exchange, Value: "IMAP.AccessAsApp"},
		{Resource: access.Exchange, Value: "SMTP.SendAsApp"}, {Resource: access.Other, Value: "Mail.Send"},
	}).Draw(t, "consent")
}

func drawAssignment(t *rapid.T, number int) access.Assignment {
	made := access.Assignment{Name: fmt.Sprint(number), Enabled: true, Role: rapid.SampledFrom([]string{"Application Mail.Read", "Application Mail.Send", "Application Mail Full Access",
		"Application Calendars.Read", "Application EWS.AccessAsApp", "View-Only Recipients"}).Draw(t, "role")}
	which := rapid.IntRange(0, 3).Draw(t, "which")
	switch rapid.IntRange(0, 6).Draw(t, "scope") {
	case 0:
		made.Unscoped = true
	case 1:
		made.Group = numbered(2, which)
	case 2:
		made.Unit = numbered(3, which)
	case 3:
		made.Unscoped, made.Delegating = true, true
	default:
		made.Scope = fmt.Sprintf("SCOPE %d", which)
	}
	return made
}

func drawPolicies(t *rapid.T, tenant *access.Tenant) {
	for i := range rapid.IntRange(0, 5).Draw(t, "policies") {
		tenant.Policies.Value = append(tenant.Policies.Value, drawPolicy(t, i))
	}
}

func drawPolicy(t *rapid.T, number int) access.Policy {
	app := rapid.SampledFrom([]string{"*", numbered(5, 0), numbered(5, 1), numbered(5, 2)}).Draw(t, "application")
	right := rapid.SampledFrom([]access.PolicyRight{access.RestrictAccess, access.DenyAccess}).Draw(t, "right")
	return access.Policy{ID: fmt.Sprint(number), AppID: app, Right: right, Group: numbered(2, rapid.IntRange(0, 3).Draw(t, "group"))}
}
