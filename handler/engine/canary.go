package engine

import (
	"context"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

// chooseCanaries picks those candidates that must stay refused: outside everything
// that the workload is rightly granted for an overlapping capability. Without one
// nothing could be proved, so the grant is refused. The error is for a tenant that
// could not be asked.
func (h *holding) chooseCanaries(ctx context.Context, live *held, b binding) ([]grant.Mailbox, []grant.Fault, error) {
	var chosen []grant.Mailbox
	for _, recipient := range b.resolved.canaries {
		if h.mustStayRefused(recipient.GUID, live) {
			chosen = append(chosen, mailboxOf(recipient))
		}
	}
	if len(chosen) > 0 {
		return chosen, nil, nil
	}
	if len(b.request.Canaries) > 0 {
		return nil, []grant.Fault{grant.At("noCanary", "none of these mailboxes lies outside what the workload is granted, so none could prove a refusal", "canaries")}, nil
	}
	others := b.document.Canaries[min(fewCanaries, len(b.document.Canaries)):]
	canary, err := h.findCanary(ctx, others, live)
	if err != nil {
		return nil, nil, err
	}
	if canary == nil {
		return nil, []grant.Fault{grant.At("noCanary", "none of the configured canaries can be used for this workload: name others in canaries, or ask the operator for more")}, nil
	}
	return []grant.Mailbox{*canary}, nil, nil
}

// mustStayRefused reports whether no live grant of the workload, nor this one itself,
// gives a capability on the mailbox that overlaps with what live gives.
func (h *holding) mustStayRefused(guid string, live *held) bool {
	confers := access.Confers(live.Permissions)
	granting := []*held{live}
	for _, other := range h.grants {
		if other.ID != live.ID {
			granting = append(granting, other)
		}
	}
	for _, other := range granting {
		if other.mayCover(guid) && len(access.Overlap(access.Confers(other.Permissions), confers)) > 0 {
			return false
		}
	}
	return true
}

// usableCanaries returns the grant's canaries that can still prove something. When
// other grants have come to cover all of them, others are chosen from the
// operator's document; the second result says whether the choice changed.
func (h *holding) usableCanaries(ctx context.Context, live *held) ([]grant.Mailbox, bool, error) {
	var usable []grant.Mailbox
	for _, canary := range live.Canaries {
		// One that slid into the grant's own scope stays: it is what has to be noticed.
		if h.mustStayRefused(canary.GUID, live) || live.slidIn(canary.GUID) {
			usable = append(usable, canary)
		}
	}
	if len(usable) > 0 {
		return usable, false, nil
	}
	canary, err := h.findCanary(ctx, h.lastDocument(ctx).Canaries, live)
	if err != nil || canary == nil {
		return nil, false, err
	}
	return []grant.Mailbox{*canary}, true, nil
}

// findCanary looks the candidates up one after the other until one is usable; nil
// when none is.
func (h *holding) findCanary(ctx context.Context, candidates []string, live *held) (*grant.Mailbox, error) {
	for _, candidate := range candidates {
		found, err := h.recipient(ctx, candidate)
		if err != nil {
			return nil, err
		}
		if found.fault == "" && grantable(found.recipient.Type) && h.mustStayRefused(found.recipient.GUID, live) {
			mailbox := mailboxOf(found.recipient)
			return &mailbox, nil
		}
	}
	return nil, nil
}
