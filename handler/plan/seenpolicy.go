package plan

import (
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// seenOfPolicy is what was read of a step of the mechanism accessPolicy.
func (s Situation) seenOfPolicy(step grant.Step) object {
	switch step.Kind {
	case grant.GroupStep:
		return s.seenGroup(step)
	case grant.HidingStep:
		return s.partOfGroup("the hiding of the group "+step.Name, func(group *Group) bool { return group.Hidden })
	case grant.MemberStep:
		return s.partOfGroup("the mailbox "+step.Name+" in the grant's group", func(group *Group) bool { return holds(group.Members, step.Name) })
	case grant.PolicyStep:
		return s.seenPolicy(step)
	}
	return s.seenConsent(step)
}

// seenGroup: a group that others may join, or that holds what was not granted, differs.
func (s Situation) seenGroup(step grant.Step) object {
	seen := object{read: s.Group.Read, why: s.Group.Why, present: s.Group.Value != nil, title: "the group " + step.Name}
	if !seen.present {
		return seen
	}
	group := s.Group.Value
	seen.id = group.ID
	var strangers []string
	for _, member := range group.Members {
		ours := slices.ContainsFunc(s.Steps, func(other grant.Step) bool {
			return other.Kind == grant.MemberStep && strings.EqualFold(other.Name, member)
		})
		if !ours {
			strangers = append(strangers, member)
		}
	}
	switch {
	case len(strangers) > 0:
		seen.change, seen.differs = MemberAdded, "holds "+strings.Join(strangers, ", ")+", which was not granted"
	case group.Open:
		seen.change, seen.differs = GroupOpened, "may be joined by anybody"
	}
	return seen
}

func (s Situation) partOfGroup(title string, has func(*Group) bool) object {
	seen := object{read: s.Group.Read, why: s.Group.Why, title: title}
	if s.Group.Value != nil && has(s.Group.Value) {
		seen.present, seen.id = true, s.Group.Value.ID
	}
	return seen
}

// seenPolicy finds a policy by the identity that was recorded, and before there is one by
// our name in its description, which anybody can write into another policy.
func (s Situation) seenPolicy(step grant.Step) object {
	seen := object{read: s.Policies.Read, why: s.Policies.Why, title: "the application access policy " + step.Name}
	for _, policy := range s.Policies.Value {
		known := strings.EqualFold(policy.ID, step.RemoteID)
		if step.RemoteID == "" {
			known = policy.Description == step.Name
		}
		if !known {
			continue
		}
		seen.present, seen.id = true, policy.ID
		if policy.Right != access.RestrictAccess {
			seen.change, seen.differs = PolicyChanged, fmt.Sprintf("has the right %q and not %q", policy.Right, access.RestrictAccess)
		}
	}
	return seen
}

// seenConsent goes by resource and app role together: Graph and Exchange name some alike.
func (s Situation) seenConsent(step grant.Step) object {
	reading := s.Facts.Consents
	seen := object{read: reading.Read, why: reading.Why, title: "the consent to " + step.Name}
	for _, consent := range reading.Value {
		if consent.Resource == consentResource(step) && consent.Value == step.Permission && !s.givenSince(step, consent.ID) {
			seen.present, seen.id = true, consent.ID
		}
	}
	return seen
}

// givenSince reports whether the consent is another than the one that was adopted: somebody
// has given it anew, and what is adopted is known by its id.
func (s Situation) givenSince(step grant.Step, id string) bool {
	return s.Grant.Adoption != nil && step.Exists() && step.RemoteID != "" && !strings.EqualFold(step.RemoteID, id)
}

func holds(all []string, one string) bool {
	return slices.ContainsFunc(all, func(each string) bool { return strings.EqualFold(each, one) })
}
