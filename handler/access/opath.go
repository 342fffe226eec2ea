package access

import (
	"fmt"
	"slices"
	"strings"
)

// MailboxFilter is the recipient filter that matches exactly the mailboxes with
// these GUIDs (the directory objectGuid, which never changes; PowerShell reference,
// Filterable properties for the RecipientFilter parameter). It returns an error
// when a value is anything but a GUID, so that no text of a caller can ever become
// part of a filter.
func MailboxFilter(guids []string) (string, error) {
	if len(guids) == 0 {
		return "", fmt.Errorf("a recipient filter over no mailbox would be a filter over none or all: refused")
	}
	folded := make([]string, len(guids))
	for i, guid := range guids {
		if !isGUID(guid) {
			return "", fmt.Errorf("%q is not a GUID and may not stand in a recipient filter", guid)
		}
		folded[i] = strings.ToLower(guid)
	}
	slices.Sort(folded)
	return anyOf("Guid", folded)
}

// GroupFilter is the recipient filter that matches the direct members of the groups
// with these distinguished names. Exchange takes names and addresses of groups too,
// and matches nobody by them (PowerShell reference, Filterable properties); so
// anything that is not shaped like a distinguished name is an error.
func GroupFilter(distinguishedNames []string) (string, error) {
	if len(distinguishedNames) == 0 {
		return "", fmt.Errorf("a recipient filter over no group would be a filter over nobody or all: refused")
	}
	for _, name := range distinguishedNames {
		if !isDistinguishedName(name) {
			return "", fmt.Errorf("%q is not a distinguished name, and a group is matched by nothing else", name)
		}
	}
	sorted := slices.Clone(distinguishedNames)
	slices.Sort(sorted)
	return anyOf("MemberOfGroup", sorted)
}

// anyOf prints a filter and reads it again: what does not come back as the very tree
// that was meant is an error and never a filter.
func anyOf(property string, values []string) (string, error) {
	joined := junction{operator: "-or"}
	for _, value := range values {
		joined.operands = append(joined.operands, comparison{property: property, operator: "-eq", value: literal{text: value}})
	}
	meant := Filter{root: joined}
	if len(values) == 1 {
		meant.root = joined.operands[0]
	}
	text := meant.String()
	read, err := ParseFilter(text)
	if err != nil {
		return "", fmt.Errorf("building a filter over %s: %w", property, err)
	}
	if !read.Equal(meant) {
		return "", fmt.Errorf("building a filter over %s: %q reads as another filter", property, text)
	}
	return text, nil
}

func isGUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, r := range text {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') {
			return false
		}
		if !dash && !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return false
		}
	}
	return true
}

// isDistinguishedName asks for the shape only: a common name first and a domain last.
func isDistinguishedName(text string) bool {
	upper := strings.ToUpper(text)
	return len(text) > len("CN=,DC=") && strings.HasPrefix(upper, "CN=") && strings.Contains(upper, ",DC=")
}

// FilteredMailboxes reads a recipient filter that is a plain "or" of GUID
// comparisons, however Exchange has spaced, bracketed or quoted it, and returns
// the GUIDs sorted. Any other filter is an error: it may match more.
func FilteredMailboxes(filter string) ([]string, error) {
	read, err := ParseFilter(filter)
	if err != nil {
		return nil, fmt.Errorf("reading the recipient filter %q: %w", filter, err)
	}
	guids, err := alternativeGUIDs(read.root)
	if err != nil {
		return nil, fmt.Errorf("reading the recipient filter %q: %w", filter, err)
	}
	slices.Sort(guids)
	return slices.Compact(guids), nil
}

func alternativeGUIDs(root node) ([]string, error) {
	operands := []node{root}
	joined, several := root.(junction)
	if several && joined.operator == "-or" {
		operands = joined.operands
	}
	var guids []string
	for _, operand := range operands {
		term, plain := operand.(comparison)
		if !plain || !strings.EqualFold(term.property, "Guid") || term.operator != "-eq" {
			return nil, fmt.Errorf("only comparisons of Guid with -eq are read")
		}
		if !isGUID(term.value.text) {
			return nil, fmt.Errorf("%q is not a GUID", term.value.text)
		}
		guids = append(guids, strings.ToLower(term.value.text))
	}
	return guids, nil
}

// SameMailboxes reports whether two filters match the same set of mailboxes by
// GUID; false when either cannot be read.
func SameMailboxes(a, b string) bool {
	left, err := FilteredMailboxes(a)
	if err != nil {
		return false
	}
	right, err := FilteredMailboxes(b)
	return err == nil && slices.Equal(left, right)
}
