package engine

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// cured is what a story shows of one code.
type cured struct{ found, gone bool }

// TestEveryFindingIsProducedAndMended: each finding that is not well comes up in some story
// and is gone at a later look of the same story; each that is well comes up.
func TestEveryFindingIsProducedAndMended(t *testing.T) {
	t.Parallel()
	neverGone := map[string]string{
		"othersNotReadable": "Azure alone knows who holds a managed identity's credentials",
		"strangerOnStorage": "it is spoken of for a day after the other deployment came last",
	}
	seen := map[string]cured{}
	for _, path := range storyFiles(t) {
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for code, shown := range curedIn(t, string(script)) {
			all := seen[code]
			seen[code] = cured{all.found || shown.found, all.gone || shown.gone}
		}
	}
	for _, one := range DoctorCodes() {
		switch shown := seen[one.Code]; {
		case !shown.found:
			t.Errorf("no story produces %s", one.Code)
		case one.Status != Healthy && !shown.gone && neverGone[one.Code] == "":
			t.Errorf("no story that produces %s mends it", one.Code)
		}
	}
}

func storyFiles(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "testdata", "story", "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d stories: %v", len(paths), err)
	}
	return paths
}

var (
	lookedAt = regexp.MustCompile(`^(get|until) /api/doctor`)
	// shownCode is a line about the findings: whether it denies, and the pattern.
	shownCode = regexp.MustCompile(`^(! )?stdout '("code": [^']+)'$`)
)

// curedIn goes through a story: a code is found where a line wants it in an answer, and gone
// where, in a later answer, a line does not want it.
func curedIn(t *testing.T, script string) map[string]cured {
	t.Helper()
	seen := map[string]cured{}
	foundAt, look := map[string]int{}, 0
	script, _, _ = strings.Cut(script, "\n-- ")
	for _, line := range strings.Split(script, "\n") {
		if lookedAt.MatchString(line) {
			look++
		}
		match := shownCode.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		pattern, err := regexp.Compile(match[2])
		if err != nil {
			t.Fatalf("%s: %s", line, err)
		}
		for _, one := range DoctorCodes() {
			if !pattern.MatchString(`"code": "` + one.Code + `"`) {
				continue
			}
			shown := seen[one.Code]
			if match[1] == "" {
				shown.found, foundAt[one.Code] = true, look
			} else if shown.found && foundAt[one.Code] < look {
				shown.gone = true
			}
			seen[one.Code] = shown
		}
	}
	return seen
}
