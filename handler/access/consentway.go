package access

import (
	"fmt"

	"mailgrant/handler/grant"
)

// consentWays judges every consent of a workload. What its policies leave is worked
// out once, when the first consent needs it.
func (x *Index) consentWays(subject Subject) []way {
	var left *filtered
	var ways []way
	for _, consent := range subject.Facts.Consents.Value {
		permission, known := LookUp(consent.Resource, consent.Value)
		made := way{kind: ByConsent, id: consent.ID, ours: consent.Ours, powers: permission.powers, organization: grant.Allowed,
			what: fmt.Sprintf("the consent to %s on %s", consent.title(), consent.resourceTitle())}
		switch {
		case consent.Resource == Other:
			// Whatever its name is, no other resource opens mailboxes.
			continue
		case !known:
			if !mayOpenMailboxes(consent) {
				continue
			}
			x.doubt(&made)
		case permission.SelfGrant:
			if !x.selfGranting(&made, permission, subject) {
				continue
			}
		case permission.NeedsMailboxPermission:
			x.byMailbox(&made, permission, subject)
		case permission.PolicyConfined:
			if left == nil {
				found := x.policies.leave(subject.Workload.AppID)
				left = &found
			}
			x.filter(&made, *left)
		default:
			made.span = x.mailboxes.everybody()
		}
		if known {
			made.values = []permissionKey{{consent.Resource, consent.Value}}
		}
		ways = append(ways, made)
	}
	return ways
}

// doubt: what a permission that the table does not have opens is not known.
func (x *Index) doubt(made *way) {
	made.powers, made.span, made.organization = allPowers, x.mailboxes.anybody(), grant.Unsure
	made.unknown = []string{made.what + ": what it opens is not known here"}
}

// selfGranting turns the way into that of a workload that can give itself access;
// false when the consent does nothing without a role and there is none.
func (x *Index) selfGranting(made *way, permission Permission, subject Subject) bool {
	verdict := grant.Allowed
	if permission.NeedsAdministrator {
		verdict = administers(subject.Facts.Roles)
	}
	if verdict == grant.Refused {
		return false
	}
	made.kind, made.selfGrant, made.organization, made.span = BySelfGrant, verdict, verdict, x.mailboxes.nobody()
	if verdict == grant.Unsure {
		made.unknown = []string{made.what + ": whether it works hangs on roles of the workload that were not read or are not known"}
	}
	return true
}

// filter narrows a consent to what the policies leave.
func (x *Index) filter(made *way, left filtered) {
	made.span = left.span
	if !left.certain() {
		made.unknown = left.unknown
	}
	// A list of policies that was not read may hold none: then the consent is wide open.
	switch {
	case x.policies.gap != "":
		made.organization = grant.Unsure
		made.unknown = left.unknown
	case left.restricted:
		made.organization, made.confined, made.opened = grant.Refused, true, left.opened
		made.scope = "application access policies " + fmt.Sprint(left.policies)
	case left.denied:
		// A block-list is no scope: every mailbox to come is reached.
		made.scope = "all but what application access policies deny " + fmt.Sprint(left.policies)
	case len(left.policies) > 0:
		made.organization = grant.Unsure
	}
}

// byMailbox turns a protocol consent into the mailboxes that open to it. Without a
// pointer in Exchange the service principal can hold no mailbox permission.
func (x *Index) byMailbox(made *way, permission Permission, subject Subject) {
	made.kind, made.organization, made.scope = ByMailboxPermission, grant.Refused, "mailbox permissions"
	pointer := subject.Facts.Pointer
	if pointer.Read && pointer.Value == nil {
		made.span = x.mailboxes.nobody()
		return
	}
	made.span, made.ours = x.rights.openTo(x.mailboxes, subject.Workload.ObjectID, permission.Protocol)
	if !made.span.certain() {
		made.unknown = x.rights.unknown
	}
	// All was listed, so that only contested rights can be what is open.
	if len(made.unknown) == 0 && !made.span.certain() {
		made.unknown = []string{"mailbox permissions: some are denied as well as given"}
	}
	if !pointer.Read {
		made.span.sure = x.mailboxes.none
		made.unknown = append(made.unknown[:len(made.unknown):len(made.unknown)], "pointer in Exchange: "+pointer.Why)
	}
}

// resourceTitle is the resource's own name where it was read.
func (c Consent) resourceTitle() string {
	if c.ResourceName != "" {
		return c.ResourceName
	}
	return string(c.Resource)
}
