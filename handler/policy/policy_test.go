package policy_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/policy"
)

func TestParseReadsEveryName(t *testing.T) {
	t.Parallel()
	document, faults := policy.Parse([]byte(`
canaries: [CEO@contoso.example, 6233FBA6-0198-4277-892f-9275bf728bcc]
protected:
  - "ceo@contoso.example"
maxDuration: P2W
limits: {mailboxes: 5, members: 6, permissions: 2, liveGrants: 7}
groups: any
approvers: [Alice Archer, bob]
mechanisms: [rbac, accessPolicy]
consentBy: service
waits: {policies: PT3H, tokens: PT4H, longTokens: P2D}
`))
	if len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	want := policy.Document{
		Canaries:    []string{"ceo@contoso.example", "6233fba6-0198-4277-892f-9275bf728bcc"},
		Protected:   []string{"ceo@contoso.example"},
		MaxDuration: 14 * 24 * time.Hour,
		Limits:      policy.Limits{Mailboxes: 5, Members: 6, Permissions: 2, LiveGrants: 7},
		Groups:      policy.AnyGroup,
		Approvers:   []string{"Alice Archer", "bob"},
		Drift:       policy.Report,
		Mechanisms:  []grant.Mechanism{grant.RBAC, grant.AccessPolicy},
		ConsentBy:   grant.Service,
		Waits:       policy.Waits{Policies: 3 * time.Hour, Tokens: 4 * time.Hour, LongTokens: 48 * time.Hour},
	}
	if document.Digest() != want.Digest() {
		t.Errorf("got %+v, want %+v", document, want)
	}
}

func TestParseFillsInDefaults(t *testing.T) {
	t.Parallel()
	short, faults := policy.Parse([]byte("canaries: [ceo@contoso.example]"))
	if len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	spelled, faults := policy.Parse([]byte("# said out loud\ncanaries:\n- ceo@contoso.example\nprotected: []\n" +
		"maxDuration: P90D\nlimits:\n  mailboxes: 50\n  permissions: 10\n  liveGrants: 200\n"))
	if len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	if short.Digest() != spelled.Digest() {
		t.Errorf("%+v and %+v have different digests", short, spelled)
	}
}

func TestDigestSeesEveryDifference(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, text := range []string{
		"canaries: [a@b.example]",
		"canaries: [c@b.example]",
		"canaries: [a@b.example, c@b.example]",
		"canaries: [a@b.example]\nprotected: [c@b.example]",
		"canaries: [a@b.example]\nmaxDuration: P1D",
		"canaries: [a@b.example]\nlimits: {mailboxes: 1}",
		"canaries: [a@b.example]\nlimits: {permissions: 1}",
		"canaries: [a@b.example]\nlimits: {members: 1}",
		"canaries: [a@b.example]\ngroups: any",
		"canaries: [a@b.example]\napprovers: [Alice]",
		"canaries: [a@b.example]\nlimits: {liveGrants: 1}",
	} {
		document, faults := policy.Parse([]byte(text))
		if len(faults) > 0 {
			t.Fatalf("%s: %v", text, faults)
		}
		if other, same := seen[document.Digest()]; same {
			t.Errorf("%q and %q have the same digest", text, other)
		}
		seen[document.Digest()] = text
	}
}

func TestParseNamesEveryFault(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", []string{"0:0  empty"}},
		{"only a comment", "# canaries to come\n", []string{"0:0  empty"}},
		{"not YAML", "canaries: [a@b.example", []string{"1:11  syntax"}},
		{"two documents", "canaries: [a@b.example]\n---\ncanaries: [a@b.example]\n", []string{"3:9  severalDocuments"}},
		{"a list", "- a@b.example\n", []string{"1:1  type"}},
		{"no canary named", "canaries: []\n", []string{"1:11 canaries empty"}},
		{"canaries without a value", "canaries:\n", []string{"1:11 canaries type"}},
		{"an alias", "canaries: &all [a@b.example]\nprotected: *all\n", []string{"1:11 canaries type", "2:12 protected type"}},
		{"everything at once", `canarys: [ceo@contoso.example]
protected:
  - not a mailbox
  - 17
  - x@contoso.example
  - X@contoso.example
maxDuration: P3M
limits:
  mailboxes: 0
  mailboxes: 4
  permissions: many
  liveGrants: -1
  extra: 1
`, []string{
			"1:1 canarys unknownName", "1:8 canaries missing",
			"3:5 protected[0] mailbox", "4:5 protected[1] type", "6:5 protected[3] duplicate",
			"7:14 maxDuration duration",
			"9:14 limits.mailboxes range", "10:3 limits.mailboxes duplicateName",
			"11:16 limits.permissions type", "12:15 limits.liveGrants range", "13:3 limits.extra unknownName",
		}},
		{"out of range", "canaries: [a@b.example]\nmaxDuration: PT5M\nlimits: {mailboxes: 99999999999999999999}\n",
			[]string{"2:14 maxDuration tooShort", "3:21 limits.mailboxes type"}},
		{"hostile address", "canaries: [\"a' -or Guid -ne '0\", \"a@b.example\\n\"]\n",
			[]string{"1:12 canaries[0] mailbox", "1:34 canaries[1] mailbox"}},
		{"too large", "#" + strings.Repeat("x", policy.MaxSize), []string{"0:0  tooLarge"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, faults := policy.Parse([]byte(test.text))
			if got := shown(faults); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestFaultReadsAsOneLine(t *testing.T) {
	t.Parallel()
	_, faults := policy.Parse([]byte("canaries: [a@b.example]\nlimits: 3\n"))
	if len(faults) != 1 {
		t.Fatalf("faults: %v", faults)
	}
	want := "line 2, column 9: limits: this has to be a mapping of mailboxes, members, permissions, liveGrants"
	if got := faults[0].String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSampleDocumentIsSound(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../infra/mailgrant.yaml")
	if err != nil {
		t.Fatal(err)
	}
	document, faults := policy.Parse(text)
	if len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	if len(document.Canaries) != 2 || len(document.Protected) != 1 || document.MaxDuration != policy.DefaultMaxDuration {
		t.Errorf("read %+v", document)
	}
}

func shown(faults []policy.Fault) []string {
	lines := make([]string, 0, len(faults))
	for _, fault := range faults {
		lines = append(lines, strings.Join([]string{place(fault), fault.Path, fault.Reason}, " "))
	}
	return lines
}
