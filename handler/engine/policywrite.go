package engine

import (
	"context"
	"fmt"

	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
)

// writeConsented sends the one remote write that makes the object of a step of the
// mechanisms that work by consents. The group is addressed by the id that the tenant
// returned for it.
func (h *holding) writeConsented(ctx context.Context, live *held, step grant.Step) error {
	group := stepOf(live.steps, grant.GroupStep).RemoteID
	var err error
	switch step.Kind {
	case grant.GroupStep:
		_, err = h.Exchange.NewDistributionGroup(ctx, exchange.NewGroup{Name: step.Name})
	case grant.HidingStep:
		err = h.Exchange.HideDistributionGroup(ctx, group)
	case grant.MemberStep:
		err = h.Exchange.AddDistributionGroupMember(ctx, group, step.Name)
	case grant.PolicyStep:
		_, err = h.Exchange.NewApplicationAccessPolicy(ctx, live.Workload.AppID, group, step.Name)
	case grant.ConsentStep:
		_, err = h.Graph.AddConsent(ctx, live.Workload.ObjectID, resourceOf(step), step.Permission)
	case grant.MailboxPermissionStep:
		err = h.writePermission(ctx, live, step)
	case grant.MailboxStep:
		err = h.makeMailbox(ctx, step)
	default:
		err = fmt.Errorf("no write is known for a step of kind %s", step.Kind)
	}
	return err
}

// eraseConsented sends the one remote write that removes it. What is addressed by an id that
// was never returned cannot be there under it.
func (h *holding) eraseConsented(ctx context.Context, live *held, step grant.Step) error {
	switch step.Kind {
	case grant.GroupStep:
		return h.Exchange.RemoveDistributionGroup(ctx, step.RemoteID)
	case grant.MemberStep:
		return h.Exchange.RemoveDistributionGroupMember(ctx, stepOf(live.steps, grant.GroupStep).RemoteID, step.Name)
	case grant.PolicyStep:
		return h.Exchange.RemoveApplicationAccessPolicy(ctx, step.RemoteID)
	case grant.MailboxPermissionStep:
		return h.erasePermission(ctx, live, step)
	case grant.ConsentStep:
		return h.Graph.RemoveConsent(ctx, live.Workload.ObjectID, step.RemoteID)
	}
	return fmt.Errorf("no removal is known for a step of kind %s", step.Kind)
}
