package engine

import (
	"context"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
	"mailgrant/handler/plan"
)

// Declared is what the app registration of a workload asks for on every mailbox and the
// workload holds no consent to. It gives nothing by itself; the next "grant admin consent"
// on the registration gives all of it at once (Microsoft Learn, Grant tenant-wide admin
// consent to an application).
type Declared struct {
	// Read: false where the registration is in another tenant or could not be read, and
	// Unread says why. Nothing is known then.
	Read        bool                 `json:"read"`
	Unread      string               `json:"unread,omitempty"`
	Permissions []DeclaredPermission `json:"permissions"`

	// elsewhere: this tenant has no such registration.
	elsewhere bool
}

// DeclaredPermission is one of them. It is identified by resource and value together.
type DeclaredPermission struct {
	Resource   access.Resource `json:"resource"`
	Permission string          `json:"permission"`
}

func (p DeclaredPermission) String() string {
	return p.Permission + " on " + plan.ResourceTitle(p.Resource)
}

// managedIdentity is the type of a service principal that no app registration belongs to,
// so that nobody can consent to anything by one (Microsoft Learn, Application and service
// principal objects in Microsoft Entra ID).
const managedIdentity = "ManagedIdentity"

// declaredBy reads what the workload's registration declares and is not among the
// consents. That it could not be read is part of the answer and no error: it says nothing
// about the access that there is.
func (e *Engine) declaredBy(ctx context.Context, workload grant.Workload, consents access.Reading[[]access.Consent]) Declared {
	none := Declared{Read: true, Permissions: []DeclaredPermission{}}
	if workload.Type == managedIdentity {
		return none
	}
	unread := Declared{Unread: "the consents could not be read", Permissions: []DeclaredPermission{}}
	if !consents.Read {
		return unread
	}
	listed, err := e.Graph.DeclaredPermissions(ctx, workload.AppID)
	if graph.KindOf(err) == graph.NotFound {
		unread.Unread, unread.elsewhere = "the app registration is not in this tenant: what it declares is to be asked of whoever owns it", true
		return unread
	}
	if err != nil {
		unread.Unread = "the app registration could not be read: " + err.Error()
		return unread
	}
	none.Permissions = unconsented(listed, consents.Value)
	return none
}

// unconsented are those that open mailboxes and that no consent gives. A role that its
// resource does not offer any more has no name, and nobody can consent to it.
func unconsented(listed []graph.DeclaredPermission, consents []access.Consent) []DeclaredPermission {
	open := []DeclaredPermission{}
	for _, one := range listed {
		wanted := DeclaredPermission{Resource: access.Graph, Permission: one.Value}
		if one.ResourceAppID == graph.ExchangeAppID {
			wanted.Resource = access.Exchange
		}
		permission, known := access.LookUp(wanted.Resource, wanted.Permission)
		given := slices.ContainsFunc(consents, func(consent access.Consent) bool {
			return consent.Resource == wanted.Resource && consent.Value == wanted.Permission
		})
		if known && len(permission.Confers) > 0 && !given {
			open = append(open, wanted)
		}
	}
	return open
}

// sentence names them all; empty for none.
func (d Declared) sentence() string {
	if len(d.Permissions) == 0 {
		return ""
	}
	names := make([]string, len(d.Permissions))
	for i, one := range d.Permissions {
		names[i] = one.String()
	}
	return `the app registration still declares ` + strings.Join(names, ", ") + `, which nobody has consented to now: the next "grant admin consent" gives it on every mailbox. Take it out of the registration's API permissions`
}

func (d Declared) condition() grant.Condition {
	c := grant.Condition{Type: grant.ConsentDeclared, Status: grant.False, Reason: "NothingDeclared"}
	switch {
	case d.elsewhere:
		c.Status, c.Reason, c.Message = grant.Unknown, "RegistrationElsewhere", d.Unread
	case !d.Read:
		c.Status, c.Reason, c.Message = grant.Unknown, plan.NotRead, d.Unread
	case len(d.Permissions) > 0:
		c.Status, c.Reason, c.Message = grant.True, "NotConsentedNow", d.sentence()
	}
	return c
}

// noteDeclared states what is declared. What was seen once stays told until a reading
// says otherwise, so that one that failed neither hides it nor has it told again.
func (h *holding) noteDeclared(live *held, declared Declared) {
	before, now := live.Condition(grant.ConsentDeclared), declared.condition()
	told := before.Status == grant.True
	if told && now.Status == grant.Unknown {
		return
	}
	now.Since = h.Now()
	live.Set(now)
	switch {
	case now.Status == grant.True && now.Message != before.Message:
		live.pending = append(live.pending, h.entry(grant.EventCondition, "ConsentDeclaredTrue", now.Message))
	case told && now.Status == grant.False:
		live.pending = append(live.pending, h.entry(grant.EventCondition, "ConsentDeclaredFalse", "nothing is declared any more that nobody has consented to"))
	}
}

// declaredFor asks it for a grant. The consents that its migration is to take away count
// as gone already, so that what would bring them back is told before anything moves.
func (h *holding) declaredFor(ctx context.Context, live *held, consents access.Reading[[]access.Consent]) Declared {
	begins := live.State == grant.Bound || live.State == grant.Provisioning
	if live.Migration != nil && begins {
		consents.Value = withoutTaken(consents.Value, live.Migration.Consents)
	}
	return h.declaredBy(ctx, live.Workload, consents)
}

// declaredAtEnd asks once more when a grant has taken consents away: from now on they are
// what an administrator may bring back without knowing.
func (h *holding) declaredAtEnd(ctx context.Context, live *held) {
	if len(plan.ConsentSteps(live.Grant)) == 0 {
		return
	}
	consents, err := h.consentsIfThere(ctx, live.Workload.ObjectID)
	if err != nil {
		consents = access.NotRead[[]access.Consent](err.Error())
	}
	h.noteDeclared(live, h.declaredFor(ctx, live, consents))
}

// declaredToo is what a person has to know who is about to remove a consent by hand; empty
// where its registration does not declare it, or that could not be read.
func (h *holding) declaredToo(ctx context.Context, live *held, consent grant.Step) string {
	resource, _, _ := strings.Cut(consent.Name, "/")
	declared := h.declaredBy(ctx, live.Workload, access.Known[[]access.Consent](nil))
	if !slices.Contains(declared.Permissions, DeclaredPermission{Resource: access.Resource(resource), Permission: consent.Permission}) {
		return ""
	}
	return `. The app registration declares it too: take it out there first, or the next "grant admin consent" brings it back`
}

// declaredNow asks it for a question about access.
func (a *asking) declaredNow(ctx context.Context) (Declared, error) {
	consents := access.Reading[[]access.Consent]{Read: a.facts.OnGraph.Read, Why: a.facts.OnGraph.Why}
	for _, one := range a.facts.OnGraph.Value {
		consents.Value = append(consents.Value, one.Consent)
	}
	return a.declaredBy(ctx, a.workload, consents), nil
}

func (a *asking) keepDeclared(declared access.Reading[Declared]) {
	a.declared = declared.Value
	if !declared.Read {
		a.declared = Declared{Unread: declared.Why, Permissions: []DeclaredPermission{}}
	}
}
