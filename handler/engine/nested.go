package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
)

// An application access policy counts the members of groups inside its group, a scope does
// not (PowerShell reference, New-ApplicationAccessPolicy; Microsoft Learn, Role Based
// Access Control for Applications, Limitations). So that nobody is cut, the groups inside
// join the scope themselves. No group is written to: they are somebody else's and may
// open more than mail. And who joins one of them later is reached, as under the policy.

// nesting is what lies inside groups.
type nesting struct {
	// groups are GUIDs of the groups inside, however deep, each once.
	groups []string
	// told says of each by name where it lies.
	told   []string
	faults []grant.Fault
	// below are the mailboxes that each of them holds directly.
	below map[string][]exchange.Recipient
	seen  map[string]bool
}

// opening is a group that is still to be looked into; outer is where it was found, empty
// for one that was asked for.
type opening struct{ name, outer string }

// mostNested bounds how many groups are taken into one scope.
const mostNested = 20

// unfold looks into groups and into those inside, however deep. What is no such group at
// all is left to whoever resolves the scope. The error is for a tenant that could not be
// asked.
func (e *Engine) unfold(ctx context.Context, names []string) (nesting, error) {
	n := nesting{below: map[string][]exchange.Recipient{}, seen: map[string]bool{}}
	waiting := make([]opening, len(names))
	for i, name := range names {
		waiting[i] = opening{name: name}
	}
	for len(waiting) > 0 && len(n.groups) <= mostNested {
		layer := make([]exchange.Group, len(waiting))
		for i, one := range waiting {
			var err error
			layer[i], err = e.Exchange.FindGroup(ctx, one.name)
			if err != nil && !isOther(err) {
				return n, err
			}
			// The whole layer first: one that was asked for may lie in another such.
			if one.outer == "" {
				n.seen[layer[i].GUID] = true
			}
		}
		var next []opening
		for i, one := range waiting {
			inside, err := e.openGroup(ctx, &n, one, layer[i])
			if err != nil {
				return n, err
			}
			next = append(next, inside...)
		}
		waiting = next
	}
	if len(n.groups) > mostNested {
		n.fault(fmt.Sprintf("more than %d groups lie in the groups of the scope; name the scope", mostNested))
	}
	return n, nil
}

// isOther: the tenant has answered, and there is no group, or more than one.
func isOther(err error) bool {
	return slices.Contains([]exchange.Kind{exchange.NotFound, exchange.Ambiguous, exchange.WrongType}, exchange.KindOf(err))
}

func (n *nesting) fault(detail string) {
	n.faults = append(n.faults, grant.At("nestedGroup", detail, "scope"))
}

// openGroup notes one group and returns those directly inside.
func (e *Engine) openGroup(ctx context.Context, n *nesting, one opening, group exchange.Group) ([]opening, error) {
	nested, name := one.outer != "", firstOf(group.DisplayName, group.Name, one.name)
	switch {
	case nested && n.seen[group.GUID] && group.GUID != "":
		return nil, nil
	case nested && group.Type != exchange.MailEnabledSecurityGroup:
		n.fault(fmt.Sprintf("%s lies in %s and is a %s: whether a policy counts its members is not known, and a scope cannot hold them as members of a group. Take it out, or name the scope", name, one.outer, firstOf(group.Type, "group that Exchange does not show")))
		return nil, nil
	case nested:
		n.groups = append(n.groups, group.GUID)
		n.told = append(n.told, name+", which is in "+one.outer)
		n.seen[group.GUID] = true
	case group.GUID == "" || strings.HasPrefix(group.Type, "Dynamic"):
		return nil, nil
	}
	members, err := e.Exchange.ListGroupMembers(ctx, group)
	if err != nil {
		return nil, err
	}
	var inside []opening
	for _, member := range members {
		switch {
		case isGroup(member.Type):
			inside = append(inside, opening{name: member.GUID, outer: name})
		case nested && grantable(member.Type):
			n.below[group.GUID] = append(n.below[group.GUID], member)
		}
	}
	return inside, nil
}

// takeNested puts the groups inside into the scope of a migration, or says why it does
// not. policed: the scope is that of policies, which open what is nested today.
func (e *Engine) takeNested(ctx context.Context, found *migrating, appID string, policed bool) ([]grant.Fault, error) {
	scope := &found.request.Scope
	asked := scope.Groups
	if scope.Kind() == grant.ByGroup {
		asked = []string{scope.Group}
	}
	if len(asked) == 0 || !policed && found.request.Nested != grant.AddDirect {
		return nil, nil
	}
	found.migration.FollowsNested = true
	inside, err := e.unfold(ctx, asked)
	switch {
	case err != nil:
		return nil, err
	case found.request.Nested != grant.AddDirect && len(inside.told)+len(inside.faults) > 0:
		return []grant.Fault{grant.At("nestedGroup", "groups lie in the policy's groups ("+several(append(inside.told, details(inside.faults)...))+`): a policy opens their members too, a scope does not. Ask with "nested": "addDirect" to take these groups into the scope, or name the scope`, "scope")}, nil
	case len(inside.faults) > 0:
		return inside.faults, nil
	case len(inside.groups) == 0:
		return nil, nil
	}
	scope.Group, scope.Groups = "", append(slices.Clone(asked), inside.groups...)
	found.migration.Nested = inside.told
	if !policed {
		return nil, nil
	}
	return e.notReachedYet(ctx, appID, inside)
}

func details(faults []grant.Fault) []string {
	texts := make([]string, len(faults))
	for i, fault := range faults {
		texts[i] = fault.Detail
	}
	return texts
}

// notReachedYet asks the tenant's own test of policies about a mailbox of each group
// inside. One that its policies refuse today would be opened by the migration. Operators
// differ on whether nested members count, so that the tenant decides and not the book.
func (e *Engine) notReachedYet(ctx context.Context, appID string, inside nesting) ([]grant.Fault, error) {
	var faults []grant.Fault
	for i, guid := range inside.groups {
		if len(inside.below[guid]) == 0 {
			continue
		}
		mailbox := inside.below[guid][0]
		answer, err := e.Exchange.TestApplicationAccessPolicy(ctx, appID, mailbox.GUID, mailbox.ExchangeGUID, mailbox.ExternalDirectoryObjectID)
		if err != nil {
			return nil, err
		}
		if answer.Verdict != exchange.PolicyGranted {
			faults = append(faults, grant.At("nestedGroup", fmt.Sprintf("%s: Test-ApplicationAccessPolicy does not say that the application reaches its member %s today (it says %q), and in the scope it would. Take the group out, or name the scope", inside.told[i], mailbox.PrimaryAddress, answer.Printed), "scope"))
		}
	}
	return faults, nil
}

// nestedSince compares what lies in the groups of the scope with what lay there when the
// grant was bound: which groups somebody has put in since, whose members are not reached,
// and which were taken out and are reached all the same, because the scope names them.
func (h *holding) nestedSince(ctx context.Context, live *held) ([]string, []string, error) {
	var put, taken []string
	targets := live.GroupTargets()
	inside := map[string]bool{}
	for _, target := range targets {
		// Only the GUID and the kind are needed to list members.
		members, err := h.Exchange.ListGroupMembers(ctx, exchange.Group{GUID: target.ID, Type: target.Type})
		if exchange.KindOf(err) == exchange.NotFound {
			continue // told as GroupGone
		}
		if err != nil {
			return nil, nil, err
		}
		for _, member := range members {
			inside[strings.ToLower(member.GUID)] = true
			known := slices.ContainsFunc(targets, func(one grant.Target) bool { return strings.EqualFold(one.ID, member.GUID) })
			if isGroup(member.Type) && !known {
				put = append(put, firstOf(member.DisplayName, member.Name)+" was put into "+target.Name)
			}
		}
	}
	// Those that joined the scope stand behind those that were asked for.
	for _, target := range targets[max(0, len(targets)-len(live.Migration.Nested)):] {
		if !inside[strings.ToLower(target.ID)] {
			taken = append(taken, target.Name+" was taken out of the group that it lay in")
		}
	}
	return put, taken, nil
}

// nestedReason is why a migration takes no consent away: it would cut somebody.
const nestedReason = "NestedSince"

// wouldCut keeps a migration from taking a consent away while the scope reaches less than
// it did when it was proved, which may be days ago: nobody else's rename, and no group that
// was put into another, may cut who works. It reports whether it has, which it has then
// recorded.
func (h *holding) wouldCut(ctx context.Context, live *held, step grant.Step) (bool, error) {
	if live.Migration == nil || step.Kind != grant.ConsentStep {
		return false, nil
	}
	moved, err := h.movedSince(ctx, live)
	if err != nil {
		return true, h.miss(ctx, live, err)
	}
	if moved != nil {
		return true, h.stuck(ctx, live, moved.Reason, moved.Message+"; the scope does not reach its members, so the consents stay", h.Now())
	}
	if !live.Migration.FollowsNested {
		return false, nil
	}
	put, _, err := h.nestedSince(ctx, live)
	if err != nil {
		return true, h.miss(ctx, live, err)
	}
	if len(put) == 0 {
		return false, nil
	}
	return true, h.stuck(ctx, live, nestedReason, several(put)+": the policies reach its members and the scope does not, so the consents stay. Take it out again, or revoke this and ask anew", h.Now())
}

// movedSince says which group or unit of the scope is not found any more by what the scope
// names it as; nil for none.
func (h *holding) movedSince(ctx context.Context, live *held) (*grant.Condition, error) {
	if live.Scope.Kind() == grant.ByAdministrativeUnit {
		return h.movedUnit(ctx, live)
	}
	for _, target := range live.GroupTargets() {
		moved, err := h.movedGroup(ctx, target)
		if err != nil || moved != nil && moved.Reason != openedReason {
			return moved, err
		}
	}
	return nil, nil
}

// tellNested adds to what a retest says of a scope the groups that were put into its groups
// since: their members were reached before the migration and are not now. And those that
// were taken out: whoever did so may think that their members are cut.
func (h *holding) tellNested(ctx context.Context, live *held, c grant.Condition) (grant.Condition, error) {
	if live.Migration == nil || !live.Migration.FollowsNested || c.Status != grant.True {
		return c, nil
	}
	put, taken, err := h.nestedSince(ctx, live)
	if err != nil || len(put)+len(taken) == 0 {
		return c, err
	}
	c.Reason = "MembersChanged"
	if len(put) > 0 {
		c.Message += "; " + several(put) + ": its members are not reached"
	}
	if len(taken) > 0 {
		c.Message += "; " + several(taken) + ": the scope names it, so its members are still reached"
	}
	c.Message = strings.TrimPrefix(c.Message, "; ")
	return c, nil
}
