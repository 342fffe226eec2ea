package infra_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// facts are what the service's code says: the queries and settings have to agree with it.
type facts struct {
	// logged are the names of the values of each line that the service writes, by its
	// message.
	logged map[string]map[string]bool
	// words are the string constants of each package folder, by name.
	words map[string]map[string]string
	// settings are the names that the code looks up in the environment.
	settings map[string]bool
}

// readFacts reads the code; what only tests and the build with a simulated clock have is
// not the service's.
func readFacts(t *testing.T) facts {
	t.Helper()
	read := facts{map[string]map[string]bool{}, map[string]map[string]string{}, map[string]bool{}}
	for _, folder := range []string{"handler", "handler/engine", "handler/grant", "handler/graph", "handler/store"} {
		paths, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(folder), "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(paths), err)
		}
		read.words[folder] = map[string]string{}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_simulated.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			read.file(folder, file)
		}
	}
	if len(read.logged) < 20 {
		t.Fatalf("only %d lines of the log were found", len(read.logged))
	}
	return read
}

func (f facts) file(folder string, file *ast.File) {
	ast.Inspect(file, func(node ast.Node) bool {
		switch typed := node.(type) {
		case *ast.CallExpr:
			f.line(typed)
		case *ast.ValueSpec:
			for i, name := range typed.Names {
				if i < len(typed.Values) {
					word, isWord := literal(typed.Values[i])
					if isWord {
						f.words[folder][name.Name] = word
					}
				}
			}
		case *ast.BasicLit:
			word, isWord := literal(typed)
			if isWord && folder == "handler" && settingName.MatchString(word) {
				f.settings[word] = true
			}
		}
		return true
	})
}

var settingName = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$`)

// line notes a call that writes a line: its message, and the names of its values.
func (f facts) line(call *ast.CallExpr) {
	selector, isSelector := call.Fun.(*ast.SelectorExpr)
	if !isSelector {
		return
	}
	first := 0
	switch selector.Sel.Name {
	case "InfoContext", "WarnContext", "ErrorContext":
		first = 1
	case "Info", "Warn", "Error":
	default:
		return
	}
	if len(call.Args) <= first {
		return
	}
	message, isWord := literal(call.Args[first])
	if !isWord {
		return
	}
	if f.logged[message] == nil {
		f.logged[message] = map[string]bool{"time": true, "level": true, "invocation": true}
	}
	for i := first + 1; i < len(call.Args); i += 2 {
		name, isWord := literal(call.Args[i])
		if isWord {
			f.logged[message][name] = true
		}
	}
}

func literal(node ast.Expr) (string, bool) {
	basic, isLiteral := node.(*ast.BasicLit)
	if !isLiteral || basic.Kind != token.STRING {
		return "", false
	}
	word, err := strconv.Unquote(basic.Value)
	return word, err == nil
}

// constants are the values of a folder's string constants whose names the pattern takes.
func (f facts) constants(folder, pattern string) []string {
	var found []string
	named := regexp.MustCompile(pattern)
	for name, word := range f.words[folder] {
		if named.MatchString(name) {
			found = append(found, word)
		}
	}
	return found
}
