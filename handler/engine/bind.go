package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
	"mailgrant/handler/policy"
	"mailgrant/handler/store"
)

// work binds a claim that has no ledger row yet, then does what its workload owes.
func (e *Engine) work(ctx context.Context, claim store.Claim, r record, forced bool) error {
	if claim.Workload == "" && r.State.Ended() {
		return nil
	}
	if claim.Workload == "" {
		return e.bind(ctx, claim, r)
	}
	h, err := e.hold(ctx, claim.Workload)
	if err != nil {
		return err
	}
	if h.find(claim.ID) == nil {
		return e.workWithout(ctx, claim, r)
	}
	ctx, stop := h.keepLease(ctx)
	defer stop()
	return h.advanceAll(ctx, claim.ID, forced)
}

// workWithout handles a claim whose workload is known but which has no live grant:
// it has ended, or a run died between the claim and the ledger. Only the ledger
// tells which; the claim's own copy may lag and must never bring a grant back.
func (e *Engine) workWithout(ctx context.Context, claim store.Claim, r record) error {
	ended, err := e.grant(ctx, claim.Workload, claim.ID)
	if KindOf(err) == KindNotFound && r.State.Ended() {
		// Refused after a run had died between the claim and the ledger.
		return nil
	}
	if KindOf(err) == KindNotFound {
		return e.bind(ctx, claim, r)
	}
	if err != nil || r.State == ended.State {
		return err
	}
	return storage(e.put(ctx, store.Claim{ID: claim.ID}, copyOf(ended)), "")
}

// bind resolves what a request names, judges it, and writes the grant with all its
// remote names in one batch. A refusal ends the grant with every fault.
func (e *Engine) bind(ctx context.Context, claim store.Claim, r record) error {
	now := e.Now()
	if !now.Before(r.ExpiresAt) {
		return e.deny(ctx, claim, r, grant.ExpiredBeforeStart, nil)
	}
	if now.Before(r.Work.NotBefore) {
		return nil
	}
	claim, err := e.takeClaim(ctx, claim, &r)
	if err != nil {
		return err
	}
	document, err := e.newAccess(ctx)
	if err != nil {
		return e.missBinding(ctx, claim, r, err)
	}
	e.remember(ctx, document)
	request, faults, err := grant.ParseRequest(claim.Body, claim.ReceivedAt)
	if err != nil || len(faults) > 0 {
		return e.missBinding(ctx, claim, r, fmt.Errorf("the stored request of %s cannot be read again: %w", claim.ID, errors.Join(err, &Error{Faults: faults})))
	}
	b, faults, err := e.lookUpRequest(ctx, request, document)
	if err != nil {
		return e.missBinding(ctx, claim, r, err)
	}
	if b.resolved.workload.ObjectID == "" {
		return e.deny(ctx, claim, r, "", faults)
	}
	return e.judge(ctx, claim, r, b)
}

// lookUpRequest looks up what the request names. The faults are all that there is where not
// even the workload is known; the error is for a tenant that could not be asked.
func (e *Engine) lookUpRequest(ctx context.Context, request grant.Request, document policy.Document) (binding, []grant.Fault, error) {
	b := binding{request: request, document: document}
	if request.Adopt != nil {
		return e.lookUpAdoption(ctx, request, document)
	}
	if request.Migrate {
		found, faults, err := e.findMigration(ctx, request)
		if err != nil || len(faults) > 0 {
			return b, faults, err
		}
		b.migration, b.request = &found, found.request
	}
	var err error
	b.resolved, b.faults, err = e.resolve(ctx, b.request, document)
	return b, b.faults, err
}

// takeClaim keeps other workers from binding the same claim for as long as a lease: no
// workload is known yet whose lease would. Two messages for it could otherwise both ask
// the tenant, the one sooner than the other was told to. It returns the claim with its
// new version; the error is errBusy while another worker binds it.
func (e *Engine) takeClaim(ctx context.Context, claim store.Claim, r *record) (store.Claim, error) {
	now := e.Now()
	rest := r.Taken.Sub(now)
	// One that is taken for longer than any was written by a clock that is ahead.
	if rest > 0 && rest <= 2*e.Lease {
		return claim, errBusy{rest: rest}
	}
	taken := *r
	taken.Taken = now.Add(e.Lease)
	document, err := json.Marshal(taken)
	if err != nil {
		return claim, fmt.Errorf("writing the row of %s: %w", claim.ID, err)
	}
	// What is written next, whatever becomes of the binding, gives the claim back.
	r.Taken = time.Time{}
	claim.ETag, err = e.Store.UpdateClaim(ctx, store.Claim{ID: claim.ID, ETag: claim.ETag, Document: document})
	return claim, storage(err, "")
}

// binding is what a request became while it is bound.
type binding struct {
	request  grant.Request
	document policy.Document
	resolved resolved
	faults   []grant.Fault
	// migration is what was found for a migration; nil for every other request.
	migration *migrating
	// adoption is what was found for an adoption; nil for every other request.
	adoption *adopting
}

// judge holds the workload's partition, because limits and canaries depend on the
// other live grants, and writes the grant or its refusal.
func (e *Engine) judge(ctx context.Context, claim store.Claim, r record, b binding) error {
	h, err := e.hold(ctx, b.resolved.workload.ObjectID)
	if err != nil {
		// Given back, so that it waits for the workload's lease and not for its own too.
		_ = e.put(ctx, claim, r)
		return err
	}
	ctx, stop := h.keepLease(ctx)
	defer stop()
	stopped, err := h.stop(ctx, h.workload)
	if err != nil {
		return err
	}
	if stopped.covers(claim.ReceivedAt) {
		return e.deny(ctx, claim, r, grant.RevokedBeforeStart, nil)
	}
	live, faults, err := h.weigh(ctx, claim, b)
	if err != nil {
		return e.missBinding(ctx, claim, r, err)
	}
	if len(faults) > 0 {
		return e.deny(ctx, claim, r, "", faults)
	}
	// The workload goes to the claim first: from here on a revoke request is written
	// to the partition, where it is met whatever becomes of this run.
	claim.Workload = h.workload
	err = e.put(ctx, claim, r)
	if err != nil {
		return storage(err, "")
	}
	for _, step := range live.steps {
		live.changed[step.Number] = true
	}
	bound := h.entry(grant.EventBound, "", b.summary())
	bound.Ends = live.ExpiresAt
	if len(plan.ConsentSteps(live.Grant)) > 0 {
		// Of others it is told by their first retest: a call more would keep every grant
		// waiting for what is no part of it.
		h.noteDeclared(live, h.declaredFor(ctx, live, b.resolved.facts.Consents))
	}
	entries := append(append(r.History, bound), live.pending...)
	live.pending = nil
	if b.adoption != nil {
		// What it takes over is there: from here on its end has to remove it.
		err = live.Move(grant.Provisioning)
		if err != nil {
			return err
		}
		live.Claim(h.Now())
		entries = append(entries, b.adopted(bound), h.entry(grant.EventProvisioning, "", ""))
	}
	h.grants = append(h.grants, live)
	h.fresh, h.bound, h.directory = &b.resolved.facts, claim.ID, b.resolved.directory
	err = h.commit(ctx, live, entries...)
	if err != nil {
		return err
	}
	return h.advanceAll(ctx, claim.ID, false)
}

// weigh judges what the request became beside the workload's other grants, and lays out
// its steps. With faults there are none. The error is for a tenant that could not be asked.
func (h *holding) weigh(ctx context.Context, claim store.Claim, b binding) (*held, []grant.Fault, error) {
	b.resolved.facts.Consents.Value = h.ownConsents(b.resolved.facts.Consents.Value)
	live := &held{Grant: b.grant(claim), changed: map[int]bool{}}
	h.count(live, mailboxesOf(b.resolved.counted.mailboxes), b.document.Limits.Members)
	if b.adoption != nil {
		return h.weighAdoption(ctx, live, b)
	}
	refusals, err := h.refusals(ctx, live.Grant, b)
	if err != nil {
		return nil, nil, err
	}
	canaries, lacking, err := h.chooseCanaries(ctx, live, b)
	if err != nil {
		return nil, nil, err
	}
	faults := slices.Concat(b.faults, refusals, lacking)
	if len(faults) > 0 {
		return live, faults, nil
	}
	live.Canaries = canaries
	live.steps, err = plan.Steps(live.Grant, h.Installation)
	if err == nil && b.migration != nil {
		live.steps = append(live.steps, b.migration.foundSteps(len(live.steps)+1)...)
	}
	return live, nil, err
}

func (b binding) grant(claim store.Claim) grant.Grant {
	r := b.request
	g := grant.Grant{ID: claim.ID, State: grant.Bound, Mechanism: r.Mechanism, Workload: b.resolved.workload,
		Permissions: union(r.Permissions, r.ConfineExisting), ConfineExisting: r.ConfineExisting, Replaces: r.Replaces, Waits: b.document.Waits.For(r.Mechanism.Consents() || r.Migrate, b.resolved.workload), Scope: r.Scope, Target: b.resolved.counted.target, Targets: b.resolved.counted.targets,
		ReceivedAt: claim.ReceivedAt, StartsAt: r.StartsAt, ExpiresAt: r.ExpiresAt,
		Ticket: r.Ticket, Requester: r.Requester, Owner: r.Owner, Justification: r.Justification, Source: claim.Source}
	if g.Mechanism.Consents() || b.migration != nil {
		g.ConsentBy = b.document.ConsentBy
	}
	if b.migration != nil {
		migration := b.migration.migration
		g.Migration = &migration
	}
	if b.adoption != nil {
		adoption := b.adoption.adoption
		g.Adoption = &adoption
	}
	g.Mailboxes = append(mailboxesOf(b.resolved.mailboxes), b.resolved.toMake...)
	if len(b.resolved.toMake) > 0 {
		g.NewMailbox = r.Create
	}
	return g
}

func (b binding) summary() string {
	count := len(b.resolved.mailboxes) + len(b.resolved.counted.mailboxes)
	made := ""
	if len(b.resolved.toMake) > 0 {
		made = "; to be made: " + several(addresses(b.resolved.toMake))
	}
	return fmt.Sprintf("%s (%s) and %d mailbox(es) were resolved%s", b.resolved.workload.DisplayName, b.resolved.workload.AppID, count, made)
}

// deny ends a claim of which nothing was made: with its faults, or because its end
// came first.
func (e *Engine) deny(ctx context.Context, claim store.Claim, r record, ending grant.Ending, faults []grant.Fault) error {
	now := e.Now()
	r.State, r.Ending, r.Faults, r.Condition, r.Stuck = grant.Denied, ending, faults, nil, ""
	event, reason := grant.EventRefused, "Refused"
	if ending != "" {
		event, reason = grant.EventDenied, string(ending)
	}
	detail := ""
	for _, fault := range faults {
		detail += fault.Pointer + ": " + fault.Detail + "\n"
	}
	r.History = append(r.History, grant.Entry{At: now, Event: event, By: "mailgrant", Reason: reason, Detail: detail})
	owed := r.Work.Owed
	r.Work = grant.Work{}
	err := e.Store.WriteDue(ctx, dues(claim.ID, "", []grant.Due{grant.NewDue(now.Add(grant.PickUp), grant.DueNotify)})...)
	if err != nil {
		return storage(err, "")
	}
	err = e.put(ctx, claim, r)
	if err != nil {
		return storage(err, "")
	}
	e.hint(ctx, notifyQueue, claim.ID, 0)
	return storage(e.Store.DeleteDue(ctx, dues(claim.ID, "", owed)...), "")
}

// missBinding notes a binding that could not be done and when it is tried again.
// It goes on until the grant's end.
func (e *Engine) missBinding(ctx context.Context, claim store.Claim, r record, cause error) error {
	now := e.Now()
	failing := grant.Grant{ID: claim.ID, Work: r.Work}
	rest, held := heldBack(cause)
	if held {
		failing.Postpone(now.Add(rest))
	} else {
		failing.Miss(now, now.Add(retryAfter(cause)))
	}
	old := r.Work.Owed
	r.Work = failing.Work
	next := earlier(r.Work.NotBefore, r.ExpiresAt)
	r.Work.Owed = []grant.Due{grant.NewDue(next, grant.DueReceive)}
	if !held {
		r.stuck(now, cause)
		e.Log.WarnContext(ctx, "binding failed and will be tried again", "id", claim.ID, "reason", r.Stuck, "attempts", r.Work.Attempts, "next", next, "error", cause.Error())
	}
	err := e.Store.WriteDue(ctx, dues(claim.ID, "", r.Work.Owed)...)
	if err != nil {
		return storage(err, "")
	}
	err = e.put(ctx, claim, r)
	if err != nil {
		return storage(err, "")
	}
	e.hint(ctx, applyQueue, claim.ID, next.Sub(now))
	return storage(e.Store.DeleteDue(ctx, dues(claim.ID, "", without(old, r.Work.Owed))...), "")
}

// stuck shows why a claim is not bound; since keeps the first failure's time.
func (r *record) stuck(now time.Time, cause error) {
	reason, message := reasonOf(cause)
	since := now
	if r.Condition != nil {
		since = r.Condition.Since
	}
	r.Condition = &grant.Condition{Type: grant.Stuck, Status: grant.True, Reason: reason, Message: message, Since: since}
	r.Stuck = reason
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// refusals are the faults that follow from the document, the tenant's state and
// the workload's other grants. Every rule is asked.
func (h *holding) refusals(ctx context.Context, g grant.Grant, b binding) ([]grant.Fault, error) {
	faults := limitFaults(g, b.document)
	if len(h.grants) >= b.document.Limits.LiveGrants {
		faults = append(faults, tooManyGrants(g, len(h.grants), b.document))
	}
	own, err := h.mechanismFaults(ctx, g, b)
	if err != nil {
		return nil, err
	}
	faults = append(append(faults, own...), h.replaceFaults(g)...)
	others := elsewhere{g.Workload, b.resolved.facts, b.resolved.directory, g.Permissions, h.ours(), h.madePolicy}
	others.facts.Consents.Value = h.withoutProtocols(withoutTaken(others.facts.Consents.Value, takenBy(g)), nil)
	paths, _, err := h.otherWays(ctx, others)
	if err != nil {
		return nil, err
	}
	for _, path := range access.Undecided(paths) {
		faults = append(faults, grant.At("overlappingPath", path.String()+", or may ("+several(path.Unknown)+"); it is not known to be limited, so no scope is known to confine anything", "workload"))
	}
	for _, path := range access.Defeating(paths) {
		faults = append(faults, grant.At("overlappingPath", path.String()+"; a scope would confine nothing while it stands: remove it first", "workload"))
	}
	return faults, nil
}

func tooManyGrants(g grant.Grant, live int, document policy.Document) grant.Fault {
	return grant.At("tooManyGrants", fmt.Sprintf("%s has %d live grants; %d are allowed", g.Workload.DisplayName, live, document.Limits.LiveGrants), "workload")
}

func limitFaults(g grant.Grant, document policy.Document) []grant.Fault {
	var faults []grant.Fault
	if len(g.Scope.Mailboxes) > document.Limits.Mailboxes {
		faults = append(faults, grant.At("tooManyMailboxes", fmt.Sprintf("%d mailboxes are asked for; %d are allowed", len(g.Scope.Mailboxes), document.Limits.Mailboxes), "scope", "mailboxes"))
	}
	if len(g.Permissions) > document.Limits.Permissions {
		faults = append(faults, grant.At("tooManyPermissions", fmt.Sprintf("%d permissions are asked for; %d are allowed", len(g.Permissions), document.Limits.Permissions), "permissions"))
	}
	if g.ExpiresAt.Sub(g.StartsAt) > document.MaxDuration {
		faults = append(faults, grant.At("tooLong", fmt.Sprintf("the access would last %s; %s is the longest", g.ExpiresAt.Sub(g.StartsAt), document.MaxDuration)))
	}
	return faults
}

// ours tells the assignments of the workload's live grants from everybody else's.
func (h *holding) ours() func(access.Assignment) bool {
	var steps []grant.Step
	for _, live := range h.grants {
		steps = append(steps, live.steps...)
	}
	return plan.OursNames(steps)
}
