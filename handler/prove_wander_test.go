package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/tenant"
)

// wander is one kind of drift: what somebody does, and by which name it has to be found.
type wander struct {
	// reported is the type and the reason of the finding.
	reported string
	// actions change the tenant; with shape it is made so from the beginning, where no
	// cmdlet can do it.
	actions func(one member) []tenant.Action
	shape   func(one *member)
	// marked: it is done to an object of ours, which bears the mark for ever.
	marked bool
	// protects: the operator's document comes to protect the mailbox.
	protects bool
}

func rbacWanders() []wander {
	return append(groupedWanders(), mailboxWanders(false)...)
}

// object is the name of the grant's object of that number.
func (one member) object(number int) string {
	if one.objects != nil {
		return one.objects[number]
	}
	return fmt.Sprintf("mg-%s-%s-%02d", stack.Installation, one.id, number)
}

func ran(name string, parameters map[string]any) tenant.Action {
	return tenant.Action{Do: "cmdlet", Cmdlet: name, Parameters: parameters}
}

const (
	removeAssignment = "Remove-ManagementRoleAssignment"
	makeAssignment   = "New-ManagementRoleAssignment"
	setAssignment    = "Set-ManagementRoleAssignment"
	roleOfFirst      = "Application Mail.Send"
)

// groupedWanders are those of a scope that names no mailbox itself.
func groupedWanders() []wander {
	return slices.Concat([]wander{pointerRemoved(), pointerReplaced()}, rbacObjectWanders(), rbacPathWanders())
}

func pointerRemoved() wander {
	return wander{reported: "Provisioned PointerRemoved", marked: true, actions: func(one member) []tenant.Action {
		return []tenant.Action{cmdlet("Remove-ServicePrincipal", one.workload)}
	}}
}

// pointerReplaced stands from the beginning: Exchange makes no pointer with a stranger's
// application id.
func pointerReplaced() wander {
	return wander{reported: "Provisioned PointerReplaced", marked: true, shape: func(one *member) {
		one.editObject = edited("pointers", castID("a", one.n), castID("a", one.n+500000))
	}}
}

// edited changes the objects of one list of the directory.
func edited(list, from, to string) func(list, object string) string {
	return func(of, object string) string {
		if of != list {
			return object
		}
		return strings.ReplaceAll(object, from, to)
	}
}

func rbacObjectWanders() []wander {
	return []wander{
		{reported: "Provisioned ScopeRemoved", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{cmdlet(removeAssignment, one.object(1)), cmdlet(removeAssignment, one.object(2)), cmdlet("Remove-ManagementScope", one.object(0))}
		}},
		{reported: "Provisioned FilterChanged", marked: true, actions: func(one member) []tenant.Action {
			filter := fmt.Sprintf("Guid -eq '%s' -or Guid -eq '%s'", one.mailbox, tenant.SampleHRGUID)
			return []tenant.Action{ran("Set-ManagementScope", map[string]any{"Identity": one.object(0), "RecipientRestrictionFilter": filter})}
		}},
		{reported: "Provisioned AssignmentRemoved", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{cmdlet(removeAssignment, one.object(1))}
		}},
		{reported: "Provisioned AssignmentWidened", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{cmdlet(removeAssignment, one.object(1)), ran(makeAssignment, map[string]any{"Name": one.object(1), "Role": roleOfFirst, "App": one.workload})}
		}},
		{reported: "Provisioned ScopeSwapped", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{ran(setAssignment, map[string]any{"Identity": one.object(1), "CustomResourceScope": tenant.SampleHelpdeskScope})}
		}},
		{reported: "Provisioned RoleChanged", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{cmdlet(removeAssignment, one.object(1)),
				ran(makeAssignment, map[string]any{"Name": one.object(1), "Role": "Application Mail.Read", "App": one.workload, "CustomResourceScope": one.object(0)})}
		}},
		{reported: "Provisioned AssignmentDisabled", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{ran(setAssignment, map[string]any{"Identity": one.object(1), "Enabled": false})}
		}},
	}
}

// foreign is a role assignment of somebody else's; without a scope it is over the whole
// organization.
func foreign(one member, role, scope string) []tenant.Action {
	parameters := map[string]any{"Name": fmt.Sprintf("Somebody else's %d", one.n), "Role": role, "App": one.workload}
	if scope != "" {
		parameters["CustomResourceScope"] = scope
	}
	return []tenant.Action{ran(makeAssignment, parameters)}
}

func rbacPathWanders() []wander {
	return []wander{
		consentAdded("Confined OtherPath", "graph", "Mail.Send"),
		{reported: "Confined OtherPath", actions: func(one member) []tenant.Action { return foreign(one, roleOfFirst, "") }},
		{reported: "Confined ForeignAssignment", actions: func(one member) []tenant.Action {
			return foreign(one, roleOfFirst, tenant.SampleHelpdeskScope)
		}},
	}
}

// mailboxWanders are about the mailboxes themselves. taking: what is ours goes with them.
func mailboxWanders(taking bool) []wander {
	return []wander{
		{reported: "MailboxesHeld MailboxGone", marked: taking, actions: func(one member) []tenant.Action {
			return []tenant.Action{{Do: "removeMailbox", Mailbox: map[string]any{"guid": one.mailbox}}}
		}},
		{reported: "MailboxesHeld MailboxMadeAnew", marked: taking, actions: func(one member) []tenant.Action {
			return []tenant.Action{{Do: "removeMailbox", Mailbox: map[string]any{"guid": one.mailbox}},
				{Do: "addMailbox", Mailbox: map[string]any{"guid": castID("d", one.n+500000), "displayName": "Made anew", "primary": one.address(), "type": "SharedMailbox"}}}
		}},
		{reported: "MailboxesHeld ProtectedMailbox", protects: true},
	}
}

func (one member) address() string { return fmt.Sprintf("news%05d@contoso.example", one.n) }

// policyWanders are those of a group, a policy that restricts to it, and consents.
func policyWanders() []wander {
	return slices.Concat(groupWanders(), []wander{
		policyRemoved(func(one member) string { return one.object(0) }),
		policyChanged(),
		{reported: "Provisioned PolicyAdded", marked: true, actions: func(one member) []tenant.Action {
			return []tenant.Action{{Do: "addAccessPolicy", AccessPolicy: map[string]any{"appId": one.application(), "scope": "sales-group@contoso.example", "accessRight": "RestrictAccess"}}}
		}},
		consentRemoved("graph", "Mail.Send"),
		consentAdded("Confined ConfinedConsent", "graph", "Calendars.ReadWrite"),
		consentAdded("Confined ConfinedConsent", "exchange", "full_access_as_app"),
		{reported: "Confined OtherPath", actions: func(one member) []tenant.Action {
			pointer := ran("New-ServicePrincipal", map[string]any{"AppId": one.application(), "ObjectId": one.workload, "DisplayName": one.name})
			return append([]tenant.Action{pointer}, foreign(one, roleOfFirst, "")...)
		}},
	}, mailboxWanders(true))
}

func policyRemoved(scope func(one member) string) wander {
	return wander{reported: "Provisioned PolicyRemoved", marked: true, actions: func(one member) []tenant.Action {
		return []tenant.Action{{Do: "removeAccessPolicy", AccessPolicy: map[string]any{"appId": one.application(), "scope": scope(one)}}}
	}}
}

// policyChanged stands from the beginning: a policy keeps its right for life.
func policyChanged() wander {
	return wander{reported: "Provisioned PolicyChanged", marked: true, shape: func(one *member) {
		one.editObject = edited("accessPolicies", "RestrictAccess", "DenyAccess")
	}}
}

func groupWanders() []wander {
	group := func(verb string, one member, parameters map[string]any) []tenant.Action {
		given := map[string]any{"Identity": one.object(0), "BypassSecurityGroupManagerCheck": true}
		maps.Copy(given, parameters)
		return []tenant.Action{ran(verb, given)}
	}
	return []wander{
		{reported: "Provisioned GroupRemoved", marked: true, actions: func(one member) []tenant.Action {
			return group("Remove-DistributionGroup", one, nil)
		}},
		{reported: "Provisioned GroupOpened", marked: true, actions: func(one member) []tenant.Action {
			return group("Set-DistributionGroup", one, map[string]any{"MemberJoinRestriction": "Open"})
		}},
		{reported: "Provisioned GroupShown", marked: true, actions: func(one member) []tenant.Action {
			return group("Set-DistributionGroup", one, map[string]any{"HiddenFromAddressListsEnabled": false})
		}},
		{reported: "Provisioned MemberAdded", marked: true, actions: func(one member) []tenant.Action {
			return group("Add-DistributionGroupMember", one, map[string]any{"Member": tenant.SampleHRGUID})
		}},
		{reported: "Provisioned MemberRemoved", marked: true, actions: func(one member) []tenant.Action {
			return group("Remove-DistributionGroupMember", one, map[string]any{"Member": one.mailbox})
		}},
	}
}

func (one member) application() string { return castID("a", one.n) }

func consentRemoved(resource, permission string) wander {
	return wander{reported: "Provisioned ConsentRemoved", marked: true, actions: func(one member) []tenant.Action {
		return []tenant.Action{{Do: "removeConsent", Workload: one.workload, Resource: resource, Permission: permission}}
	}}
}

func consentAdded(reported, resource, permission string) wander {
	return wander{reported: reported, actions: func(one member) []tenant.Action {
		return []tenant.Action{{Do: "addConsent", Workload: one.workload, Resource: resource, Permission: permission}}
	}}
}

// permissionWanders are those of a pointer, a mailbox permission and consents. A right that
// is denied as well is left to the tests of the plan: the simulated tenant denies none.
func permissionWanders() []wander {
	permission := func(do, mailbox string, one member) []tenant.Action {
		return []tenant.Action{{Do: do, MailboxPermission: map[string]any{"mailbox": mailbox, "trustee": one.workload, "right": "FullAccess"}}}
	}
	return slices.Concat([]wander{
		pointerRemoved(),
		pointerReplaced(),
		{reported: "Provisioned MailboxPermissionRemoved", marked: true, actions: func(one member) []tenant.Action {
			return permission("removeMailboxPermission", one.mailbox, one)
		}},
		consentRemoved("exchange", "IMAP.AccessAsApp"),
		consentAdded("Confined ForeignMailboxPermission", "exchange", "SMTP.SendAsApp"),
		consentAdded("Confined OtherPath", "exchange", "full_access_as_app"),
		{reported: "Confined OtherPath", actions: func(one member) []tenant.Action { return foreign(one, "Application Mail.Read", "") }},
		{reported: "Confined ForeignMailboxPermission", actions: func(one member) []tenant.Action {
			return permission("addMailboxPermission", tenant.SampleHRGUID, one)
		}},
	}, mailboxWanders(true))
}
