package plan_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

// stepKinds are the constants of that type in the package grant.
func stepKinds(t *testing.T) []grant.StepKind {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../grant/step.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []grant.StepKind
	ast.Inspect(file, func(node ast.Node) bool {
		spec, is := node.(*ast.ValueSpec)
		if !is {
			return true
		}
		kind, typed := spec.Type.(*ast.Ident)
		if !typed || kind.Name != "StepKind" {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, grant.StepKind(text))
		return true
	})
	return kinds
}

// TestEveryKindIsPrinted: a kind of step without a cmdlet would leave a hole in a script
// that looks whole. What hides a group goes with it, and a mailbox is kept.
func TestEveryKindIsPrinted(t *testing.T) {
	t.Parallel()
	kinds := stepKinds(t)
	if len(kinds) < 8 || !slices.Contains(kinds, grant.ConsentStep) {
		t.Fatalf("only %v were found", kinds)
	}
	for _, kind := range kinds {
		shown := printed(onPaper(t, grant.RBAC))
		shown.Making = plan.Course{Lines: []plan.Line{{Verb: plan.Create, Step: grant.Step{Kind: kind, Name: "x"}}}}
		shown.Removal = plan.Course{Lines: []plan.Line{{Verb: plan.Remove, Step: grant.Step{Kind: kind, Name: "x"}}}}
		if kind == grant.HidingStep || kind == grant.MailboxStep {
			shown.Removal.Lines = nil
		}
		if script := shown.PowerShell(); strings.Contains(script, "No cmdlet is known") {
			t.Errorf("%s:\n%s", kind, script)
		}
	}
}
