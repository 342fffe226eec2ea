package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layer is how high a package lies. It may import only what lies lower.
func layer(name string) (int, bool) {
	for number, names := range [][]string{
		{"grant"},
		{"access", "identity", "policy", "source", "telemetry"},
		{"plan"},
		{"graph", "exchange", "store"},
		{"notify", "engine"},
		{"console"},
	} {
		if slices.Contains(names, name) {
			return number, true
		}
	}
	return 0, false
}

const (
	own       = "mailgrant/"
	mainPath  = own + "handler"
	simulator = mainPath + "/simulator"
)

// imports is one file's package (by folder, from the root), whether it is a test, and
// what it imports.
type imports struct {
	folder string
	test   bool
	paths  []string
}

// breaches names every import of a file that the layers do not allow.
func breaches(file imports) []string {
	var found []string
	for _, imported := range file.paths {
		why := breach(file, imported)
		if why != "" {
			found = append(found, file.folder+" imports "+imported+": "+why)
		}
	}
	return found
}

func breach(file imports, imported string) string {
	folder := own + file.folder
	inSimulator := isOrBelow(folder, simulator)
	switch {
	case imported == mainPath:
		return "nothing imports main"
	case isGraphSDK(imported) && folder != mainPath && folder != mainPath+"/graph":
		return "only graph and main know the Graph SDK"
	case strings.HasPrefix(imported, "go.opentelemetry.io/") && folder != mainPath+"/telemetry" && !file.test:
		return "only telemetry knows its library"
	case inSimulator && isOrBelow(imported, own[:len(own)-1]) && !isOrBelow(imported, simulator):
		return "the simulator shares nothing with what it is held against"
	case isOrBelow(imported, simulator) && !inSimulator && !file.test && !isOrBelow(folder, own+"scripts"):
		return "only tests and scripts use the simulator"
	}
	return layerBreach(folder, imported)
}

// layerBreach compares the layers of two packages below handler; others have none.
func layerBreach(folder, imported string) string {
	from, lowered := layer(strings.TrimPrefix(folder, mainPath+"/"))
	to, known := layer(strings.TrimPrefix(imported, mainPath+"/"))
	if lowered && known && to >= from && folder != imported {
		return fmt.Sprintf("layer %d may not use layer %d", from, to)
	}
	return ""
}

// isOrBelow reports whether a package is root or lies below it.
func isOrBelow(name, root string) bool { return name == root || strings.HasPrefix(name, root+"/") }

func isGraphSDK(imported string) bool {
	return strings.HasPrefix(imported, "github.com/microsoftgraph/") || strings.HasPrefix(imported, "github.com/microsoft/kiota-")
}

func TestLayersHold(t *testing.T) {
	t.Parallel()
	files := readImports(t)
	if len(files) < 50 {
		t.Fatalf("only %d files were looked at", len(files))
	}
	for _, file := range files {
		for _, found := range breaches(file) {
			t.Error(found)
		}
	}
}

// TestEveryPackageHasALayer: a new package has to say where it lies.
func TestEveryPackageHasALayer(t *testing.T) {
	t.Parallel()
	for _, file := range readImports(t) {
		name, below := strings.CutPrefix(file.folder, "handler/")
		if !below || name == "simulator" || strings.HasPrefix(name, "simulator/") {
			continue
		}
		if _, known := layer(name); !known {
			t.Errorf("%s has no layer", file.folder)
		}
	}
}

// TestLayersCanFail plants every breach and sees it found, and sees what is allowed
// pass.
func TestLayersCanFail(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		folder, imported string
		test, allowed    bool
	}{
		{"handler/grant", mainPath + "/policy", false, false},
		{"handler/policy", mainPath + "/access", false, false},
		{"handler/plan", mainPath + "/store", false, false},
		{"handler/graph", mainPath + "/exchange", false, false},
		{"handler/notify", mainPath + "/engine", false, false},
		{"handler/engine", mainPath + "/console", false, false},
		{"handler/engine", mainPath, false, false},
		{"scripts/demo", mainPath, false, false},
		{"handler/engine", "github.com/microsoftgraph/msgraph-sdk-go/models", false, false},
		{"handler/engine", "go.opentelemetry.io/otel/trace", false, false},
		{"handler/telemetry", "go.opentelemetry.io/otel/trace", false, true},
		{"handler", "go.opentelemetry.io/proto/otlp/collector/trace/v1", true, true},
		{"handler/exchange", "github.com/microsoft/kiota-abstractions-go", false, false},
		{"handler/engine", simulator + "/tenant", false, false},
		{"handler", simulator + "/tenant", false, false},
		{"handler/simulator/tenant", mainPath + "/grant", false, false},
		{"handler/simulator/tenant", mainPath + "/grant", true, false},
		{"handler/simulator/host", own + "functions", false, false},
		{"handler/policy", mainPath + "/grant", false, true},
		{"handler/engine", mainPath + "/plan", false, true},
		{"handler/graph", "github.com/microsoftgraph/msgraph-sdk-go/models", false, true},
		{"handler/simulator/stack", simulator + "/tenant", false, true},
		{"handler/store", simulator + "/storage", true, true},
		{"handler/store", mainPath + "/store", true, true},
		{"scripts/demo", simulator + "/tenant", false, true},
		{"handler", mainPath + "/engine", false, true},
	} {
		found := breaches(imports{folder: test.folder, test: test.test, paths: []string{test.imported}})
		if (len(found) == 0) != test.allowed {
			t.Errorf("%+v: found %v", test, found)
		}
	}
}

// readImports parses the imports of every Go file below the root.
func readImports(t *testing.T) []imports {
	t.Helper()
	var files []imports
	root := ".."
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && entry.Name() != "..") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		read, err := importsOf(root, name)
		files = append(files, read)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func importsOf(root, name string) (imports, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
	if err != nil {
		return imports{}, err
	}
	relative, err := filepath.Rel(root, name)
	if err != nil {
		return imports{}, err
	}
	read := imports{folder: path.Dir(filepath.ToSlash(relative)), test: strings.HasSuffix(name, "_test.go")}
	for _, one := range parsed.Imports {
		imported, err := strconv.Unquote(one.Path.Value)
		if err != nil {
			return imports{}, err
		}
		read.paths = append(read.paths, imported)
	}
	return read, nil
}
