package grant

import (
	"fmt"
	"testing"
	"time"
)

// TestNested: the word is about the groups of a migration's scope, and nothing else.
func TestNested(t *testing.T) {
	t.Parallel()
	for scope, want := range map[string]string{
		``:                                       "addDirect []",
		`"scope": {"group": "sales@b.example"},`: "addDirect []",
		`"scope": {"groups": ["a", "b"]},`:       "addDirect []",
		`"scope": {"mailboxes": ["a@b.example"]},`:     " [{/nested scopeKind}]",
		`"scope": {"administrativeUnit": "Paris"},`:    " [{/nested scopeKind}]",
		`"scope": {"filter": "Alias -like 'a*'"},`:     " [{/nested scopeKind}]",
		`"mechanism": "rbac", "permissions": ["M.R"],`: "addDirect [{/mechanism migration}]",
	} {
		body := fmt.Sprintf(`{"migrate": true, "appId": "%s", %s "nested": "addDirect", "duration": "P7D"}`, "a0000000-0000-4000-8000-000000000002", scope)
		request, faults, err := ParseRequest([]byte(body), time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		type short struct{ pointer, reason string }
		var told []short
		for _, fault := range faults {
			told = append(told, short{fault.Pointer, fault.Reason})
		}
		if got := fmt.Sprint(request.Nested, " ", told); got != want {
			t.Errorf("%s: %s, want %s", scope, got, want)
		}
	}
}
