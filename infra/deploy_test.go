package infra_test

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	sitter "github.com/tree-sitter/go-tree-sitter"
)

// model is everything that the templates would deploy, and what was found wrong.
type model struct {
	texts     texts
	facts     facts
	templates map[string]*template
	resources []resource
	// waits are the modules that the app's module waits for, by their names.
	waits    []string
	findings []finding
}

func (m *model) fault(check, where, what string) {
	found := finding{check, where, what}
	for _, known := range m.findings {
		if known == found {
			return
		}
	}
	m.findings = append(m.findings, found)
}

// resource is one resource as it would be sent.
type resource struct {
	where         string
	symbol        string
	kind, version string
	// parent and scope name other resources of the same template; empty without.
	parent, scope string
	// conditional is true where a parameter can leave the resource out.
	conditional bool
	body        map[string]any
}

// get returns the value at a path of names, nil when it is not there.
func (r resource) get(names ...string) any {
	var value any = r.body
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// of are the resources of a type.
func (m *model) of(kind string) []resource {
	var found []resource
	for _, each := range m.resources {
		if each.kind == kind {
			found = append(found, each)
		}
	}
	return found
}

// sampleParameters reads the sample of a parameters file.
func sampleParameters(m *model) map[string]any {
	const name = "infra/main.parameters.sample.json"
	var read struct {
		Parameters map[string]struct {
			Value any `json:"value"`
		} `json:"parameters"`
	}
	err := json.Unmarshal([]byte(m.texts[name]), &read)
	if err != nil {
		m.fault("parameters", name, err.Error())
	}
	values := map[string]any{}
	for key, each := range read.Parameters {
		values[key] = each.Value
	}
	return values
}

// deploy works a template out with these parameters and returns its outputs.
func (m *model) deploy(name string, parameters map[string]any) map[string]any {
	read, there := m.templates[name]
	if !there {
		m.fault("evaluate", name, "this template is not there")
		return nil
	}
	s := &scope{model: m, template: read, values: map[string]any{}}
	for _, each := range read.of("parameter_declaration") {
		parts := named(each.node)
		value, given := parameters[each.name]
		switch {
		case given:
		case len(parts) > 2:
			value = s.value(parts[2])
		default:
			m.fault("parameters", read.at(each.node), each.name+" is required and is not given")
		}
		s.values[each.name] = value
		s.constrain(each, value)
	}
	for given := range parameters {
		declared, known := read.find(given)
		if !known || declared.node.Kind() != "parameter_declaration" {
			m.fault("parameters", name, "there is no parameter "+given)
		}
	}
	for _, each := range read.declared {
		switch each.node.Kind() {
		case "resource_declaration":
			s.resource(each)
		case "module_declaration":
			s.lookup(named(each.node)[0])
		}
	}
	outputs := map[string]any{}
	for _, each := range read.outputs {
		parts := named(each.node)
		outputs[each.name] = s.value(parts[len(parts)-1])
	}
	return outputs
}

// module deploys a module and gives what its outputs are.
func (s *scope) module(found declaration) any {
	parts := named(found.node)
	body := parts[2]
	if body.Kind() == "if_statement" {
		s.truth(named(body)[0])
		body = named(body)[1]
	}
	arguments := s.object(body)
	parameters, _ := arguments["params"].(map[string]any)
	file := path.Join(path.Dir(s.template.path), fmt.Sprint(s.value(parts[1])))
	waits, _ := arguments["dependsOn"].([]any)
	for _, each := range waits {
		other, _ := each.(map[string]any)
		s.model.waits = append(s.model.waits, fmt.Sprint(other["name"]))
	}
	return map[string]any{"name": arguments["name"], "outputs": s.model.deploy(file, parameters)}
}

// resource notes one resource, or one for each turn of a loop.
func (s *scope) resource(found declaration) {
	parts := named(found.node)
	kind, version, _ := strings.Cut(fmt.Sprint(s.value(parts[1])), "@")
	one := resource{where: s.template.at(found.node), symbol: found.name, kind: kind, version: version}
	body := parts[2]
	if strings.Contains(string(s.template.text[parts[1].EndByte():body.StartByte()]), "existing") {
		s.model.allowed(one)
		s.object(body)
		return
	}
	switch body.Kind() {
	case "if_statement":
		s.truth(named(body)[0])
		one.conditional = true
		s.note(one, named(body)[1])
	case "for_statement":
		s.loop(body, func(inner *scope, body *sitter.Node) any {
			inner.note(one, body)
			return nil
		})
	default:
		s.note(one, body)
	}
}

func (s *scope) note(one resource, body *sitter.Node) {
	one.body = s.object(body)
	one.parent, one.scope = symbolOf(one.body["parent"]), symbolOf(one.body["scope"])
	for _, name := range []string{"parent", "scope", "dependsOn"} {
		delete(one.body, name)
	}
	s.model.allowed(one)
	s.model.resources = append(s.model.resources, one)
}

// symbolOf is the name by which a template calls the resource that is referred to.
func symbolOf(value any) string {
	referred, isReference := value.(reference)
	if !isReference {
		return ""
	}
	_, symbol, _ := strings.Cut(string(referred), ":")
	return symbol
}

// allowed holds a resource's type and version against the list of those that are
// checked.
func (m *model) allowed(one resource) {
	known, listed := resourceTypes[one.kind]
	switch {
	case !listed:
		m.fault("types", one.where, one.kind+" is not on the list of types")
	case known.version != one.version:
		m.fault("types", one.where, fmt.Sprintf("%s@%s; the list has %s", one.kind, one.version, known.version))
	}
}
