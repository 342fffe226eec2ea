package access_test

import (
	"slices"
	"testing"

	"mailgrant/handler/access"
)

func TestFilteredGroups(t *testing.T) {
	t.Parallel()
	const sales, south = "CN=Sales,OU=contoso,DC=example", "CN=O'Neill\\, South,OU=contoso,DC=example"
	printed, err := access.GroupFilter([]string{sales, south})
	if err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[string][]string{
		printed:                                 {south, sales},
		"((MemberOfGroup -eq '" + sales + "'))": {sales},
		"memberofgroup -eq '" + sales + "' -or MemberOfGroup -eq 'cn=sales,ou=contoso,dc=example'": {sales},
		"MemberOfGroup -ne '" + sales + "'":                    nil,
		"MemberOfGroup -eq '" + sales + "' -and Alias -eq 'x'": nil,
		"MemberOfGroup -eq '" + sales + "' -or Alias -eq 'x'":  nil,
		"MemberOfGroup -eq 'Sales'":                            nil,
		"-not (MemberOfGroup -eq '" + sales + "')":             nil,
		"Guid -eq '6233fba6-0198-4277-892f-9275bf728bcc'":      nil,
		"": nil,
	} {
		got, err := access.FilteredGroups(filter)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%s: %q, %v; want %q", filter, got, err, want)
		}
	}
}
