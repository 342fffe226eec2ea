// Package infra_test checks the templates without Azure: they parse, every body goes
// through Microsoft's own Go types unchanged, and the rules hold that the service's
// promises rest on. What only Azure can say (does it deploy, do the queries run) is left
// to the workflow in .github.
package infra_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// finding is one fault of the templates: which check saw it, where, and what.
type finding struct {
	check string
	where string
	what  string
}

func (f finding) String() string { return f.where + ": " + f.check + ": " + f.what }

// texts are the files that are checked, by path from the repository's root. Faults are
// planted by changing one of them.
type texts map[string]string

// looked is what one look at all texts came to.
type looked struct {
	model    *model
	findings []finding
}

// look runs every check over the texts. What does not parse is not looked at further.
func look(all texts, known facts) looked {
	m := &model{texts: all, facts: known, templates: map[string]*template{}}
	defer m.close()
	m.parse()
	if len(m.findings) > 0 {
		return looked{m, m.findings}
	}
	m.deploy("infra/main.bicep", sampleParameters(m))
	for _, each := range m.resources {
		m.findings = append(m.findings, roundTrip(each)...)
	}
	for _, rule := range rules {
		for _, found := range rule.broken(m) {
			m.findings = append(m.findings, finding{rule.name, found.where, found.what})
		}
	}
	return looked{m, m.findings}
}

// readTexts reads everything that is checked.
func readTexts(t *testing.T) texts {
	t.Helper()
	all := texts{}
	for _, pattern := range []string{"infra/*.bicep", "infra/modules/*.bicep", "infra/queries/*.kql", "infra/*.json",
		"functions/*/function.json", "host.json", "local.settings.sample.json", "docs/infrastructure.md", ".github/workflows/infra.yml"} {
		paths, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(pattern)))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all[strings.TrimPrefix(filepath.ToSlash(path), "../")] = string(text)
		}
	}
	return all
}

// TestInfrastructure runs every check and says how much was looked at. The tests of this
// package run one after the other, because their output is read as one report.
func TestInfrastructure(t *testing.T) {
	seen := look(readTexts(t), readFacts(t))
	for _, found := range seen.findings {
		t.Error(found)
	}
	counted := map[string]int{}
	properties := 0
	for _, each := range seen.model.resources {
		counted[each.kind]++
		properties += leaves(each.body)
	}
	for _, kind := range slices.Sorted(maps.Keys(counted)) {
		t.Logf("%3d  %s@%s", counted[kind], kind, resourceTypes[kind].version)
	}
	t.Logf("%d resources of %d types in %d files, %d properties through Microsoft's types, %d rules, %d queries",
		len(seen.model.resources), len(counted), len(seen.model.templates), properties, len(rules), len(seen.model.queries()))
	if len(seen.model.resources) < 30 || properties < 200 {
		t.Errorf("only %d resources and %d properties were looked at", len(seen.model.resources), properties)
	}
}

// TestRequiredParametersSuffice works the templates out with nothing but what has to be
// given.
func TestRequiredParametersSuffice(t *testing.T) {
	m := &model{texts: readTexts(t), facts: readFacts(t), templates: map[string]*template{}}
	defer m.close()
	m.parse()
	if len(m.findings) > 0 {
		t.Fatal(m.findings)
	}
	given := sampleParameters(m)
	for _, each := range m.templates["infra/main.bicep"].of("parameter_declaration") {
		if len(named(each.node)) > 2 {
			delete(given, each.name)
		}
	}
	m.deploy("infra/main.bicep", given)
	if len(given) == 0 || len(m.resources) < 30 {
		t.Fatalf("%d required parameters, %d resources", len(given), len(m.resources))
	}
	for _, each := range m.resources {
		m.findings = append(m.findings, roundTrip(each)...)
	}
	for _, found := range m.findings {
		t.Error(found)
	}
	t.Logf("%d required parameters suffice", len(given))
}

// leaves counts the values in a body.
func leaves(value any) int {
	count := 0
	switch typed := value.(type) {
	case map[string]any:
		for _, each := range typed {
			count += leaves(each)
		}
	case []any:
		for _, each := range typed {
			count += leaves(each)
		}
	default:
		return 1
	}
	return max(count, 1)
}

func at(path string, line uint) string { return fmt.Sprintf("%s:%d", path, line) }
