package infra_test

import (
	"fmt"
	"strings"

	bicep "github.com/tree-sitter-grammars/tree-sitter-bicep/bindings/go"
	sitter "github.com/tree-sitter/go-tree-sitter"
)

// template is one Bicep file: its tree, and its declarations by name.
type template struct {
	path string
	text []byte
	tree *sitter.Tree
	// declared are parameters, variables, resources and modules, in order of the file.
	declared []declaration
	outputs  []declaration
}

// declaration is one statement with its decorators.
type declaration struct {
	name       string
	node       *sitter.Node
	decorators map[string]*sitter.Node // the call's arguments, by the decorator's name
}

func (t *template) find(name string) (declaration, bool) {
	for _, each := range t.declared {
		if each.name == name {
			return each, true
		}
	}
	return declaration{}, false
}

func (t *template) of(kind string) []declaration {
	var found []declaration
	for _, each := range t.declared {
		if each.node.Kind() == kind {
			found = append(found, each)
		}
	}
	return found
}

func (t *template) source(node *sitter.Node) string { return node.Utf8Text(t.text) }

func (t *template) at(node *sitter.Node) string { return at(t.path, node.StartPosition().Row+1) }

// graphExtension is what the grammar does not know yet (tree-sitter-bicep 1.1.0). Only
// the optional file for the tenant may hold it, as its first line.
const graphExtension = "extension microsoftGraphV1\n"

// parse reads every template. The faults are those of syntax.
func (m *model) parse() {
	for path, text := range m.texts {
		if !strings.HasSuffix(path, ".bicep") {
			continue
		}
		if path == "infra/graph.bicep" {
			text = strings.Replace(text, graphExtension, "\n", 1)
		}
		read, err := parseTemplate(path, text)
		if err != nil {
			m.fault("syntax", path, err.Error())
			continue
		}
		m.templates[path] = read
		for _, broken := range errorsIn(read.tree.RootNode()) {
			m.fault("syntax", read.at(broken), "this cannot be parsed: "+firstLine(read.source(broken)))
		}
	}
}

func parseTemplate(path, text string) (*template, error) {
	parser := sitter.NewParser()
	defer parser.Close()
	err := parser.SetLanguage(sitter.NewLanguage(bicep.Language()))
	if err != nil {
		return nil, fmt.Errorf("loading the grammar: %w", err)
	}
	read := &template{path: path, text: []byte(text)}
	read.tree = parser.Parse(read.text, nil)
	decorators := map[string]*sitter.Node{}
	for _, node := range named(read.tree.RootNode()) {
		if node.Kind() == "decorators" {
			for _, each := range named(node) {
				call := each.NamedChild(0)
				decorators[read.source(call.ChildByFieldName("function"))] = call.ChildByFieldName("arguments")
			}
			continue
		}
		one := declaration{node: node, decorators: decorators}
		decorators = map[string]*sitter.Node{}
		switch node.Kind() {
		case "parameter_declaration", "variable_declaration", "resource_declaration", "module_declaration":
			one.name = read.source(named(node)[0])
			read.declared = append(read.declared, one)
		case "output_declaration":
			one.name = read.source(named(node)[0])
			read.outputs = append(read.outputs, one)
		}
	}
	return read, nil
}

// close frees the trees, which the garbage collector does not know.
func (m *model) close() {
	for _, each := range m.templates {
		each.tree.Close()
	}
}

// named are a node's children without comments.
func named(node *sitter.Node) []*sitter.Node {
	var found []*sitter.Node
	for i := range node.NamedChildCount() {
		child := node.NamedChild(i)
		if !child.IsExtra() {
			found = append(found, child)
		}
	}
	return found
}

// errorsIn are the places where the parser gave up or put something in.
func errorsIn(node *sitter.Node) []*sitter.Node {
	if !node.HasError() {
		return nil
	}
	if node.IsError() || node.IsMissing() {
		return []*sitter.Node{node}
	}
	var found []*sitter.Node
	for i := range node.ChildCount() {
		found = append(found, errorsIn(node.Child(i))...)
	}
	return found
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
