package access

import "strings"

// Filter is a recipient filter (OPATH) as a tree. Exchange gives a filter back with
// other spaces, brackets and quotes than it was sent with, so filters are compared as
// trees and never as texts. The zero Filter has no tree and matches nothing known.
type Filter struct {
	root node
}

// node is one of comparison, negation and junction.
type node interface {
	print(*strings.Builder)
	equal(node) bool
}

type comparison struct {
	// property is as it was written; operator is in lower case with its hyphen.
	property, operator string
	value              literal
	offset             int
}

// literalKind is how a value was written.
type literalKind int

const (
	quoted literalKind = iota
	bare
	variable
)

// literal is a value; text is without quotes, for a variable in lower case with its $.
type literal struct {
	kind   literalKind
	text   string
	offset int
}

type negation struct{ operand node }

// junction joins at least two operands by one operator. Operands that are junctions
// by the same operator are merged into it, because brackets change nothing there.
type junction struct {
	operator string
	operands []node
}

// String prints the filter in the one form that this package writes: every operand
// that is not a comparison stands in brackets, and every value but a variable in
// quotes.
func (f Filter) String() string {
	if f.root == nil {
		return ""
	}
	var text strings.Builder
	f.root.print(&text)
	return text.String()
}

// Equal reports whether two filters are the same tree, up to letter case of property
// names and of values, which Exchange compares without it.
func (f Filter) Equal(other Filter) bool {
	return f.root != nil && other.root != nil && f.root.equal(other.root)
}

// SameFilter reports whether two texts are the same filter; false when either cannot
// be read.
func SameFilter(a, b string) bool {
	left, err := ParseFilter(a)
	if err != nil {
		return false
	}
	right, err := ParseFilter(b)
	return err == nil && left.Equal(right)
}

func (c comparison) print(text *strings.Builder) {
	text.WriteString(c.property + " " + c.operator + " ")
	if c.value.kind == variable {
		text.WriteString(c.value.text)
		return
	}
	text.WriteString("'" + strings.ReplaceAll(c.value.text, "'", "''") + "'")
}

func (n negation) print(text *strings.Builder) {
	text.WriteString("-not (")
	n.operand.print(text)
	text.WriteString(")")
}

func (j junction) print(text *strings.Builder) {
	for i, operand := range j.operands {
		if i > 0 {
			text.WriteString(" " + j.operator + " ")
		}
		_, nested := operand.(junction)
		if nested {
			text.WriteString("(")
		}
		operand.print(text)
		if nested {
			text.WriteString(")")
		}
	}
}

func (c comparison) equal(other node) bool {
	o, same := other.(comparison)
	return same && strings.EqualFold(c.property, o.property) && c.operator == o.operator &&
		(c.value.kind == variable) == (o.value.kind == variable) && strings.EqualFold(c.value.text, o.value.text)
}

func (n negation) equal(other node) bool {
	o, same := other.(negation)
	return same && n.operand.equal(o.operand)
}

func (j junction) equal(other node) bool {
	o, same := other.(junction)
	if !same || j.operator != o.operator || len(j.operands) != len(o.operands) {
		return false
	}
	for i, operand := range j.operands {
		if !operand.equal(o.operands[i]) {
			return false
		}
	}
	return true
}

// comparisons calls visit for every comparison of the tree, from left to right.
func comparisons(root node, visit func(comparison)) {
	switch n := root.(type) {
	case comparison:
		visit(n)
	case negation:
		comparisons(n.operand, visit)
	case junction:
		for _, operand := range n.operands {
			comparisons(operand, visit)
		}
	}
}
