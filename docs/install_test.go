package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	fenced   = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")
	ofScript = regexp.MustCompile(`go run \./scripts/([a-z]+)(.*)`)
	flagUsed = regexp.MustCompile(` -([a-z-]+)`)
	flagMade = regexp.MustCompile(`flags\.[A-Z][A-Za-z]+\((?:&[A-Za-z.]+, )?"([a-z-]+)"`)
)

// installing are the documents whose commands are about deployments.
func installing() []string { return []string{"docs/install.md", "docs/conformance.md"} }

// TestInstallCommands runs what is marked as shell, as it stands. Everything else is marked as needing
// Azure, and uses scripts and flags that exist.
func TestInstallCommands(t *testing.T) {
	t.Parallel()
	ran, named := 0, 0
	for _, name := range installing() {
		text := read(t, name)
		for _, block := range fenced.FindAllStringSubmatchIndex(text, -1) {
			kind, body := text[block[2]:block[3]], text[block[4]:block[5]]
			if kind == "sh" {
				ran++
				shell(t, body)
				continue
			}
			if !marked(text[:block[0]]) {
				t.Errorf("%s: is this run by a test, or does it need Azure?\n%s", name, body)
			}
			for _, fault := range unknownFlags(t, body) {
				t.Errorf("%s: %s", name, fault)
			}
			named++
		}
	}
	if ran < 1 || named < 5 {
		t.Errorf("%d blocks were run and %d looked at", ran, named)
	}
}

// marked: the section says so before the block.
func marked(before string) bool {
	section := before[strings.LastIndex(before, "\n## ")+1:]
	return strings.Contains(section, "Needs Azure") || strings.Contains(section, "needs a test tenant")
}

func shell(t *testing.T, script string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh", "-ec", script)
	command.Dir = root
	out, err := command.CombinedOutput()
	if err != nil || len(out) == 0 {
		t.Errorf("%v\n%s\n%s", err, script, out)
	}
}

// unknownFlags names scripts and flags that a block uses and that do not exist.
func unknownFlags(t *testing.T, block string) []string {
	t.Helper()
	var faults []string
	for _, use := range ofScript.FindAllStringSubmatch(block, -1) {
		known := flagsOf(t, use[1])
		for _, one := range flagUsed.FindAllStringSubmatch(use[2], -1) {
			if !slices.Contains(known, one[1]) {
				faults = append(faults, "scripts/"+use[1]+" has no flag -"+one[1])
			}
		}
	}
	return faults
}

func flagsOf(t *testing.T, script string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "scripts", script, "*.go"))
	if err != nil || len(files) == 0 {
		t.Errorf("there is no scripts/%s: %v", script, err)
	}
	var known []string
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, made := range flagMade.FindAllStringSubmatch(string(text), -1) {
			known = append(known, made[1])
		}
	}
	return known
}

// TestUnknownFlagsCanFail plants a flag that is not there.
func TestUnknownFlagsCanFail(t *testing.T) {
	t.Parallel()
	for block, wanted := range map[string]int{"go run ./scripts/smoke -mailbox x": 0, "go run ./scripts/smoke -mailbx x": 1, "go run ./scripts/bootstrap -remove -nothing": 1} {
		if found := unknownFlags(t, block); len(found) != wanted {
			t.Errorf("%s: %v", block, found)
		}
	}
	if marked("## A\nNeeds Azure:\n\n## B\n") || !marked("## A\nNeeds Azure:\n") {
		t.Error("the mark of another section counts")
	}
}
