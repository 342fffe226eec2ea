package access

import (
	"fmt"
	"slices"
	"strings"
)

// FilteredGroups reads a recipient filter that is a plain "or" of comparisons of
// MemberOfGroup, and returns the distinguished names in their order. Any other filter is an
// error: it may match more, or less.
func FilteredGroups(filter string) ([]string, error) {
	read, err := ParseFilter(filter)
	if err != nil {
		return nil, fmt.Errorf("reading the recipient filter %q: %w", filter, err)
	}
	operands := []node{read.root}
	joined, several := read.root.(junction)
	if several && joined.operator == "-or" {
		operands = joined.operands
	}
	var names []string
	for _, operand := range operands {
		term, plain := operand.(comparison)
		if !plain || !strings.EqualFold(term.property, "MemberOfGroup") || term.operator != "-eq" || !isDistinguishedName(term.value.text) {
			return nil, fmt.Errorf("reading the recipient filter %q: only comparisons of MemberOfGroup with -eq and a distinguished name are read", filter)
		}
		if !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, term.value.text) }) {
			names = append(names, term.value.text)
		}
	}
	return names, nil
}
