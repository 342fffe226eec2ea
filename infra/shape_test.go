package infra_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	sitter "github.com/tree-sitter/go-tree-sitter"
)

// constrain holds a parameter's value against its type and its decorators.
func (s *scope) constrain(parameter declaration, value any) {
	fault := func(what string) {
		s.model.fault("parameters", s.template.at(parameter.node), parameter.name+": "+what)
	}
	if kind := s.template.source(named(parameter.node)[1]); !isOf(kind, value) {
		fault(fmt.Sprintf("%v is no %s", value, kind))
	}
	_, unknown := value.(reference)
	if unknown {
		return
	}
	allowed := parameter.decorators["allowed"]
	if allowed != nil && !slices.ContainsFunc(s.value(named(allowed)[0]).([]any), func(word any) bool { return fmt.Sprint(word) == fmt.Sprint(value) }) {
		fault(fmt.Sprintf("%v is not allowed", value))
	}
	for name, arguments := range parameter.decorators {
		bound, err := strconv.ParseFloat(s.template.source(named(arguments)[0]), 64)
		size := measure(value)
		if err == nil && (strings.HasPrefix(name, "min") && size < bound || strings.HasPrefix(name, "max") && size > bound) {
			fault(fmt.Sprintf("%v is outside of %s %v", value, name, bound))
		}
	}
}

// measure is what a bound speaks of: a number, or the length of anything else.
func measure(value any) float64 {
	switch typed := value.(type) {
	case int:
		return float64(typed)
	case float64:
		return typed
	case string:
		return float64(len(typed))
	case []any:
		return float64(len(typed))
	}
	return 0
}

func isOf(kind string, value any) bool {
	switch value.(type) {
	case reference:
		return true
	case string:
		return kind == "string"
	case int, float64:
		return kind == "int"
	case bool:
		return kind == "bool"
	case []any:
		return kind == "array"
	case map[string]any:
		return kind == "object"
	}
	return false
}

// parameterRule: whoever deploys reads what each parameter is for, and cannot go wrong
// by much.
func parameterRule(m *model) []broken {
	var found []broken
	for path, read := range m.templates {
		entry := !strings.HasPrefix(path, "infra/modules/")
		for _, each := range read.of("parameter_declaration") {
			if each.decorators["description"] == nil {
				found = append(found, broken{read.at(each.node), each.name + " is not described"})
			}
			kind := read.source(named(each.node)[1])
			bounded := each.decorators["allowed"] != nil || each.decorators["maxLength"] != nil || each.decorators["maxValue"] != nil && each.decorators["minValue"] != nil
			if entry && (kind == "int" || kind == "string") && !bounded {
				found = append(found, broken{read.at(each.node), each.name + " has no bounds"})
			}
		}
		for _, each := range read.outputs {
			if entry && each.decorators["description"] == nil {
				found = append(found, broken{read.at(each.node), each.name + " is not described"})
			}
		}
	}
	return found
}

// usedRule: every parameter and variable is used.
func usedRule(m *model) []broken {
	var found []broken
	for _, read := range m.templates {
		used := map[string]int{}
		count(read, read.tree.RootNode(), used)
		for _, each := range read.declared {
			kind := each.node.Kind()
			if (kind == "parameter_declaration" || kind == "variable_declaration") && used[each.name] < 2 {
				found = append(found, broken{read.at(each.node), each.name + " is not used"})
			}
		}
	}
	return found
}

// count counts how often each name stands in a template, its declaration included and
// names of properties left out.
func count(read *template, node *sitter.Node, used map[string]int) {
	if node.Kind() == "identifier" {
		used[read.source(node)]++
	}
	children := named(node)
	for i, child := range children {
		if node.Kind() == "object_property" && i == 0 && child.Kind() == "identifier" {
			continue
		}
		count(read, child, used)
	}
}

var logic = []string{"if_statement", "ternary_expression", "binary_expression", "unary_expression"}

// moduleRule: what is decided is decided in main.bicep, where it is read.
func moduleRule(m *model) []broken {
	var found []broken
	for path, read := range m.templates {
		if !strings.HasPrefix(path, "infra/modules/") {
			continue
		}
		for _, kind := range logic {
			for _, node := range below(read.tree.RootNode(), kind) {
				found = append(found, broken{read.at(node), "a module decides: " + firstLine(read.source(node))})
			}
		}
	}
	return found
}

func below(node *sitter.Node, kind string) []*sitter.Node {
	var found []*sitter.Node
	if node.Kind() == kind {
		found = append(found, node)
	}
	for _, child := range named(node) {
		found = append(found, below(child, kind)...)
	}
	return found
}
