package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// ConsentSteps are the shared steps of the consents that the grant gives or takes away,
// before anything is known of them; none for a grant that has to do with none.
func ConsentSteps(g grant.Grant) []grant.Step {
	resource, permissions := access.Graph, g.Permissions
	switch {
	case g.Mechanism == grant.MailboxPermission:
		resource = access.Exchange
	case g.Mechanism == grant.AccessPolicy:
	case g.Migration != nil:
		permissions = g.Migration.Consents
	default:
		return nil
	}
	steps := make([]grant.Step, len(permissions))
	for i, permission := range permissions {
		steps[i] = consentStep(resource, permission)
	}
	return steps
}

// PermissionSteps are the shared steps of the mailbox permissions that the grant needs, in
// the order of its mailboxes; none for the other mechanisms.
func PermissionSteps(g grant.Grant) []grant.Step {
	if g.Mechanism != grant.MailboxPermission {
		return nil
	}
	if g.Adoption != nil {
		return adoptedPermissions(*g.Adoption)
	}
	rights := access.RightsFor(g.Permissions)
	var steps []grant.Step
	for _, mailbox := range g.Mailboxes {
		if mailbox.GUID == "" {
			continue // it is still to be made
		}
		for _, right := range rights {
			steps = append(steps, PermissionStep(mailbox.GUID, right))
		}
	}
	return steps
}

// adoptedPermissions are those that were named, whatever the permissions would need.
func adoptedPermissions(adoption grant.Adoption) []grant.Step {
	steps := make([]grant.Step, len(adoption.MailboxPermissions))
	for i, one := range adoption.MailboxPermissions {
		steps[i] = PermissionStep(one.Mailbox, access.MailboxRight(one.Right))
	}
	return steps
}

// RightsOn are the rights that a grant has on one of its mailboxes: those that its
// permissions need, or those that were adopted, which may open more.
func RightsOn(g grant.Grant, mailbox string) []access.MailboxRight {
	if g.Adoption == nil {
		return access.RightsFor(g.Permissions)
	}
	var rights []access.MailboxRight
	for _, one := range g.Adoption.MailboxPermissions {
		if strings.EqualFold(one.Mailbox, mailbox) {
			rights = append(rights, access.MailboxRight(one.Right))
		}
	}
	return rights
}

// PermissionStep is the shared step of a right on the mailbox with this GUID, before
// anything is known of it.
func PermissionStep(mailbox string, right access.MailboxRight) grant.Step {
	return grant.Step{Kind: grant.MailboxPermissionStep, Name: strings.ToLower(mailbox) + "/" + string(right), State: grant.Wanted}
}

// PermissionOf takes the name of a mailbox permission's step apart: the mailbox's GUID, and
// the right on it.
func PermissionOf(step grant.Step) (string, access.MailboxRight) {
	mailbox, right, _ := strings.Cut(step.Name, "/")
	return mailbox, access.MailboxRight(right)
}

// provisionPermissions makes the pointer and the permission on each mailbox, and only then
// consents, when it is known what else the consent would open: a pointer that was there
// before may be named by permissions of which nobody remembers anything.
func (s Situation) provisionPermissions(now time.Time) Action {
	action := makeStep(s.Pointer, s.seen(s.Pointer), now)
	for _, permission := range s.Permissions {
		if action == nil {
			action = s.givePermission(permission.Step, now)
		}
	}
	for _, consent := range s.Consents {
		if action == nil {
			action = s.openByConsent(consent.Step, now)
		}
	}
	if action != nil {
		return *action
	}
	return Action{Verb: Finished}
}

func (s Situation) givePermission(step grant.Step, now time.Time) *Action {
	action := makeStep(step, s.seen(step), now)
	if action == nil || action.Verb != Create {
		return action
	}
	return firstAction(s.besidePermission(step, now), action)
}

// besidePermission is a consent that has come to stand since the grant was bound and that
// the permission would open the mailbox to as well: FullAccess opens it to every protocol.
func (s Situation) besidePermission(step grant.Step, now time.Time) *Action {
	if !s.Facts.Consents.Read {
		return unread(step, s.Facts.Consents.Why, now)
	}
	_, right := PermissionOf(step)
	excess := s.Grant.Permissions
	for _, consent := range s.Facts.Consents.Value {
		if consent.Resource == access.Exchange && !slices.Contains(s.answeredFor(), consent.Value) && access.Opens(right, consent.Value) {
			excess = append(slices.Clone(excess), consent.Value)
		}
	}
	beyond := access.Beyond(excess, s.Grant.Permissions)
	if len(beyond) == 0 {
		return s.besideTokens(step, now)
	}
	return block(step, ExistingConsent, fmt.Sprintf("since the grant was bound the workload was consented to %s on Office 365 Exchange Online, to which %s would open the mailbox as well; remove that consent first",
		strings.Join(excess[len(s.Grant.Permissions):], ", "), right))
}

// besideTokens waits for the tokens of a consent that another grant has had, and to which
// the permission would open the mailbox as well.
func (s Situation) besideTokens(step grant.Step, now time.Time) *Action {
	_, right := PermissionOf(step)
	var outstanding time.Time
	for _, given := range s.Given {
		old := !given.Exists() && consentResource(given) == access.Exchange && access.Opens(right, given.Permission)
		if old && len(access.Beyond([]string{given.Permission}, s.Grant.Permissions)) > 0 {
			outstanding = latest(outstanding, given.GoneAt.Add(s.Grant.Waits.Tokens))
		}
	}
	if !now.Before(outstanding) {
		return nil
	}
	return &Action{Verb: Wait, Step: step, Until: outstanding, Reason: TokensOutstanding,
		Message: fmt.Sprintf("a token that was minted under a consent of an earlier grant may live until then, and %s would open the mailbox to it", right)}
}

// answeredFor are the permissions on Exchange whose consents grants of the workload have
// given: together with theirs this one was weighed when it was bound.
func (s Situation) answeredFor() []string {
	var values []string
	for _, step := range s.Given {
		if consentResource(step) == access.Exchange && step.Exists() {
			values = append(values, step.Permission)
		}
	}
	return values
}

// openByConsent gives a consent, or asks for it, once it is known what else it opens.
func (s Situation) openByConsent(step grant.Step, now time.Time) *Action {
	action := makeStep(step, s.seen(step), now)
	if action == nil || action.Verb != Create {
		return action
	}
	if s.Grant.ClearedAt.IsZero() && !s.pointerIsNew() {
		return &Action{Verb: Survey, Step: step, Reason: CrawlNeeded,
			Message: "the workload's record in Exchange was there before this grant, so that mailboxes may name it already; with the consent to " + step.Permission + " their permissions would come alive"}
	}
	return firstAction(s.besideLists(step, now), s.asked(action))
}

// besideLists waits until the data plane goes by lists without the permissions that earlier
// grants had on other mailboxes: until then the consent would open those as well.
func (s Situation) besideLists(step grant.Step, now time.Time) *Action {
	var outstanding time.Time
	for _, taken := range s.Taken {
		mailbox, right := PermissionOf(taken)
		own := slices.ContainsFunc(s.Grant.Mailboxes, func(one grant.Mailbox) bool { return strings.EqualFold(one.GUID, mailbox) })
		if !own && !taken.Exists() && access.Opens(right, step.Permission) {
			outstanding = latest(outstanding, taken.GoneAt.Add(grant.Lead))
		}
	}
	if !now.Before(outstanding) {
		return nil
	}
	return &Action{Verb: Wait, Step: step, Until: outstanding, Reason: MayStillVanish,
		Message: "a mailbox permission of an earlier grant was taken away, and the data plane may go by it until then; the consent to " + step.Permission + " would open that mailbox too"}
}

// pointerIsNew reports whether the pointer was made for this very grant. One that was made
// while the grant waited for its time has been there for others too.
func (s Situation) pointerIsNew() bool {
	return s.Pointer.Exists() && !s.Pointer.ReadAbsentAt.Before(s.Grant.ProvisionAt())
}

// revokePermissions takes the permissions off first, because they are the access and the
// service may; then the consents; the pointer last, and only where nothing else needs it.
func (s Situation) revokePermissions(now time.Time) Action {
	for _, permission := range s.Permissions {
		if permission.Needed {
			continue
		}
		action := removeStep(permission.Step, s.seen(permission.Step), now)
		if action != nil {
			return *action
		}
	}
	for _, consent := range s.Consents {
		if consent.Needed {
			continue
		}
		action := removeStep(consent.Step, s.seen(consent.Step), now)
		if action != nil {
			return *s.askedToRemove(action)
		}
	}
	return s.revokePointer(now)
}

// OpenByConsent reports whether rights that stay open the grant's mailboxes to a consent
// that has yet to be removed: rights that another grant needs, or that were there before.
func (s Situation) OpenByConsent() bool {
	return s.opened(func(consent Shared) bool { return !consent.Needed && consent.Step.Exists() })
}

// OpenByToken reports the same for tokens that were minted under a consent that is gone.
func (s Situation) OpenByToken() bool {
	return s.opened(func(consent Shared) bool { return consent.Step.State == grant.Gone && !consent.Step.MadeAt.IsZero() })
}

func (s Situation) opened(which func(Shared) bool) bool {
	return slices.ContainsFunc(s.Consents, func(consent Shared) bool {
		return s.Grant.Mechanism == grant.MailboxPermission && which(consent) && slices.ContainsFunc(s.Held.Value, func(held access.MailboxPermission) bool {
			return access.Opens(held.Right, consent.Step.Permission)
		})
	})
}

func (s Situation) inspectPermissions(now time.Time) []Action {
	var found []Action
	for _, shared := range slices.Concat([]Shared{{Step: s.Pointer}}, s.Permissions, s.Consents) {
		action := s.inspect(shared.Step, now)
		if action != nil {
			found = append(found, *action)
		}
	}
	return found
}

// seenPermission finds the right on the mailbox. One that is denied as well opens nothing
// for certain.
func (s Situation) seenPermission(step grant.Step) object {
	mailbox, right := PermissionOf(step)
	seen := object{read: s.Held.Read, why: s.Held.Why, title: fmt.Sprintf("the permission %s on the mailbox %s", right, mailbox)}
	for _, held := range s.Held.Value {
		switch {
		case !strings.EqualFold(held.Mailbox, mailbox) || held.Right != right:
		case held.Deny:
			seen.change, seen.differs = MailboxPermissionDenied, "is denied as well"
		default:
			seen.present, seen.id = true, step.Name
		}
	}
	if !seen.present {
		seen.differs = ""
	}
	return seen
}
