package engine

import (
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
)

// TestAssignmentsOfNobodyAreNamed: whose holder was not read is a gap of every answer,
// and none of an assignment whose holder is known or whose role opens no mailbox.
func TestAssignmentsOfNobodyAreNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		assignment exchange.RoleAssignment
		named      bool
	}{
		"of nobody":         {readsMail("Nobody"), true},
		"of somebody":       {readsMail(appOne), false},
		"of a name of two":  {readsMail("Twin"), false},
		"of another's role": {exchange.RoleAssignment{Name: "reads", Role: "Mail Recipients", RoleAssignee: "Nobody"}, false},
	} {
		facts := everything()
		facts.Assignments = access.Known([]exchange.RoleAssignment{test.assignment})
		unknown := facts.assemble().unknown
		named := slices.ContainsFunc(unknown, func(text string) bool { return strings.Contains(text, `"reads"`) && strings.Contains(text, `"Nobody"`) })
		if named != test.named || !test.named && len(unknown) > 0 {
			t.Errorf("%s: %q", name, unknown)
		}
	}
}
