package grant_test

import (
	"testing"
	"time"

	"mailgrant/handler/grant"
)

// TestWritesThatAreStillOpen: one sight settles one write. While another is open,
// its window stays; with the last one it closes.
func TestWritesThatAreStillOpen(t *testing.T) {
	t.Parallel()
	until := received().Add(grant.LateEffect)
	cases := []struct {
		sent, left int
		window     time.Time
	}{{0, 0, time.Time{}}, {1, 0, time.Time{}}, {2, 1, until}, {3, 2, until}}
	for _, test := range cases {
		step := grant.Step{Sent: test.sent, MayAppearUntil: until, RemovalsSent: test.sent, MayVanishUntil: until}
		seen, gone := step.Seen(), step.SeenGone()
		if seen.Sent != test.left || !seen.MayAppearUntil.Equal(test.window) || seen.RemovalsSent != test.sent || !seen.MayVanishUntil.Equal(until) {
			t.Errorf("%d creates, seen: %+v", test.sent, seen)
		}
		if gone.RemovalsSent != test.left || !gone.MayVanishUntil.Equal(test.window) || gone.Sent != test.sent || !gone.MayAppearUntil.Equal(until) {
			t.Errorf("%d removals, seen gone: %+v", test.sent, gone)
		}
	}
}

func TestStepsThatMayBeInTheTenant(t *testing.T) {
	t.Parallel()
	cases := map[grant.StepState]bool{
		grant.Wanted: false, grant.Creating: true, grant.Made: true, grant.Removing: true, grant.Gone: false, grant.Left: false,
	}
	for state, want := range cases {
		if (grant.Step{State: state}).Exists() != want {
			t.Errorf("%s: exists is %t", state, !want)
		}
	}
}
