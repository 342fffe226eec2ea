package access

import (
	"slices"
	"strings"
)

// match works out which mailboxes a filter matches, by sets and not by pairs. What a
// comparison asks and was not read, or what this package does not understand, leaves
// the mailboxes possible. Values are compared without letter case, as the directory
// does; a property with several values is equal when one of them is.
func (x *Index) match(root node) span {
	switch n := root.(type) {
	case negation:
		return x.match(n.operand).not(x.mailboxes.all)
	case junction:
		made := x.match(n.operands[0])
		for _, operand := range n.operands[1:] {
			if n.operator == "-and" {
				made = made.and(x.match(operand))
			} else {
				made = made.or(x.match(operand))
			}
		}
		return made
	case comparison:
		return x.compare(n)
	}
	return x.mailboxes.anybody()
}

// compare matches one comparison. A negative operator is the opposite of its positive
// one: a mailbox without a value is unequal to every value.
func (x *Index) compare(c comparison) span {
	switch c.operator {
	case "-eq", "-like":
		return x.positive(c)
	case "-ne":
		c.operator = "-eq"
		return x.positive(c).not(x.mailboxes.all)
	case "-notlike":
		c.operator = "-like"
		return x.positive(c).not(x.mailboxes.all)
	}
	return x.mailboxes.anybody()
}

// positive matches equality and likeness. Of properties that hold distinguished names
// only membership is followed.
func (x *Index) positive(c comparison) span {
	name := strings.ToLower(c.property)
	if name == "memberofgroup" {
		return x.members(c)
	}
	property, known := LookUpProperty(name)
	if !known || property.Kind == LinkProperty {
		return x.mailboxes.anybody()
	}
	column := x.mailboxes.column(name)
	value := strings.ToLower(strings.Trim(c.value.text, "{}"))
	if property.Kind != GUIDProperty {
		value = strings.ToLower(c.value.text)
	}
	switch {
	case c.value.kind == variable && value == "$null":
		return column.withValue().not(x.mailboxes.all)
	case c.value.kind == variable:
		value = strings.TrimPrefix(value, "$")
	case c.operator == "-like" && strings.Contains(value, "*"):
		if property.Kind == ProxyProperty {
			// The published examples contradict each other: with "smtp:" and without it
			// (PowerShell reference, Filterable properties, EmailAddresses).
			return x.mailboxes.anybody()
		}
		return x.prefixed(column, value)
	case property.Kind == ProxyProperty:
		// Addresses are listed without the mark, and a filter may ask with it.
		value = strings.TrimPrefix(value, "smtp:")
	}
	return column.having(column.values[value])
}

// prefixed matches a wildcard at the end; anywhere else its meaning is not known.
func (x *Index) prefixed(column *column, pattern string) span {
	prefix := strings.TrimSuffix(pattern, "*")
	if strings.Contains(prefix, "*") {
		return x.mailboxes.anybody()
	}
	var places []int
	first, _ := slices.BinarySearch(column.sorted, prefix)
	for _, value := range column.sorted[first:] {
		if !strings.HasPrefix(value, prefix) {
			break
		}
		places = append(places, column.values[value]...)
	}
	return column.having(places)
}

// having is the span of the mailboxes at these places and, possibly, of those whose
// value was not read.
func (c *column) having(places []int) span {
	sure := newSet(len(c.unread) * 64)
	for _, place := range places {
		sure.add(place)
	}
	if c.unread.empty() {
		return span{sure, sure}
	}
	possible := sure.clone()
	possible.unite(c.unread)
	return span{sure, possible}
}

// withValue is the span of the mailboxes with any value at all.
func (c *column) withValue() span {
	possible := c.filled.clone()
	possible.unite(c.unread)
	return span{c.filled, possible}
}

// members are the direct members of a group by its distinguished name. A name or an
// address is taken by Exchange and matches nobody. A group that was not read leaves
// everybody possible; one that is gone has nobody.
func (x *Index) members(c comparison) span {
	if c.operator != "-eq" || c.value.kind == variable {
		return x.mailboxes.anybody()
	}
	if !isDistinguishedName(c.value.text) {
		return x.mailboxes.nobody()
	}
	group, known := x.groupNamed[strings.ToLower(c.value.text)]
	if !known {
		return x.mailboxes.anybody()
	}
	return x.groups[group].direct
}

// asks names, sorted, what the filter asks for that leaves its answer open.
func (x *Index) asks(filter Filter) []string {
	var open []string
	comparisons(filter.root, func(c comparison) {
		if !x.compare(c).certain() && !slices.Contains(open, c.property) {
			open = append(open, c.property)
		}
	})
	slices.Sort(open)
	return open
}
