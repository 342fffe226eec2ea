package access

import (
	"fmt"
	"strings"

	"mailgrant/handler/grant"
)

// administrators are the directory roles and role groups whose holder can give itself
// access to mailboxes, by template id and by name (Microsoft Learn, Microsoft Entra
// built-in roles; Permissions in Exchange Online). The application administrators are
// among them because they may consent to the permissions of Exchange Online.
func administrators() []AdministratorRole {
	return []AdministratorRole{
		{"62e90394-69f5-4237-9190-012177145e10", "Global Administrator"},
		{"e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator"},
		{"29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator"},
		{"9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator"},
		{"158c047a-c907-4556-b7ef-446551a6b5f7", "Cloud Application Administrator"},
		{"", "Organization Management"},
	}
}

// harmlessRoles can read or report only. Of every other role it is not known here
// whether its holder can widen its own access.
func harmlessRoles() []AdministratorRole {
	return []AdministratorRole{
		{"f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader"},
		{"88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers"},
		{"5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader"},
		{"4a5d8f65-41da-4de4-8968-e035b65339cf", "Reports Reader"},
		{"790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b", "Message Center Reader"},
		{"", "View-Only Organization Management"},
	}
}

func (r AdministratorRole) among(all []AdministratorRole) bool {
	for _, each := range all {
		if r.ID != "" && strings.EqualFold(r.ID, each.ID) || strings.EqualFold(r.Name, each.Name) {
			return true
		}
	}
	return false
}

// selfGranting says whether the holder of the role can give itself access.
func (r AdministratorRole) selfGranting() grant.Verdict {
	switch {
	case r.among(administrators()):
		return grant.Allowed
	case r.among(harmlessRoles()):
		return grant.Refused
	}
	return grant.Unsure
}

// roleWays are the ways of a workload that can give itself access by a role. They
// open no mailbox today, and any mailbox tomorrow.
func (x *Index) roleWays(roles Reading[[]AdministratorRole]) []way {
	if !roles.Read {
		gap := x.selfGrantWay("directory roles and role groups", "", grant.Unsure, "directory roles and role groups: "+roles.Why)
		gap.unread = true
		return []way{gap}
	}
	var ways []way
	for _, role := range roles.Value {
		switch role.selfGranting() {
		case grant.Allowed:
			ways = append(ways, x.selfGrantWay("the role "+role.Name, role.ID, grant.Allowed, ""))
		case grant.Unsure:
			ways = append(ways, x.selfGrantWay("the role "+role.Name, role.ID, grant.Unsure,
				fmt.Sprintf("role %q: whether its holder can widen its own access is not known", role.Name)))
		}
	}
	return ways
}

func (x *Index) selfGrantWay(what, id string, verdict grant.Verdict, why string) way {
	made := way{kind: BySelfGrant, what: what, id: id, powers: allPowers, selfGrant: verdict, organization: verdict, span: x.mailboxes.nobody()}
	if why != "" {
		made.unknown = []string{why}
	}
	return made
}

// administers says whether the workload has a role by which Exchange's
// administration, once consented to, works: the consent alone does nothing.
func administers(roles Reading[[]AdministratorRole]) grant.Verdict {
	if !roles.Read {
		return grant.Unsure
	}
	verdict := grant.Refused
	for _, role := range roles.Value {
		switch role.selfGranting() {
		case grant.Allowed:
			return grant.Allowed
		case grant.Unsure:
			verdict = grant.Unsure
		}
	}
	return verdict
}
