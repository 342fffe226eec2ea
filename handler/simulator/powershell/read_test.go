package powershell

import (
	"reflect"
	"testing"
)

func TestRead(t *testing.T) {
	t.Parallel()
	calls, err := Read("# a 'comment' $(x)\n$ErrorActionPreference = 'Stop'\n\n$group = Get-Group -Name 'o''ne ’‘' -All:$true | Where-Object -Property Name -EQ -Value 'x'\n" +
		"Set-Group -Identity $group.Guid.ToString() -Names @('a', 'b $(b)') -Text ('' + [char]10 + 'c' + [char]55357 + [char]56832) -Confirm:$false\nreturn\n")
	want := []Call{
		{Line: 2, Into: "ErrorActionPreference", Name: "=", Parameters: map[string]any{"Value": "Stop"}},
		{Line: 4, Into: "group", Name: "Get-Group", Parameters: map[string]any{"Name": "o'ne ‘", "All": true}, Filters: [][2]string{{"Name", "x"}}},
		{Line: 5, Name: "Set-Group", Parameters: map[string]any{"Identity": Variable{Call: 1, Path: "Guid.ToString()"}, "Names": []string{"a", "b $(b)"}, "Text": "\nc😀", "Confirm": false}},
		{Line: 6, Name: "return", Parameters: map[string]any{}},
	}
	if err != nil || !reflect.DeepEqual(calls, want) {
		t.Errorf("%v\n%+v\n%+v", err, calls, want)
	}
}

// TestReadRefuses: whatever could do more than a call with constant parameters.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, script := range []string{
		`Get-X -A "b"`, `Get-X -A b`, `Get-X -A 'b`, `Get-X -A 'b'c`, `Get-X -A 'b'; Remove-Y`, `Get-X -A 'b' 'c'`, `Get-X -A $b`, `Get-X -A`,
		`Get-X -A 'a' -A 'b'`, `Get-X -A $(b)`, "Get-X -A 'b\nc'", "Get-X `\n -A 'b'", `Get-X | Remove-X`, `Get-X | Where-Object { $true }`,
		`Get-X -A ([char]10 + 'b')`, `Get-X -A ('a' + b)`, `Get-X -A ('a' + [char]70000)`, `Get-X -A @('a', $b)`, `Get-X -A @()`, `iex 'a'`, `$a`, `$a.b = 'c'`,
		"#Requires -Modules x", "# a\rGet-X", "Get-X\u2028", "# \u202e", "Get-X –A 'b'", `Get-X -A:'b'`, `& 'a'`, `.\a`, "\tGet-X",
	} {
		calls, err := Read(script)
		if err == nil {
			t.Errorf("%q was read as %+v", script, calls)
		}
	}
}

// TestReadEndsATextAtAnyQuote: a typographic quote that was not doubled breaks out.
func TestReadEndsATextAtAnyQuote(t *testing.T) {
	t.Parallel()
	calls, err := Read("Get-X -A 'b’ -C ‘d'")
	if err != nil || len(calls) != 1 || !reflect.DeepEqual(calls[0].Parameters, map[string]any{"A": "b", "C": "d"}) {
		t.Errorf("%v, %+v", err, calls)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("Get-X -A ('a' + [char]10) | Where-Object -Property B -EQ -Value 'c'\n")
	f.Add("$a = 'b'\n# c\n")
	f.Fuzz(func(t *testing.T, script string) {
		calls, err := Read(script)
		if err != nil && calls != nil {
			t.Errorf("%v beside %v", calls, err)
		}
	})
}
