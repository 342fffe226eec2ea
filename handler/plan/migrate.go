package plan

import (
	"fmt"
	"slices"
	"time"

	"mailgrant/handler/grant"
)

// migrate goes on where the scoped access is made: prove it, wait until the data plane
// follows, take the organization-wide consents away, wait until no token that was minted
// under them can live, and take away the policies that confined them. Nil when nothing is
// left to do. In this order the grant's mailboxes are never cut, and at no moment is a
// consent or a token without the policy that confined it.
func (s Situation) migrate(now time.Time) *Action {
	migration := s.Grant.Migration
	if migration == nil {
		return nil
	}
	if migration.ProvedAt.IsZero() {
		return &Action{Verb: Prove}
	}
	if effective := migration.EffectiveAt(); now.Before(effective) {
		return &Action{Verb: Wait, Until: effective, Reason: EffectiveFirst,
			Message: "the scoped access is proved; the consents go when the data plane is sure to follow it, so that nothing is cut"}
	}
	for _, consent := range s.Consents {
		action := s.dropConsent(consent, now)
		if action != nil {
			return action
		}
	}
	return s.dropPolicies(now)
}

// dropConsent takes over a consent that the migration was asked to end, and removes it.
func (s Situation) dropConsent(consent Shared, now time.Time) *Action {
	step, seen := consent.Step, s.seen(consent.Step)
	switch {
	case consent.Needed:
		return nil
	case !seen.read:
		return unread(step, seen.why, now)
	case seen.present && !step.Exists():
		return record(step, grant.Made, seen.id)
	}
	action := removeStep(step, seen, now)
	if action != nil && action.Verb == Remove && s.Grant.ConsentBy == grant.Person {
		return &Action{Verb: Ask, Step: action.Step, Reason: ConsentRemovalNeeded,
			Message: fmt.Sprintf("the scoped access works; now an administrator has to remove the organization-wide consent to %s of %s", step.Name, s.Grant.Workload.DisplayName)}
	}
	return action
}

// dropPolicies removes the policies that were found when the migration was bound, once
// nothing is left that they confine. While a consent stands that no grant answers for
// they stay, for good.
func (s Situation) dropPolicies(now time.Time) *Action {
	for _, step := range s.Steps {
		if step.Kind != grant.PolicyStep || !step.Exists() {
			continue
		}
		if !s.Policies.Read {
			return unread(step, s.Policies.Why, now)
		}
		own, foreign := s.standing()
		if own || len(foreign) > 0 {
			return record(step, grant.Left, step.RemoteID)
		}
		outstanding := s.tokensUntil()
		if now.Before(outstanding) {
			return &Action{Verb: Wait, Step: step, Until: outstanding, Reason: TokensOutstanding,
				Message: "the consents are gone; a token that was minted under them may live until then, and the policy confines it"}
		}
		action := removeStep(step, s.seen(step), now)
		if action != nil {
			return action
		}
	}
	outstanding := s.tokensUntil()
	if now.Before(outstanding) {
		return &Action{Verb: Wait, Until: outstanding, Reason: TokensOutstanding,
			Message: "the consents are gone; a token that was minted under them may live until then and still reach every mailbox"}
	}
	return nil
}

// rollBack ends a migration whose grant ends. Until the first consent is gone everything
// stays as it was before; from then on the others go as well, because they were handed
// over and give what the grant no longer may. The policies stay.
func (s Situation) rollBack(now time.Time) *Action {
	if s.Grant.Migration == nil {
		return nil
	}
	begun := slices.ContainsFunc(s.Consents, func(consent Shared) bool {
		return consent.Step.State == grant.Gone && !consent.Step.GoneAt.IsZero()
	})
	for _, consent := range s.Consents {
		if consent.Needed || !consent.Step.Exists() {
			continue
		}
		action := s.release(consent, now)
		if begun {
			action = s.dropConsent(consent, now)
		}
		if action != nil {
			return action
		}
	}
	for _, step := range s.Steps {
		if step.Kind == grant.PolicyStep && step.State == grant.Made {
			return record(step, grant.Left, step.RemoteID)
		}
		if step.Kind == grant.PolicyStep && step.State == grant.Removing {
			action := removeStep(step, s.seen(step), now)
			if action != nil {
				return action
			}
		}
	}
	return nil
}

// release gives a consent back that stands as it did before.
func (s Situation) release(consent Shared, now time.Time) *Action {
	step, seen := consent.Step, s.seen(consent.Step)
	switch {
	case !seen.read:
		return unread(step, seen.why, now)
	case seen.present && now.Before(step.MayVanishUntil):
		return &Action{Verb: Wait, Step: step, Until: step.MayVanishUntil, Reason: MayStillVanish,
			Message: "a removal of " + seen.title + " got no answer and may still take effect"}
	case seen.present:
		return record(step, grant.Left, seen.id)
	}
	return record(missed(step.SeenGone(), now), grant.Gone, "")
}
