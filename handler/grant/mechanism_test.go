package grant_test

import (
	"encoding/json"
	"testing"
	"time"

	"mailgrant/handler/grant"
)

// TestWaitsAreKept: what a grant was bound with is what its end goes by.
func TestWaitsAreKept(t *testing.T) {
	t.Parallel()
	g := grant.Grant{Mechanism: grant.AccessPolicy, Waits: grant.Waits{Policy: 90 * time.Minute, Tokens: 25 * time.Hour}}
	text, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	var read grant.Grant
	err = json.Unmarshal(text, &read)
	if err != nil || read.Waits != g.Waits || read.LeadTime() != 26*time.Hour+30*time.Minute || read.GoneAfter() != 90*time.Minute || read.FollowsAfter() != 25*time.Hour {
		t.Errorf("%v: %+v of %s", err, read.Waits, text)
	}
	for _, wrong := range []string{`{"waits": {"policy": "soon", "tokens": "1h"}}`, `{"waits": {"policy": "1h"}}`, `{"waits": 7}`} {
		err := json.Unmarshal([]byte(wrong), &read)
		if err == nil {
			t.Errorf("%s was read", wrong)
		}
	}
}

func TestLeadTimes(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		g     grant.Grant
		lead  time.Duration
		short time.Duration // the longest that is too short
	}{
		"rbac":      {grant.Grant{Mechanism: grant.RBAC}, 2 * time.Hour, 0},
		"policy":    {grant.Grant{Mechanism: grant.AccessPolicy, Waits: grant.WaitsOf(grant.AccessPolicy)}, 4 * time.Hour, 5*time.Hour - time.Second},
		"migration": {grant.Grant{Mechanism: grant.RBAC, Migration: &grant.Migration{}, Waits: grant.Waits{Policy: 2 * time.Hour, Tokens: 25 * time.Hour}}, 2 * time.Hour, 28*time.Hour - time.Second},
	}
	for name, test := range cases {
		test.g.ReceivedAt, test.g.StartsAt = start, start
		test.g.ExpiresAt = start.Add(test.short)
		if test.g.LeadTime() != test.lead {
			t.Errorf("%s: lead %s", name, test.g.LeadTime())
		}
		if test.short == 0 {
			continue
		}
		if !test.g.TooShort() {
			t.Errorf("%s: %s is not too short", name, test.short)
		}
		test.g.ExpiresAt = test.g.ExpiresAt.Add(time.Second)
		if test.g.TooShort() {
			t.Errorf("%s: %s is too short", name, test.short+time.Second)
		}
	}
}

func TestAsMigration(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		` {"appId": "x"}`: ` {"migrate":true,"appId": "x"}`,
		"{ \n}":           "{\"migrate\":true \n}",
		"[]":              "[]",
		"":                "",
		"{":               `{"migrate":true`,
	} {
		if got := string(grant.AsMigration([]byte(given))); got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
}
