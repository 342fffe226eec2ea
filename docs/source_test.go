package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source is the product's code below handler/, parsed, without tests and simulator.
type source struct {
	files map[string]*ast.File
}

func parse(t *testing.T) source {
	t.Helper()
	s := source{files: map[string]*ast.File{}}
	base := filepath.Join(root, "handler")
	err := filepath.WalkDir(base, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "simulator" || entry.Name() == "testdata"):
			return fs.SkipDir
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		relative, err := filepath.Rel(base, name)
		if err != nil {
			return err
		}
		s.files[filepath.ToSlash(relative)], err = parser.ParseFile(token.NewFileSet(), name, nil, 0)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// calls hands every call in the files of a folder ("" for main's) to see, with the
// name of what is called ("grant.At", "r.guid", "at").
func (s source) calls(folder string, see func(name string, arguments []ast.Expr)) {
	for name, file := range s.files {
		if strings.TrimSuffix(filepath.ToSlash(filepath.Dir(name)), ".") != folder {
			continue
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if ok {
				see(called(call.Fun), call.Args)
			}
			return true
		})
	}
}

func called(function ast.Expr) string {
	switch function := function.(type) {
	case *ast.Ident:
		return function.Name
	case *ast.SelectorExpr:
		owner, ok := function.X.(*ast.Ident)
		if ok {
			return owner.Name + "." + function.Sel.Name
		}
	}
	return ""
}

// text is the value of a string literal, false for every other expression.
func text(expression ast.Expr) (string, bool) {
	literal, ok := expression.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(literal.Value)
	return value, err == nil
}

// words are all string literals of the product.
func (s source) words() []string {
	var found []string
	for _, file := range s.files {
		ast.Inspect(file, func(node ast.Node) bool {
			literal, ok := node.(*ast.BasicLit)
			if ok {
				value, isText := text(literal)
				if isText {
					found = append(found, value)
				}
			}
			return true
		})
	}
	return found
}

// constants are the values of the constants of one type in one file.
func (s source) constants(file, kind string) []string {
	var found []string
	for _, declaration := range s.files[file].Decls {
		general, ok := declaration.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || value.Type == nil || called(value.Type) != kind {
				continue
			}
			for _, one := range value.Values {
				word, _ := text(one)
				found = append(found, word)
			}
		}
	}
	return distinct(found)
}

// distinct sorts a copy and drops what comes twice.
func distinct(words []string) []string {
	sorted := slices.Clone(words)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
