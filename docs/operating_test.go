package docs

import (
	"go/ast"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var testNames = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(`)

// TestThreatsHaveTheirProofs: every test that the threat table names is there, and every row
// names a test or a story; that the stories are there TestLinks holds.
func TestThreatsHaveTheirProofs(t *testing.T) {
	t.Parallel()
	known := testsOf(t)
	threats := rows(t, "docs/security.md", "threat")
	if len(threats) < 15 || len(known) < 300 {
		t.Fatalf("only %d threats and %d tests were found", len(threats), len(known))
	}
	for _, threat := range threats {
		fault := unprovedThreat(threat, known)
		if fault != "" {
			t.Errorf("%s: %s", threat[0], fault)
		}
	}
}

// unprovedThreat says what a row's proof lacks; empty when nothing.
func unprovedThreat(threat []string, known map[string]bool) string {
	named := backticked(threat[2])
	if len(named) == 0 && !strings.Contains(threat[2], "/story/") {
		return "nothing proves it"
	}
	for _, name := range named {
		if !known[name] {
			return "there is no " + name
		}
	}
	return ""
}

func TestThreatsCanFail(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"TestA": true}
	for proof, sound := range map[string]bool{"`TestA`": true, "[s](../handler/testdata/story/s.txt)": true, "`TestB`": false, "belief": false} {
		if (unprovedThreat([]string{"threat", "held", proof}, known) == "") != sound {
			t.Errorf("%s was judged wrongly", proof)
		}
	}
}

// testsOf are the names of all tests of the repository.
func testsOf(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(name)
		for _, one := range testNames.FindAllStringSubmatch(string(text), -1) {
			found[one[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestTroubleshootingReasons: the page has every reason for which work on a grant can be
// stuck, and no other.
func TestTroubleshootingReasons(t *testing.T) {
	t.Parallel()
	product := parse(t)
	is := []string{"NestedSince"} // a constant of its own
	for _, kind := range product.constants("exchange/kind.go", "Kind") {
		word := "Exchange"
		for part := range strings.FieldsSeq(kind) {
			word += strings.ToUpper(part[:1]) + part[1:]
		}
		is = append(is, word)
	}
	for _, kind := range product.constants("graph/errors.go", "Kind") {
		is = append(is, "Graph"+kind)
	}
	is = append(is, product.returned("engine/facts.go", "reasonOf")...)
	is = append(is, product.untyped("plan/plan.go")...)
	product.calls("engine", func(name string, arguments []ast.Expr) {
		if name == "h.stuck" {
			word, literal := text(arguments[2])
			if literal {
				is = append(is, word)
			}
		}
	})
	is = slices.DeleteFunc(is, func(word string) bool { return !reasonShape.MatchString(word) || word == "Exchange" || word == "Graph" })
	same(t, "reasons of Stuck", columnOf(t, "docs/troubleshooting.md", "reason", 1), is)
}

var reasonShape = regexp.MustCompile(`^[A-Z][A-Za-z]+$`)

// returned are the string literals that a function returns.
func (s source) returned(file, function string) []string {
	var found []string
	for _, declaration := range s.files[file].Decls {
		one, ok := declaration.(*ast.FuncDecl)
		if !ok || one.Name.Name != function {
			continue
		}
		ast.Inspect(one, func(node ast.Node) bool {
			returns, ok := node.(*ast.ReturnStmt)
			if ok {
				for _, result := range returns.Results {
					word, literal := text(result)
					if literal {
						found = append(found, word)
					}
				}
			}
			return true
		})
	}
	return found
}

// untyped are the string values of a file's constants without a type.
func (s source) untyped(file string) []string {
	var found []string
	for _, declaration := range s.files[file].Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || value.Type != nil {
				continue
			}
			for _, one := range value.Values {
				word, literal := text(one)
				if literal {
					found = append(found, word)
				}
			}
		}
	}
	return found
}

// TestTroubleshootingProblems: every problem type has a next step.
func TestTroubleshootingProblems(t *testing.T) {
	t.Parallel()
	same(t, "problems with a next step", columnOf(t, "docs/troubleshooting.md", "problem", 1), column(t, "problem type", 1))
}

// TestTroubleshootingTexts: what the page quotes is what the code says.
func TestTroubleshootingTexts(t *testing.T) {
	t.Parallel()
	words := parse(t).words()
	quoted := columnOf(t, "docs/troubleshooting.md", "text", 1)
	if len(quoted) < 6 {
		t.Fatalf("only %d texts were found", len(quoted))
	}
	for _, one := range quoted {
		if !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(word, one) }) {
			t.Errorf("the code does not say %q", one)
		}
	}
}
