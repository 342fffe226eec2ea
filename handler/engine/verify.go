package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
)

// RetestEvery is how often an active grant is proved again.
const RetestEvery = time.Hour

// verifyFor is how long a verification that answers unknown is repeated before the
// access is taken away again.
const verifyFor = time.Hour

// proof is the outcome of one verification.
type proof struct {
	evidence []grant.Evidence
	// canary names a canary that the tenant allows.
	canary string
	// denied and unsure name mailboxes that are refused, and checks that proved nothing.
	denied, unsure []string
	paths          []access.Path
	unread         []string
	canaries       []grant.Mailbox
	canaryChanged  bool
	// slid says what got into a scope that was not to be in it; empty for nothing.
	slid string
	// protocols is ProtocolsOpen; its status is empty where the grant goes by none.
	protocols grant.Condition
	// means is by what the verdicts were reached, in words.
	means string
	// granted is how many mailboxes of the grant were asked about, of total.
	granted, total int
	// declared is what the workload's app registration asks for beside its consents. It was
	// noted already where this invocation has bound the grant.
	declared Declared
	// held is set when the ceiling kept a check back: nothing was learned.
	held error
	// rest is the longest wait that the tenant asked for in place of an answer.
	rest time.Duration
}

// verify proves a provisioned grant: every mailbox allowed, every canary refused,
// no other path. Only all three make it active; a canary that is allowed or a path
// that defeats the scope takes the access away at once.
func (h *holding) verify(ctx context.Context, live *held) error {
	if live.Scope.Kind() == grant.ByOrganization {
		return h.reachesAll(ctx, live)
	}
	now := h.Now()
	if live.Work.VerifyUntil.IsZero() {
		live.Work.VerifyUntil = earlier(now.Add(verifyFor), live.ExpiresAt)
	}
	mailboxes := grant.Condition{Status: grant.True}
	if live.Scope.Counted() {
		// Since it was bound the tenant may have put others into it.
		var err error
		mailboxes, err = h.recount(ctx, live)
		if err != nil {
			return h.miss(ctx, live, err)
		}
	}
	found := h.prove(ctx, live)
	if found.held != nil {
		return h.miss(ctx, live, found.held)
	}
	found.slid = h.slid(live, mailboxes)
	if mailboxes.Status != grant.True {
		found.unsure = append(found.unsure, mailboxes.Message)
	}
	err := h.keepEvidence(ctx, live, found.evidence)
	if err != nil {
		return err
	}
	h.state(live, found)
	if live.Adoption != nil {
		return h.verifyAdopted(ctx, live, found)
	}
	wide := access.Defeating(found.paths)
	switch {
	case found.canary != "":
		return h.end(ctx, live, grant.CanaryAllowed, found.canary)
	case len(wide) > 0:
		return h.end(ctx, live, grant.OtherPath, sentences(wide))
	case found.slid != "":
		return h.end(ctx, live, grant.ScopeGrown, found.slid)
	case live.Condition(grant.Verified).Status == grant.True:
		return h.activate(ctx, live)
	case !now.Before(live.Work.VerifyUntil):
		return h.end(ctx, live, grant.NotVerified, live.Condition(grant.Verified).Message)
	}
	verified := live.Condition(grant.Verified)
	return h.stuck(ctx, live, verified.Reason, verified.Message, h.Now().Add(found.rest))
}

func (h *holding) activate(ctx context.Context, live *held) error {
	now := h.Now()
	live.VerifiedAt = now
	live.EffectiveBy = now.Add(live.FollowsAfter())
	live.Work.RetestAt = now.Add(RetestEvery)
	live.Work.VerifyUntil = time.Time{}
	return h.move(ctx, live, grant.Active, grant.EventActive, "", fmt.Sprintf("verified; effective by %s", live.EffectiveBy.UTC().Format(time.RFC3339)))
}

// proveFor ends the questions of one proof while there is time left to write down what
// was answered: a tenant too slow to answer may not keep a verification from counting.
const proveFor = 80 * time.Second

// prove asks the tenant's own test about every mailbox and canary, and reads every
// other path, side by side. What could not be read is unsure, never denied.
func (h *holding) prove(ctx context.Context, live *held) proof {
	ctx, cancel := context.WithTimeout(ctx, proveFor)
	defer cancel()
	canaries, changed, err := h.usableCanaries(ctx, live)
	found := proof{canaries: canaries, canaryChanged: changed, means: "the tenant's own test"}
	if live.Mechanism == grant.MailboxPermission {
		found.means = "the lists of who may open it"
	}
	if err != nil {
		found.unsure = append(found.unsure, "the canaries could not be looked up: "+err.Error())
	}
	granted, uncounted := h.subjects(ctx, live)
	if uncounted != nil {
		found.unsure = append(found.unsure, "the scope's mailboxes could not be listed: "+uncounted.Error())
	}
	// A canary that slid into the scope is asked about as what it is.
	granted, _ = grant.Growth(canaries, granted)
	subjects := append(slices.Clone(granted), canaries...)
	answers := make([]tested, len(subjects))
	var others elsewhere
	var unreadable error
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, subject := range subjects {
		group.Go(func() error {
			answers[i] = h.test(ctx, live, subject)
			return nil
		})
	}
	group.Go(func() error {
		others, unreadable = h.otherPaths(ctx, live)
		return nil
	})
	group.Go(func() error {
		found.protocols = h.protocolsOpen(ctx, live, granted)
		return nil
	})
	_ = group.Wait() // the functions return no errors: each has put its own away
	found.total = max(len(granted), len(live.seen))
	found.held = keptBack(answers, unreadable, err, uncounted)
	found.rest = asked(answers, unreadable, err, uncounted)
	h.judgeAnswers(live, &found, subjects, answers, len(granted))
	for _, one := range found.evidence {
		h.Telemetry.Verdict(ctx, string(one.Expected), string(one.Verdict))
	}
	h.judgePaths(ctx, live, &found, others, unreadable)
	if h.bound != live.ID {
		found.declared = h.declaredFor(ctx, live, others.facts.Consents)
	}
	return found
}

func keptBack(answers []tested, others ...error) error {
	for _, answer := range answers {
		others = append(others, answer.err)
	}
	for _, err := range others {
		_, held := heldBack(err)
		if held {
			return err
		}
	}
	return nil
}

// asked is the longest wait that the tenant asked for in any of these.
func asked(answers []tested, others ...error) time.Duration {
	for _, answer := range answers {
		others = append(others, answer.err)
	}
	var rest time.Duration
	for _, err := range others {
		rest = max(rest, retryAfter(err))
	}
	return rest
}

// tested is one answer of the tenant's test.
type tested struct {
	at   time.Time
	rows []access.Authorization
	// verdict is that of the test of policies; empty for others.
	verdict grant.Verdict
	// verdicts are those of the lists of mailbox permissions, by permission; nil for others.
	verdicts  map[string]grant.Verdict
	requestID string
	err       error
}

func (h *holding) test(ctx context.Context, live *held, mailbox grant.Mailbox) tested {
	switch live.Mechanism {
	case grant.AccessPolicy:
		return h.testPolicy(ctx, live, mailbox)
	case grant.MailboxPermission:
		return h.testPermissions(ctx, live, mailbox)
	}
	answer, err := h.Exchange.TestServicePrincipalAuthorization(ctx, live.Workload.ObjectID, mailbox.GUID)
	return tested{at: h.Now(), rows: authorizationsOf(answer), requestID: answer.RequestID, err: err}
}

// authorizationsOf tells the tenant's own test in the words that it is judged in.
func authorizationsOf(answer exchange.Answer) []access.Authorization {
	rows := make([]access.Authorization, len(answer.Rows))
	for i, row := range answer.Rows {
		rows[i] = access.Authorization{Role: row.RoleName, Granted: row.GrantedPermissions, Scope: row.AllowedResourceScope, InScope: verdictOf(row.InScope)}
	}
	return rows
}

func verdictOf(answer exchange.InScope) grant.Verdict {
	switch answer {
	case exchange.InScopeTrue:
		return grant.Allowed
	case exchange.InScopeFalse:
		return grant.Refused
	}
	return grant.Unsure
}

// otherPaths reads anew what the workload itself holds.
func (h *holding) otherPaths(ctx context.Context, live *held) (elsewhere, error) {
	found := elsewhere{workload: live.Workload, wanted: live.Permissions, ours: h.ours(), madePolicy: h.madePolicy}
	pointer := h.shown
	if live.Mechanism == grant.AccessPolicy {
		// Nothing of this grant hangs on the pointer, so that it was not read before.
		var err error
		pointer, err = h.Engine.pointer(ctx, live.Workload)
		if err != nil {
			return found, err
		}
	}
	found.facts.Pointer = access.Known(pointer)
	group, ctx := readTogether(ctx)
	group.Go(func() error {
		consents, err := h.consents(ctx, live.Workload.ObjectID)
		consents = withoutTaken(h.ownConsents(consents), live.goesYet())
		found.facts.Consents = access.Known(consents)
		return err
	})
	group.Go(func() error {
		if h.bound == live.ID && h.directory.Read {
			// Read when it was bound, seconds ago, by this very invocation.
			found.directory = h.directory
			return nil
		}
		var err error
		found.directory, err = h.rolesInDirectory(ctx, live.Workload.ObjectID)
		return err
	})
	group.Go(func() error {
		if pointer == nil && live.Mechanism == grant.AccessPolicy {
			// Without a pointer a workload can hold no role.
			found.facts.Assignments = access.Known[[]access.Assignment](nil)
			return nil
		}
		assignments, err := h.assignments(ctx, live.Workload, pointer)
		found.facts.Assignments = access.Known(assignments)
		return err
	})
	err := group.Wait()
	return found, err
}

// judgeAnswers turns answers into evidence, one row a mailbox and permission.
// The first so many subjects are granted, the others are canaries.
func (h *holding) judgeAnswers(live *held, found *proof, subjects []grant.Mailbox, answers []tested, granted int) {
	found.granted = granted
	for i, subject := range subjects {
		canary := i >= granted
		for _, wanted := range expectations(live) {
			evidence := judgeAnswer(answers[i], wanted, canary)
			evidence.Means, evidence.Subject = meansOf(live.Mechanism, evidence.Permission), subject.GUID
			found.add(evidence, subject)
		}
	}
}

func judgeAnswer(answer tested, wanted access.Expectation, canary bool) grant.Evidence {
	evidence := grant.Evidence{At: answer.at, Permission: wanted.Permission,
		Expected: grant.Allowed, RequestID: answer.requestID}
	judge := access.JudgeMailbox
	if canary {
		evidence.Expected, judge = grant.Refused, access.JudgeCanary
	}
	if answer.err != nil {
		evidence.Verdict, evidence.Detail = grant.Unsure, answer.err.Error()
		return evidence
	}
	if answer.verdict != "" {
		evidence.Verdict = answer.verdict
		return evidence
	}
	if answer.verdicts != nil {
		evidence.Verdict = answer.verdicts[wanted.Permission]
		return evidence
	}
	evidence.Verdict, evidence.Detail = judge(answer.rows, wanted)
	return evidence
}

func (p *proof) add(evidence grant.Evidence, subject grant.Mailbox) {
	p.evidence = append(p.evidence, evidence)
	about := fmt.Sprintf("%s on %s", evidence.Permission, subject.Address)
	if evidence.Detail != "" {
		about += ": " + evidence.Detail
	}
	switch {
	case evidence.Verdict == grant.Unsure:
		p.unsure = append(p.unsure, about)
	case evidence.Expected == grant.Refused && evidence.Verdict == grant.Allowed:
		p.canary = "the canary is allowed " + about
	case evidence.Expected == grant.Allowed && evidence.Verdict == grant.Refused:
		p.denied = append(p.denied, about)
	}
}

func (h *holding) judgePaths(ctx context.Context, live *held, found *proof, others elsewhere, err error) {
	if err != nil {
		found.unread = append(found.unread, err.Error())
		found.unsure = append(found.unsure, "the other paths could not be read: "+err.Error())
		return
	}
	found.denied = append(found.denied, lackingConsents(live, others.facts)...)
	consents := others.facts.Consents.Value
	others.facts.Consents.Value = h.withoutProtocols(consents, nil)
	apart := judgedApart(live, consents, others.facts.Consents.Value)
	found.paths, found.unread, err = h.otherWays(ctx, others)
	if err != nil {
		if held := keptBack(nil, err); held != nil {
			found.held = held
		}
		found.rest = max(found.rest, retryAfter(err))
		found.unread = append(found.unread, err.Error())
		found.unsure = append(found.unsure, "the other paths could not be judged: "+err.Error())
	}
	h.judgePermissions(ctx, live, apart, found)
	found.paths = append(found.paths, besideOurRights(live, others.facts.Consents.Value)...)
	for _, path := range access.Undecided(found.paths) {
		found.unread = append(found.unread, path.Unknown...)
		if live.State != grant.Active {
			// No access begins beside a path that may reach every mailbox.
			found.unsure = append(found.unsure, path.String()+", which is not known to be limited: "+several(path.Unknown))
		}
	}
}

// state writes the proof into the grant's conditions.
func (h *holding) state(live *held, found proof) {
	if found.canaryChanged {
		live.Canaries = found.canaries
		live.pending = append(live.pending, h.entry(grant.EventCanaryChanged, "", "the canary is now "+found.canaries[0].Address))
	}
	h.declare(live, found.verified())
	h.declare(live, found.confined())
	if h.bound != live.ID {
		h.noteDeclared(live, found.declared)
	}
	if found.protocols.Status != "" {
		h.declare(live, found.protocols)
	}
}

// declare states a condition as of now, and leaves a line in the history when it has
// changed.
func (h *holding) declare(live *held, condition grant.Condition) {
	condition.Since = h.Now()
	if live.Set(condition) {
		live.pending = append(live.pending, h.entry(grant.EventCondition, string(condition.Type)+string(condition.Status), condition.Reason+": "+condition.Message))
	}
}
