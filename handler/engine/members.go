package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// roll is which mailboxes a group, unit or filter held by name: when the grant was
// bound, which is what was approved, and when it was last looked at. It has a row of
// its own, because it is large and seldom changes.
type roll struct {
	Approved []grant.Mailbox `json:"approved"`
	// Joined and Left are since then.
	Joined []grant.Mailbox `json:"joined,omitempty"`
	Left   []grant.Mailbox `json:"left,omitempty"`
}

func rollKey(id string) string { return "m|" + id }

// current are the mailboxes by name as last seen; nil where there are too many to name.
func (r *roll) current() []grant.Mailbox {
	if r == nil {
		return nil
	}
	_, stayed := grant.Growth(r.Approved, r.Left)
	return append(stayed, r.Joined...)
}

// count notes which mailboxes the scope holds at its binding.
func (h *holding) count(live *held, mailboxes []grant.Mailbox, ceiling int) {
	if !live.Scope.Counted() {
		return
	}
	members := grant.Summarize(mailboxes, h.Now(), ceiling)
	members.Approved = members.Digest
	live.Members, live.seen = &members, mailboxes
	if len(mailboxes) <= grant.MostNamed {
		live.roll, live.rollChanged = &roll{Approved: mailboxes}, true
	}
}

// reached are the mailboxes of the grant by name, those of its scope included.
func (l *held) reached() []grant.Mailbox {
	return append(slices.Clone(l.Mailboxes), l.roll.current()...)
}

// mayCover reports whether the grant may give access to the mailbox. Of a scope whose
// mailboxes are too many to be kept by name it always may.
func (l *held) mayCover(guid string) bool {
	if l.Scope.Counted() && l.roll == nil && l.seen == nil {
		return true
	}
	return slices.ContainsFunc(append(l.reached(), l.seen...), func(mailbox grant.Mailbox) bool { return strings.EqualFold(mailbox.GUID, guid) })
}

// readRolls puts the rolls of the partition to their grants.
func (h *holding) readRolls(key string, document []byte) error {
	id, isRoll := strings.CutPrefix(key, "m|")
	live := h.find(id)
	if !isRoll || live == nil {
		return nil
	}
	live.rollStored = true
	err := json.Unmarshal(document, &live.roll)
	if err != nil {
		return fmt.Errorf("reading row %s of workload %s: %w", key, h.workload, err)
	}
	return nil
}

// recount looks at which mailboxes a scope holds now and says how that differs from
// what was approved. The error is for a tenant that could not be asked.
func (h *holding) recount(ctx context.Context, live *held) (grant.Condition, error) {
	found, moved, err := h.lookAgain(ctx, live)
	if err != nil {
		return grant.Condition{Type: grant.MailboxesHeld, Status: grant.Unknown, Reason: plan.NotRead, Message: err.Error()}, err
	}
	mailboxes := mailboxesOf(found)
	live.seen = mailboxes
	members := grant.Summarize(mailboxes, h.Now(), live.Members.Ceiling)
	members.Approved = live.Members.Approved
	if live.Members.Digest != members.Digest {
		live.Members = &members
		h.enroll(live, mailboxes)
	}
	if moved == nil {
		return h.changedMembers(ctx, live, found), nil
	}
	if len(found) > 0 {
		// Somebody else's members are reached by what was a name of this group.
		moved.Message += "; it matches " + several(addresses(mailboxes)) + " now"
	}
	return *moved, nil
}

// lookAgain lists what the scope holds now, by what stands in the tenant. The second
// result is set when the group or unit is not what it was, and tells how.
func (h *holding) lookAgain(ctx context.Context, live *held) ([]exchange.Recipient, *grant.Condition, error) {
	var moved *grant.Condition
	var err error
	switch live.Scope.Kind() {
	case grant.ByAdministrativeUnit:
		moved, err = h.movedUnit(ctx, live)
		if err != nil {
			return nil, nil, err
		}
		found, err := h.inUnit(ctx, live.Target.ID)
		return found, moved, err
	}
	for _, target := range live.GroupTargets() {
		one, err := h.movedGroup(ctx, target)
		if err != nil {
			return nil, nil, err
		}
		wasOpen := one != nil && one.Reason == openedReason && live.Adoption != nil && slices.Contains(live.Adoption.Open, target.ID)
		if moved == nil && !wasOpen {
			moved = one
		}
	}
	if scopeFilter(live.steps) == "" {
		// Of an adopted policy, or an assignment that shows its group and no scope.
		found, err := h.membersOf(ctx, live.GroupTargets())
		return found, moved, err
	}
	found, err := h.matching(ctx, scopeFilter(live.steps))
	return found, moved, err
}

func notAsBound(reason, message string) *grant.Condition {
	return &grant.Condition{Type: grant.MailboxesHeld, Status: grant.False, Reason: reason, Message: message}
}

func (h *holding) movedUnit(ctx context.Context, live *held) (*grant.Condition, error) {
	_, err := h.Exchange.FindAdministrativeUnit(ctx, live.Target.ID)
	if exchange.KindOf(err) == exchange.NotFound {
		return notAsBound("UnitGone", "Exchange does not see the administrative unit "+live.Target.Name+" any more"), nil
	}
	return nil, err
}

// movedGroup says whether the group is gone, is named otherwise, or has come to be one
// that would be refused now.
func (h *holding) movedGroup(ctx context.Context, target grant.Target) (*grant.Condition, error) {
	group, err := h.Exchange.FindGroup(ctx, target.ID)
	if exchange.KindOf(err) == exchange.NotFound {
		return notAsBound("GroupGone", "the group "+target.Name+" is not in the tenant any more"), nil
	}
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(group.DistinguishedName, target.DistinguishedName) {
		return notAsBound("GroupMoved", fmt.Sprintf("the group was renamed or moved to %s; the scope names it as %s: ask for a new grant and revoke this one", group.DistinguishedName, target.DistinguishedName)), nil
	}
	refusals := groupRefusals(group, h.lastDocument(ctx))
	if len(refusals) > 0 {
		return notAsBound(openedReason, refusals[0].Detail), nil
	}
	return nil, nil
}

func scopeFilter(steps []grant.Step) string {
	for _, step := range steps {
		if step.Kind == grant.ScopeStep {
			return step.Filter
		}
	}
	return ""
}

// enroll keeps the names of who has joined and left, where the scope holds others than
// when it was last looked at.
func (h *holding) enroll(live *held, now []grant.Mailbox) {
	if live.roll == nil {
		return
	}
	live.rollChanged = true
	if len(now) > grant.MostNamed {
		// Too many to name: from here on only the digest tells that something changed.
		live.roll = nil
		return
	}
	live.roll.Joined, live.roll.Left = grant.Growth(live.roll.Approved, now)
}

// The reasons for which a scope that has grown is not what was approved any more.
const (
	protectedReason = "ProtectedMailbox"
	ceilingReason   = "AboveCeiling"
	canaryReason    = "CanaryInScope"
	openedReason    = "GroupOpened"
)

// slid says what got into a counted scope that was not to be in it, or how it came to be
// open to that; empty for nothing.
func (h *holding) slid(live *held, held grant.Condition) string {
	switch {
	case !live.Scope.Counted() || held.Status != grant.False:
		return ""
	case held.Reason == protectedReason, held.Reason == ceilingReason, held.Reason == canaryReason, held.Reason == openedReason, len(live.seen) > 0:
		return held.Message
	}
	return ""
}

// changedMembers says what has become of the scope since it was approved. A protected
// mailbox, or more mailboxes than were approved, defeat what was asked for.
func (h *holding) changedMembers(ctx context.Context, live *held, found []exchange.Recipient) grant.Condition {
	c := grant.Condition{Type: grant.MailboxesHeld, Status: grant.True, Reason: "AsBound"}
	document := h.lastDocument(ctx)
	if len(document.Canaries) == 0 {
		c.Status, c.Reason, c.Message = grant.Unknown, "DocumentUnusable", "the operator's document cannot be read, so it is not known which mailboxes are protected"
		return c
	}
	shielded, canaries, growth := protectedAmong(found, document), h.canariesIn(live), h.growth(live)
	switch {
	case len(shielded) > 0:
		c.Status, c.Reason, c.Message = grant.False, protectedReason, several(shielded)+" slid into the scope and is protected by the operator's document: take it out or revoke the grant"
	case len(canaries) > 0:
		c.Status, c.Reason, c.Message = grant.False, canaryReason, several(addresses(canaries))+" had to stay refused and slid into the scope"
	case len(found) > live.Members.Ceiling:
		c.Status, c.Reason, c.Message = grant.False, ceilingReason, fmt.Sprintf("the scope holds %d mailboxes and %d were approved at most; %s", len(found), live.Members.Ceiling, growth)
	case len(found) == 0:
		c.Status, c.Reason, c.Message = grant.False, "EmptyScope", "the scope holds no mailbox any more"
	case growth != "":
		c.Reason, c.Message = "MembersChanged", growth
	case live.Members.Digest != live.Members.Approved:
		c.Reason, c.Message = "MembersChanged", fmt.Sprintf("the scope holds other mailboxes than were approved, %d now; they are too many to be named", len(found))
	}
	return c
}

// canariesIn are the grant's own canaries that the scope holds now.
func (h *holding) canariesIn(live *held) []grant.Mailbox {
	outside, _ := grant.Growth(live.seen, live.Canaries)
	_, inside := grant.Growth(live.Canaries, outside)
	return inside
}

// growth names who has joined and who has left since the binding; empty for nobody.
func (h *holding) growth(live *held) string {
	if live.roll == nil {
		return ""
	}
	joined, left := live.roll.Joined, live.roll.Left
	var parts []string
	if len(joined) > 0 {
		parts = append(parts, fmt.Sprintf("%d joined: %s", len(joined), several(addresses(joined))))
	}
	if len(left) > 0 {
		parts = append(parts, fmt.Sprintf("%d left: %s", len(left), several(addresses(left))))
	}
	return strings.Join(parts, "; ")
}

func addresses(mailboxes []grant.Mailbox) []string {
	texts := make([]string, len(mailboxes))
	for i, mailbox := range mailboxes {
		texts[i] = mailbox.Address
	}
	return texts
}

// mostTested is how many mailboxes of a scope one verification asks the tenant about.
const mostTested = 20

// subjects are the mailboxes that a verification asks about: all that were named, and
// of a group, unit or filter a choice that changes every hour, so that in time each is
// asked about. The error is for a scope that could not be looked at.
func (h *holding) subjects(ctx context.Context, live *held) ([]grant.Mailbox, error) {
	if !live.Scope.Counted() {
		return live.Mailboxes, nil
	}
	if live.seen == nil {
		found, _, err := h.lookAgain(ctx, live)
		if err != nil {
			return nil, err
		}
		live.seen = mailboxesOf(found)
	}
	members := slices.Clone(live.seen)
	hour := h.Now().UTC().Format("2006010215")
	slices.SortFunc(members, func(a, b grant.Mailbox) int {
		return cmp.Or(cmp.Compare(drawn(hour, a.GUID), drawn(hour, b.GUID)), strings.Compare(a.GUID, b.GUID))
	})
	return members[:min(len(members), mostTested)], nil
}

func drawn(hour, guid string) uint64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(hour + guid))
	return sum.Sum64()
}

// limitOf is what the tenant's own test shows as the limit of a step's assignment.
func limitOf(live *held, step grant.Step) string { return firstOf(step.Unit, scopeName(live.steps)) }

// slidIn reports whether the mailbox is in the grant's own scope and was not when that was
// approved.
func (l *held) slidIn(guid string) bool {
	if l.roll == nil {
		return false
	}
	return slices.ContainsFunc(l.roll.Joined, func(mailbox grant.Mailbox) bool { return strings.EqualFold(mailbox.GUID, guid) })
}
