package tenant

import (
	"slices"
	"strings"
	"time"
)

const (
	restrictAccess = "RestrictAccess"
	denyAccess     = "DenyAccess"
	// everyApplication stands in a policy for all of them.
	everyApplication = "*"
)

// How long the data plane judges by an old set of policies: more than an hour after a new one
// (Microsoft Learn, Limiting application permissions to specific Exchange Online mailboxes), up to
// 30 minutes after a removal (PowerShell reference, Remove-ApplicationAccessPolicy). That it is ten
// minutes more than an hour is inferred, and that a change of members is seen at once.
const (
	policyArrival   = 70 * time.Minute
	policyDeparture = 30 * time.Minute
)

// policy is one application access policy. Scope is the GUID of a group or of a mailbox.
type policy struct {
	GUID        string `json:"guid"`
	AppID       string `json:"appId"`
	Scope       string `json:"scope"`
	AccessRight string `json:"accessRight"`
	Description string `json:"description,omitempty"`

	made, visibleFrom time.Time
	// gone is when it was removed; zero while it stands.
	gone time.Time
}

// concerns holds for policies of this application and for those of all.
func (p policy) concerns(appID string) bool {
	return p.AppID == everyApplication || strings.EqualFold(p.AppID, appID)
}

// matches counts nested members, unlike role assignments (PowerShell reference,
// New-ApplicationAccessPolicy). A group that is gone matches nobody.
func (p policy) matches(target mailbox, among *memberships) bool {
	return strings.EqualFold(p.Scope, target.GUID) || among.within(p.Scope, target.GUID)
}

// policiesAllow judges in the documented order: a Deny that matches, a Restrict that matches, any
// Restrict at all, and else everything.
func policiesAllow(policies []policy, appID string, target mailbox, among *memberships) bool {
	restricted, inside := false, false
	for _, each := range policies {
		if !each.concerns(appID) {
			continue
		}
		matched := each.matches(target, among)
		if each.AccessRight == denyAccess {
			if matched {
				return false
			}
			continue
		}
		restricted = true
		inside = inside || matched
	}
	return inside || !restricted
}

// policiesSeen are those that the data plane goes by at this moment.
func (s *state) policiesSeen(now time.Time) []policy {
	seen := func(each policy) bool {
		arrived := each.made.IsZero() || !now.Before(each.made.Add(policyArrival))
		left := !each.gone.IsZero() && !now.Before(each.gone.Add(policyDeparture))
		return arrived && !left
	}
	var policies []policy
	for _, each := range slices.Concat(s.policies, s.pastPolicies) {
		if seen(each) {
			policies = append(policies, each)
		}
	}
	return policies
}

// filteredPermissions are those that a policy confines; every other consent goes past it
// (Microsoft Learn, Limiting application permissions to specific Exchange Online mailboxes).
// That Exchange's own permissions of the same names go past it is inferred.
var filteredPermissions = map[string][]string{
	graphName: {
		"Mail.Read", "Mail.ReadBasic", "Mail.ReadBasic.All", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read",
		"MailboxSettings.ReadWrite", "Calendars.Read", "Calendars.ReadWrite", "Contacts.Read", "Contacts.ReadWrite",
	},
	exchangeName: {"full_access_as_app"},
}

// isFiltered tells whether policies confine this consent.
func isFiltered(resource, permission string) bool {
	return slices.Contains(filteredPermissions[resource], permission)
}
