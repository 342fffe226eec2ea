package infra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	sitter "github.com/tree-sitter/go-tree-sitter"
)

// call works out one of Bicep's functions.
func (s *scope) call(node *sitter.Node) any {
	name := s.template.source(node.ChildByFieldName("function"))
	arguments := named(node.ChildByFieldName("arguments"))
	switch name {
	case "map", "toObject", "filter":
		return s.callWithLambda(node, name, arguments)
	case "loadTextContent":
		return s.load(node, s.value(arguments[0]))
	case "listKeys", "listAccountSas", "listServiceSas", "getSecret":
		s.model.fault("secret", s.template.at(node), name+" puts a secret into the deployment")
		return reference(name)
	}
	values := make([]any, len(arguments))
	for i, each := range arguments {
		values[i] = s.value(each)
	}
	return s.callPlain(node, name, values)
}

func (s *scope) callPlain(node *sitter.Node, name string, values []any) any {
	switch name {
	case "resourceGroup", "subscription", "tenant", "environment":
		return reference(name + "()")
	case "uniqueString":
		return "unique1234567" // thirteen characters, as Azure's
	case "guid":
		return "guid(" + joined(values) + ")"
	case "subscriptionResourceId":
		return "/subscriptions/[id]/providers/" + fmt.Sprint(values[0]) + "/" + fmt.Sprint(values[1])
	case "concat":
		var all []any
		for _, each := range values {
			one, _ := each.([]any)
			all = append(all, one...)
		}
		return all
	case "union":
		return merged(values)
	case "items":
		return entries(values[0])
	case "empty":
		return values[0] == nil || fmt.Sprint(values[0]) == "" || leavesNone(values[0])
	case "contains":
		within, _ := values[0].(map[string]any)
		_, has := within[fmt.Sprint(values[1])]
		return has
	case "string":
		text, err := json.Marshal(values[0])
		if err != nil {
			s.fault(node, err.Error())
		}
		return string(text)
	}
	s.fault(node, "the checker does not know the function "+name)
	return nil
}

func leavesNone(value any) bool {
	object, isObject := value.(map[string]any)
	array, isArray := value.([]any)
	return isObject && len(object) == 0 || isArray && len(array) == 0
}

func joined(values []any) string {
	words := make([]string, len(values))
	for i, each := range values {
		words[i] = fmt.Sprint(each)
	}
	return strings.Join(words, ",")
}

func entries(value any) []any {
	object, _ := value.(map[string]any)
	found := []any{}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		found = append(found, map[string]any{"key": key, "value": object[key]})
	}
	return found
}

// load is loadTextContent: the path is from the folder of the template.
func (s *scope) load(node *sitter.Node, name any) any {
	text, there := s.model.texts[path.Join(path.Dir(s.template.path), fmt.Sprint(name))]
	if !there {
		s.fault(node, fmt.Sprintf("the file %v is not there", name))
	}
	return text
}

// callWithLambda runs a function that takes a lambda. What is filtered is a list that
// only Azure knows, so the result stays a reference.
func (s *scope) callWithLambda(node *sitter.Node, name string, arguments []*sitter.Node) any {
	over := s.value(arguments[0])
	unknown, isReference := over.(reference)
	if isReference {
		return reference(name + "(" + string(unknown) + s.sought(arguments[1]) + ")")
	}
	elements, isArray := over.([]any)
	if !isArray {
		s.fault(node, name+" of what is no array")
	}
	results, object := []any{}, map[string]any{}
	for _, element := range elements {
		first := s.apply(arguments[1], element)
		switch name {
		case "map":
			results = append(results, first)
		case "toObject":
			object[fmt.Sprint(first)] = s.apply(arguments[2], element)
		default:
			s.fault(node, "the checker filters references only")
		}
	}
	if name == "toObject" {
		return object
	}
	return results
}

// sought are the values that a lambda compares with.
func (s *scope) sought(lambda *sitter.Node) string {
	var words strings.Builder
	for _, each := range below(lambda, "binary_expression") {
		words.WriteString(", '" + fmt.Sprint(s.value(each.ChildByFieldName("right"))) + "'")
	}
	return words.String()
}

// apply calls a lambda. Its body stands in parentheses where it has members, because
// the grammar would take them for members of the lambda.
func (s *scope) apply(lambda *sitter.Node, argument any) any {
	parts := named(lambda)
	if lambda.Kind() != "lambda_expression" || len(parts) != 2 {
		s.fault(lambda, "this is no lambda")
		return nil
	}
	return s.inner(map[string]any{s.template.source(parts[0]): argument}).value(parts[1])
}
