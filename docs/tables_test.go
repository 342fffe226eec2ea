package docs

import (
	"encoding/json"
	"go/ast"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mailgrant/functions"
)

var code = regexp.MustCompile("`([^`]+)`")

// column returns what stands in backticks in one column of the README's table whose
// header begins with that cell.
func column(t *testing.T, header string, number int) []string {
	t.Helper()
	return columnOf(t, "README.md", header, number)
}

func columnOf(t *testing.T, document, header string, number int) []string {
	t.Helper()
	_, rest, found := strings.Cut(read(t, document), "\n| "+header+" |")
	if !found {
		t.Fatalf("%s has no table that begins with %q", document, header)
	}
	var words []string
	for _, line := range strings.Split(rest, "\n")[2:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(line, "|")
		for _, word := range code.FindAllStringSubmatch(cells[number], -1) {
			words = append(words, word[1])
		}
	}
	return distinct(words)
}

// TestStoryCommands compares the commands of stories with the list for whoever
// writes one.
func TestStoryCommands(t *testing.T) {
	t.Parallel()
	var said, is []string
	for _, usage := range columnOf(t, "CONTRIBUTING.md", "command", 1) {
		name, _, _ := strings.Cut(usage, " ")
		said = append(said, name)
	}
	registered := regexp.MustCompile(`"([a-z]+)":\s+\(\*story\)`)
	for _, found := range registered.FindAllStringSubmatch(read(t, "handler/story_commands_test.go"), -1) {
		is = append(is, found[1])
	}
	same(t, "commands of stories", distinct(said), is)
}

// same compares what the documents say with what the code has, both ways.
func same(t *testing.T, what string, said, is []string) {
	t.Helper()
	is = distinct(is)
	if len(is) == 0 {
		t.Errorf("%s: nothing was found in the code", what)
	}
	for _, word := range is {
		if !slices.Contains(said, word) {
			t.Errorf("%s: the document does not name %s", what, word)
		}
	}
	for _, word := range said {
		if !slices.Contains(is, word) {
			t.Errorf("%s: the document names %s, which the code does not have", what, word)
		}
	}
}

func TestStatesAndConditions(t *testing.T) {
	t.Parallel()
	product := parse(t)
	same(t, "states", column(t, "state", 1), product.constants("grant/state.go", "State"))
	same(t, "conditions", column(t, "condition", 1), product.constants("grant/condition.go", "ConditionType"))
}

// TestConditionReasons: a reason of an edge is put together of the edge's name and
// the kind of its error.
func TestConditionReasons(t *testing.T) {
	t.Parallel()
	words := parse(t).words()
	for _, reason := range column(t, "condition", 2) {
		kind, onExchange := strings.CutPrefix(reason, "Exchange")
		kind, onGraph := strings.CutPrefix(kind, "Graph")
		switch {
		case onExchange && slices.Contains(words, strings.ToLower(kind)):
		case onGraph && slices.Contains(words, kind):
		case slices.Contains(words, reason):
		default:
			t.Errorf("the code has no reason %s", reason)
		}
	}
}

func TestProblemTypes(t *testing.T) {
	t.Parallel()
	var is []string
	parse(t).calls("", func(name string, arguments []ast.Expr) {
		if name == "problemOf" {
			word, _ := text(arguments[0])
			is = append(is, "/problems/"+word)
		}
	})
	same(t, "problem types", column(t, "problem type", 1), is)
}

func TestReasonsAtBinding(t *testing.T) {
	t.Parallel()
	var is []string
	parse(t).calls("engine", func(name string, arguments []ast.Expr) {
		if name != "grant.At" && name != "at" {
			return
		}
		word, literal := text(arguments[0])
		if literal {
			is = append(is, word)
		}
	})
	same(t, "reasons at binding", column(t, "reason at binding", 1), is)
}

func TestReasonsOfShape(t *testing.T) {
	t.Parallel()
	var is []string
	product := parse(t)
	product.calls("grant", func(name string, arguments []ast.Expr) {
		if name == "c.fault" {
			word, _ := text(arguments[1])
			is = append(is, word)
		}
	})
	if slices.Contains(product.words(), "duplicateName") {
		is = append(is, "duplicateName")
	}
	_, rest, _ := strings.Cut(read(t, "README.md"), "Faults of shape have the reasons")
	sentence, _, _ := strings.Cut(rest, ".\n")
	same(t, "reasons of shape", backticked(sentence), is)
}

func backticked(sentence string) []string {
	var words []string
	for _, word := range code.FindAllStringSubmatch(sentence, -1) {
		words = append(words, word[1])
	}
	return distinct(words)
}

// TestEndings: each end that the README names is one.
func TestEndings(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(read(t, "README.md"), "\n`ending` says why:")
	paragraph, _, _ := strings.Cut(rest, "\n\n")
	said := backticked(paragraph)
	if len(said) < 5 {
		t.Fatalf("only %v were found", said)
	}
	is := parse(t).constants("grant/grant.go", "Ending")
	for _, ending := range said {
		if !slices.Contains(is, ending) {
			t.Errorf("the code has no ending %s", ending)
		}
	}
}

// TestSettings: the table holds what the process reads, what function.json files
// refer to, and what the sample has for the host.
func TestSettings(t *testing.T) {
	t.Parallel()
	is := append(settingsRead(t), schedules(t)...)
	var sample struct{ Values map[string]string }
	err := json.Unmarshal([]byte(read(t, "local.settings.sample.json")), &sample)
	if err != nil {
		t.Fatal(err)
	}
	for name := range sample.Values {
		is = append(is, name)
	}
	same(t, "settings", column(t, "setting", 1), is)
}

// settingsRead are the names that config.go hands to its reader's methods; those of
// the storage are its prefix and a literal.
func settingsRead(t *testing.T) []string {
	t.Helper()
	var names, suffixes []string
	prefix := ""
	shape := regexp.MustCompile(`^[A-Z][A-Za-z_]+$`)
	parse(t).calls("", func(name string, arguments []ast.Expr) {
		if !strings.HasPrefix(name, "r.") || len(arguments) == 0 {
			return
		}
		word, literal := text(arguments[0])
		sum, isSum := arguments[0].(*ast.BinaryExpr)
		switch {
		case name == "r.storage":
			prefix = word
		case literal && shape.MatchString(word):
			names = append(names, word)
		case isSum:
			suffix, _ := text(sum.Y)
			suffixes = append(suffixes, suffix)
		}
	})
	for _, suffix := range append(suffixes, "") {
		names = append(names, prefix+suffix)
	}
	return names
}

func schedules(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, declaration := range declarations(t) {
		for _, found := range regexp.MustCompile(`%([A-Z_]+)%`).FindAllStringSubmatch(declaration, -1) {
			names = append(names, found[1])
		}
	}
	return names
}

// declarations are the texts of all function.json files.
func declarations(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(root, "functions", "*", "function.json"))
	if err != nil || len(names) < 5 {
		t.Fatalf("found %d function.json files: %v", len(names), err)
	}
	var texts []string
	for _, name := range names {
		folder := filepath.Base(filepath.Dir(name))
		declaration, err := functions.Files.ReadFile(folder + "/function.json")
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(declaration))
	}
	return texts
}

// TestCalls compares the README's calls with the routes of the function.json files.
func TestCalls(t *testing.T) {
	t.Parallel()
	said := column(t, "call", 1)
	var patterns []*regexp.Regexp
	for _, declaration := range declarations(t) {
		var read struct {
			Bindings []struct {
				Type, Route string
				Methods     []string
			}
		}
		err := json.Unmarshal([]byte(declaration), &read)
		if err != nil {
			t.Fatal(err)
		}
		for _, binding := range read.Bindings {
			for _, method := range binding.Methods {
				patterns = append(patterns, pattern(method, binding.Route))
			}
		}
	}
	for _, pattern := range patterns {
		if !slices.ContainsFunc(said, pattern.MatchString) {
			t.Errorf("the README has no call like %s", pattern)
		}
	}
	for _, call := range said {
		known := slices.ContainsFunc(patterns, func(pattern *regexp.Regexp) bool { return pattern.MatchString(call) })
		if strings.Contains(call, " /api/") && !known {
			t.Errorf("no function answers %s", call)
		}
	}
}

// pattern is what a call of the README to this route looks like.
func pattern(method, route string) *regexp.Regexp {
	shape := "^" + strings.ToUpper(method) + " /api"
	for _, segment := range strings.Split(route, "/") {
		switch {
		case strings.HasSuffix(segment, "?}"):
			shape += "(/[^/]+)?"
		case strings.HasPrefix(segment, "{"):
			shape += "/[^/]+"
		default:
			shape += "/" + regexp.QuoteMeta(segment)
		}
	}
	return regexp.MustCompile(shape + "$")
}

// TestDocumentMembers: the operator's document as the README lists it.
func TestDocumentMembers(t *testing.T) {
	t.Parallel()
	var is []string
	parse(t).calls("policy", func(name string, arguments []ast.Expr) {
		if name != "r.mapping" || len(is) > 0 {
			return
		}
		path, literal := text(arguments[1])
		if !literal || path != "" {
			return
		}
		for _, argument := range arguments[2:] {
			word, _ := text(argument)
			is = append(is, word)
		}
	})
	same(t, "members of the operator's document", column(t, "member", 1), is)
}
