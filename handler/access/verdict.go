package access

import (
	"fmt"
	"slices"
	"strings"

	"mailgrant/handler/grant"
)

// Authorization is one row of the tenant's own test of one workload against one
// mailbox (Test-ServicePrincipalAuthorization).
type Authorization struct {
	Role    string
	Granted []string
	Scope   string
	// InScope is Unsure for every answer but a plain true or false.
	InScope grant.Verdict
}

// Expectation is what a grant made: for this permission, this role with this scope.
type Expectation struct {
	Permission, Role, Scope string
}

// JudgeMailbox judges a mailbox of the grant: allowed only when the very row that
// the grant made says so. An answer without that row proves nothing.
func JudgeMailbox(rows []Authorization, wanted Expectation) (grant.Verdict, string) {
	row, found := wanted.row(rows)
	if !found {
		return grant.Unsure, wanted.missing(rows)
	}
	if !row.confers(wanted.Permission) {
		return grant.Unsure, row.lacks(wanted.Permission)
	}
	if row.InScope != grant.Allowed && row.InScope != grant.Refused {
		return grant.Unsure, fmt.Sprintf("the tenant did not say whether %s with scope %q reaches it", row.Role, row.Scope)
	}
	return row.InScope, ""
}

// JudgeCanary judges a mailbox that must stay refused: denied only when the row
// that the grant made was there and says no, and no other row with an overlapping
// capability says yes or leaves it open.
func JudgeCanary(rows []Authorization, wanted Expectation) (grant.Verdict, string) {
	confers := Confers([]string{wanted.Permission})
	verdict, detail := grant.Refused, ""
	for _, row := range rows {
		if len(Overlap(row.capabilities(), confers)) == 0 {
			continue
		}
		if row.InScope == grant.Allowed {
			return grant.Allowed, fmt.Sprintf("%s reaches it with scope %q", row.Role, row.Scope)
		}
		if row.InScope != grant.Refused {
			verdict, detail = grant.Unsure, fmt.Sprintf("the tenant did not say whether %s with scope %q reaches it", row.Role, row.Scope)
		}
	}
	row, found := wanted.row(rows)
	if !found {
		return grant.Unsure, wanted.missing(rows)
	}
	if !row.confers(wanted.Permission) {
		return grant.Unsure, row.lacks(wanted.Permission)
	}
	return verdict, detail
}

// row finds the row that the grant made. A grant always has a scope: without one
// the row would be an organization-wide assignment's.
func (e Expectation) row(rows []Authorization) (Authorization, bool) {
	if e.Scope == "" {
		return Authorization{}, false
	}
	for _, row := range rows {
		if row.Role == e.Role && strings.EqualFold(row.Scope, e.Scope) {
			return row, true
		}
	}
	return Authorization{}, false
}

func (e Expectation) missing(rows []Authorization) string {
	return fmt.Sprintf("the tenant's test listed %d role(s), but not %s with scope %s", len(rows), e.Role, e.Scope)
}

func (a Authorization) lacks(permission string) string {
	return fmt.Sprintf("the row of %s does not name %s among its permissions", a.Role, permission)
}

func (a Authorization) confers(permission string) bool {
	return slices.Contains(a.Granted, permission)
}

// capabilities is the union of what the role and its listed permissions confer:
// composite roles carry permissions that their names do not tell.
func (a Authorization) capabilities() []Capability {
	return append(slices.Clone(RoleConfers(a.Role)), Confers(a.Granted)...)
}
