package engine

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

// tryable stores an active grant that is effective now, and returns an engine on it.
func tryable(t *testing.T) (*Engine, *hands) {
	t.Helper()
	shared, clock := rows(t), morning()
	e := worker(shared, clock.now, 0)
	g := readable()
	g.State, g.Workload, g.EffectiveBy = grant.Active, grant.Workload{ObjectID: someWorkload, AppID: "app"}, clock.now()
	g.ExpiresAt, g.Work.RetestAt = clock.now().Add(40*time.Minute), clock.now().Add(30*time.Minute)
	h, err := e.hold(t.Context(), someWorkload)
	if err == nil {
		err = shared.InsertClaim(t.Context(), store.Claim{ID: g.ID, Source: "ops", BodyHash: "h", Body: []byte("{}"), ReceivedAt: clock.now(), Workload: someWorkload, Document: []byte("{}")})
	}
	if err == nil {
		err = h.commit(t.Context(), &held{Grant: g, changed: map[int]bool{}})
	}
	if err != nil {
		t.Fatal(err)
	}
	h.release(t.Context())
	return e, clock
}

// reportOf answers every call of the plan as it should be, but for the canaries.
func reportOf(t *testing.T, plan ProbePlan, canaryStatus int, canaryCode string) []byte {
	t.Helper()
	var seen []map[string]any
	for _, call := range plan.Calls {
		one := map[string]any{"permission": call.Permission, "mailbox": call.Mailbox, "method": call.Method, "url": call.URL, "status": 200, "requestId": "r"}
		if call.Expected == grant.Refused {
			one["status"], one["error"] = canaryStatus, canaryCode
		}
		seen = append(seen, one)
	}
	body, err := json.Marshal(map[string]any{"code": plan.Code, "observations": seen})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// foldAll has a worker take up what callers have said, and returns the grant.
func foldAll(t *testing.T, e *Engine) View {
	t.Helper()
	h, err := e.hold(t.Context(), someWorkload)
	if err == nil {
		err = h.fold(t.Context(), h.find(someGrant))
	}
	if err != nil {
		t.Fatal(err)
	}
	h.release(t.Context())
	view, err := e.Show(t.Context(), someGrant)
	if err != nil {
		t.Fatal(err)
	}
	return view
}

func condition(view View, kind grant.ConditionType) grant.Condition {
	for _, c := range view.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return grant.Condition{}
}

func TestACodeIsUsedOnce(t *testing.T) {
	t.Parallel()
	e, clock := tryable(t)
	plan, err := e.ProbeCode(t.Context(), someGrant, "operator", nil)
	if err != nil {
		t.Fatal(err)
	}
	body := reportOf(t, plan, 403, deniedCode)
	var group sync.WaitGroup
	results := make([]error, 4)
	for i := range results {
		group.Go(func() { _, results[i] = e.Probe(context.WithoutCancel(t.Context()), someGrant, "operator", body) })
	}
	group.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if KindOf(err) != KindState {
			t.Errorf("got %v", err)
		}
	}
	if won != 1 {
		t.Errorf("the code was used %d times", won)
	}
	_, err = e.Probe(t.Context(), someGrant, "operator", reportOf(t, plan, 200, ""))
	if KindOf(err) != KindState || !strings.Contains(err.Error(), "used before") {
		t.Errorf("another report by the same code: %v", err)
	}
	clock.pass(time.Second)
	view := foldAll(t, e)
	if condition(view, grant.Observed).Reason != "AsGranted" || condition(view, grant.Effective).Reason != "Observed" || len(view.Evidence) != len(plan.Calls) {
		t.Errorf("got %+v, %+v", view.Conditions, view.Evidence)
	}
	page, err := e.History(t.Context(), someGrant, "", 0)
	if err != nil || len(page.Entries) != 2 || page.Entries[0].Event != grant.EventProbed || page.Entries[1].Event != grant.EventCondition {
		t.Errorf("the history is %+v, %v", page.Entries, err)
	}
	h, err := e.hold(t.Context(), someWorkload)
	if err == nil {
		err = h.fold(t.Context(), h.find(someGrant))
	}
	if err != nil || h.committed {
		t.Errorf("a report that was taken up is written again: %t, %v", h.committed, err)
	}
}

// TestAReportHidesNoAnswerOfTheTenant: what the tenant's test said of a mailbox stays
// beside what the workload's owner says.
func TestAReportHidesNoAnswerOfTheTenant(t *testing.T) {
	t.Parallel()
	tested := grant.Evidence{Means: "Test-ServicePrincipalAuthorization", Subject: mailbox1, Permission: "Mail.Read"}
	told := tested
	told.Means = grant.ByWorkload
	other := told
	other.Permission = "Calendars.Read"
	if evidenceKey(tested, someGrant) == evidenceKey(told, someGrant) || evidenceKey(told, someGrant) == evidenceKey(other, someGrant) {
		t.Errorf("they share the row %s", evidenceKey(told, someGrant))
	}
}

// TestAReportThatDiedIsTakenAgain: the code is marked as used and nothing else is
// written; the same report is taken, another one is not.
func TestAReportThatDiedIsTakenAgain(t *testing.T) {
	t.Parallel()
	e, clock := tryable(t)
	plan, err := e.ProbeCode(t.Context(), someGrant, "operator", nil)
	if err != nil {
		t.Fatal(err)
	}
	body := reportOf(t, plan, 200, "")
	g, err := e.grant(t.Context(), someWorkload, someGrant)
	if err != nil {
		t.Fatal(err)
	}
	used, err := e.useUp(t.Context(), g, codeHash(plan.Code), body)
	if err != nil {
		t.Fatal(err)
	}
	clock.pass(time.Minute)
	_, err = e.Probe(t.Context(), someGrant, "operator", reportOf(t, plan, 403, deniedCode))
	if KindOf(err) != KindState {
		t.Errorf("another report: %v", err)
	}
	outcome, err := e.Probe(t.Context(), someGrant, "operator", body)
	if err != nil || !outcome.Observed.Since.Equal(used) || outcome.Observed.Reason != "CanaryReached" {
		t.Errorf("the same report: %+v, %v", outcome, err)
	}
	view := foldAll(t, e)
	if condition(view, grant.Observed).Status != grant.False || view.State != grant.Active || len(view.findings(clock.now())) == 0 {
		t.Errorf("got %s, %+v", view.State, view.Conditions)
	}
	stored, err := e.grant(t.Context(), someWorkload, someGrant)
	if err != nil || !stored.Work.RetestAt.Equal(used) {
		t.Errorf("the tenant is asked at %s, %v", stored.Work.RetestAt, err)
	}
}

func TestCodesLapse(t *testing.T) {
	t.Parallel()
	e, clock := tryable(t)
	plan, err := e.ProbeCode(t.Context(), someGrant, "operator", nil)
	if err != nil || !plan.ExpiresAt.Equal(clock.now().Add(40*time.Minute)) {
		t.Fatalf("until %s, %v: with its grant, which ends before the hour", plan.ExpiresAt, err)
	}
	stored, err := e.Store.ReadRows(t.Context(), someWorkload, codePrefix)
	if err != nil || len(stored) != 1 || strings.Contains(stored[0].Key+string(stored[0].Document), plan.Code) {
		t.Errorf("the code is in the table: %+v, %v", stored, err)
	}
	_, err = e.Probe(t.Context(), someGrant, "operator", reportOf(t, ProbePlan{Code: "WRONG", Calls: plan.Calls}, 403, deniedCode))
	if KindOf(err) != KindShape || !strings.Contains(err.Error(), "/code") {
		t.Errorf("a code of nobody's: %v", err)
	}
	clock.pass(40 * time.Minute)
	_, err = e.Probe(t.Context(), someGrant, "operator", reportOf(t, plan, 403, deniedCode))
	if KindOf(err) != KindState || !strings.Contains(err.Error(), "lapsed") {
		t.Errorf("late: %v", err)
	}
	clock.pass(2 * time.Hour)
	_, err = e.ProbeCode(t.Context(), someGrant, "operator", nil)
	if err != nil {
		t.Fatal(err)
	}
	stored, err = e.Store.ReadRows(t.Context(), someWorkload, codePrefix)
	if err != nil || len(stored) != 1 || stored[0].Key == codeKey(someGrant, codeHash(plan.Code)) {
		t.Errorf("what lapsed long ago is kept: %+v, %v", stored, err)
	}
}

func TestCodesAreBounded(t *testing.T) {
	t.Parallel()
	e, _ := tryable(t)
	for range mostCodes {
		_, err := e.ProbeCode(t.Context(), someGrant, "operator", nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := e.ProbeCode(t.Context(), someGrant, "operator", nil)
	if KindOf(err) != KindState {
		t.Errorf("one more: %v", err)
	}
}
