package infra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"

	sitter "github.com/tree-sitter/go-tree-sitter"
)

// reference stands for a value that only Azure knows, by the expression that names it.
// As text it is that expression in brackets.
type reference string

func (r reference) String() string { return "[" + string(r) + "]" }

// MarshalJSON writes the reference as text, as a compiled template would hold it.
func (r reference) MarshalJSON() ([]byte, error) { return json.Marshal(r.String()) }

// scope is one template as it is deployed with its parameters, or a loop within it.
type scope struct {
	model    *model
	template *template
	outer    *scope // of a loop or lambda; nil for the template itself
	values   map[string]any
}

// top is the scope of the template itself.
func (s *scope) top() *scope {
	if s.outer != nil {
		return s.outer.top()
	}
	return s
}

func (s *scope) inner(values map[string]any) *scope {
	return &scope{model: s.model, template: s.template, outer: s, values: values}
}

func (s *scope) fault(node *sitter.Node, what string) {
	s.model.fault("evaluate", s.template.at(node), what)
}

// lookup finds a name: of a loop, or of the template. A variable is worked out when it
// is first asked for, because a template may use it before it stands there.
func (s *scope) lookup(node *sitter.Node) any {
	name := s.template.source(node)
	for inner := s; inner != nil; inner = inner.outer {
		value, known := inner.values[name]
		if known {
			return value
		}
	}
	found, declared := s.template.find(name)
	if !declared {
		s.fault(node, "nothing is called "+name)
		return nil
	}
	top := s.top()
	var value any
	switch found.node.Kind() {
	case "variable_declaration":
		value = top.value(named(found.node)[1])
	case "module_declaration":
		value = top.module(found)
	default:
		value = reference(strings.TrimSuffix(s.template.path, ".bicep") + ":" + name)
	}
	top.values[name] = value
	return value
}

// value works an expression out as far as it can be without Azure.
func (s *scope) value(node *sitter.Node) any {
	switch node.Kind() {
	case "string":
		return s.text(node)
	case "number":
		number, err := strconv.Atoi(s.template.source(node))
		if err != nil {
			s.fault(node, err.Error())
		}
		return number
	case "boolean":
		return s.template.source(node) == "true"
	case "null":
		return nil
	case "identifier":
		return s.lookup(node)
	case "parenthesized_expression":
		return s.value(named(node)[0])
	case "object":
		return s.object(node)
	case "array":
		values := []any{}
		for _, each := range named(node) {
			values = append(values, s.value(each))
		}
		return values
	}
	return s.compound(node)
}

func (s *scope) compound(node *sitter.Node) any {
	switch node.Kind() {
	case "for_statement":
		return s.loop(node, func(inner *scope, body *sitter.Node) any { return inner.value(body) })
	case "member_expression":
		return s.member(node, s.value(node.ChildByFieldName("object")), s.template.source(node.ChildByFieldName("property")))
	case "subscript_expression":
		return s.element(node)
	case "ternary_expression":
		if s.truth(node.ChildByFieldName("condition")) {
			return s.value(node.ChildByFieldName("consequence"))
		}
		return s.value(node.ChildByFieldName("alternative"))
	case "unary_expression":
		return !s.truth(node.ChildByFieldName("argument"))
	case "binary_expression":
		return s.binary(node)
	case "call_expression":
		return s.call(node)
	}
	s.fault(node, "the checker does not know "+node.Kind())
	return nil
}

// text puts a string together. What lies between its children is literal, blanks too.
func (s *scope) text(node *sitter.Node) any {
	source := string(s.template.text[node.StartByte():node.EndByte()])
	quote := len("'")
	if strings.HasPrefix(source, "'''") {
		return strings.TrimPrefix(source[3:len(source)-3], "\n")
	}
	var out strings.Builder
	from := node.StartByte() + uint(quote)
	for _, child := range named(node) {
		if child.Kind() != "interpolation" && child.Kind() != "escape_sequence" {
			continue
		}
		out.Write(s.template.text[from:child.StartByte()])
		from = child.EndByte()
		if child.Kind() == "escape_sequence" {
			out.WriteString(strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "\r", `\'`, "'", `\$`, "$", `\\`, `\`).Replace(s.template.source(child)))
			continue
		}
		out.WriteString(fmt.Sprint(s.value(child.NamedChild(0))))
	}
	out.Write(s.template.text[from : node.EndByte()-uint(quote)])
	return out.String()
}

func (s *scope) object(node *sitter.Node) map[string]any {
	values := map[string]any{}
	for _, property := range named(node) {
		parts := named(property)
		if property.Kind() != "object_property" || len(parts) != 2 {
			s.fault(property, "the checker does not know this kind of property")
			continue
		}
		name := s.template.source(parts[0])
		if parts[0].Kind() == "string" {
			name = fmt.Sprint(s.value(parts[0]))
		}
		_, twice := values[name]
		if twice {
			s.fault(property, name+" is set twice")
		}
		values[name] = s.value(parts[1])
	}
	return values
}

// loop runs the body once for each element.
func (s *scope) loop(node *sitter.Node, run func(*scope, *sitter.Node) any) []any {
	body := node.ChildByFieldName("body")
	var variables []string
	var over *sitter.Node
	for _, child := range named(node) {
		switch {
		case child.Kind() == "for_loop_parameters":
			for _, each := range named(child) {
				variables = append(variables, s.template.source(each))
			}
		case len(variables) == 0:
			variables = []string{s.template.source(child)}
		case over == nil:
			over = child
		}
	}
	elements, isArray := s.value(over).([]any)
	if !isArray {
		s.fault(over, "the checker cannot work out what is looped over")
	}
	var results []any
	for i, element := range elements {
		values := map[string]any{variables[0]: element}
		if len(variables) > 1 {
			values[variables[1]] = i
		}
		results = append(results, run(s.inner(values), body))
	}
	return results
}

func (s *scope) member(node *sitter.Node, of any, name string) any {
	switch typed := of.(type) {
	case reference:
		return reference(string(typed) + "." + name)
	case map[string]any:
		value, has := typed[name]
		if !has {
			s.fault(node, name+" is not there")
		}
		return value
	}
	s.fault(node, fmt.Sprintf("%s of a value that has no members", name))
	return nil
}

func (s *scope) element(node *sitter.Node) any {
	of, index := s.value(node.ChildByFieldName("object")), s.value(node.ChildByFieldName("index"))
	switch typed := of.(type) {
	case reference:
		return reference(fmt.Sprintf("%s[%v]", string(typed), index))
	case []any:
		number, isNumber := index.(int)
		if isNumber && number < len(typed) {
			return typed[number]
		}
	case map[string]any:
		return s.member(node, of, fmt.Sprint(index))
	}
	s.fault(node, fmt.Sprintf("element %v is not there", index))
	return nil
}

func (s *scope) truth(node *sitter.Node) bool {
	value, isBool := s.value(node).(bool)
	if !isBool {
		s.fault(node, "the checker cannot say whether this is true: "+s.template.source(node))
	}
	return value
}

func (s *scope) binary(node *sitter.Node) any {
	left, right := node.ChildByFieldName("left"), node.ChildByFieldName("right")
	switch operator := s.template.source(node.ChildByFieldName("operator")); operator {
	case "&&":
		return s.truth(left) && s.truth(right)
	case "||":
		return s.truth(left) || s.truth(right)
	case "==":
		return fmt.Sprint(s.value(left)) == fmt.Sprint(s.value(right))
	case "!=":
		return fmt.Sprint(s.value(left)) != fmt.Sprint(s.value(right))
	default:
		s.fault(node, "the checker does not know "+operator)
		return nil
	}
}

// merged is the union of objects; the later one wins.
func merged(objects []any) map[string]any {
	all := map[string]any{}
	for _, each := range objects {
		one, _ := each.(map[string]any)
		maps.Copy(all, one)
	}
	return all
}
