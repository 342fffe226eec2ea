package plan

import (
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// object is what was read of a step's remote object, the same for every kind.
type object struct {
	read    bool
	why     string // why it was not read
	present bool
	id      string
	// differs says how the present object is not as intended; empty when it is.
	differs string
	// change names that difference for programs.
	change Change
	title  string
}

// make returns what brings the step to made, or nil when it is there.
func makeStep(step grant.Step, seen object, now time.Time) *Action {
	if !seen.read {
		return unread(step, seen.why, now)
	}
	switch {
	case step.State == grant.Left && seen.present && seen.differs == "":
		return nil
	case now.Before(step.MayVanishUntil):
		return &Action{Verb: Wait, Step: step, Until: step.MayVanishUntil, Reason: MayStillVanish,
			Message: "an earlier removal of " + seen.title + " got no answer and may still take effect"}
	case step.State == grant.Made && !seen.present:
		return changed(block(step, RemovedByOther, seen.title+" was removed by someone else; access is not given again without a decision"), removal(step.Kind))
	case seen.present && seen.differs != "":
		return differing(step, seen)
	case step.State == grant.Made:
		return nil
	case seen.present && step.State == grant.Creating:
		return record(dated(step.Seen(), now), grant.Made, seen.id)
	case seen.present && step.State == grant.Removing:
		// The removal did not take effect and no longer can: the object is still ours
		// to remove one day.
		return record(step, grant.Made, seen.id)
	case seen.present:
		return stranger(step, seen)
	}
	return &Action{Verb: Create, Step: step}
}

// dated notes when a policy or consent was first read present: others wait for it.
func dated(step grant.Step, now time.Time) grant.Step {
	if step.Kind == grant.PolicyStep || step.Kind == grant.ConsentStep || step.Kind == grant.MailboxPermissionStep {
		step.MadeAt, step.GoneAt = now, time.Time{}
	}
	return step
}

// missed notes when a consent or a mailbox permission that was given was first read absent again.
func missed(step grant.Step, now time.Time) grant.Step {
	if step.Kind == grant.ConsentStep || step.Kind == grant.MailboxPermissionStep {
		step.GoneAt = now
	}
	return step
}

// stranger: the object is there and we never began to make it. A pointer, a mailbox
// permission or a consent that opens nothing by itself may be used and is left; an object
// under our name is not touched.
func stranger(step grant.Step, seen object) *Action {
	switch step.Kind {
	case grant.PointerStep:
		return record(step, grant.Left, seen.id)
	case grant.MailboxPermissionStep:
		return record(step, grant.Left, seen.id)
	case grant.ConsentStep:
		if consentResource(step) == access.Exchange {
			// By itself it opens no mailbox: the permission on each does.
			return record(step, grant.Left, seen.id)
		}
	case grant.HidingStep, grant.MemberStep:
		// They are parts of a group that is ours, so that it does not matter who was first.
		return record(step, grant.Made, seen.id)
	}
	return block(step, NameTaken, seen.title+" exists already and was not made by this grant; it is left alone")
}

func differing(step grant.Step, seen object) *Action {
	if step.State == grant.Wanted || step.State == grant.Gone {
		return block(step, NameTaken, seen.title+" exists already, is not ours and "+seen.differs)
	}
	return changed(block(step, Differs, seen.title+" "+seen.differs), seen.change)
}

// removeStep returns what brings the step to gone, or nil when it is there.
func removeStep(step grant.Step, seen object, now time.Time) *Action {
	switch {
	case step.State == grant.Gone || step.State == grant.Left:
		return nil
	case step.State == grant.Wanted && !now.Before(step.MayAppearUntil):
		return record(step, grant.Gone, "")
	case !seen.read:
		return unread(step, seen.why, now)
	case seen.present:
		return &Action{Verb: Remove, Step: withID(step, seen.id)}
	case now.Before(step.MayAppearUntil):
		return &Action{Verb: Wait, Step: step, Until: step.MayAppearUntil, Reason: MayStillAppear,
			Message: "a create of " + seen.title + " got no answer and may still take effect"}
	}
	return record(missed(step.SeenGone(), now), grant.Gone, "")
}

func withID(step grant.Step, id string) grant.Step {
	if id != "" {
		step.RemoteID = id
	}
	return step
}
