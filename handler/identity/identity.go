// Package identity says what the service's own identity needs, and judges what it has: the
// rights that each way of giving access takes, the cmdlets behind them, and what an access
// token says of its holder.
//
// It is pure. It must not ask anybody for a token or a right, and it decides nothing about
// grants: whoever asks for a diagnosis, or sets the identity up, asks here what is needed.
package identity

import (
	"slices"

	"mailgrant/handler/grant"
)

// The resources whose app roles the identity may hold.
const (
	Graph    = "Microsoft Graph"
	Exchange = "Office 365 Exchange Online"
)

// AppRole is an app role of one resource; the same value can stand on both and then means
// two things.
type AppRole struct {
	// Resource is Graph or Exchange.
	Resource string
	// Value is the role's name, as in a token's claim "roles".
	Value string
}

// Need is one reason for rights. All of its rights are needed together, and none of them
// without the reason.
type Need struct {
	// For is the reason in the words of the documents; unique.
	For string
	// AppRoles and ExchangeRoles are the app roles and the management roles of Exchange
	// that it takes; either may be empty. By which role a cmdlet is allowed: see Cmdlets.
	AppRoles      []AppRole
	ExchangeRoles []string
	// Delegates: the application roles of Exchange are needed with delegating assignments.
	Delegates bool
	// Thief is what somebody could do who has stolen the identity, by this need alone.
	Thief string
	// Detected is what shows it.
	Detected string

	wanted func(Use) bool
}

// Use is what an installation is allowed to do, by its operator's document.
type Use struct {
	Mechanisms []grant.Mechanism
	// ServiceConsents: the service gives and removes consents itself.
	ServiceConsents bool
	// Creates: the service may make shared mailboxes.
	Creates bool
}

func (u Use) allows(mechanism grant.Mechanism) bool { return slices.Contains(u.Mechanisms, mechanism) }

// Needs is the table of everything that the identity may ever need, in the order of the
// documents. Which role holds a cmdlet: PowerShell reference, Find the permissions required
// to run any Exchange cmdlet. Which app role opens a call: Microsoft Graph permissions
// reference. That a service principal takes Exchange.ManageAsApp and a role beside it:
// Microsoft Learn, App-only authentication in Exchange Online PowerShell.
func Needs() []Need {
	return []Need{
		{
			For: "reading, always",
			AppRoles: []AppRole{{Exchange, "Exchange.ManageAsApp"}, {Graph, "Application.Read.All"},
				{Graph, "AdministrativeUnit.Read.All"}, {Graph, "RoleManagement.Read.Directory"}},
			ExchangeRoles: []string{"View-Only Recipients", "View-Only Configuration"},
			Thief:         "learn every address, group, consent and role of the organization; open no mailbox",
			Detected:      "sign-ins of the identity from elsewhere than the function app (AADManagedIdentitySignInLogs)",
			wanted:        func(Use) bool { return true },
		},
		{
			For:           "scoped roles, always",
			ExchangeRoles: []string{"Role Management"},
			Delegates:     true,
			Thief:         "give any application any mailbox by a role assignment, and give itself further Exchange roles",
			Detected:      "`New-ManagementRoleAssignment`, `Add-RoleGroupMember` by the identity in the unified audit log that no history names; assignments without a grant in `GET /api/exposure`",
			wanted:        func(Use) bool { return true },
		},
		{
			For:           "`accessPolicy`",
			ExchangeRoles: []string{"Distribution Groups", "Organization Configuration"},
			Thief:         "remove or widen the policies that confine consents, put anybody into any group, change the organization's settings",
			Detected:      "the hourly retest (`PolicyRemoved`, `PolicyAdded`, `MemberAdded`); the unified audit log",
			wanted:        func(use Use) bool { return use.allows(grant.AccessPolicy) },
		},
		{
			For:           "`mailboxPermission`",
			ExchangeRoles: []string{"Mail Recipients"},
			Thief:         "give any account or application full access to any mailbox, and forward its mail",
			Detected:      "`Add-MailboxPermission`, `Set-Mailbox` by the identity in the unified audit log that no history names",
			wanted:        func(use Use) bool { return use.allows(grant.MailboxPermission) },
		},
		{
			For:           "`createMailbox`",
			ExchangeRoles: []string{"Mail Recipient Creation"},
			Thief:         "make mailboxes, and delete those that exist",
			Detected:      "`New-Mailbox`, `Remove-Mailbox` by the identity in the unified audit log that no history names",
			wanted:        func(use Use) bool { return use.Creates },
		},
		{
			For:      "`consentBy: service`",
			AppRoles: []AppRole{{Graph, "AppRoleAssignment.ReadWrite.All"}},
			Thief:    "**become anything**: consent to every permission of every application for itself, administration of the directory included",
			Detected: "`Add app role assignment to service principal` by the identity in the Entra audit log that no history names",
			wanted:   func(use Use) bool { return use.ServiceConsents },
		},
	}
}

// Wanted are the needs of an installation that may do this, in the order of the table.
func Wanted(use Use) []Need {
	return slices.DeleteFunc(Needs(), func(need Need) bool { return !need.wanted(use) })
}

// AppRolesFor are the app roles of those needs.
func AppRolesFor(use Use) []AppRole {
	var roles []AppRole
	for _, need := range Wanted(use) {
		roles = append(roles, need.AppRoles...)
	}
	return roles
}

// ExchangeRolesFor are the management roles of those needs.
func ExchangeRolesFor(use Use) []string {
	var roles []string
	for _, need := range Wanted(use) {
		roles = append(roles, need.ExchangeRoles...)
	}
	return roles
}
