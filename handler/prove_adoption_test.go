package main

import (
	"encoding/json"
	"maps"
	"strings"

	"mailgrant/handler/simulator/tenant"
)

// handedOver makes of a mechanism one of which everything was there before the grant: an
// administrator has done it, and it goes with the grant. The pointer is nobody's and stays.
func handedOver(m mechanism, named string, found ...tenant.Action) mechanism {
	asked := m.request
	m.sampled, m.writing, m.found = sampledTrials, true, found
	m.standing = []tenant.Action{{Do: "cmdlet", Cmdlet: "New-ServicePrincipal", Parameters: map[string]any{
		"AppId": tenant.SampleNewsletterAppID, "ObjectId": tenant.SampleNewsletterObjectID, "DisplayName": "Newsletter"}}}
	m.request = func(n int) string {
		if n > 0 {
			return asked(n)
		}
		return `{"adopt": true, "appId": "` + tenant.SampleNewsletterAppID + `", ` + named + `, "duration": "P2D", "requester": "alice@contoso.example"}`
	}
	return m
}

const (
	handScope  = "Newsletter mailbox"
	handFirst  = "Newsletter sends"
	handSecond = "Newsletter reads calendars"
	// handPolicy is the identity that the tenant gives a policy about Sales South.
	handPolicy = `10000000-0000-4000-8000-000000000001\\a0000000-0000-4000-8000-000000000002:S-1-5-21-131110254-266226759-122301388-666327;2331b900-ea46-41cd-bf39-6069bd75664a`
)

func adoptedAssignments() mechanism {
	m := rbac("adoption, role assignments", sampledTrials, `{"mailboxes": ["hr@contoso.example"]}`)
	m.removals = []string{"Remove-ManagementRoleAssignment", "Remove-ManagementScope"}
	m.crowd, m.objects = sampledCrowd, []string{handScope, handFirst, handSecond}
	m.wanders = adoptedAssignmentWanders
	assign := func(name, role string) tenant.Action {
		return ran(makeAssignment, map[string]any{"Name": name, "Role": role, "App": tenant.SampleNewsletterObjectID, "CustomResourceScope": handScope})
	}
	m.byHand = func(string) map[string][]tenant.Action {
		first, second := cmdlet("Remove-ManagementRoleAssignment", handFirst), cmdlet("Remove-ManagementRoleAssignment", handSecond)
		return map[string][]tenant.Action{
			"one role assignment":   {first},
			"scope and assignments": {first, second, cmdlet("Remove-ManagementScope", handScope)},
		}
	}
	return handedOver(m, `"assignments": ["`+handFirst+`", "`+handSecond+`"]`,
		ran("New-ManagementScope", map[string]any{"Name": handScope, "RecipientRestrictionFilter": "Guid -eq '" + tenant.SampleNewsGUID + "'"}),
		assign(handFirst, "Application Mail.Send"), assign(handSecond, "Application Calendars.Read"))
}

// adoptedAssignmentWanders: an adopted role assignment is known by its id alone, so that
// one made anew under its name is another's.
func adoptedAssignmentWanders() []wander {
	anew := map[string]string{"Provisioned AssignmentWidened": "Confined OtherPath", "Provisioned RoleChanged": "Provisioned AssignmentRemoved"}
	all := rbacWanders()
	for i, kind := range all {
		reported, changes := anew[kind.reported]
		if changes {
			all[i].reported = reported
		}
	}
	return all
}

func adoptedPolicies() mechanism {
	m := accessPolicy()
	m.name = "adoption, policies"
	m.removals = []string{"DELETE /v1.0/servicePrincipals/*", "Remove-ApplicationAccessPolicy"}
	m.askings, m.wanders = adoptedPolicyAskings, adoptedPolicyWanders
	byHand := m.byHand
	m.byHand = func(id string) map[string][]tenant.Action {
		all := maps.Clone(byHand(id))
		delete(all, "the member") // the group is not the grant's
		return all
	}
	consent := func(permission string) tenant.Action {
		return tenant.Action{Do: "addConsent", Workload: tenant.SampleNewsletterAppID, Resource: "graph", Permission: permission}
	}
	return handedOver(m, `"policies": ["`+handPolicy+`"]`, consent("Mail.Send"), consent("Calendars.Read"),
		tenant.Action{Do: "addAccessPolicy", AccessPolicy: map[string]any{"appId": tenant.SampleNewsletterAppID, "scope": tenant.SampleSalesSouthGUID, "accessRight": "RestrictAccess"}})
}

// adoptedPolicyAskings: the group is not the grant's. Its members are counted by a list of
// recipients, so that reading them as members decides nothing.
func adoptedPolicyAskings() []asking {
	return []asking{
		{match: "Test-ApplicationAccessPolicy", condition: "Verified", judges: true},
		{match: "Get-ApplicationAccessPolicy", condition: "Provisioned", nameless: true, mayBeEmpty: true},
		{match: listConsents, condition: "Provisioned"},
		{match: "Get-DistributionGroup", condition: "Confined"},
		{match: "Get-Recipient", condition: "MailboxesHeld", nameless: true},
	}
}

func adoptedPolicyWanders() []wander {
	return []wander{
		policyRemoved(func(member) string { return tenant.SampleSalesSouthGUID }),
		policyChanged(),
		consentRemoved("graph", "Mail.Send"),
		consentAdded("Confined ConfinedConsent", "graph", "Calendars.ReadWrite"),
	}
}

func adoptedMailboxPermissions() mechanism {
	m := mailboxPermission()
	m.name = "adoption, mailbox permissions"
	m.removals = []string{"Remove-MailboxPermission", "DELETE /v1.0/servicePrincipals/*"}
	var found []tenant.Action
	for _, one := range m.byHand("")["permission and consents"] {
		one.Do = strings.Replace(one.Do, "remove", "add", 1)
		found = append(found, one)
	}
	return handedOver(m, `"mailboxPermissions": [{"mailbox": "news@contoso.example", "right": "FullAccess"}], "permissions": ["IMAP.AccessAsApp", "POP.AccessAsApp"]`, found...)
}

// withoutPointers is a dump without the records that Exchange keeps of service principals.
func (l *life) withoutPointers(dump string) string {
	all := map[string]json.RawMessage{}
	err := json.Unmarshal([]byte(dump), &all)
	if err != nil {
		l.Fatalf("reading the dump: %v", err)
	}
	_, known := all["pointers"]
	if !known {
		l.Fatalf("the dump has no pointers: %s", dump)
	}
	delete(all, "pointers")
	text, err := json.Marshal(all)
	if err != nil {
		l.Fatalf("writing the dump: %v", err)
	}
	return string(text)
}
