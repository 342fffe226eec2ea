package main

import (
	"fmt"

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
}

func mechanisms() []mechanism {
	return []mechanism{rbac()}
}

func rbac() mechanism {
	return mechanism{
		name:     "rbac",
		workload: tenant.SampleNewsletterAppID,
		request: func(n int) string {
			mailbox := []string{"news@contoso.example", "hr@contoso.example", "room-paris@contoso.example"}[n%3]
			return `{"workload": {"appId": "` + tenant.SampleNewsletterAppID + `"}, "permissions": ["Mail.Send", "Calendars.Read"],
 "scope": {"mailboxes": ["` + mailbox + `"]}, "duration": "P2D", "requester": "alice@contoso.example"}`
		},
		removals: []string{"Remove-ManagementRoleAssignment", "Remove-ManagementScope", "Remove-ServicePrincipal"},
		byHand:   rbacByHand,
	}
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
