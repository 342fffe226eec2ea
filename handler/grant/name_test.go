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

// TestParseRemoteName reads back what RemoteName wrote, in any case, and nothing of
// another installation.
func TestParseRemoteName(t *testing.T) {
	t.Parallel()
	id := grant.NewID("ops", "RITM0012345")
	for _, number := range []int{0, 7, 10, 100} {
		name := grant.RemoteName("abc123", id, number)
		for _, text := range []string{name, strings.ToUpper(name)} {
			got, ours := grant.ParseRemoteName("abc123", text)
			if !ours || got != id {
				t.Errorf("%q: %q, ours is %t", text, got, ours)
			}
		}
		if _, ours := grant.ParseRemoteName("abc124", name); ours {
			t.Errorf("%q is taken for another installation's", name)
		}
	}
	for _, name := range []string{"", "mg-abc123-", "mg-abc123-" + id, "mg-abc123-" + id + "-", "mg-abc123-" + id + "-1", "mg-abc123-" + id + "-0x",
		"mg-abc123-" + id[1:] + "-00", "xmg-abc123-" + id + "-00", "mg-abc123-" + id + "-00 copy", "mg-abc123-" + id + "-00-00", id, "Helpdesk HR mailbox"} {
		if _, ours := grant.ParseRemoteName("abc123", name); ours {
			t.Errorf("%q is taken for ours", name)
		}
	}
}

func TestAtPointsByTokens(t *testing.T) {
	t.Parallel()
	cases := map[string][]string{"": nil, "/scope/mailboxes/0": {"scope", "mailboxes", "0"}, "/a~1b~0c": {"a/b~c"}}
	for want, tokens := range cases {
		got := grant.At("reason", "detail", tokens...)
		if got != (grant.Fault{Pointer: want, Reason: "reason", Detail: "detail"}) {
			t.Errorf("%q: %+v", tokens, got)
		}
	}
}

// TestUserID: the object id, which stays, before the address, which may move.
func TestUserID(t *testing.T) {
	t.Parallel()
	mailbox := grant.Mailbox{GUID: aGUID, Address: "news@contoso.example"}
	if got := mailbox.UserID(); got != mailbox.Address {
		t.Errorf("without an object id: %q", got)
	}
	mailbox.EntraID = "b0000000-0000-4000-8000-000000000002"
	if got := mailbox.UserID(); got != mailbox.EntraID {
		t.Errorf("with an object id: %q", got)
	}
}
