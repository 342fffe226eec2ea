package access_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mailgrant/handler/access"
)

const (
	one = "6233fba6-0198-4277-892f-9275bf728bcc"
	two = "9a1f0c55-77de-4b0e-8d1a-0c2b7d1e44f0"
)

func guids() *rapid.Generator[string] {
	return rapid.StringMatching(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)
}

// asSet is what a list of GUIDs means: lower case, sorted, each once.
func asSet(list []string) []string {
	set := make([]string, len(list))
	for i, guid := range list {
		set[i] = strings.ToLower(guid)
	}
	slices.Sort(set)
	return slices.Compact(set)
}

func TestMailboxFilter(t *testing.T) {
	t.Parallel()
	got, err := access.MailboxFilter([]string{two, strings.ToUpper(one)})
	want := "Guid -eq '" + one + "' -or Guid -eq '" + two + "'"
	if err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, list := range [][]string{nil, {}, {""}, {one, ""}, {"news@contoso.example"}, {"{" + one + "}"}, {one[:35]}, {one + "0"}, {" " + one[1:]},
		{strings.ReplaceAll(one, "-", "")}, {"0" + strings.ReplaceAll(one, "-", "_")[1:]}, {strings.Replace(one, "6", "６", 1)}, {one, "' -or Guid -ne '0"}} {
		got, err := access.MailboxFilter(list)
		if err == nil || got != "" {
			t.Errorf("%q became the filter %q", list, got)
		}
	}
}

func TestFilterRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(guids(), 1, 50).Draw(t, "mailboxes")
		filter, err := access.MailboxFilter(list)
		if err != nil {
			t.Fatal(err)
		}
		got, err := access.FilteredMailboxes(filter)
		if err != nil || !slices.Equal(got, asSet(list)) {
			t.Errorf("got %q, %v; want %q", got, err, asSet(list))
		}
		if other := rewritten(t, filter); !access.SameMailboxes(other, filter) {
			t.Errorf("%q is not taken for %q", other, filter)
		}
	})
}

// rewritten says a filter in another of the ways in which Exchange may give it
// back: other case, spaces, brackets and quoting.
func rewritten(t *rapid.T, filter string) string {
	space := rapid.SampledFrom([]string{" ", "  ", "\t", "\r\n"})
	terms := strings.Split(filter, " -or ")
	for i, term := range terms {
		property := rapid.SampledFrom([]string{"Guid", "guid", "GUID"}).Draw(t, "property")
		literal := strings.TrimPrefix(term, "Guid -eq ")
		if rapid.Bool().Draw(t, "bare") {
			literal = strings.Trim(literal, "'")
		}
		operator := rapid.SampledFrom([]string{"-eq", "-EQ", "-Eq"}).Draw(t, "operator")
		term = property + space.Draw(t, "space") + operator + space.Draw(t, "space") + literal
		depth := rapid.IntRange(0, 5).Draw(t, "brackets")
		terms[i] = strings.Repeat("(", depth) + term + strings.Repeat(")", depth)
	}
	text := terms[0]
	for _, term := range terms[1:] {
		text += space.Draw(t, "space") + rapid.SampledFrom([]string{"-or", "-OR"}).Draw(t, "or") + space.Draw(t, "space") + term
		if rapid.Bool().Draw(t, "left bracket") && strings.Count(text, "(") < 60 {
			text = "(" + text + ")"
		}
	}
	return text
}

func TestFilteredMailboxesReadsOtherSpellings(t *testing.T) {
	t.Parallel()
	both := []string{one, two}
	cases := map[string][]string{
		"Guid -eq '" + one + "'":                                               {one},
		"((Guid -eq '" + one + "'))":                                           {one},
		"(guid -EQ '" + strings.ToUpper(one) + "')":                            {one},
		"((Guid -eq '" + two + "') -or (Guid -eq '" + one + "'))":              both,
		"Guid -eq '" + one + "' -or Guid -eq '" + one + "'":                    {one},
		"\tGuid\r\n-eq\t" + one + " -OR(Guid -eq'" + two + "')":                both,
		strings.Repeat("(", 64) + "Guid -eq " + one + strings.Repeat(")", 64):  {one},
		"(Guid -eq '" + one + "' -or (Guid -eq '" + two + "'))":                both,
		"((((Guid -eq '" + one + "'))) -or ((((Guid -eq '" + two + "')))))   ": both,
	}
	for filter, want := range cases {
		got, err := access.FilteredMailboxes(filter)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %q, %v", filter, got, err)
		}
	}
}

func TestFilteredMailboxesRefusesAnyOtherFilter(t *testing.T) {
	t.Parallel()
	ours := "Guid -eq '" + one + "'"
	for _, filter := range []string{
		"", " ", "()", "Guid", "Guid -eq", "Guid -eq ''", "Guid -eq 'news'", "Guid -eq $null",
		"Guid -ne '" + one + "'", "Guid -like '" + one[:35] + "*'", "Guid -like '*'", "-not (" + ours + ")", "-not " + ours,
		ours + " -and Alias -eq 'x'", ours + " -and " + ours, ours + " -or Alias -like '*'", ours + " -or Guid -ne '0'", ours + " -or", "-or " + ours,
		ours + " " + ours, ours + " -or -or " + ours, "ExchangeGuid -eq '" + one + "'", "ExternalDirectoryObjectId -eq '" + one + "'",
		"(" + ours, ours + ")", "(" + ours + "))", "((" + ours + ")", ")" + ours + "(", "Guid -eq '" + one, "Guid -eq " + one + "'",
		"Guid -eq ''" + one + "''", "Guid -eq '" + one + "''", "Guid -eq '" + one + "'''", "Guid -eq '" + one + "' -or 'x' -eq 'x'", "Guid -eq \"" + one + "\"",
		"Guid -eq '{" + one + "}'", "Guid-eq '" + one + "'", "Guid -eq '" + one + "'-or", "Guid\u00a0-eq '" + one + "'", "Guid -eq '" + one + "'\x00",
		"Ｇuid -eq '" + one + "'", "Guid -eq '" + one + " '", "Guid -eq ( '" + one + "' )",
		strings.Repeat("(", 65) + ours + strings.Repeat(")", 65), strings.Repeat("(", 100_000), strings.Repeat("(", 100_000) + ours,
	} {
		got, err := access.FilteredMailboxes(filter)
		if err == nil || got != nil {
			t.Errorf("%.80q was read as %q", filter, got)
		}
		if access.SameMailboxes(filter, ours) || access.SameMailboxes(ours, filter) || access.SameMailboxes(filter, filter) {
			t.Errorf("%.80q is taken for a filter that is known", filter)
		}
	}
}

func TestSameMailboxes(t *testing.T) {
	t.Parallel()
	first, second := "Guid -eq '"+one+"'", "Guid -eq '"+two+"'"
	cases := []struct {
		a, b string
		want bool
	}{
		{first, first, true},
		{first, "(" + strings.ToUpper(first) + ")", true},
		{first + " -or " + second, second + " -or " + first, true},
		{first + " -or " + first, first, true},
		{first, second, false},
		{first + " -or " + second, first, false},
		{first, first + " -or " + second, false},
	}
	for _, test := range cases {
		if access.SameMailboxes(test.a, test.b) != test.want {
			t.Errorf("%q and %q: the same is %t", test.a, test.b, !test.want)
		}
	}
}

// plainFilter describes, apart from the pairing of brackets, every text that the
// parser may accept. It is written independently of the parser.
func plainFilter() *regexp.Regexp {
	const guid = `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`
	const term = `(?:\(\s*)*guid\s+-eq(?:\s+` + guid + `|\s*'` + guid + `')(?:\s*\))*`
	return regexp.MustCompile(`(?i)^[\s\x{85}\x{a0}\pZ]*` + term + `(?:[\s\x{85}\x{a0}\pZ]*-or[\s\x{85}\x{a0}\pZ]*` + term + `)*[\s\x{85}\x{a0}\pZ]*$`)
}

// FuzzFilteredMailboxes: what is accepted is a plain list of GUIDs and means the
// same when it is printed by us.
func FuzzFilteredMailboxes(f *testing.F) {
	plain := plainFilter()
	f.Fuzz(func(t *testing.T, filter string) {
		read, err := access.FilteredMailboxes(filter)
		if err != nil {
			return
		}
		if !plain.MatchString(filter) {
			t.Errorf("%q was read as %q", filter, read)
		}
		printed, err := access.MailboxFilter(read)
		if err != nil {
			t.Fatalf("%q cannot be printed: %v", read, err)
		}
		again, err := access.FilteredMailboxes(printed)
		if err != nil || !slices.Equal(again, read) || !access.SameMailboxes(printed, filter) {
			t.Errorf("%q was read as %q and then as %q, %v", filter, read, again, err)
		}
	})
}
