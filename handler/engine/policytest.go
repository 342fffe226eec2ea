package engine

import (
	"context"
	"slices"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
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

// meansOf names the tenant's own test, or the lists, by which the grant is proved.
func meansOf(mechanism grant.Mechanism, permission string) string {
	switch {
	case mechanism == grant.AccessPolicy:
		return "Test-ApplicationAccessPolicy"
	case mechanism == grant.MailboxPermission && access.Opens(access.SendAs, permission):
		return "Get-RecipientPermission, Get-MailboxPermission"
	case mechanism == grant.MailboxPermission:
		return "Get-MailboxPermission"
	}
	return "Test-ServicePrincipalAuthorization"
}

// expectations are what is asked of every mailbox, a permission each.
func expectations(live *held) []access.Expectation {
	var all []access.Expectation
	for _, step := range live.steps {
		if step.Adopted && step.Kind == grant.AssignmentStep {
			role, _ := access.LookUpRole(step.Role)
			for _, permission := range role.Permissions {
				all = append(all, access.Expectation{Permission: permission, Role: step.Role, Scope: limitOf(live, step)})
			}
			continue
		}
		if step.Kind == grant.AssignmentStep {
			all = append(all, access.Expectation{Permission: step.Permission, Role: step.Role, Scope: limitOf(live, step)})
		}
	}
	if live.Mechanism.Consents() {
		for _, permission := range live.Permissions {
			all = append(all, access.Expectation{Permission: permission})
		}
	}
	return all
}

// lackingConsents says which permissions the workload holds no consent to: neither the test
// of policies nor a list of mailbox permissions looks at consents.
func lackingConsents(live *held, facts access.Facts) []string {
	if !live.Mechanism.Consents() {
		return nil
	}
	var lacking []string
	for _, step := range plan.ConsentSteps(live.Grant) {
		given := slices.ContainsFunc(facts.Consents.Value, func(consent access.Consent) bool {
			return string(consent.Resource)+"/"+consent.Value == step.Name
		})
		if !given {
			lacking = append(lacking, step.Permission+": the workload holds no consent to it")
		}
	}
	return lacking
}
