package tenant

import (
	"strings"
	"testing"
)

func TestFiltersMatch(t *testing.T) {
	t.Parallel()
	target := mailbox{
		GUID: "AB", ExchangeGUID: "ex", EntraID: "en", DisplayName: "O'Neil", Primary: "News@contoso.example",
		Aliases: []string{"old@contoso.example"}, UPN: "upn@contoso.example", Type: "SharedMailbox",
		CustomAttributes: map[string]string{"CustomAttribute7": "emea"}, MemberOf: []string{"CN=a", "CN=b"},
	}
	for text, want := range map[string]bool{
		"Guid -eq 'ab'":         true,
		"GUID -EQ 'AB'":         true,
		"Guid -ne 'ab'":         false,
		"-not (Guid -eq 'ab')":  false,
		"-not Guid -eq 'other'": true,
		"ExchangeGuid -eq 'ex' -and ExternalDirectoryObjectId -eq 'en'": true,
		"Guid -eq 'x' -or Guid -eq 'y' -or Guid -eq 'ab'":               true,
		"Guid -eq 'ab' -or Guid -eq 'x' -and Alias -eq 'y'":             true,
		"(Guid -eq 'ab' -or Guid -eq 'x') -and Alias -eq 'y'":           false,
		"PrimarySmtpAddress -eq 'old@contoso.example'":                  true,
		"PrimarySmtpAddress -ne 'old@contoso.example'":                  false,
		"EmailAddresses -eq 'smtp:old@contoso.example'":                 true,
		"Alias -like 'ne*'":                            true,
		"Alias -like '*ws'":                            false,
		"UserPrincipalName -eq 'upn@contoso.example'":  true,
		"DisplayName -eq 'O''Neil'":                    true,
		"RecipientTypeDetails -eq 'SharedMailbox'":     true,
		"CustomAttribute7 -eq 'EMEA'":                  true,
		"CustomAttribute1 -eq 'emea'":                  false,
		"MemberOfGroup -eq 'cn=B'":                     true,
		"MemberOfGroup -eq 'b'":                        false,
		"DisplayName -eq 'x'' -or Guid -eq ''ab'":      false,
		"((Guid -eq 'ab') -and (-not(Alias -eq 'x')))": true,
	} {
		parsed, err := parseFilter(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := parsed.matches(target.properties); got != want {
			t.Errorf("%s is %t", text, got)
		}
	}
}

func TestWhatIsNoFilterIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		strings.Repeat("Guid -eq 'a' -or ", deepestFilter) + "Guid -eq 'a'", strings.Repeat("-not ", deepestText+1) + "Guid -eq 'a'",
		"", " ", "Guid", "Guid -eq", "Guid -eq ab", "Guid -eq 'ab", "Guid -eq 'ab' 'cd'", "(Guid -eq 'ab'", "Guid -eq 'ab')", "Colour -eq 'red'",
		"Guid -gt 'a'", "-and Guid -eq 'a'", "Guid -eq 'a' -or", "CustomAttribute16 -eq 'a'", strings.Repeat("(", 100) + "Guid -eq 'a'",
	} {
		parsed, err := parseFilter(text)
		if err == nil {
			t.Errorf("%q is taken as %s", text, parsed.text())
		}
	}
}

func TestFilterOfManyMailboxesCanBeReadBack(t *testing.T) {
	t.Parallel()
	parsed, err := parseFilter(strings.Repeat("Guid -eq 'a' -or ", deepestFilter-2) + "Guid -eq 'b'")
	if err != nil {
		t.Fatal(err)
	}
	again, err := parseFilter(parsed.text())
	if err != nil || !again.matches(mailbox{GUID: "b"}.properties) {
		t.Errorf("the printed form: %v", err)
	}
}

// FuzzParseFilter holds that the printed form of a filter is a filter that prints and judges alike.
func FuzzParseFilter(f *testing.F) {
	f.Add("Guid -eq 'ab' -or (Alias -like 'o''neil*' -and -not CustomAttribute1 -ne 'x')")
	f.Add("((Guid -eq 'ab'))")
	f.Add("a' -or Guid -ne '0")
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseFilter(text)
		if err != nil {
			return
		}
		again, err := parseFilter(parsed.text())
		if err != nil {
			t.Fatalf("%q prints as %q: %v", text, parsed.text(), err)
		}
		if again.text() != parsed.text() {
			t.Errorf("%q prints as %q and then as %q", text, parsed.text(), again.text())
		}
		target := mailbox{GUID: "ab", Primary: "a@b.c"}
		if again.matches(target.properties) != parsed.matches(target.properties) {
			t.Errorf("%q and %q judge differently", text, parsed.text())
		}
	})
}
