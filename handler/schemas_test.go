package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailgrant/functions"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schema compiles one of the host's published schemas.
func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "schemas", name))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	err = compiler.AddResource(name, value)
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("https://json.schemastore.org/" + name)
	if err != nil {
		// The schema for local settings has no id of its own.
		compiled, err = compiler.Compile(name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func holdAgainstSchema(t *testing.T, against *jsonschema.Schema, text string) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return against.Validate(value)
}

func TestHostFilesFollowTheirSchemas(t *testing.T) {
	t.Parallel()
	for schemaName, file := range map[string]string{"host.json": "../host.json", "local.settings.json": "../local.settings.sample.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		err = holdAgainstSchema(t, schema(t, schemaName), string(text))
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestFunctionFilesFollowTheirSchema(t *testing.T) {
	t.Parallel()
	against := schema(t, "function.json")
	files, err := fs.Glob(functions.Files, "*/function.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d function.json files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := functions.Files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		err = holdAgainstSchema(t, against, string(text))
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestSchemasRefuse shows that the extracts refuse something at all.
func TestSchemasRefuse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ schema, text string }{
		{"host.json", `{}`},
		{"host.json", `{"version":"3.0"}`},
		{"host.json", `{"version":"2.0","customHandler":{"enableProxyingHttpRequests":true}}`},
		{"host.json", `{"version":"2.0","extensions":{"queues":{"batchSize":33}}}`},
		{"host.json", `{"version":"2.0","extensions":{"queues":{"maxPollingInterval":2000}}}`},
		{"host.json", `{"version":"2.0","functionTimeout":"10m"}`},
		{"function.json", `{"bindings":[{"type":"httpTrigger","direction":"in"}]}`},
		{"function.json", `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"user"}]}`},
		{"function.json", `{"bindings":[{"type":"queueTrigger","direction":"out","name":"message"}]}`},
		{"function.json", `{"bindings":[{"type":"timerTrigger","direction":"in","name":"timer","useMonitor":"yes"}]}`},
		{"local.settings.json", `{"Values":{"FUNCTIONS_WORKER_RUNTIME":"go"}}`},
	} {
		if holdAgainstSchema(t, schema(t, test.schema), test.text) == nil {
			t.Errorf("%s lets %s pass", test.schema, test.text)
		}
	}
}
