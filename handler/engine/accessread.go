package engine

import (
	"context"
	"slices"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
)

// read reads what the question needs: first what is known by the workload's id alone,
// then what those parts name, and the tenant's own tests.
func (a *asking) read(ctx context.Context) error {
	f := &a.facts
	f.ReadAt = a.Now()
	f.Mailboxes = access.Known([]surveyedMailbox{{GUID: a.mailbox.GUID, EntraID: a.mailbox.ExternalDirectoryObjectID,
		Address: a.mailbox.PrimaryAddress, Type: a.mailbox.Type, Properties: a.mailbox.Properties}})
	p := newParts(a.Engine)
	start(ctx, p, "consents", needsApplications, &f.OnGraph, a.consentsOf)
	start(ctx, p, "the pointer in Exchange", needsConfiguration, &f.Pointers, a.pointerOf)
	start(ctx, p, "management scopes", needsConfiguration, &f.Scopes, a.Exchange.ListManagementScopes)
	start(ctx, p, "application access policies", needsConfiguration, &f.Policies, func(ctx context.Context) ([]exchange.ApplicationAccessPolicy, error) {
		return a.policiesOf(ctx, a.workload.AppID)
	})
	start(ctx, p, "directory roles", needsDirectory, &f.Directory, func(ctx context.Context) ([]heldRole, error) {
		return a.readDirectoryRoles(ctx, a.workload.ObjectID)
	})
	start(ctx, p, "role groups", needsConfiguration, &f.RoleGroups, a.readRoleGroups)
	start(ctx, p, "our own ledger", "nothing", &f.Own, func(ctx context.Context) ([]ownObject, error) { return a.ownObjects(ctx, a.workload.ObjectID) })
	err := p.wait(ctx)
	if err != nil {
		return err
	}
	f.OnExchange = partOf(f.OnGraph, []heldConsent(nil), "")
	a.policed = len(f.Policies.Value) > 0
	return a.readNamed(ctx)
}

// readNamed reads what the first parts name.
func (a *asking) readNamed(ctx context.Context) error {
	f := &a.facts
	p := newParts(a.Engine)
	start(ctx, p, "role assignments", needsConfiguration, &f.Assignments, a.assignmentsOf)
	var declared access.Reading[Declared]
	start(ctx, p, "what the app registration declares", needsApplications, &declared, a.declaredNow)
	defer func() { a.keepDeclared(declared) }()
	start(ctx, p, "mailbox permissions", needsRecipients, &f.Permissions, a.permissionsOnMailbox)
	if len(f.Pointers.Value) > 0 {
		var answer access.Reading[exchange.Answer]
		start(ctx, p, "the tenant's own test of roles", needsConfiguration, &answer, a.testRoles)
		defer func() { a.keepRoles(answer) }()
	}
	if a.policed {
		var answer access.Reading[exchange.PolicyTest]
		start(ctx, p, "the tenant's own test of policies", needsConfiguration, &answer, a.testPolicies)
		defer func() { a.keepPolicyTest(answer) }()
	}
	err := p.wait(ctx)
	if err != nil {
		return err
	}
	last := newParts(a.Engine)
	nested, direct := f.groupsNamed()
	start(ctx, last, "groups", needsRecipients, &f.Groups, func(ctx context.Context) ([]surveyedGroup, error) { return a.readGroups(ctx, nested, direct) })
	start(ctx, last, "administrative units", needsUnits, &f.Units, func(ctx context.Context) ([]surveyedUnit, error) { return a.readUnits(ctx, f.unitsNamed()) })
	return last.wait(ctx)
}

// permissionsOnMailbox reads who may open this one mailbox, which is all that the
// question is about. A workload without a consent to a protocol gains nothing by it.
func (a *asking) permissionsOnMailbox(ctx context.Context) (access.MailboxPermissions, error) {
	found := access.MailboxPermissions{Complete: true, OldestRead: a.Now()}
	if a.facts.OnGraph.Read && !slices.ContainsFunc(a.facts.OnGraph.Value, byProtocol) {
		return found, nil
	}
	var err error
	found.Entries, err = a.readPermissions(ctx, a.mailbox.GUID, newHolders(&a.facts))
	return found, err
}

// byProtocol: the consent opens those mailboxes that themselves give a permission.
func byProtocol(one heldConsent) bool {
	permission, known := access.LookUp(one.Consent.Resource, one.Consent.Value)
	return known && permission.NeedsMailboxPermission
}

func (a *asking) testRoles(ctx context.Context) (exchange.Answer, error) {
	return a.Exchange.TestServicePrincipalAuthorization(ctx, a.workload.ObjectID, a.mailbox.GUID)
}

func (a *asking) testPolicies(ctx context.Context) (exchange.PolicyTest, error) {
	return a.Exchange.TestApplicationAccessPolicy(ctx, a.workload.AppID, a.mailbox.GUID, a.mailbox.ExchangeGUID, a.mailbox.ExternalDirectoryObjectID)
}

// keepRoles keeps the tenant's test of roles for comparing and for showing.
func (a *asking) keepRoles(answer access.Reading[exchange.Answer]) {
	a.known = answer.Read
	if !answer.Read {
		a.tests.RolesUnread = answer.Why
		return
	}
	a.tests.RequestID = answer.Value.RequestID
	a.rows = authorizationsOf(answer.Value)
	for _, row := range a.rows {
		a.tests.Roles = append(a.tests.Roles, ShownRole{Role: row.Role, Permissions: orNone(row.Granted), Scope: row.Scope, Verdict: row.InScope})
	}
}

// keepPolicyTest keeps the tenant's test of policies, which settles what nested
// membership leaves open. A word that is not understood settles nothing.
func (a *asking) keepPolicyTest(answer access.Reading[exchange.PolicyTest]) {
	shown := &ShownPolicyTest{Verdict: grant.Unsure, Unread: answer.Why, Printed: answer.Value.Printed, RequestID: answer.Value.RequestID}
	a.tests.Policies = shown
	if !answer.Read {
		return
	}
	switch answer.Value.Verdict {
	case exchange.PolicyGranted:
		shown.Verdict = grant.Allowed
	case exchange.PolicyDenied:
		shown.Verdict = grant.Refused
	default:
		return
	}
	a.facts.Tests = []access.PolicyTest{{AppID: a.workload.AppID, Mailbox: a.mailbox.GUID, Verdict: shown.Verdict}}
}
