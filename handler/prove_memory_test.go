package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// inMemory runs a model test of the pure packages as a trial. The short form leaves it
// to that package's own run in `make test`, and only says so.
func inMemory(g *ground, kind string, size int, test string) trial {
	tried := size
	if !g.full {
		kind, tried = "model test of package plan looked for, which tries "+kind, 1
	}
	return trial{name: "memory", kind: kind, size: tried, run: func(g *ground, f *findings) {
		args := []string{"test", "-count=1", "-v", "-run", "^" + test + "$", "./plan"}
		if !g.full {
			args = []string{"test", "-list", "^" + test + "$", "./plan"}
		}
		text, err := exec.Command("go", args...).CombinedOutput()
		if err != nil {
			f.Fatalf("%s failed: %v\n%s", test, err, text)
		}
		if !strings.Contains(string(text), test) {
			f.Fatalf("package plan has no test %s: %s", test, text)
		}
		if g.full && counted(text) != size {
			f.Errorf("%s tried %d and not %d:\n%s", test, counted(text), size, text)
		}
	}}
}

var countShape = regexp.MustCompile(`: ([0-9]+) (?:runs|steps), `)

// counted adds up what the shards of a model test say that they have tried.
func counted(text []byte) int {
	sum := 0
	for _, found := range countShape.FindAllSubmatch(text, -1) {
		n := 0
		_, err := fmt.Sscan(string(found[1]), &n)
		if err == nil {
			sum += n
		}
	}
	return sum
}
