package engine

import (
	"context"
	"fmt"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
)

// Question asks whether a workload reaches a mailbox. Workload is an application id or
// the object id of the enterprise application; Mailbox an address or an id; Permissions
// are needed together, and none asks for any access at all.
type Question struct {
	Workload, Mailbox string
	Permissions       []string
}

// asking is one question while it is answered.
type asking struct {
	*Engine
	question Question
	workload grant.Workload
	mailbox  exchange.Recipient
	facts    surveyed
	declared Declared
	tests    TenantTests
	// policed: a policy concerns the workload's application.
	policed bool
	// rows are what the tenant's own test says; known says that it was asked and answered.
	rows  []access.Authorization
	known bool
}

// Access answers a question from the tenant as it is now, reading only what this
// workload and this mailbox need. The error's kind is KindNotFound for a workload or
// mailbox that the tenant does not have, KindInvalid for a mailbox or permission that
// lies outside the model, KindTenant where not even those could be looked up, and
// KindLate when the context ended first. Everything else that could not be read is named
// in the answer.
func (e *Engine) Access(ctx context.Context, question Question) (AccessAnswer, error) {
	defer e.giveBack(ctx)
	a := &asking{Engine: e, question: question, tests: TenantTests{Roles: []ShownRole{}}}
	err := a.check()
	if err == nil {
		err = a.identify(ctx)
	}
	if err == nil {
		err = a.read(ctx)
	}
	if err != nil {
		return AccessAnswer{}, err
	}
	return a.answer(), nil
}

// check refuses permissions that nothing is known of: about them every answer would be
// unknown.
func (a *asking) check() error {
	for _, value := range a.question.Permissions {
		_, onGraph := access.LookUp(access.Graph, value)
		_, onExchange := access.LookUp(access.Exchange, value)
		if !onGraph && !onExchange {
			return &Error{Kind: KindInvalid, Detail: fmt.Sprintf("permission: %q is not known here; Microsoft Graph writes Mail.Read, Exchange Online full_access_as_app", value)}
		}
	}
	return nil
}

// identify finds the workload and the mailbox.
func (a *asking) identify(ctx context.Context) error {
	p := newParts(a.Engine)
	var principal access.Reading[graph.ServicePrincipal]
	var mailbox access.Reading[looked]
	var unfound error
	start(ctx, p, "the workload", needsApplications, &principal, func(ctx context.Context) (graph.ServicePrincipal, error) {
		found, err := a.principalNamed(ctx, a.question.Workload)
		if graph.KindOf(err) == graph.NotFound {
			unfound = &Error{Kind: KindNotFound, Detail: "workload: no enterprise application has this application id or object id in the tenant"}
			return found, nil
		}
		return found, err
	})
	start(ctx, p, "the mailbox", needsRecipients, &mailbox, func(ctx context.Context) (looked, error) { return a.recipient(ctx, a.question.Mailbox) })
	err := p.wait(ctx)
	switch {
	case err != nil:
		return err
	case unfound != nil:
		return unfound
	case !principal.Read:
		return &Error{Kind: KindTenant, Detail: "the workload: " + principal.Why}
	case !mailbox.Read:
		return &Error{Kind: KindTenant, Detail: "the mailbox: " + mailbox.Why}
	}
	a.workload, a.mailbox = workloadOf(principal.Value), mailbox.Value.recipient
	a.facts.asked = a.workload.ObjectID
	a.facts.Principals = access.Known([]graph.ServicePrincipal{principal.Value})
	return judgeable(mailbox.Value)
}

// principalNamed finds a service principal by either id.
func (e *Engine) principalNamed(ctx context.Context, id string) (graph.ServicePrincipal, error) {
	found, err := e.Graph.FindServicePrincipalByAppID(ctx, id)
	if graph.KindOf(err) == graph.NotFound {
		return e.Graph.FindServicePrincipal(ctx, id)
	}
	return found, err
}

// judgeable refuses what is no mailbox whose reach can be judged.
func judgeable(found looked) error {
	switch {
	case found.fault != "":
		return &Error{Kind: KindNotFound, Detail: "mailbox: " + found.fault}
	case found.recipient.Type == exchange.Microsoft365Group:
		return &Error{Kind: KindInvalid, Detail: "mailbox: this is the mailbox of a Microsoft 365 group, which neither roles nor policies limit; it opens to " +
			strings.Join(access.GroupMailboxPermissions(), ", ")}
	case !grantable(found.recipient.Type):
		return &Error{Kind: KindInvalid, Detail: "mailbox: this is a " + found.recipient.Type + " and no mailbox in Exchange Online"}
	}
	return nil
}

// knownNames are the names under which Exchange may show the workload.
func (a *asking) knownNames() []string {
	names := []string{a.workload.AppID, a.workload.DisplayName}
	for _, pointer := range a.facts.Pointers.Value {
		names = append(names, pointer.Name, pointer.Identity, pointer.GUID, pointer.DisplayName)
	}
	return names
}

// pointerOf reads the workload's pointer as a list of one or none.
func (a *asking) pointerOf(ctx context.Context) ([]exchange.ServicePrincipal, error) {
	found, err := a.Exchange.FindServicePrincipal(ctx, a.workload.ObjectID)
	if exchange.KindOf(err) == exchange.NotFound {
		return nil, nil
	}
	return []exchange.ServicePrincipal{found}, err
}

// consentsOf reads the workload's consents, whatever their resource.
func (a *asking) consentsOf(ctx context.Context) ([]heldConsent, error) {
	consents, err := a.consents(ctx, a.workload.ObjectID)
	held := make([]heldConsent, len(consents))
	for i, consent := range consents {
		held[i] = heldConsent{Holder: a.workload.ObjectID, Consent: consent}
	}
	return held, err
}

// assignmentsOf reads the workload's role assignments; without a pointer it holds none.
func (a *asking) assignmentsOf(ctx context.Context) ([]exchange.RoleAssignment, error) {
	if a.facts.Pointers.Read && len(a.facts.Pointers.Value) == 0 {
		return nil, nil
	}
	listed, err := a.Exchange.ListManagementRoleAssignments(ctx, a.workload.ObjectID, a.knownNames()...)
	for i := range listed {
		listed[i].RoleAssignee = a.workload.ObjectID
	}
	return listed, err
}
