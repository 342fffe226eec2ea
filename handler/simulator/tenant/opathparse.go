package tenant

import (
	"fmt"
	"strings"
)

// deepestFilter bounds how deep a filter's tree is, so that a hostile filter cannot exhaust the
// stack. A chain of n comparisons is n deep, because it is printed with a parenthesis for each.
// deepestText is what reading the printed form of such a tree takes: a negation prints two levels.
const (
	deepestFilter = 256
	deepestText   = 3 * deepestFilter
)

// filterParser reads one filter. That -and binds tighter than -or is inferred; Microsoft's text
// does not say, and callers should put parentheses.
type filterParser struct {
	tokens []string
	next   int
	depth  int
}

// parseFilter returns an error with the first fault when the text is not a filter it can evaluate.
func parseFilter(text string) (filter, error) {
	tokens, err := filterTokens(text)
	if err != nil {
		return nil, err
	}
	parser := &filterParser{tokens: tokens}
	parsed, err := parser.either()
	if err != nil {
		return nil, err
	}
	if parser.next < len(parser.tokens) {
		return nil, fmt.Errorf("unexpected %q after the end of the filter", parser.peek())
	}
	if parsed.depth() > deepestFilter {
		return nil, fmt.Errorf("the filter is nested deeper than %d", deepestFilter)
	}
	return parsed, nil
}

// peek returns "" at the end, which is no token.
func (p *filterParser) peek() string {
	if p.next >= len(p.tokens) {
		return ""
	}
	return p.tokens[p.next]
}

func (p *filterParser) take() string {
	token := p.peek()
	p.next++
	return token
}

func (p *filterParser) either() (filter, error) {
	return p.chain("-or", p.both)
}

func (p *filterParser) both() (filter, error) {
	return p.chain("-and", p.single)
}

// chain groups from the left, as PowerShell reads operators of one rank.
func (p *filterParser) chain(operator string, operand func() (filter, error)) (filter, error) {
	left, err := operand()
	if err != nil {
		return nil, err
	}
	for strings.EqualFold(p.peek(), operator) {
		p.take()
		right, err := operand()
		if err != nil {
			return nil, err
		}
		left = combination{operator: operator, left: left, right: right}
	}
	return left, nil
}

func (p *filterParser) single() (filter, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > deepestText {
		return nil, fmt.Errorf("the filter is nested deeper than %d", deepestText)
	}
	switch token := p.peek(); {
	case strings.EqualFold(token, "-not"):
		p.take()
		operand, err := p.single()
		if err != nil {
			return nil, err
		}
		return negation{operand: operand}, nil
	case token == "(":
		p.take()
		inner, err := p.either()
		if err != nil {
			return nil, err
		}
		if p.take() != ")" {
			return nil, fmt.Errorf("a parenthesis is not closed")
		}
		return inner, nil
	}
	return p.comparison()
}

// comparison refuses an unquoted value but $null: $true and $false go with properties that are not
// played.
func (p *filterParser) comparison() (filter, error) {
	name := p.take()
	property, known := filterProperty(name)
	if !known {
		return nil, fmt.Errorf("%q isn't a property that can be filtered", name)
	}
	operator := strings.ToLower(p.take())
	if operator != "-eq" && operator != "-ne" && operator != "-like" && operator != "-notlike" {
		return nil, fmt.Errorf("%q isn't an operator", operator)
	}
	value := p.take()
	if strings.EqualFold(value, "$null") && (operator == "-eq" || operator == "-ne") {
		return comparison{property: property, operator: operator, null: true}, nil
	}
	if len(value) < 2 || value[0] != '\'' {
		return nil, fmt.Errorf("the value of %s has to be in quotation marks", property)
	}
	return comparison{property: property, operator: operator, value: value[1 : len(value)-1]}, nil
}

// filterTokens keeps the quotation marks around a literal, so that a literal is never taken for a word.
func filterTokens(text string) ([]string, error) {
	var tokens []string
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		switch {
		case rest[0] == '(' || rest[0] == ')':
			tokens, rest = append(tokens, rest[:1]), rest[1:]
		case rest[0] == '\'':
			literal, length := filterLiteral(rest)
			if length == 0 {
				return nil, fmt.Errorf("a quotation mark is not closed")
			}
			tokens, rest = append(tokens, "'"+literal+"'"), rest[length:]
		default:
			end := strings.IndexAny(rest, " \t\r\n()'")
			if end < 0 {
				end = len(rest)
			}
			tokens, rest = append(tokens, rest[:end]), rest[end:]
		}
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("the filter is empty")
	}
	return tokens, nil
}

// filterLiteral returns the value with doubled quotation marks undone and how many bytes it took;
// zero bytes when it does not end.
func filterLiteral(text string) (string, int) {
	var value strings.Builder
	for index := 1; index < len(text); index++ {
		if text[index] != '\'' {
			value.WriteByte(text[index])
			continue
		}
		if index+1 < len(text) && text[index+1] == '\'' {
			value.WriteByte('\'')
			index++
			continue
		}
		return value.String(), index + 1
	}
	return "", 0
}
