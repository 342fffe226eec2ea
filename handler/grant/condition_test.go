package grant_test

import (
	"slices"
	"testing"
	"time"

	"mailgrant/handler/grant"
)

func TestSinceMovesOnlyOnChange(t *testing.T) {
	t.Parallel()
	at := received()
	hour := func(n int) time.Time { return at.Add(time.Duration(n) * time.Hour) }
	steps := []struct {
		name    string
		set     grant.Condition
		changed bool
		since   time.Time
	}{
		{"first", grant.Condition{Status: grant.Unknown, Reason: "NotYet", Since: hour(1)}, true, hour(1)},
		{"the same", grant.Condition{Status: grant.Unknown, Reason: "NotYet", Since: hour(2)}, false, hour(1)},
		{"another message", grant.Condition{Status: grant.Unknown, Reason: "NotYet", Message: "m", Since: hour(3)}, false, hour(1)},
		{"another reason", grant.Condition{Status: grant.Unknown, Reason: "NotProved", Since: hour(4)}, true, hour(4)},
		{"another status", grant.Condition{Status: grant.True, Reason: "NotProved", Since: hour(5)}, true, hour(5)},
		{"and back", grant.Condition{Status: grant.Unknown, Reason: "NotProved", Since: hour(6)}, true, hour(6)},
	}
	g := grant.Grant{}
	g.Set(grant.Condition{Type: grant.Stuck, Status: grant.False, Reason: "Resolved", Since: at})
	for _, step := range steps {
		step.set.Type = grant.Verified
		if changed := g.Set(step.set); changed != step.changed {
			t.Errorf("%s: changed is %t", step.name, changed)
		}
		want := step.set
		want.Since = step.since
		if got := g.Condition(grant.Verified); got != want {
			t.Errorf("%s: got %+v, want %+v", step.name, got, want)
		}
	}
	if len(g.Conditions) != 2 || g.Condition(grant.Stuck).Since != at {
		t.Errorf("other conditions moved: %+v", g.Conditions)
	}
	if got := g.Condition(grant.Confined); got.Status != grant.Unknown || got.Reason != "NotYet" {
		t.Errorf("a condition never set is %+v", got)
	}
}

func TestConditionsAtTheClocksEdges(t *testing.T) {
	t.Parallel()
	at := received()
	g := grant.Grant{State: grant.Active, StartsAt: at, VerifiedAt: at, EffectiveBy: at.Add(grant.Lead), ExpiresAt: at.Add(30 * 24 * time.Hour)}
	g.Set(grant.Condition{Type: grant.Verified, Status: grant.True, Reason: "AllowedAndRefused", Since: at})
	week := g.ExpiresAt.Add(-7 * 24 * time.Hour)
	cases := []struct {
		name                string
		now                 time.Time
		effective, expiring grant.Status
		since, expiresSince time.Time
	}{
		{"verified now", at, grant.Unknown, grant.False, at, at},
		{"a moment before effectiveBy", g.EffectiveBy.Add(-1), grant.Unknown, grant.False, at, at},
		{"effectiveBy", g.EffectiveBy, grant.True, grant.False, g.EffectiveBy, at},
		{"a moment before the last week", week.Add(-1), grant.True, grant.False, g.EffectiveBy, at},
		{"the last week", week, grant.True, grant.True, g.EffectiveBy, week},
		{"past its end", g.ExpiresAt.Add(time.Hour), grant.True, grant.True, g.EffectiveBy, week},
	}
	for _, test := range cases {
		shown := g.ConditionsAt(test.now)
		if len(shown) != 3 || len(g.Conditions) != 1 {
			t.Fatalf("%s: %d conditions shown, %d kept", test.name, len(shown), len(g.Conditions))
		}
		effective, expiring := shown[1], shown[2]
		if effective.Type != grant.Effective || effective.Status != test.effective || !effective.Since.Equal(test.since) {
			t.Errorf("%s: %+v", test.name, effective)
		}
		if expiring.Type != grant.Expiring || expiring.Status != test.expiring || !expiring.Since.Equal(test.expiresSince) {
			t.Errorf("%s: %+v", test.name, expiring)
		}
	}
}

func TestConditionsAtByState(t *testing.T) {
	t.Parallel()
	at := received()
	want := map[grant.State][]grant.ConditionType{
		grant.Provisioning: {grant.Effective},
		grant.Active:       {grant.Effective, grant.Expiring},
		grant.Revoking:     {grant.Effective},
	}
	for _, state := range grant.States() {
		if !slices.Contains([]grant.State{grant.Provisioning, grant.Active, grant.Revoking}, state) && !state.Ended() {
			continue
		}
		g := grant.Grant{State: state, EffectiveBy: at, ExpiresAt: at.Add(time.Hour)}
		var got []grant.ConditionType
		for _, condition := range g.ConditionsAt(at) {
			got = append(got, condition.Type)
		}
		if !slices.Equal(got, want[state]) {
			t.Errorf("%s shows %v, want %v", state, got, want[state])
		}
	}
	early := grant.Grant{State: grant.Provisioning}
	if shown := early.ConditionsAt(at); len(shown) != 0 {
		t.Errorf("before it is verified a grant shows %v", shown)
	}
}

func TestNeedsAttention(t *testing.T) {
	t.Parallel()
	cases := []struct {
		kind   grant.ConditionType
		status grant.Status
		reason string
		want   bool
	}{
		{grant.Provisioned, grant.True, "AsPlanned", false},
		{grant.Provisioned, grant.Unknown, "NotRead", true},
		{grant.Provisioned, grant.False, "RemovedByOther", true},
		{grant.Provisioned, grant.False, "Removed", false},
		{grant.Verified, grant.True, "AllowedAndRefused", false},
		{grant.Verified, grant.Unknown, "NotProved", true},
		{grant.Verified, grant.False, "Removed", false},
		{grant.Confined, grant.Unknown, "NotRead", true},
		{grant.Confined, grant.True, "NoOtherPath", false},
		{grant.Confined, grant.False, "OtherPath", true},
		{grant.Confined, grant.Unknown, grant.ForeignAssignment, true},
		{grant.StillReachable, grant.True, "OtherPath", true},
		{grant.StillReachable, grant.Unknown, "NotRead", false},
		{grant.Stuck, grant.True, "ExchangeForbidden", true},
		{grant.Stuck, grant.False, "Resolved", false},
		{grant.Effective, grant.Unknown, "WithinPublishedLimit", false},
		{grant.Expiring, grant.True, "EndIsNear", false},
	}
	for _, test := range cases {
		condition := grant.Condition{Type: test.kind, Status: test.status, Reason: test.reason}
		if condition.NeedsAttention() != test.want {
			t.Errorf("%s %s %s: %t", test.kind, test.status, test.reason, !test.want)
		}
	}
}
