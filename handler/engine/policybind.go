package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// policyPermissionFaults: a consent that no policy confines opens the whole organization.
func policyPermissionFaults(permissions []string, field string) []grant.Fault {
	var faults []grant.Fault
	for i, value := range permissions {
		permission, known := access.LookUp(access.Graph, value)
		if !known || !permission.PolicyConfined {
			faults = append(faults, grant.At("permission", value+" is not among the permissions that application access policies confine, so a consent to it would open every mailbox; rbac may have a scoped role for it", field, strconv.Itoa(i)))
		}
	}
	return faults
}

// mechanismFaults are what the mechanism itself has against a request.
func (h *holding) mechanismFaults(ctx context.Context, g grant.Grant, b binding) ([]grant.Fault, error) {
	var faults []grant.Fault
	if !slices.Contains(b.document.Mechanisms, g.Mechanism) {
		faults = append(faults, grant.At("mechanism", string(g.Mechanism)+" is not allowed by the operator's document", "mechanism"))
	}
	if g.Mechanism.Consents() && g.TooShort() {
		faults = append(faults, grant.At("tooShort", fmt.Sprintf("it takes %s until the access is sure to work by this mechanism, %s; a grant has to be longer by an hour at least", g.LeadTime(), leadOf(g))))
	}
	switch g.Mechanism {
	case grant.MailboxPermission:
		return append(faults, h.permissionFaults(g, b)...), nil
	case grant.AccessPolicy:
		more, err := h.policyFaults(ctx, g, b)
		return append(faults, more...), err
	}
	return slices.Concat(faults, h.migrationFaults(g), h.scopedSendingFaults(g, b)), nil
}

// leadOf says what the time before the access works is made of.
func leadOf(g grant.Grant) string {
	tokens := fmt.Sprintf("because tokens of this workload live %s", g.Waits.Tokens)
	if g.Mechanism == grant.AccessPolicy {
		return fmt.Sprintf("%s and its policy takes %s to settle", tokens, g.Waits.Policy)
	}
	return tokens
}

// policyFaults are what application access policies have against a request.
func (h *holding) policyFaults(ctx context.Context, g grant.Grant, b binding) ([]grant.Fault, error) {
	faults := existingFaults(b)
	excess := plan.Excess(h.together(g))
	if len(excess) > 0 {
		faults = append(faults, grant.At("excess", "policies restrict an application and not a permission: together with its other grants this one would also open "+several(excess)+"; ask for rbac, or for the same permissions in both", "permissions"))
	}
	policies, err := h.policiesSeen(ctx, g.Workload)
	if err != nil {
		return nil, err
	}
	for _, policy := range policies {
		if policy.Right != access.DenyAccess && !policy.Ours {
			faults = append(faults, grant.At("foreignPolicy", fmt.Sprintf("the application access policy %s would open its own group to this consent as well; remove it first, or ask for rbac", policy.ID), "workload"))
		}
	}
	return faults, nil
}

// together are the workload's grants with the new one among them.
func (h *holding) together(g grant.Grant) []grant.Grant {
	all := []grant.Grant{g}
	for _, live := range h.grants {
		all = append(all, live.Grant)
	}
	return all
}

// existingFaults: the policy will confine every consent of its kind that the workload
// holds, which cuts what it reaches today, so each has to be named.
func existingFaults(b binding) []grant.Fault {
	var faults []grant.Fault
	named := b.request.ConfineExisting
	held := map[string]bool{}
	for _, consent := range b.resolved.facts.Consents.Value {
		permission, known := access.LookUp(consent.Resource, consent.Value)
		if !known || !permission.PolicyConfined || consent.Ours {
			continue
		}
		if consent.Resource == access.Graph {
			held[consent.Value] = true
		}
		if consent.Resource != access.Graph || !slices.Contains(named, consent.Value) {
			faults = append(faults, grant.At("existingConsent", fmt.Sprintf("the workload holds %s on %s, which reaches every mailbox and would be confined by this grant: name it in confineExisting with \"takeOverConsents\": true, or remove it first",
				consent.Value, consent.ResourceName), "confineExisting"))
		}
	}
	for i, value := range named {
		if !held[value] {
			faults = append(faults, grant.At("noConsent", "the workload holds no consent to "+value+" on Microsoft Graph that could be taken over", "confineExisting", strconv.Itoa(i)))
		}
	}
	return faults
}

// withoutTaken leaves out the consents that the grant takes over: they defeat no scope
// once its policy stands.
func withoutTaken(consents []access.Consent, taken []string) []access.Consent {
	return slices.DeleteFunc(slices.Clone(consents), func(one access.Consent) bool {
		return one.Resource == access.Graph && slices.Contains(taken, one.Value)
	})
}

// union is the permissions with those of others that are not among them.
func union(permissions, others []string) []string {
	all := slices.Clone(permissions)
	for _, value := range others {
		if !slices.ContainsFunc(all, func(one string) bool { return strings.EqualFold(one, value) }) {
			all = append(all, value)
		}
	}
	return all
}
