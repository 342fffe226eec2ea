package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/tenant"
)

// mechanism is one way by which a tenant expresses a grant. What is registered in
// mechanisms joins every row that lives grants, without further code there.
type mechanism struct {
	name string
	// workload is the application that gets the access: its app id.
	workload string
	// request is the body of the n-th request, counted from 0: another mailbox each
	// time, as far as there are any.
	request func(n int) string
	// removals are the cmdlets by which a grant is taken back, in their order.
	removals []string
	// byHand is what an administrator can take away of a grant, by what it is called.
	byHand func(id string) map[string][]tenant.Action
	// permissions are those that its plays grant; playPermissions where there are none here.
	permissions []string
	// includes is the cmdlet by which a mailbox comes to be granted.
	includes string
	// objects are the names that an administrator has given, of the scope and the role assignments;
	// nil where the service names them.
	objects []string
	// askings are the calls of a verification of its grants.
	askings func() []asking
	// wanders are the kinds of drift from its grants; nil where it has no crowds.
	wanders func() []wander
	// sampled is how many trials of a row the full form draws, because most of what they
	// try is the same as for another mechanism; 0 tries all.
	sampled int
	// crowd is how many grants a crowd of a sampled mechanism has at most, in the full form
	// alone: what a crowd is copied from takes as long to live as a test may. 0 has none.
	crowd int
	// document is the operator's document of its lives; that of any group where it is empty.
	document string
	// ends is how long after the end of a grant the last removal is tried, in a tenant that
	// does what it is asked; 0 is at once.
	ends time.Duration
	// keptForRestoring: a part of the grant stays while its workload lies in the deleted items.
	keptForRestoring bool
	// leavesDead: a mailbox keeps an entry of a trustee that was removed. It names nobody any
	// more and opens nothing, and nothing that is left tells whose it was.
	leavesDead bool
	// listed: what else gives access is known only once the daily comparison with the tenant
	// has gone through all mailboxes.
	listed bool
	// writing gives the service the rights that only the older mechanisms need.
	writing bool
	// found is what an administrator has done before the request; the life is to leave the
	// tenant as if it had not been.
	found []tenant.Action
	// standing is what he has done before that and is nobody's to remove: the pointer.
	standing []tenant.Action
}

// documented is the operator's document of a life.
func (m mechanism) documented() string {
	if m.document == "" {
		return anyGroup
	}
	return m.document
}

// granted are the permissions that its plays draw from.
func (m mechanism) granted() []string {
	if m.permissions == nil {
		return playPermissions
	}
	return m.permissions
}

// directory is the directory of a life, as JSON.
func (m mechanism) directory() string {
	if !m.writing {
		return tenant.SampleDirectory()
	}
	return tenant.SampleWritingDirectory()
}

const (
	// sampledTrials is so many that every phase of a life is met.
	sampledTrials = 8
	// sampledCrowd is more than a cap lets through and more than the slots of the ceiling.
	sampledCrowd = 30
)

// crowds reports whether crowds of the mechanism are tried. How rbac expresses a scope is
// nothing that a crowd is about.
func (m mechanism) crowds(full bool) bool { return m.sampled == 0 || full && m.crowd > 0 }

// grants is how many grants a crowd has that is to have so many.
func (m mechanism) grants(size int) int {
	if m.sampled == 0 {
		return size
	}
	return min(size, m.crowd)
}

func mechanisms() []mechanism {
	return []mechanism{
		rbac("rbac", 0, `{"mailboxes": ["news@contoso.example"]}`, `{"mailboxes": ["hr@contoso.example"]}`),
		rbac("rbac, group", sampledTrials, `{"group": "sales-group@contoso.example"}`, `{"group": "team@contoso.example"}`),
		rbac("rbac, administrative unit", sampledTrials, `{"administrativeUnit": "Paris"}`, `{"mailboxes": ["hr@contoso.example"]}`),
		rbac("rbac, filter", sampledTrials, `{"filter": "CustomAttribute1 -eq 'apac'"}`, `{"filter": "CustomAttribute1 -eq 'emea'"}`),
		accessPolicy(),
		mailboxPermission(),
		migration(),
		migrationOfPolicies(),
		adoptedAssignments(),
		adoptedPolicies(),
		adoptedMailboxPermissions(),
	}
}

// byPolicies is an operator's document that allows policies and lets the service consent.
const byPolicies = anyGroup + "mechanisms: [rbac, accessPolicy]\nconsentBy: service\n"

func accessPolicy() mechanism {
	return mechanism{
		name: "accessPolicy", workload: tenant.SampleNewsletterAppID, sampled: sampledTrials, crowd: sampledCrowd, document: byPolicies, writing: true,
		request: func(n int) string {
			mailbox := []string{"news@contoso.example", "hr@contoso.example"}[n%2]
			return `{"workload": {"appId": "` + tenant.SampleNewsletterAppID + `"}, "mechanism": "accessPolicy", "permissions": ["Mail.Send", "Calendars.Read"],
 "scope": {"mailboxes": ["` + mailbox + `"]}, "duration": "P2D", "requester": "alice@contoso.example"}`
		},
		removals: []string{"Remove-DistributionGroupMember", "DELETE /v1.0/servicePrincipals/*", "Remove-ApplicationAccessPolicy", "Remove-DistributionGroup"},
		byHand:   policyByHand,
		askings:  policyAskings,
		includes: "Add-DistributionGroupMember",
		wanders:  policyWanders,
		ends:     2*time.Hour + time.Minute,

		keptForRestoring: true,
	}
}

func policyByHand(id string) map[string][]tenant.Action {
	consent := func(permission string) tenant.Action {
		return tenant.Action{Do: "removeConsent", Workload: tenant.SampleNewsletterAppID, Resource: "graph", Permission: permission}
	}
	group := fmt.Sprintf("mg-%s-%s-00", stack.Installation, id)
	member := tenant.Action{Do: "cmdlet", Cmdlet: "Remove-DistributionGroupMember",
		Parameters: map[string]any{"Identity": group, "Member": "news@contoso.example", "BypassSecurityGroupManagerCheck": true}}
	return map[string][]tenant.Action{
		"one consent":  {consent("Mail.Send")},
		"the consents": {consent("Mail.Send"), consent("Calendars.Read")},
		"the member":   {member},
	}
}

// byPermissions is an operator's document that allows mailbox permissions and lets the
// service consent.
const byPermissions = anyGroup + "mechanisms: [rbac, mailboxPermission]\nconsentBy: service\n"

func mailboxPermission() mechanism {
	return mechanism{
		name: "mailboxPermission", workload: tenant.SampleNewsletterAppID, sampled: sampledTrials, crowd: sampledCrowd, document: byPermissions, writing: true,
		request: func(n int) string {
			mailbox := []string{"news@contoso.example", "hr@contoso.example"}[n%2]
			return `{"workload": {"appId": "` + tenant.SampleNewsletterAppID + `"}, "mechanism": "mailboxPermission", "permissions": ["IMAP.AccessAsApp", "POP.AccessAsApp"],
 "scope": {"mailboxes": ["` + mailbox + `"]}, "duration": "P2D", "requester": "alice@contoso.example"}`
		},
		removals: []string{"Remove-MailboxPermission", "DELETE /v1.0/servicePrincipals/*", "Remove-ServicePrincipal"},
		byHand:   permissionByHand,
		askings:  permissionAskings,
		includes: "Add-MailboxPermission",
		wanders:  permissionWanders,

		permissions: []string{"IMAP.AccessAsApp", "POP.AccessAsApp"},

		keptForRestoring: true, leavesDead: true, listed: true,
	}
}

func permissionByHand(string) map[string][]tenant.Action {
	consent := func(permission string) tenant.Action {
		return tenant.Action{Do: "removeConsent", Workload: tenant.SampleNewsletterAppID, Resource: "exchange", Permission: permission}
	}
	permission := tenant.Action{Do: "removeMailboxPermission", MailboxPermission: map[string]any{
		"mailbox": "news@contoso.example", "trustee": tenant.SampleNewsletterAppID, "right": "FullAccess"}}
	consents := []tenant.Action{consent("IMAP.AccessAsApp"), consent("POP.AccessAsApp")}
	pointer := cmdlet("Remove-ServicePrincipal", tenant.SampleNewsletterObjectID)
	return map[string][]tenant.Action{
		"one consent":             consents[:1],
		"the consents":            consents,
		"the permission":          {permission},
		"the pointer":             {pointer},
		"permission and consents": append(slices.Clone(consents), permission),
		"everything":              append(slices.Clone(consents), permission, pointer),
	}
}

// migration replaces a consent that was there by a grant. What it leaves is the tenant
// without that consent.
func migration() mechanism {
	m := rbac("migration", sampledTrials, `{"mailboxes": ["news@contoso.example"]}`, `{"mailboxes": ["hr@contoso.example"]}`)
	m.document, m.writing, m.crowd, m.askings = byPolicies, true, sampledCrowd, migrationAskings
	m.found = []tenant.Action{{Do: "addConsent", Workload: tenant.SampleNewsletterAppID, Resource: "graph", Permission: "Mail.Send"}}
	asked := m.request
	m.request = func(n int) string {
		if n > 0 {
			return asked(n)
		}
		return strings.Replace(asked(n), "{", `{"migrate": true, `, 1)
	}
	return m
}

// migrationOfPolicies replaces consents that an application access policy confines, and the
// policy with them; its group, which was there, becomes the scope and stays.
func migrationOfPolicies() mechanism {
	m := migration()
	m.name, m.wanders = "migration, policies", groupedWanders
	consent := tenant.Action{Do: "addConsent", Workload: tenant.SampleNewsletterAppID, Resource: "graph", Permission: "Calendars.Read"}
	policy := tenant.Action{Do: "addAccessPolicy", AccessPolicy: map[string]any{"appId": tenant.SampleNewsletterAppID, "scope": tenant.SampleSalesSouthGUID, "accessRight": "RestrictAccess"}}
	m.found = append(m.found, consent, policy)
	asked := m.request
	m.request = func(n int) string {
		if n > 0 {
			return asked(n)
		}
		return `{"migrate": true, "appId": "` + tenant.SampleNewsletterAppID + `", "duration": "P2D", "requester": "alice@contoso.example"}`
	}
	return m
}

func rbac(name string, sampled int, scopes ...string) mechanism {
	removals := []string{"Remove-ManagementRoleAssignment", "Remove-ManagementScope", "Remove-ServicePrincipal"}
	byHand := rbacByHand
	if strings.Contains(scopes[0], "administrativeUnit") {
		// The unit limits the assignments itself: there is no scope of ours.
		removals, byHand = []string{removals[0], removals[2]}, unitByHand
	}
	return mechanism{
		name:     name,
		workload: tenant.SampleNewsletterAppID,
		request: func(n int) string {
			return `{"workload": {"appId": "` + tenant.SampleNewsletterAppID + `"}, "permissions": ["Mail.Send", "Calendars.Read"],
 "scope": ` + scopes[n%len(scopes)] + `, "duration": "P2D", "requester": "alice@contoso.example"}`
		},
		removals: removals,
		byHand:   byHand,
		askings:  rbacAskings,
		includes: "New-ManagementScope",
		wanders:  rbacWanders,
		sampled:  sampled,
	}
}

// anyGroup is the operator's document under which the groups of the sample directory may
// be a scope.
const anyGroup = stack.Document + "groups: any\n"

func unitByHand(id string) map[string][]tenant.Action {
	all := rbacByHand(id)
	delete(all, "scope and assignments")
	all["everything"] = all["pointer"]
	return all
}

func rbacByHand(id string) map[string][]tenant.Action {
	name := func(number int) string { return fmt.Sprintf("mg-%s-%s-%02d", stack.Installation, id, number) }
	first := cmdlet("Remove-ManagementRoleAssignment", name(1))
	second := cmdlet("Remove-ManagementRoleAssignment", name(2))
	scope := cmdlet("Remove-ManagementScope", name(0))
	// Exchange takes the role assignments of a service principal along with its pointer.
	pointer := cmdlet("Remove-ServicePrincipal", tenant.SampleNewsletterObjectID)
	return map[string][]tenant.Action{
		"one role assignment":   {first},
		"all role assignments":  {first, second},
		"scope and assignments": {first, second, scope},
		"pointer":               {pointer},
		"everything":            {pointer, scope},
	}
}

func cmdlet(name, identity string) tenant.Action {
	return tenant.Action{Do: "cmdlet", Cmdlet: name, Parameters: map[string]any{"Identity": identity}}
}

// withoutDead is a dump without the mailbox permissions of trustees that are gone.
func (l *life) withoutDead(dump string) string {
	all := map[string]json.RawMessage{}
	var held []struct{ Mailbox, Trustee, Right string }
	err := json.Unmarshal([]byte(dump), &all)
	if err == nil {
		err = json.Unmarshal(all["mailboxPermissions"], &held)
	}
	if err != nil {
		l.Fatalf("reading the dump: %v", err)
	}
	var alive []string
	for _, one := range held {
		// Who is in the tenant has an object of this id besides the entry.
		if strings.Contains(dump, `"guid": "`+one.Trustee+`"`) {
			alive = append(alive, fmt.Sprint(one))
		}
	}
	all["mailboxPermissions"], err = json.Marshal(alive)
	if err != nil {
		l.Fatalf("writing the dump: %v", err)
	}
	text, err := json.Marshal(all)
	if err != nil {
		l.Fatalf("writing the dump: %v", err)
	}
	return string(text)
}
