package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fuzzTarget is one fuzz test: its package as a folder below here, and its name.
type fuzzTarget struct {
	folder, name string
}

func (one fuzzTarget) String() string { return one.folder + "." + one.name }

// promised are the parsers that the row speaks of, each with its target. What else is
// found is fuzzed beside them.
func promised() map[string]fuzzTarget {
	return map[string]fuzzTarget{
		"request body":          {"grant", "FuzzParseRequest"},
		"duration":              {"grant", "FuzzParseDuration"},
		"remote name":           {"grant", "FuzzParseRemoteName"},
		"statement":             {".", "FuzzStatement"},
		"headers":               {".", "FuzzHeaders"},
		"envelope of a message": {".", "FuzzEnvelope"},
		"envelope of a timer":   {".", "FuzzTimer"},
		"operator's document":   {"policy", "FuzzParse"},
		"rows":                  {"store", "FuzzRows"},
		"claim and lease":       {"store", "FuzzClaim"},
		"cursor":                {"store", "FuzzCursor"},
		"answer to a batch":     {"store", "FuzzBatchAnswer"},
		"documents in rows":     {"engine", "FuzzLedgerRows"},
		"Graph page":            {"graph", "FuzzDecodePage"},
		"Graph error":           {"graph", "FuzzRefusal"},
		"Exchange answer":       {"exchange", "FuzzDecodeAnswer"},
		"Exchange error":        {"exchange", "FuzzDecodeError"},
		"recipient filter":      {"access", "FuzzFilteredMailboxes"},
	}
}

// targets finds every fuzz test of the product in the source; one that is added joins
// by itself. Those of the simulator parse nothing that the product is sent.
func targets(t *testing.T) []fuzzTarget {
	t.Helper()
	var found []fuzzTarget
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "simulator" || entry.Name() == "testdata"):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		names, err := fuzzTests(path)
		for _, name := range names {
			found = append(found, fuzzTarget{folder: filepath.ToSlash(filepath.Dir(path)), name: name})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// fuzzTests are the fuzz tests of one file.
func fuzzTests(path string) ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, declared := range file.Decls {
		function, is := declared.(*ast.FuncDecl)
		if is && function.Recv == nil && strings.HasPrefix(function.Name.Name, "Fuzz") {
			names = append(names, function.Name.Name)
		}
	}
	return names, nil
}

// fuzzing is how targets are fuzzed.
type fuzzing struct {
	// length is how long each target is fuzzed.
	length time.Duration
	// root is the folder below which the targets' packages are; overlay, where it is not
	// empty, replaces files of theirs as for go build -overlay.
	root, overlay string
}

// fuzzed is how it went with one target.
type fuzzed struct {
	executions int
	// crash is what go test said of an input that failed; empty where none did.
	crash string
}

var executionsShape = regexp.MustCompile(`execs: ([0-9]+)`)

// fuzz runs one target with one worker. An input that fails is kept in testdata/fuzz of
// the target's package, where it is tried by every later run of the tests.
func (how fuzzing) fuzz(ctx context.Context, one fuzzTarget) (fuzzed, error) {
	args := []string{"test", "-run=^$", "-fuzz=^" + one.name + "$", "-fuzztime=" + how.length.String(), "-parallel=1",
		// By default a single interesting input may be made smaller for a whole minute.
		"-fuzzminimizetime=100x"}
	if how.overlay != "" {
		args = append(args, "-overlay="+how.overlay)
	}
	command := exec.CommandContext(ctx, "go", append(args, "./"+one.folder)...)
	command.Dir = how.root
	text, err := command.CombinedOutput()
	var result fuzzed
	counts := executionsShape.FindAllSubmatch(text, -1)
	if len(counts) > 0 {
		_, scanErr := fmt.Sscan(string(counts[len(counts)-1][1]), &result.executions)
		err = errors.Join(err, scanErr)
	}
	switch {
	case err == nil && result.executions == 0:
		return result, fmt.Errorf("%s executed nothing: %s", one, text)
	case err == nil || endedByItsTime(text):
		return result, nil
	case !bytes.Contains(text, []byte("--- FAIL: "+one.name)):
		return result, fmt.Errorf("%s could not be fuzzed: %w\n%s", one, err, text)
	}
	result.crash = string(text[max(0, len(text)-2000):])
	return result, nil
}

// endedByItsTime: go test may call it a failure that the time was over while an input
// was under way. No input is named then.
func endedByItsTime(text []byte) bool {
	return bytes.Contains(text, []byte("context deadline exceeded")) && !bytes.Contains(text, []byte("failing input")) &&
		!bytes.Contains(text, []byte("Failing input")) && !bytes.Contains(text, []byte("panic"))
}

// besideEachOther is how many targets are fuzzed at once. Each has a worker and one
// that feeds it, which wait for each other; the row tells how much the least tried got.
const besideEachOther = 4

// all fuzzes the targets and adds up what they executed; it tells every crash, and what
// the target executed that executed least.
func (how fuzzing) all(t *testing.T, targets []fuzzTarget) (row, string) {
	var result row
	fewest, of := math.MaxInt, fuzzTarget{}
	var mutex sync.Mutex
	places := make(chan struct{}, besideEachOther)
	t.Run("targets", func(t *testing.T) {
		for _, one := range targets {
			t.Run(one.String(), func(t *testing.T) {
				t.Parallel()
				places <- struct{}{}
				defer func() { <-places }()
				went, err := how.fuzz(t.Context(), one)
				mutex.Lock()
				defer mutex.Unlock()
				result.Tried += went.executions
				if went.executions < fewest {
					fewest, of = went.executions, one
				}
				t.Logf("%d executions", went.executions)
				if err != nil || went.crash != "" {
					result.Failed++
					t.Errorf("%v\n%s", err, went.crash)
				}
			})
		}
	})
	return result, fmt.Sprintf("%d by %s", fewest, of)
}

// TestProveFuzz gives every parser of the product a minute of inputs that nobody has
// thought of. Without the flag -prove, two of the parsers that do no I/O get two
// seconds: all seeds and kept inputs are tried by the packages' own tests.
func TestProveFuzz(t *testing.T) {
	began := time.Now()
	found := targets(t)
	for parser, target := range promised() {
		if !slices.Contains(found, target) {
			t.Errorf("the parser of the %s has no fuzz test %s", parser, target)
		}
	}
	seed, how := *seedFlag, fuzzing{length: time.Minute, root: "."}
	if *proveFlag == "" {
		how.length = 2 * time.Second
		found = drawnPure(found, seed)
	}
	result, fewest := how.all(t, found)
	result.Number, result.Name, result.Seed = 16, "fuzz of every parser", seed
	result.Note = fmt.Sprintf("executions; %d parsers, %s each, at least %s; inputs are not drawn by the seed, those that fail are kept", len(found), how.length, fewest)
	result.Seconds = time.Since(began).Seconds()
	report(t, result)
}

// drawnPure draws two targets of the packages that need the standard library and little
// else: go test builds everything below a target anew to watch it.
func drawnPure(all []fuzzTarget, seed uint64) []fuzzTarget {
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	pure := slices.DeleteFunc(slices.Clone(all), func(one fuzzTarget) bool {
		number, lowered := layer(one.folder)
		return !lowered || number > 1
	})
	random := rand.New(rand.NewPCG(seed, 16))
	random.Shuffle(len(pure), func(i, j int) { pure[i], pure[j] = pure[j], pure[i] })
	return pure[:min(2, len(pure))]
}

// plantedTarget fails for what its seeds do not hold and mutations soon find.
const plantedTarget = `package planted

import "testing"

func FuzzPlanted(f *testing.F) {
	f.Add("seed")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4 {
			panic("planted")
		}
	})
}
`

// TestProveFuzzSeesACrash plants a parser that crashes: it is found by the listing, its
// crash is counted, and the input is kept. A parser of the product that is broken on
// purpose is seen, too.
func TestProveFuzzSeesACrash(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module planted\n\ngo 1.26\n", "planted.go": "package planted\n", "planted_test.go": plantedTarget} {
		err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	names, err := fuzzTests(filepath.Join(folder, "planted_test.go"))
	if err != nil || !slices.Equal(names, []string{"FuzzPlanted"}) {
		t.Fatalf("the listing found %q, %v", names, err)
	}
	went, err := fuzzing{length: 20 * time.Second, root: folder}.fuzz(t.Context(), fuzzTarget{".", "FuzzPlanted"})
	if err != nil || !strings.Contains(went.crash, "planted") {
		t.Fatalf("the crash was not seen: %+v, %v", went, err)
	}
	kept, err := filepath.Glob(filepath.Join(folder, "testdata", "fuzz", "FuzzPlanted", "*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("%d inputs were kept, %v", len(kept), err)
	}
}

// TestProveFuzzBreakIsSeen lets a duration be zero and expects its target to fail.
func TestProveFuzzBreakIsSeen(t *testing.T) {
	t.Parallel()
	broken := breakage{name: "a duration may be zero", file: "grant/duration.go", old: "if sum <= 0 {", new: "if sum < 0 {"}
	went, err := fuzzing{length: 2 * time.Second, root: ".", overlay: broken.overlay(t)}.fuzz(t.Context(), fuzzTarget{"grant", "FuzzParseDuration"})
	if err != nil || !strings.Contains(went.crash, "--- FAIL: FuzzParseDuration") {
		t.Fatalf("%s, and nothing failed: %+v, %v", broken.name, went, err)
	}
}

// overlay is the file that makes go test read the broken source instead of the real one.
func (b breakage) overlay(t *testing.T) string {
	t.Helper()
	source, err := filepath.Abs(filepath.FromSlash(b.file))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	replaced, file := filepath.Join(folder, "replaced.go"), filepath.Join(folder, "overlay.json")
	text, err := json.Marshal(map[string]map[string]string{"Replace": {source: replaced}})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(os.WriteFile(replaced, []byte(b.edited(t)), 0o600), os.WriteFile(file, text, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return file
}
