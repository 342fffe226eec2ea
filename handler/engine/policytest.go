package engine

import (
	"context"
	"slices"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
)

// testPolicy asks the tenant's own test of policies about one mailbox. It answers for all
// confined permissions alike, and says granted as well where there is no policy at all:
// only together with a refused canary does it prove anything.
func (h *holding) testPolicy(ctx context.Context, live *held, mailbox grant.Mailbox) tested {
	answer, err := h.Exchange.TestApplicationAccessPolicy(ctx, live.Workload.AppID, mailbox.GUID, mailbox.EntraID)
	result := tested{at: h.Now(), requestID: answer.RequestID, err: err, verdict: grant.Unsure}
	switch answer.Verdict {
	case exchange.PolicyGranted:
		result.verdict = grant.Allowed
	case exchange.PolicyDenied:
		result.verdict = grant.Refused
	}
	return result
}

// meansOf names the tenant's own test by which the grant is proved.
func meansOf(mechanism grant.Mechanism) string {
	if mechanism == grant.AccessPolicy {
		return "Test-ApplicationAccessPolicy"
	}
	return "Test-ServicePrincipalAuthorization"
}

// expectations are what is asked of every mailbox, a permission each.
func expectations(live *held) []access.Expectation {
	var all []access.Expectation
	for _, step := range live.steps {
		if step.Kind == grant.AssignmentStep {
			all = append(all, access.Expectation{Permission: step.Permission, Role: step.Role, Scope: limitOf(live, step)})
		}
	}
	if live.Mechanism == grant.AccessPolicy {
		for _, permission := range live.Permissions {
			all = append(all, access.Expectation{Permission: permission})
		}
	}
	return all
}

// lackingConsents says which permissions the workload holds no consent to: the test of
// policies does not look at consents.
func lackingConsents(live *held, facts access.Facts) []string {
	if live.Mechanism != grant.AccessPolicy {
		return nil
	}
	var lacking []string
	for _, permission := range live.Permissions {
		given := slices.ContainsFunc(facts.Consents.Value, func(consent access.Consent) bool {
			return consent.Resource == access.Graph && consent.Value == permission
		})
		if !given {
			lacking = append(lacking, permission+": the workload holds no consent to it")
		}
	}
	return lacking
}
