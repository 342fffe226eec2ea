package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
)

// surveyed is what was read of a tenant, whole or only what one question needs, as it
// was read: nothing is judged here. Each part says whether it was read.
type surveyed struct {
	Mailboxes   access.Reading[[]surveyedMailbox]
	Principals  access.Reading[[]graph.ServicePrincipal]
	OnGraph     access.Reading[[]heldConsent]
	OnExchange  access.Reading[[]heldConsent]
	Pointers    access.Reading[[]exchange.ServicePrincipal]
	Assignments access.Reading[[]exchange.RoleAssignment]
	Scopes      access.Reading[[]exchange.ManagementScope]
	Policies    access.Reading[[]exchange.ApplicationAccessPolicy]
	Groups      access.Reading[[]surveyedGroup]
	Units       access.Reading[[]surveyedUnit]
	Directory   access.Reading[[]heldRole]
	RoleGroups  access.Reading[[]heldRole]
	Permissions access.Reading[access.MailboxPermissions]
	Own         access.Reading[[]ownObject]
	// Tests are the tenant's own answers about its policies.
	Tests []access.PolicyTest
	// ReadAt is when the oldest part was read.
	ReadAt time.Time
	// asked is the object id of the workload that the question is about; empty for a survey.
	asked string
	// kept are the parts of a survey that are in its rows.
	kept map[string]bool
}

// surveyedMailbox is a mailbox with every id by which other parts name it.
type surveyedMailbox struct {
	GUID, EntraID, Address, Type string
	Properties                   map[string][]string
}

// heldConsent is a consent and the object id of who holds it.
type heldConsent struct {
	Holder  string
	Consent access.Consent
}

// heldRole is a directory role or role group and one member by all its names.
type heldRole struct {
	Holders []string
	Role    access.AdministratorRole
	// Limit is the path of the part of the directory that a directory role is limited to;
	// empty where it is not.
	Limit string `json:",omitempty"`
}

// inUnit reports whether the role is limited to an administrative unit.
func (r heldRole) inUnit() bool {
	return strings.HasPrefix(strings.ToLower(r.Limit), "/administrativeunits/")
}

// ownObject is an object of the tenant that a live grant has made, by name or id.
type ownObject struct {
	Workload, Name, RemoteID, Grant string
}

// What the service's identity needs in order to read a part (PowerShell reference, the
// cmdlets' required permissions; Microsoft Graph permissions reference).
const (
	needsRecipients    = "the Exchange role View-Only Recipients"
	needsConfiguration = "the Exchange role View-Only Configuration"
	needsApplications  = "the Microsoft Graph permission Application.Read.All"
	needsUnits         = "the Microsoft Graph permission AdministrativeUnit.Read.All"
	needsDirectory     = "the Microsoft Graph permission RoleManagement.Read.Directory"
)

// notSeen names what no part of an answer covers, because nothing reads it.
func notSeen() []string {
	return []string{
		"directory roles and role groups that a workload holds only as a member of a group, and roles that it is eligible for and has not activated",
		"mailboxes of Microsoft 365 groups, which neither roles nor policies limit",
		"applications whose owners or federated credentials somebody else controls",
	}
}

// why says in one clause why a part was not read. An identity that may not read it is
// told what it lacks.
func why(err error, needs string) string {
	var onExchange *exchange.Error
	var onGraph *graph.Error
	text, forbidden := "it could not be read", false
	switch {
	case errors.As(err, &onExchange):
		text, forbidden = fmt.Sprintf("%s: %s", onExchange.Operation, onExchange.Kind), onExchange.Kind == exchange.Forbidden
	case errors.As(err, &onGraph):
		text, forbidden = fmt.Sprintf("%s: %s", onGraph.Operation, onGraph.Kind), onGraph.Kind == graph.Forbidden
	}
	if errors.Is(err, context.DeadlineExceeded) {
		text += "; the time was over"
	}
	if forbidden {
		text += "; the service's identity needs " + needs
	}
	return "not read (" + text + ")"
}

// passing reports whether the same read may succeed later.
func passing(err error) bool {
	switch exchange.KindOf(err) {
	case exchange.Throttled, exchange.Transient, exchange.Lost, exchange.Held, exchange.Incomplete, exchange.Unauthorized, exchange.NotReady:
		return true
	}
	switch graph.KindOf(err) {
	case graph.Throttled, graph.Transient, graph.Lost, graph.Incomplete, graph.Unauthorized:
		return true
	}
	return false
}

// readPart reads one part and turns a failure into a part that was not read. While all
// slots of the ceiling are taken it waits, as long as the context lasts: others' work
// must not turn into gaps of an answer.
func readPart[T any](ctx context.Context, e *Engine, needs string, read func(context.Context) (T, error)) (access.Reading[T], error) {
	for {
		value, err := read(ctx)
		switch {
		case err == nil:
			return access.Known(value), nil
		case exchange.KindOf(err) != exchange.Held:
			return access.NotRead[T](why(err, needs)), err
		}
		err = e.Wait(ctx, slotPause+jitter(slotPause))
		if err != nil {
			return access.NotRead[T](why(err, needs)), err
		}
	}
}

// parts reads several parts side by side and remembers which are still missing.
type parts struct {
	*Engine
	waiting sync.WaitGroup
	room    chan struct{}
	mutex   sync.Mutex
	missing map[string]bool
	failed  error
}

func newParts(e *Engine) *parts {
	return &parts{Engine: e, room: make(chan struct{}, atOnce), missing: map[string]bool{}}
}

// start reads one part when there is room for it. A failure of our own storage ends the
// question; a failure of the tenant leaves the part unread.
func start[T any](ctx context.Context, p *parts, name, needs string, into *access.Reading[T], read func(context.Context) (T, error)) {
	p.mutex.Lock()
	p.missing[name] = true
	p.mutex.Unlock()
	p.waiting.Go(func() {
		select {
		case p.room <- struct{}{}:
			defer func() { <-p.room }()
		case <-ctx.Done():
			*into = access.NotRead[T](why(ctx.Err(), needs))
			return
		}
		found, err := readPart(ctx, p.Engine, needs, read)
		*into = found
		p.mutex.Lock()
		defer p.mutex.Unlock()
		if KindOf(err) == KindStorage {
			p.failed = err
		}
		if ctx.Err() == nil {
			delete(p.missing, name)
		}
	})
}

// wait waits for all parts that were started. The error is of kind KindLate and names
// the parts that were missing when the time was over.
func (p *parts) wait(ctx context.Context) error {
	p.waiting.Wait()
	if p.failed != nil {
		return p.failed
	}
	if ctx.Err() == nil {
		return nil
	}
	return late(ctx, p.missing)
}

// late is the error of a question that ran out of time, with what was missing by name.
func late(ctx context.Context, missing map[string]bool) error {
	names := sortedKeys(missing)
	return &Error{Kind: KindLate, Detail: "the tenant did not answer in time; missing: " + strings.Join(names, ", "), Cause: ctx.Err()}
}

// workloadOf names a principal of the directory as a workload.
func workloadOf(principal graph.ServicePrincipal) grant.Workload {
	return grant.Workload{AppID: principal.AppID, ObjectID: principal.ObjectID, DisplayName: principal.DisplayName, Type: principal.Type}
}
