package main

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"mailgrant/functions"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// readContract parses and checks the contract once for all tests.
var readContract = sync.OnceValues(func() (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	document, err := loader.LoadFromData(contract)
	if err != nil {
		return nil, err
	}
	return document, document.Validate(loader.Context)
})

func loadContract(t *testing.T) *openapi3.T {
	t.Helper()
	document, err := readContract()
	if err != nil {
		t.Fatalf("the contract is not sound: %v", err)
	}
	return document
}

// TestDeclaredEqualsServed holds three lists against each other: the contract, the
// route table, and what the function.json files let in from outside.
func TestDeclaredEqualsServed(t *testing.T) {
	t.Parallel()
	var declared, served []string
	for template, item := range loadContract(t).Paths.Map() {
		for method := range item.Operations() {
			declared = append(declared, method+" /api"+template)
		}
	}
	for _, route := range new(server).routes() {
		if strings.HasPrefix(route.path, "/api/") {
			served = append(served, route.method+" "+template(route.path))
		}
	}
	slices.Sort(declared)
	slices.Sort(served)
	if !slices.Equal(declared, served) {
		t.Errorf("declared: %v\nserved:   %v", declared, served)
	}
}

// template writes a route of the router's form (:id) as one of the contract's ({id}).
func template(route string) string {
	parts := strings.Split(route, "/")
	for i, part := range parts {
		if name, found := strings.CutPrefix(part, ":"); found {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}

func TestEveryFunctionIsServedAndTheReverse(t *testing.T) {
	t.Parallel()
	fired, served := map[string]bool{}, map[string]bool{}
	for name, bindings := range readFunctions(t) {
		trigger := bindings[0]
		if trigger.Type != "httpTrigger" {
			fired[name+" POST /"+name] = true
			continue
		}
		for _, route := range expand(trigger.Route) {
			fired[name+" "+strings.ToUpper(trigger.Methods[0])+" /api/"+route] = true
		}
	}
	for _, route := range new(server).routes() {
		served[route.function+" "+route.method+" "+template(route.path)] = true
	}
	if !maps.Equal(fired, served) {
		t.Errorf("fired:  %v\nserved: %v", slices.Sorted(maps.Keys(fired)), slices.Sorted(maps.Keys(served)))
	}
}

// expand lists the routes that a template with optional parts at its end stands for.
func expand(route string) []string {
	plain := strings.ReplaceAll(route, "?}", "}")
	all := []string{plain}
	for strings.HasSuffix(route, "?}") {
		route = path.Dir(route)
		plain = path.Dir(plain)
		all = append(all, plain)
	}
	return all
}

// binding is what these tests look at in a function.json.
type binding struct {
	Type, Direction, Name, AuthLevel, Route string
	Methods                                 []string
	QueueName, Connection, Schedule         string
	UseMonitor                              bool
}

func readFunctions(t *testing.T) map[string][]binding {
	t.Helper()
	all := map[string][]binding{}
	files, err := fs.Glob(functions.Files, "*/function.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d function.json files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := functions.Files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var read struct{ Bindings []binding }
		err = json.Unmarshal(text, &read)
		if err != nil || len(read.Bindings) == 0 {
			t.Fatalf("%s: %d bindings, %v", file, len(read.Bindings), err)
		}
		all[path.Dir(file)] = read.Bindings
	}
	return all
}

// TestFunctionsAreOfTheFormThatTheHostForwards: the host proxies a call only where
// there is exactly one HTTP trigger and one HTTP output (azure-functions-host,
// FunctionMetadataExtensions); and only health may be called without a key.
func TestFunctionsAreOfTheFormThatTheHostForwards(t *testing.T) {
	t.Parallel()
	for name, bindings := range readFunctions(t) {
		trigger := bindings[0]
		switch trigger.Type {
		case "httpTrigger":
			level := "function"
			if name == "health" {
				level = "anonymous"
			}
			if len(bindings) != 2 || bindings[1].Type != "http" || trigger.AuthLevel != level || len(trigger.Methods) != 1 {
				t.Errorf("%s: %+v", name, bindings)
			}
		case "queueTrigger":
			if len(bindings) != 1 || trigger.Name != "message" || trigger.QueueName != name || trigger.Connection != "GrantStorage" {
				t.Errorf("%s: %+v", name, bindings)
			}
		case "timerTrigger":
			if len(bindings) != 1 || trigger.Name != "timer" || trigger.Schedule != "%"+strings.ToUpper(name)+"_SCHEDULE%" || !trigger.UseMonitor {
				t.Errorf("%s: %+v", name, bindings)
			}
		default:
			t.Errorf("%s is fired by %s", name, trigger.Type)
		}
	}
}

// holdAgainstContract fails the test when an answer is not as the contract says. An
// answer for an address that the contract does not name has to be a problem.
func holdAgainstContract(t *testing.T, request *http.Request, got answer) {
	t.Helper()
	document := loadContract(t)
	template, item := findPath(document, request.URL.Path)
	if item == nil || item.GetOperation(request.Method) == nil {
		holdProblem(t, document, got)
		return
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: request,
			Route:   &routers.Route{Spec: document, Path: template, PathItem: item, Method: request.Method, Operation: item.GetOperation(request.Method)},
		},
		Status:  got.status,
		Header:  got.header,
		Body:    io.NopCloser(strings.NewReader(got.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	err := openapi3filter.ValidateResponse(t.Context(), input)
	if err != nil {
		t.Errorf("%s %s: the answer %s breaks the contract: %v", request.Method, request.URL.Path, got, err)
	}
}

func findPath(document *openapi3.T, address string) (string, *openapi3.PathItem) {
	asked := strings.Split(strings.TrimPrefix(address, "/api"), "/")
	best := ""
	for template := range document.Paths.Map() {
		if matches(strings.Split(template, "/"), asked) && (best == "" || strings.Count(template, "{") < strings.Count(best, "{")) {
			best = template
		}
	}
	return best, document.Paths.Value(best)
}

func matches(template, asked []string) bool {
	return slices.EqualFunc(template, asked, func(part, value string) bool { return part == value || strings.HasPrefix(part, "{") })
}

func holdProblem(t *testing.T, document *openapi3.T, got answer) {
	t.Helper()
	var value any
	err := json.NewDecoder(bytes.NewReader([]byte(got.body))).Decode(&value)
	if err == nil {
		err = document.Components.Schemas["Problem"].Value.VisitJSON(value, openapi3.EnableJSONSchema2020())
	}
	if err != nil || got.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s is no problem: %v", got, err)
	}
}
