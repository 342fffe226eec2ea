package access

import "strings"

const (
	// maxFilterDepth keeps a hostile filter from exhausting the stack.
	maxFilterDepth = 64
	// maxFilterBytes is what Exchange takes at most (PowerShell reference, recipient
	// filters: 32 kilobytes).
	maxFilterBytes = 32 << 10
)

// ParseFilter reads any recipient filter whose meaning is beyond doubt, whatever its
// properties. The error is a *FilterFault. A filter that mixes -and and -or without
// brackets is refused: which of them binds closer is not documented.
func ParseFilter(text string) (Filter, error) {
	if len(text) > maxFilterBytes {
		return Filter{}, fault(maxFilterBytes, FilterTooLong, "the filter has %d bytes; %d are allowed", len(text), maxFilterBytes)
	}
	all, wrong := words(text)
	if wrong != nil {
		return Filter{}, wrong
	}
	if len(all) == 0 {
		return Filter{}, fault(0, FilterEmpty, "the filter is empty")
	}
	reader := filterReader{words: all, end: len(text)}
	root, wrong := reader.alternatives()
	if wrong != nil {
		return Filter{}, wrong
	}
	if len(reader.words) > 0 {
		return Filter{}, reader.surplus()
	}
	return Filter{root: root}, nil
}

// filterReader reads words from left to right and drops each as it is understood.
type filterReader struct {
	words []word
	depth int
	end   int
}

// surplus is the fault of a word that is left where the filter could have ended.
func (r *filterReader) surplus() *FilterFault {
	next := r.words[0]
	if next.kind == closeBracket {
		return fault(next.offset, FilterBracket, "this bracket was never opened")
	}
	return fault(next.offset, FilterSyntax, "%q was not expected here", next.text)
}

// alternatives reads operands that are joined by one operator.
func (r *filterReader) alternatives() (node, *FilterFault) {
	first, wrong := r.operand()
	if wrong != nil {
		return nil, wrong
	}
	var joined junction
	joined.add(first, "")
	for r.next(operatorWord) && (r.words[0].text == "-and" || r.words[0].text == "-or") {
		operator := r.words[0]
		if joined.operator != "" && joined.operator != operator.text {
			return nil, fault(operator.offset, FilterMixed, "-and and -or need brackets to say which belongs together")
		}
		if joined.operator == "" {
			joined = junction{operator: operator.text}
			joined.add(first, operator.text)
		}
		r.words = r.words[1:]
		operand, wrong := r.operand()
		if wrong != nil {
			return nil, wrong
		}
		joined.add(operand, operator.text)
	}
	if joined.operator == "" {
		return first, nil
	}
	return joined, nil
}

// add joins one more operand; one that is a junction by the same operator is merged, so
// that brackets which change nothing leave no trace in the tree.
func (j *junction) add(operand node, operator string) {
	inner, same := operand.(junction)
	if same && inner.operator == operator {
		j.operands = append(j.operands, inner.operands...)
		return
	}
	j.operands = append(j.operands, operand)
}

// operand reads what -and and -or may stand between.
func (r *filterReader) operand() (node, *FilterFault) {
	switch {
	case r.next(openBracket):
		return r.bracketed()
	case r.next(operatorWord) && r.words[0].text == "-not":
		return r.negated()
	}
	return r.comparison()
}

// deeper counts brackets and negations, the two that nest.
func (r *filterReader) deeper() *FilterFault {
	r.depth++
	if r.depth > maxFilterDepth {
		return fault(r.words[0].offset, FilterTooDeep, "the filter is nested deeper than %d", maxFilterDepth)
	}
	return nil
}

func (r *filterReader) bracketed() (node, *FilterFault) {
	wrong := r.deeper()
	if wrong != nil {
		return nil, wrong
	}
	opened := r.words[0].offset
	r.words = r.words[1:]
	inner, wrong := r.alternatives()
	if wrong != nil {
		return nil, wrong
	}
	if len(r.words) == 0 {
		return nil, fault(opened, FilterBracket, "the bracket that opens here is never closed")
	}
	if !r.next(closeBracket) {
		return nil, r.surplus()
	}
	r.words = r.words[1:]
	r.depth--
	return inner, nil
}

// negated reads -not, which binds to the one operand that follows it.
func (r *filterReader) negated() (node, *FilterFault) {
	wrong := r.deeper()
	if wrong != nil {
		return nil, wrong
	}
	r.words = r.words[1:]
	operand, wrong := r.operand()
	if wrong != nil {
		return nil, wrong
	}
	r.depth--
	return negation{operand}, nil
}

// comparison reads a property, an operator and a value. Spaces around the operator
// are needed before its hyphen alone, as in Exchange's own printing.
func (r *filterReader) comparison() (node, *FilterFault) {
	property, wrong := r.take("a property", plainWord)
	if wrong != nil {
		return nil, wrong
	}
	if strings.ContainsAny(property.text, "-.") {
		return nil, fault(property.offset, FilterSyntax, "%q is no property; operators stand apart, with a space before the hyphen", property.text)
	}
	operator, wrong := r.take("an operator", operatorWord)
	if wrong != nil {
		return nil, wrong
	}
	if !isComparison(operator.text) {
		return nil, fault(operator.offset, FilterSyntax, "%q is no operator that compares", operator.text)
	}
	value, wrong := r.take("a value in single quotes", quotedWord, plainWord, variableWord)
	if wrong != nil {
		return nil, wrong
	}
	kinds := map[wordKind]literalKind{quotedWord: quoted, plainWord: bare, variableWord: variable}
	if value.kind == variableWord && value.text != "$true" && value.text != "$false" && value.text != "$null" {
		return nil, fault(value.offset, FilterSyntax, "%q is a variable of a shell, and there is none here", value.text)
	}
	return comparison{property: property.text, operator: operator.text, offset: property.offset,
		value: literal{kind: kinds[value.kind], text: value.text, offset: value.offset}}, nil
}

// isComparison knows the operators that compare; -and, -or and -not join.
func isComparison(operator string) bool {
	switch operator {
	case "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-like", "-notlike":
		return true
	}
	return false
}

func (r *filterReader) next(kind wordKind) bool {
	return len(r.words) > 0 && r.words[0].kind == kind
}

// take returns the next word when it is of one of the kinds.
func (r *filterReader) take(what string, kinds ...wordKind) (word, *FilterFault) {
	if len(r.words) == 0 {
		return word{}, fault(r.end, FilterSyntax, "the filter ends where %s was expected", what)
	}
	for _, kind := range kinds {
		if r.next(kind) {
			taken := r.words[0]
			r.words = r.words[1:]
			return taken, nil
		}
	}
	return word{}, fault(r.words[0].offset, FilterSyntax, "%q stands where %s was expected", r.words[0].text, what)
}
