package engine

import (
	"context"
	"slices"
	"strings"
	"sync"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// sightOfPermissions reads the workload's consents, pointer and role assignments, and then
// its rights on the grant's mailboxes: how a list shows the workload hangs on its pointer.
func (h *holding) sightOfPermissions(ctx context.Context, live *held) (sight, error) {
	facts := h.freshFor(live)
	if facts == nil {
		read, err := h.workloadFacts(ctx, live.Workload, h.consentsAsNeeded(live))
		if err != nil {
			return sight{}, err
		}
		facts = &read
	}
	h.shown = facts.Pointer.Value
	held, err := h.heldOnMailboxes(ctx, live)
	return sight{Facts: *facts, held: held}, err
}

// heldOnMailboxes are the workload's rights on the grant's mailboxes. A mailbox that is gone
// gives none. Without a pointer there are none: what may be left names nobody any more.
func (h *holding) heldOnMailboxes(ctx context.Context, live *held) (access.Reading[[]access.MailboxPermission], error) {
	if h.shown == nil {
		return access.Known[[]access.MailboxPermission](nil), nil
	}
	var mutex sync.Mutex
	var all []access.MailboxPermission
	group, ctx := readTogether(ctx)
	for _, mailbox := range live.Mailboxes {
		group.Go(func() error {
			found, _, err := h.heldOn(ctx, live, mailbox.GUID)
			if exchange.KindOf(err) == exchange.NotFound {
				return nil
			}
			mutex.Lock()
			defer mutex.Unlock()
			all = append(all, found...)
			return err
		})
	}
	err := group.Wait()
	if err != nil {
		return access.NotRead[[]access.MailboxPermission](err.Error()), err
	}
	return access.Known(all), nil
}

// heldOn are the workload's rights on one mailbox, and the tenant's id of the request that
// told them. Who may send in its name is asked only where the grant is about sending.
func (h *holding) heldOn(ctx context.Context, live *held, mailbox string) ([]access.MailboxPermission, string, error) {
	people := elsewhere{workload: live.Workload, facts: access.Facts{Pointer: access.Known(h.shown)}}.people()
	return h.rightsOn(ctx, mailbox, people, slices.Contains(access.RightsFor(live.Permissions), access.SendAs))
}

// rightsOf are those of the rights that open a mailbox, for each workload that the trustee
// may be.
func rightsOf(people holders, trustee, mailbox string, rights []string, deny bool) []access.MailboxPermission {
	var found []access.MailboxPermission
	workloads, _ := people.named(trustee)
	for _, workload := range workloads {
		for _, right := range []access.MailboxRight{access.FullAccess, access.SendAs} {
			if slices.ContainsFunc(rights, func(given string) bool { return strings.EqualFold(given, string(right)) }) {
				found = append(found, access.MailboxPermission{Workload: workload, Mailbox: mailbox, Right: right, Deny: deny})
			}
		}
	}
	return found
}

// testPermissions looks who may open the mailbox: there is no test of the tenant's own for
// the older protocols, and their consents are looked at with the other paths. A right that
// is denied as well is not known to open anything, nor to open nothing.
func (h *holding) testPermissions(ctx context.Context, live *held, mailbox grant.Mailbox) tested {
	var found []access.MailboxPermission
	var requestID string
	var err error
	if h.shown != nil {
		found, requestID, err = h.heldOn(ctx, live, mailbox.GUID)
	}
	result := tested{at: h.Now(), requestID: requestID, err: err, verdicts: map[string]grant.Verdict{}}
	for _, permission := range live.Permissions {
		result.verdicts[permission] = openVerdict(found, permission)
	}
	return result
}

func openVerdict(held []access.MailboxPermission, permission string) grant.Verdict {
	given, denied := false, false
	for _, one := range held {
		opens := access.Opens(one.Right, permission)
		given = given || opens && !one.Deny
		denied = denied || opens && one.Deny
	}
	switch {
	case given && denied:
		return grant.Unsure
	case given:
		return grant.Allowed
	}
	return grant.Refused
}

// writePermission gives the right on the mailbox to the workload's pointer.
func (h *holding) writePermission(ctx context.Context, live *held, step grant.Step) error {
	mailbox, right := plan.PermissionOf(step)
	if right == access.SendAs {
		return h.Exchange.AddRecipientPermission(ctx, mailbox, live.Workload.ObjectID)
	}
	return h.Exchange.AddMailboxPermission(ctx, mailbox, live.Workload.ObjectID)
}

func (h *holding) erasePermission(ctx context.Context, live *held, step grant.Step) error {
	mailbox, right := plan.PermissionOf(step)
	if right == access.SendAs {
		return h.Exchange.RemoveRecipientPermission(ctx, mailbox, live.Workload.ObjectID)
	}
	return h.Exchange.RemoveMailboxPermission(ctx, mailbox, live.Workload.ObjectID)
}
