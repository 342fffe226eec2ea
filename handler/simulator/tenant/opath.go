package tenant

import (
	"fmt"
	"strings"
)

// filter is one parsed recipient filter (OPATH). Its text form is the one the tenant shows, which
// is not the one it was given: Exchange normalizes spacing, parentheses and quoting.
type filter interface {
	matches(properties) bool
	text() string
	depth() int
}

// properties answers the values of a named recipient property in lower case; a property with
// several values (proxy addresses, groups) answers all of them.
type properties func(name string) []string

type comparison struct {
	property, operator, value string
	// null compares with nothing at all, which is written $null and without quotation marks.
	null bool
}

type negation struct{ operand filter }

type combination struct {
	operator    string
	left, right filter
}

func (c comparison) text() string {
	if c.null {
		return c.property + " " + c.operator + " $null"
	}
	return c.property + " " + c.operator + " '" + strings.ReplaceAll(c.value, "'", "''") + "'"
}

func (n negation) text() string { return "-not (" + n.operand.text() + ")" }

func (c combination) text() string {
	return "(" + grouped(c.left) + " " + c.operator + " " + grouped(c.right) + ")"
}

// grouped puts parentheses around a comparison inside a combination, as Exchange prints it.
func grouped(operand filter) string {
	if _, is := operand.(comparison); is {
		return "(" + operand.text() + ")"
	}
	return operand.text()
}

func (c comparison) depth() int { return 1 }

func (n negation) depth() int { return 1 + n.operand.depth() }

func (c combination) depth() int { return 1 + max(c.left.depth(), c.right.depth()) }

func (n negation) matches(of properties) bool { return !n.operand.matches(of) }

func (c combination) matches(of properties) bool {
	if c.operator == "-and" {
		return c.left.matches(of) && c.right.matches(of)
	}
	return c.left.matches(of) || c.right.matches(of)
}

// matches compares without regard to case, as the directory does. A property with several values
// is equal when one of them is, and unequal only when none is.
func (c comparison) matches(of properties) bool {
	wanted := strings.ToLower(c.value)
	found := false
	for _, value := range of(c.property) {
		switch {
		case c.null:
			found = found || value != ""
		case c.operator == "-like" || c.operator == "-notlike":
			found = found || like(value, wanted)
		default:
			found = found || value == wanted
		}
	}
	// Of a property that holds something, it is wrong to say that it equals nothing.
	if c.null {
		return found == (c.operator == "-ne")
	}
	if c.operator == "-ne" || c.operator == "-notlike" {
		return !found
	}
	return found
}

// like allows a wildcard at the end only (PowerShell reference, "Filterable properties for the
// Filter parameter").
func like(value, pattern string) bool {
	prefix, wild := strings.CutSuffix(pattern, "*")
	if !wild {
		return value == pattern
	}
	return strings.HasPrefix(value, prefix)
}

// filterProperty returns a property's name as Exchange spells it; false for one that the tenant
// cannot evaluate, which is refused and never taken to match nothing.
func filterProperty(name string) (string, bool) {
	for _, known := range attributeNames {
		if strings.EqualFold(name, known) {
			return known, true
		}
	}
	for _, known := range []string{
		"Name", "RecipientType", "DistinguishedName", "Guid", "ExchangeGuid", "ExternalDirectoryObjectId", "PrimarySmtpAddress", "EmailAddresses",
		"Alias", "UserPrincipalName", "DisplayName", "RecipientTypeDetails", "MemberOfGroup",
	} {
		if strings.EqualFold(name, known) {
			return known, true
		}
	}
	for number := 1; number <= 15; number++ {
		known := fmt.Sprintf("CustomAttribute%d", number)
		if strings.EqualFold(name, known) {
			return known, true
		}
	}
	return "", false
}
