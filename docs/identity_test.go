package docs

import (
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/engine"
	"mailgrant/handler/identity"
)

const (
	identityPage = "docs/identity.md"
	doctorPage   = "docs/doctor.md"
)

// TestWhatTheIdentityNeeds: the page's tables are those of the code, row by row.
func TestWhatTheIdentityNeeds(t *testing.T) {
	t.Parallel()
	var needs, cmdlets [][]string
	for _, need := range identity.Needs() {
		var roles []string
		for _, role := range need.AppRoles {
			roles = append(roles, "`"+role.Value+"` on "+role.Resource)
		}
		held := quoted(need.ExchangeRoles)
		if need.Delegates {
			held += "; application roles, handed on"
		}
		needs = append(needs, []string{need.For, strings.Join(roles, ", "), held, need.Thief, need.Detected})
	}
	for _, one := range identity.Cmdlets() {
		cmdlets = append(cmdlets, []string{"`" + one.Role + "`", quoted(one.Cmdlets)})
	}
	sameRows(t, rows(t, identityPage, "needed for"), needs)
	sameRows(t, rows(t, identityPage, "Exchange role"), cmdlets)
}

// TestDoctorCodes: every finding is explained, in the order in which it is told.
func TestDoctorCodes(t *testing.T) {
	t.Parallel()
	var codes [][]string
	for _, one := range engine.DoctorCodes() {
		codes = append(codes, []string{one.Check, "`" + one.Code + "`", string(one.Status), one.Why})
	}
	sameRows(t, rows(t, doctorPage, "check"), codes)
}

func quoted(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return "`" + strings.Join(words, "`, `") + "`"
}

func sameRows(t *testing.T, said, is [][]string) {
	t.Helper()
	if len(said) != len(is) || len(is) < 6 {
		t.Errorf("%d rows are in the document and %d in the code", len(said), len(is))
	}
	for i := range min(len(said), len(is)) {
		if !slices.Equal(said[i], is[i]) {
			t.Errorf("the document has\n| %s |\nthe code\n| %s |", strings.Join(said[i], " | "), strings.Join(is[i], " | "))
		}
	}
}
