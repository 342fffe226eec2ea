// Package docs holds the documents and, as a test, what keeps them true: links,
// make targets, tables and commands are compared with the code or run. It must not
// judge anything else about the product.
package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the repository's folder.
const root = ".."

// documents returns every Markdown file that people are sent to, by its path from
// the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, name := range []string{"README.md", "CONTRIBUTING.md"} {
		texts[name] = read(t, name)
	}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".md") {
			path := filepath.ToSlash(filepath.Join("docs", name))
			texts[path] = read(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	links    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headings = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	unlinked = regexp.MustCompile(`[^a-z0-9 _-]`)
)

// TestLinks: every relative link leads to a file or folder, and its fragment to a
// heading there.
func TestLinks(t *testing.T) {
	t.Parallel()
	count := 0
	for name, text := range documents(t) {
		for _, found := range links.FindAllStringSubmatch(text, -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			count++
			fault := broken(name, text, found[1])
			if fault != "" {
				t.Errorf("%s: the link %s %s", name, found[1], fault)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d relative links were found", count)
	}
}

// broken says what is wrong with a link in the document of that name; empty when
// nothing is.
func broken(name, text, link string) string {
	path, fragment, _ := strings.Cut(link, "#")
	if path != "" {
		target := filepath.Join(root, filepath.Dir(filepath.FromSlash(name)), filepath.FromSlash(path))
		_, err := os.Stat(target)
		if err != nil {
			return "leads nowhere"
		}
		if fragment == "" {
			return ""
		}
		other, err := os.ReadFile(target)
		if err != nil {
			return "has a fragment of what is no file"
		}
		text = string(other)
	}
	if !slices.Contains(anchors(text), fragment) {
		return "names no heading"
	}
	return ""
}

// anchors are the fragments that headings get when they are shown.
func anchors(text string) []string {
	var found []string
	for _, heading := range headings.FindAllStringSubmatch(text, -1) {
		plain := unlinked.ReplaceAllString(strings.ToLower(heading[1]), "")
		found = append(found, strings.ReplaceAll(plain, " ", "-"))
	}
	return found
}

// TestLinksCanFail plants links that lead nowhere.
func TestLinksCanFail(t *testing.T) {
	t.Parallel()
	text := "# One heading, please\n"
	for link, sound := range map[string]bool{"README.md": true, "docs/life.md#steps": true, "#one-heading-please": true, "docs": true,
		"nothing.md": false, "docs/life.md#nothing": false, "#nothing": false, "docs#steps": false} {
		if (broken("README.md", text, link) == "") != sound {
			t.Errorf("%s: %q", link, broken("README.md", text, link))
		}
	}
}

var (
	named   = regexp.MustCompile("(?m)(?:`|^)make ([a-z-]+)")
	targets = regexp.MustCompile(`(?m)^([a-z-]+):.*## `)
)

// TestMakeTargets: what the documents tell people to type is in the Makefile.
func TestMakeTargets(t *testing.T) {
	t.Parallel()
	var known []string
	for _, target := range targets.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		known = append(known, target[1])
	}
	count := 0
	for name, text := range documents(t) {
		for _, found := range named.FindAllStringSubmatch(text, -1) {
			count++
			if !slices.Contains(known, found[1]) {
				t.Errorf("%s: there is no make %s", name, found[1])
			}
		}
	}
	if count < 8 || len(known) < 8 {
		t.Errorf("only %d uses of %d targets were found", count, len(known))
	}
}
