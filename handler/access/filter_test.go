package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"mailgrant/handler/access"
)

func TestParseFilterPrintsOneForm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"CustomAttribute1 -eq '012332'":                         "CustomAttribute1 -eq '012332'",
		"( (CustomAttribute1 -EQ 012332) )":                     "CustomAttribute1 -eq '012332'",
		"Alias -ne 'mbxa'":                                      "Alias -ne 'mbxa'",
		"Name -eq 'O''Neill'":                                   "Name -eq 'O''Neill'",
		"Department -eq $NULL":                                  "Department -eq $null",
		"-not(Alias -like 'a*')":                                "-not (Alias -like 'a*')",
		"-not -not Alias -eq 'a'":                               "-not (-not (Alias -eq 'a'))",
		"(A -eq '1' -or B -eq '2') -or C -eq '3'":               "A -eq '1' -or B -eq '2' -or C -eq '3'",
		"A -eq '1' -or (B -eq '2' -or C -eq '3')":               "A -eq '1' -or B -eq '2' -or C -eq '3'",
		"((A -eq '1') -and (B -eq '2')) -or (C -eq '3')":        "(A -eq '1' -and B -eq '2') -or C -eq '3'",
		"A -eq '1' -and (B -eq '2' -or (C -eq '3'))":            "A -eq '1' -and (B -eq '2' -or C -eq '3')",
		"A -eq '' -and -not (B -eq '2' -and C -eq '3')":         "A -eq '' -and -not (B -eq '2' -and C -eq '3')",
		"MemberOfGroup -eq 'CN=a (b),OU=x,DC=outlook,DC=com'":   "MemberOfGroup -eq 'CN=a (b),OU=x,DC=outlook,DC=com'",
		"Department -eq 'Größe \"&\" -or 100 %'\r\n":            "Department -eq 'Größe \"&\" -or 100 %'",
		"RecipientTypeDetails -eq UserMailbox-and Alias -eq 'a": "",
	} {
		read, err := access.ParseFilter(text)
		if want == "" {
			if err == nil {
				t.Errorf("%q was read as %s", text, read)
			}
			continue
		}
		if err != nil || read.String() != want {
			t.Errorf("%q: got %q, %v; want %q", text, read, err, want)
		}
		if !access.SameFilter(text, want) {
			t.Errorf("%q is not the same as what it prints", text)
		}
	}
}

func TestFaultsOfForm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]access.FilterFault{
		"":                            {Offset: 0, Reason: access.FilterEmpty},
		" \t":                         {Offset: 0, Reason: access.FilterEmpty},
		"Alias -eq 'a":                {Offset: 10, Reason: access.FilterQuote},
		"Alias -eq 'a''":              {Offset: 10, Reason: access.FilterQuote},
		"Alias -eq 'a'b'":             {Offset: 14, Reason: access.FilterQuote},
		"Alias -eq 'a' b":             {Offset: 14, Reason: access.FilterSyntax},
		"(Alias -eq 'a'":              {Offset: 0, Reason: access.FilterBracket},
		"Alias -eq 'a')":              {Offset: 13, Reason: access.FilterBracket},
		"()":                          {Offset: 1, Reason: access.FilterSyntax},
		"Alias":                       {Offset: 5, Reason: access.FilterSyntax},
		"Alias -eq":                   {Offset: 9, Reason: access.FilterSyntax},
		"Alias -is 'a'":               {Offset: 6, Reason: access.FilterSyntax},
		"Alias-eq 'a'":                {Offset: 0, Reason: access.FilterSyntax},
		"Alias eq 'a'":                {Offset: 6, Reason: access.FilterSyntax},
		"Alias -eq -eq":               {Offset: 10, Reason: access.FilterSyntax},
		"'Alias' -eq 'a'":             {Offset: 0, Reason: access.FilterSyntax},
		"Alias -eq $user":             {Offset: 10, Reason: access.FilterSyntax},
		"Alias -eq \"a\"":             {Offset: 10, Reason: access.FilterCharacter},
		"Alias -eq 'a’'":              {Offset: 12, Reason: access.FilterCharacter},
		"Alias -eq 'a\nb'":            {Offset: 12, Reason: access.FilterCharacter},
		"Alias -eq 'a\u202eb'":        {Offset: 12, Reason: access.FilterCharacter},
		"Alias -eq '\xff'":            {Offset: 11, Reason: access.FilterCharacter},
		"Alias -eq 'a'; exit":         {Offset: 13, Reason: access.FilterCharacter},
		"A -eq '1' -and":              {Offset: 14, Reason: access.FilterSyntax},
		"-and A -eq '1'":              {Offset: 0, Reason: access.FilterSyntax},
		"A -eq 1 -or B -eq 2 -and C":  {Offset: 20, Reason: access.FilterMixed},
		strings.Repeat("(", 65) + "A": {Offset: 64, Reason: access.FilterTooDeep},
		strings.Repeat("-not ", 65):   {Offset: 64 * 5, Reason: access.FilterTooDeep},
		"Alias -eq '" + strings.Repeat("a", 32<<10) + "'": {Offset: 32 << 10, Reason: access.FilterTooLong},
	} {
		read, err := access.ParseFilter(text)
		var wrong *access.FilterFault
		if !errors.As(err, &wrong) {
			t.Errorf("%.60q was read as %s", text, read)
			continue
		}
		if wrong.Offset != want.Offset || wrong.Reason != want.Reason || wrong.Detail == "" {
			t.Errorf("%.60q: %s at %d: %s; want %s at %d", text, wrong.Reason, wrong.Offset, wrong.Detail, want.Reason, want.Offset)
		}
		if access.SameFilter(text, text) || !read.Equal(access.Filter{}) && read.String() != "" {
			t.Errorf("%.60q is a filter after all", text)
		}
	}
}

func TestOperatorFilterRefusesWhatNobodyMeans(t *testing.T) {
	t.Parallel()
	refused := map[string]access.FilterReason{
		"PrimarySmtpAddress -eq 'a@contoso.example'":            access.FilterProxies,
		"emailaddresses -like 'smtp:a*'":                        access.FilterProxies,
		"WindowsEmailAddress -eq 'a@contoso.example'":           access.FilterProxies,
		"MemberOfGroup -eq 'sales'":                             access.FilterLinkValued,
		"Manager -eq 'a@contoso.example'":                       access.FilterLinkValued,
		"AdministrativeUnits -eq '" + one + "'":                 access.FilterLinkValued,
		"DistinguishedName -eq 'CN=a,DC=b'":                     access.FilterLinkValued,
		"Alias -like '*a'":                                      access.FilterWildcard,
		"Alias -like 'a*b'":                                     access.FilterWildcard,
		"Alias -like 'a**'":                                     access.FilterWildcard,
		"Alias -eq 'a*'":                                        access.FilterWildcard,
		"Alias -like '*'":                                       access.FilterEverything,
		"Alias -eq $true":                                       access.FilterType,
		"Alias -eq '$true'":                                     access.FilterType,
		"Alias -eq a":                                           access.FilterType,
		"Alias -eq ''":                                          access.FilterType,
		"Alias -like $null":                                     access.FilterType,
		"Guid -eq 'a'":                                          access.FilterType,
		"Guid -eq $true":                                        access.FilterType,
		"HiddenFromAddressListsEnabled -eq 'true'":              access.FilterType,
		"Guid -like '" + one[:8] + "*'":                         access.FilterOperator,
		"CustomAttribute1 -gt '5'":                              access.FilterOperator,
		"CustomAttribute16 -eq 'x'":                             access.FilterProperty,
		"Shoesize -eq '43'":                                     access.FilterProperty,
		"Alias -eq 'a' -and (Shoesize -eq '43')":                access.FilterProperty,
		"-not (PrimarySmtpAddress -eq 'a')":                     access.FilterProxies,
		"Alias -eq 'a":                                          access.FilterQuote,
		"Alias -eq '" + strings.Repeat("x", 40_000) + "'":       access.FilterTooLong,
		"Alias -eq 'a' -or Alias -eq 'b' -and Office -eq 'Rom'": access.FilterMixed,
	}
	for text, reason := range refused {
		filter, faults := access.OperatorFilter(text)
		if len(faults) != 1 || faults[0].Reason != reason || filter.String() != "" {
			t.Errorf("%.80q: %v, want %s", text, faults, reason)
		}
	}
	_, faults := access.OperatorFilter("Shoesize -eq '43' -or Alias -like '*x' -or Guid -eq 'a'")
	if len(faults) != 3 || faults[0].Offset != 0 || faults[1].Offset != 34 || faults[2].Offset != 52 {
		t.Errorf("not every fault at once: %v", faults)
	}
}

func TestOperatorFilterTakesWhatIsMeant(t *testing.T) {
	t.Parallel()
	for text, reassignable := range map[string][]string{
		"CustomAttribute1 -eq '012332'":                                              nil,
		"ExtensionCustomAttribute5 -ne 'x'":                                          nil,
		"Department -eq $null":                                                       nil,
		"Guid -eq '" + one + "' -or Guid -eq '" + two + "'":                          nil,
		"RecipientTypeDetails -eq 'RoomMailbox' -and Office -like 'Rom*'":            nil,
		"HiddenFromAddressListsEnabled -ne $true":                                    nil,
		"Alias -ne 'mbxa' -or UserPrincipalName -eq 'a@contoso.example'":             {"Alias", "UserPrincipalName"},
		"alias -notlike 'x*' -and -not (ALIAS -eq 'y')":                              {"Alias"},
		"Company -eq 'O''Neill & Sons (Ltd) -or $x'":                                 nil,
		"Department -eq 'Cost $5' -or Department -eq 'two' -or Department -eq 'tre'": nil,
	} {
		filter, faults := access.OperatorFilter(text)
		if len(faults) > 0 || filter.String() == "" {
			t.Errorf("%q: %v", text, faults)
		}
		if got := filter.Reassignable(); !slices.Equal(got, reassignable) {
			t.Errorf("%q: reassignable %q", text, got)
		}
	}
}

// filters draws the text of a filter of any shape, with its own spacing and brackets.
func filters(depth int) *rapid.Generator[string] {
	term := rapid.Custom(func(t *rapid.T) string {
		property := rapid.SampledFrom([]string{"Alias", "alias", "Department", "Guid", "Shoesize", "CustomAttribute7", "MemberOfGroup"}).Draw(t, "property")
		operator := rapid.SampledFrom([]string{"-eq", "-NE", "-like", "-notlike", "-gt"}).Draw(t, "operator")
		value := rapid.OneOf(rapid.SampledFrom([]string{"$null", "$TRUE", "bare", one}),
			rapid.Map(rapid.StringMatching(`[a-z '()*$äß&-]{0,12}`), func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" })).Draw(t, "value")
		return property + " " + operator + " " + value
	})
	if depth == 0 {
		return term
	}
	return rapid.Custom(func(t *rapid.T) string {
		inner := filters(depth - 1)
		switch rapid.IntRange(0, 3).Draw(t, "shape") {
		case 0:
			return "-not(" + inner.Draw(t, "negated") + ")"
		case 1:
			return "( " + inner.Draw(t, "bracketed") + "\t)"
		case 2:
			operands := rapid.SliceOfN(inner, 2, 4).Draw(t, "operands")
			return "(" + strings.Join(operands, ")"+rapid.SampledFrom([]string{" -and ", "-OR"}).Draw(t, "junction")+"(") + ")"
		}
		return term.Draw(t, "term")
	})
}

func TestEveryFilterPrintsAndReadsBackAsTheSameTree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := filters(4).Draw(t, "filter")
		read, err := access.ParseFilter(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again, err := access.ParseFilter(read.String())
		if err != nil || !again.Equal(read) || !read.Equal(again) || again.String() != read.String() {
			t.Errorf("%q printed as %q is read as %q, %v", text, read, again, err)
		}
	})
}

func TestFiltersThatDiffer(t *testing.T) {
	t.Parallel()
	all := []string{"Alias -eq 'a'", "Alias -ne 'a'", "Alias -eq 'b'", "Name -eq 'a'", "Alias -eq '$null'", "Alias -eq $null", "-not (Alias -eq 'a')", "Alias -eq 'a' -and Alias -eq 'a'",
		"Alias -eq 'a' -or Alias -eq 'a'", "Alias -eq 'a' -or Alias -eq 'a' -or Alias -eq 'a'", "Alias -eq 'a' -or Alias -eq 'b'"}
	for i, a := range all {
		for j, b := range all {
			if access.SameFilter(a, b) != (i == j) {
				t.Errorf("%q and %q: the same is %t", a, b, i != j)
			}
		}
	}
	if !access.SameFilter("alias -EQ 'A'", "(Alias -eq a)") || access.SameFilter("x", "Alias -eq 'a'") {
		t.Error("letter case and brackets decide, or what cannot be read is the same")
	}
}

func TestGroupFilter(t *testing.T) {
	t.Parallel()
	quoted := "CN=O'Neill,OU=x,DC=outlook,DC=com"
	got, err := access.GroupFilter([]string{quoted, dn("a")})
	want := "MemberOfGroup -eq '" + dn("a") + "' -or MemberOfGroup -eq '" + "CN=O''Neill,OU=x,DC=outlook,DC=com'"
	if err != nil || !access.SameFilter(got, "MemberOfGroup -eq '"+strings.ReplaceAll(quoted, "'", "''")+"' -or MemberOfGroup -eq '"+dn("a")+"'") && got != want {
		t.Errorf("got %q, %v", got, err)
	}
	for _, list := range [][]string{nil, {""}, {"sales"}, {"sales@contoso.example"}, {one}, {dn("a"), "sales"}, {"CN=,DC="}, {"CN=a\x00,DC=b"}, {"CN=a’,DC=b"}} {
		got, err := access.GroupFilter(list)
		if err == nil || got != "" {
			t.Errorf("%q became %q", list, got)
		}
	}
}

// FuzzParseFilter: whatever is read prints as a text that reads back as the same tree,
// and every fault stands inside the text.
func FuzzParseFilter(f *testing.F) {
	for _, seed := range []string{"Alias -eq 'a'", "-not (A -eq '''') -or (B -ne $null -and C -like 'x*')", "((A -eq b))", "A -eq 'b' -and", "A -eq '\u2019'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, err := access.ParseFilter(text)
		if err != nil {
			var wrong *access.FilterFault
			if !errors.As(err, &wrong) || wrong.Offset < 0 || wrong.Offset > len(text) || wrong.Detail == "" {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		again, err := access.ParseFilter(read.String())
		var wrong *access.FilterFault
		if errors.As(err, &wrong) && wrong.Reason == access.FilterTooLong {
			return // printing adds quotes and spaces
		}
		if err != nil || !again.Equal(read) {
			t.Errorf("%q printed as %q is read as %q, %v", text, read, again, err)
		}
	})
}

// FuzzGroupFilter: a name becomes one comparison with exactly this name, or nothing.
func FuzzGroupFilter(f *testing.F) {
	f.Add("sales")
	f.Add("a' -or Alias -like '*")
	f.Fuzz(func(t *testing.T, name string) {
		name = "CN=" + name + ",DC=com"
		text, err := access.GroupFilter([]string{name})
		if err != nil {
			return
		}
		if want := "MemberOfGroup -eq '" + strings.ReplaceAll(name, "'", "''") + "'"; text != want {
			t.Errorf("%q became %q", name, text)
		}
	})
}
