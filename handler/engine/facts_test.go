package engine

import (
	"testing"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
)

// TestWhatLimitsAnAssignment: whatever is not plainly limited is organization-wide.
func TestWhatLimitsAnAssignment(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		found exchange.RoleAssignment
		want  access.Assignment
	}{
		"nothing":         {exchange.RoleAssignment{}, access.Assignment{Unscoped: true}},
		"a scope":         {exchange.RoleAssignment{CustomResourceScope: "s"}, access.Assignment{Scope: "s"}},
		"the other place": {exchange.RoleAssignment{CustomRecipientWriteScope: "s"}, access.Assignment{Scope: "s"}},
		"a group":         {exchange.RoleAssignment{RecipientGroupScope: "g"}, access.Assignment{Group: "g"}},
		"a unit":          {exchange.RoleAssignment{RecipientAdministrativeUnitScope: "u"}, access.Assignment{Unit: "u"}},
		"a unit in a scope's place": {exchange.RoleAssignment{CustomResourceScope: "u", RecipientWriteScope: "administrativeUnit"},
			access.Assignment{Unit: "u", ScopeType: "administrativeUnit"}},
		"a word without a unit": {exchange.RoleAssignment{RecipientWriteScope: "AdministrativeUnit"}, access.Assignment{Unscoped: true, ScopeType: "AdministrativeUnit"}},
		"handed on":             {exchange.RoleAssignment{DelegationType: "DelegatingOrgWide"}, access.Assignment{Unscoped: true, Delegating: true}},
		"in small letters":      {exchange.RoleAssignment{DelegationType: "delegating"}, access.Assignment{Unscoped: true, Delegating: true}},
		"held":                  {exchange.RoleAssignment{DelegationType: "Regular"}, access.Assignment{Unscoped: true}},
	} {
		if got := judged(test.found); got != test.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
