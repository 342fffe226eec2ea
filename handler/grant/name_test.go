package grant_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mailgrant/handler/grant"
)

// TestNewIDIsStable: rows of earlier versions are found by these ids, so they may
// never change.
func TestNewIDIsStable(t *testing.T) {
	t.Parallel()
	vectors := []struct{ source, key, want string }{
		{"ops", "RITM0012345", "ii5b2bwnnnhy5rjmdqgx"},
		{"ops", "", "nzhkkqgitksi2s4a6yce"},
		{"", "", "2bqjythxt4c5qtofazna"},
	}
	for _, vector := range vectors {
		if got := grant.NewID(vector.source, vector.key); got != vector.want {
			t.Errorf("NewID(%q, %q) is %q, want %q", vector.source, vector.key, got, vector.want)
		}
	}
}

// TestNewIDKeepsSourceAndKeyApart also where a key holds what would end a source.
func TestNewIDKeepsSourceAndKeyApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, pair := range [][2]string{{"a", "bc"}, {"ab", "c"}, {"abc", ""}, {"", "abc"}, {"a", ":bc"}, {"a:", "bc"}, {"1:a", "bc"}, {"a", "b:1:c"}, {"ops", "x"}, {"Ops", "x"}, {"ops", "X"}, {"ops", "x "}} {
		id := grant.NewID(pair[0], pair[1])
		if other, taken := seen[id]; taken {
			t.Errorf("%q and %s have the id %s", pair, other, id)
		}
		seen[id] = fmt.Sprintf("%q", pair)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[0-9a-c:]{2,12}`).Draw(t, "text")
		at, other := rapid.IntRange(0, len(text)).Draw(t, "at"), rapid.IntRange(0, len(text)).Draw(t, "other")
		same := grant.NewID(text[:at], text[at:]) == grant.NewID(text[:other], text[other:])
		if same != (at == other) {
			t.Errorf("%q cut at %d and at %d: the same is %t", text, at, other, same)
		}
	})
}

func TestRemoteNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		installation := rapid.StringMatching(`[a-z0-9]{6}`).Draw(t, "installation")
		id := grant.NewID(rapid.String().Draw(t, "source"), rapid.String().Draw(t, "key"))
		number := rapid.IntRange(0, 999).Draw(t, "number")
		if !grant.IsID(id) || !grant.IsInstallation(installation) {
			t.Fatalf("%q and %q are no id and installation", id, installation)
		}
		name := grant.RemoteName(installation, id, number)
		if len(name) > 64 || !strings.HasPrefix(name, "mg-"+installation+"-"+id+"-") {
			t.Errorf("%q has %d characters", name, len(name))
		}
		if name == grant.RemoteName(installation, id, number+1) {
			t.Errorf("%q names two objects", name)
		}
	})
	if got := grant.RemoteName("abc123", grant.NewID("ops", "RITM0012345"), 7); got != "mg-abc123-ii5b2bwnnnhy5rjmdqgx-07" {
		t.Errorf("got %q", got)
	}
}

func TestIsIDAndIsInstallation(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "abc", strings.Repeat("a", 19), strings.Repeat("a", 21), strings.Repeat("A", 20), strings.Repeat("1", 20),
		strings.Repeat("a", 20) + "\n", strings.Repeat("a", 19) + "|", "../" + strings.Repeat("a", 17)} {
		if grant.IsID(text) {
			t.Errorf("%q is taken for an id", text)
		}
	}
	for _, text := range []string{"", "abc12", "abc1234", "ABC123", "abc-12", "abc12\n"} {
		if grant.IsInstallation(text) {
			t.Errorf("%q is taken for an installation", text)
		}
	}
}

func TestWhichEndingsAreFailures(t *testing.T) {
	t.Parallel()
	cases := map[grant.Ending]bool{
		grant.Expired: false, grant.Revoked: false, grant.RevokedBeforeStart: false, grant.ExpiredBeforeStart: false, "": false,
		grant.CanaryAllowed: true, grant.OtherPath: true, grant.NotVerified: true, grant.NotProvisioned: true,
	}
	for ending, want := range cases {
		if ending.Failed() != want {
			t.Errorf("%q: failed is %t", ending, !want)
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
