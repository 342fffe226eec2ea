package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
	"mailgrant/handler/policy"
)

// toMake takes those out of the look-ups of the scope that are addresses which nobody has,
// where the request asks for them to be made. They are no faults then, but for those that
// the document does not allow.
func toMake(request grant.Request, found []looked, document policy.Document) ([]grant.Mailbox, []grant.Fault) {
	if request.Create == nil {
		return nil, nil
	}
	var wanted []grant.Mailbox
	var faults []grant.Fault
	for i, name := range request.Scope.Mailboxes {
		if !found[i].absent || !strings.Contains(name, "@") {
			continue
		}
		at := func(reason, detail string) {
			faults = append(faults, grant.At(reason, detail, "scope", "mailboxes", fmt.Sprint(i)))
		}
		switch {
		case !document.MayMakeMailbox(name):
			at("createMailbox", "there is no mailbox "+name+", and the operator's document does not allow to make one in its domain")
		case slices.ContainsFunc(document.Protected, func(entry string) bool { return strings.EqualFold(entry, name) }):
			at("protectedMailbox", name+" is protected by the operator's document and is never granted")
		case len(wanted) == grant.MostNewMailboxes:
			at("createMailbox", fmt.Sprintf("%d mailboxes at most are made for one grant", grant.MostNewMailboxes))
		default:
			wanted = append(wanted, grant.Mailbox{Address: strings.ToLower(name), Type: exchange.SharedMailbox})
		}
		found[i].made = true
	}
	return wanted, faults
}

// sightOfNewMailboxes reads what is needed until the mailboxes are made: them, and what a
// grant that ends before is told by.
func (h *holding) sightOfNewMailboxes(ctx context.Context, live *held) (sight, error) {
	var seen sight
	group, groupCtx := readTogether(ctx)
	group.Go(func() error {
		facts, err := h.workloadFacts(groupCtx, live.Workload, h.consentsIfThere)
		seen.Facts = facts
		return err
	})
	group.Go(func() error {
		var err error
		seen.newMailboxes, err = h.newMailboxes(groupCtx, live)
		return err
	})
	if live.Mechanism == grant.AccessPolicy {
		group.Go(func() error {
			policies, err := h.policiesSeen(groupCtx, live.Workload)
			seen.policies = access.Known(policies)
			return err
		})
	}
	err := group.Wait()
	h.shown = seen.Facts.Pointer.Value
	return seen, err
}

// newMailboxes are those that bear the addresses, names or ids of the grant's steps. Our
// name is asked for too, because an address policy may have given ours another address.
func (h *holding) newMailboxes(ctx context.Context, live *held) (access.Reading[[]plan.NewMailbox], error) {
	var all []plan.NewMailbox
	for _, step := range live.steps {
		if step.Kind != grant.MailboxStep {
			continue
		}
		identities := []string{step.Address, step.Name}
		if step.RemoteID != "" {
			identities = []string{step.RemoteID}
		}
		for _, identity := range identities {
			found, err := h.Exchange.FindRecipient(ctx, identity)
			if exchange.KindOf(err) == exchange.NotFound {
				continue
			}
			if err != nil {
				return access.NotRead[[]plan.NewMailbox](err.Error()), err
			}
			all = append(all, plan.NewMailbox{ID: found.GUID, Name: found.Name, Address: found.PrimaryAddress, Type: found.Type, EntraID: found.ExternalDirectoryObjectID})
		}
	}
	return access.Known(all), nil
}

// makeMailbox sends the write.
func (h *holding) makeMailbox(ctx context.Context, step grant.Step) error {
	_, err := h.Exchange.NewSharedMailbox(ctx, step.Name, step.DisplayName, step.Address)
	return err
}

// mayMake says why the mailbox may not be made any more, because the document has changed
// since the grant was bound; empty where it may.
func mayMake(step grant.Step, document policy.Document) string {
	if step.Kind != grant.MailboxStep || document.MayMakeMailbox(step.Address) {
		return ""
	}
	return "the operator's document has come not to allow that " + step.Address + " is made: allow it again, or revoke the grant"
}

// layOut puts the ids of the mailboxes that were made into the grant, with the steps that
// follow from them, in one batch with what is sent first. It reports whether it has, so that
// the tenant has to be read for those.
func (h *holding) layOut(live *held, seen sight) (bool, error) {
	mailboxes, steps, made, err := plan.LayOut(h.situation(live, seen))
	if err != nil || !made {
		return false, err
	}
	live.Mailboxes = mailboxes
	live.steps = append(live.steps, steps...)
	slices.SortFunc(live.steps, func(a, b grant.Step) int { return a.Number - b.Number })
	for _, step := range steps {
		live.changed[step.Number] = true
	}
	live.pending = append(live.pending, h.entry(grant.EventStep, "Laid", "every mailbox is made: "+several(addresses(mailboxes))))
	return true, nil
}

// furnished goes on behind a step that was recorded: with the last of the mailboxes the
// steps of the mechanism are laid out, and the tenant is read for those.
func (h *holding) furnished(ctx context.Context, live *held, seen sight, recorded grant.Step) (sight, error) {
	if recorded.Kind != grant.MailboxStep {
		return seen, nil
	}
	laid, err := h.layOut(live, seen)
	if err != nil || !laid {
		return seen, err
	}
	return h.sight(ctx, live)
}
