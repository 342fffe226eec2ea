package access

import "fmt"

// FilterReason is why a filter is refused, for programs.
type FilterReason string

// The reasons. The first seven are faults of form, in any filter; the rest are what
// an operator may not write although Exchange would take it.
const (
	FilterEmpty      FilterReason = "empty"
	FilterTooLong    FilterReason = "tooLong"
	FilterTooDeep    FilterReason = "tooDeep"
	FilterQuote      FilterReason = "unbalancedQuote"
	FilterBracket    FilterReason = "unbalancedBracket"
	FilterCharacter  FilterReason = "character"
	FilterSyntax     FilterReason = "syntax"
	FilterMixed      FilterReason = "mixedOperators"
	FilterProperty   FilterReason = "unknownProperty"
	FilterProxies    FilterReason = "matchesProxyAddresses"
	FilterLinkValued FilterReason = "needsDistinguishedName"
	FilterWildcard   FilterReason = "wildcard"
	FilterType       FilterReason = "valueType"
	FilterOperator   FilterReason = "operator"
	FilterEverything FilterReason = "matchesEverything"
)

// FilterFault is one thing that is wrong with a recipient filter. Offset is the byte
// at which it stands; Detail says it for people.
type FilterFault struct {
	Offset int
	Reason FilterReason
	Detail string
}

// Error says what is wrong and where.
func (f *FilterFault) Error() string {
	return fmt.Sprintf("at byte %d of the filter: %s", f.Offset, f.Detail)
}

func fault(offset int, reason FilterReason, format string, values ...any) *FilterFault {
	return &FilterFault{Offset: offset, Reason: reason, Detail: fmt.Sprintf(format, values...)}
}
