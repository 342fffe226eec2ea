package access

import (
	"errors"
	"strings"
)

// OperatorFilter reads a filter that an operator wrote for a scope. It refuses what
// Exchange would take and nobody would mean: properties that match proxy addresses,
// names where a distinguished name is needed, wildcards that are not at the end, and
// values of another type. Every such fault is returned at once, as is the one fault of
// form; the filter can be used only when there is none.
func OperatorFilter(text string) (Filter, []*FilterFault) {
	filter, err := ParseFilter(text)
	if err != nil {
		var wrong *FilterFault
		errors.As(err, &wrong)
		return Filter{}, []*FilterFault{wrong}
	}
	var faults []*FilterFault
	comparisons(filter.root, func(c comparison) {
		if wrong := c.fault(); wrong != nil {
			faults = append(faults, wrong)
		}
	})
	if len(faults) > 0 {
		return Filter{}, faults
	}
	return filter, nil
}

// Reassignable names, each once, the properties of the filter whose values follow a
// name and not the mailbox; nil when there is none. Such a filter is allowed and worth
// a word.
func (f Filter) Reassignable() []string {
	var names []string
	seen := map[string]bool{}
	comparisons(f.root, func(c comparison) {
		property, known := LookUpProperty(c.property)
		if known && property.Reassignable && !seen[property.Name] {
			seen[property.Name] = true
			names = append(names, property.Name)
		}
	})
	return names
}

// fault says what an operator may not write in one comparison; nil when all is well.
func (c comparison) fault() *FilterFault {
	property, known := LookUpProperty(c.property)
	if !known {
		return fault(c.offset, FilterProperty, "no filterable property %q is known", c.property)
	}
	switch property.Kind {
	case ProxyProperty:
		return fault(c.offset, FilterProxies, "%s also matches other addresses of a mailbox, so that a moved alias would move the access; name the mailbox, or use CustomAttribute1 to CustomAttribute15", property.Name)
	case LinkProperty:
		return fault(c.offset, FilterLinkValued, "%s is matched by distinguished names alone, which break silently on a rename; ask for a group or an administrative unit as the scope", property.Name)
	}
	wrong := c.operatorFault(property)
	if wrong != nil {
		return wrong
	}
	return c.valueFault(property)
}

// operatorFault refuses operators that the kind of property gives no meaning to.
func (c comparison) operatorFault(property Property) *FilterFault {
	switch c.operator {
	case "-eq", "-ne":
		return nil
	case "-like", "-notlike":
		if property.Kind != TextProperty {
			return fault(c.offset, FilterOperator, "%s compares text, and %s holds none", c.operator, property.Name)
		}
		return nil
	}
	return fault(c.offset, FilterOperator, "%s compares numbers and dates, and %s holds neither", c.operator, property.Name)
}

// valueFault refuses values of another type than the property's.
func (c comparison) valueFault(property Property) *FilterFault {
	value := c.value
	if value.kind == variable && value.text == "$null" {
		return nullFault(c)
	}
	switch property.Kind {
	case BooleanProperty:
		if value.kind != variable {
			return fault(value.offset, FilterType, "%s is $true or $false, without quotes", property.Name)
		}
		return nil
	case GUIDProperty:
		if !isGUID(value.text) {
			return fault(value.offset, FilterType, "%s is a GUID such as 6233fba6-0198-4277-892f-9275bf728bcc", property.Name)
		}
		return nil
	}
	return textFault(c, property)
}

// nullFault: no value is neither like nor unlike anything.
func nullFault(c comparison) *FilterFault {
	if c.operator != "-eq" && c.operator != "-ne" {
		return fault(c.value.offset, FilterType, "$null is compared with -eq or -ne")
	}
	return nil
}

// textFault refuses what Exchange would take for a text and people do not mean as one.
func textFault(c comparison, property Property) *FilterFault {
	value := c.value
	switch {
	case value.kind != quoted:
		return fault(value.offset, FilterType, "%s is text, and text stands in single quotes", property.Name)
	case isVariableName(value.text):
		return fault(value.offset, FilterType, "%s is text, and %q is not meant as one", property.Name, value.text)
	case value.text == "":
		return fault(value.offset, FilterType, "an empty text matches nothing; -eq $null asks for no value")
	case c.operator == "-eq" || c.operator == "-ne":
		return wholeFault(value)
	}
	return wildcardFault(value)
}

func isVariableName(text string) bool {
	switch strings.ToLower(text) {
	case "$true", "$false", "$null":
		return true
	}
	return false
}

// wholeFault: a wildcard is only one with -like, so that here it is a mistake.
func wholeFault(value literal) *FilterFault {
	if strings.Contains(value.text, "*") {
		return fault(value.offset, FilterWildcard, "a wildcard works with -like alone")
	}
	return nil
}

// wildcardFault: Exchange takes a wildcard at the end only, and one without a beginning
// is no scope.
func wildcardFault(value literal) *FilterFault {
	switch at := strings.IndexByte(value.text, '*'); {
	case value.text == "*":
		return fault(value.offset, FilterEverything, "this matches every mailbox that has a value; that is not a scope")
	case at >= 0 && at != len(value.text)-1:
		return fault(value.offset, FilterWildcard, "a wildcard may stand only at the end")
	}
	return nil
}
