package main

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"mailgrant/scripts/assemble"
	"mailgrant/scripts/session"
)

// TestPackage builds the package in two folders and looks at what is shipped. It is
// not parallel: the command works in the current folder, as make runs it.
func TestPackage(t *testing.T) {
	root, err := session.Root()
	if err != nil {
		t.Fatal(err)
	}
	one, other := t.TempDir(), t.TempDir()
	copySources(t, root, one)
	copySources(t, one, other)
	first, second := build(t, one), build(t, other)
	if !bytes.Equal(first, second) {
		t.Error("the same sources in two folders gave two packages")
	}
	archive, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("content", func(t *testing.T) { content(t, root, archive) })
	t.Run("static", func(t *testing.T) { static(t, archive) })
	t.Run("starts", func(t *testing.T) { starts(t, root, archive) })
}

// build packs the sources in a folder and returns the package.
func build(t *testing.T, folder string) []byte {
	t.Helper()
	t.Chdir(folder)
	err := os.MkdirAll("build", 0o755)
	if err != nil {
		t.Fatal(err)
	}
	err = run(t.Context(), ".", filepath.Join("build", "mailgrant.zip"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("build", "mailgrant.zip"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// copySources takes what the package is built from, with times of its own.
func copySources(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		top, _, _ := strings.Cut(filepath.ToSlash(name), "/")
		switch {
		case !entry.IsDir() && strings.HasSuffix(name, "_test.go"):
			return nil
		case top != "." && top != "handler" && top != "functions" && top != "go.mod" && top != "go.sum" && top != "host.json":
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), text, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

var declaration = regexp.MustCompile(`^[a-z]+/function\.json$`)

// content holds the archive against the declared functions: each of them, and nothing
// but what the host needs.
func content(t *testing.T, root string, archive *zip.Reader) {
	declared, err := filepath.Glob(filepath.Join(root, "functions", "*", "function.json"))
	if err != nil || len(declared) == 0 {
		t.Fatalf("no functions are declared: %v", err)
	}
	functions, modes := 0, map[string]fs.FileMode{}
	for _, file := range archive.File {
		modes[file.Name] = file.Mode()
		switch {
		case declaration.MatchString(file.Name):
			functions++
		case file.Name != "host.json" && file.Name != assemble.Executable:
			t.Errorf("%s has no place in the package", file.Name)
		}
		if file.Name != assemble.Executable && file.Mode() != 0o644 {
			t.Errorf("%s has mode %v", file.Name, file.Mode())
		}
	}
	if functions != len(declared) || modes["host.json"] == 0 {
		t.Errorf("%d functions are declared, and the package holds %v", len(declared), modes)
	}
	if modes[assemble.Executable] != 0o755 {
		t.Errorf("the executable has mode %v", modes[assemble.Executable])
	}
}

// static refuses an interpreter and symbols: the platform's image may have no C
// library, and symbols only cost room.
func static(t *testing.T, archive *zip.Reader) {
	if runtime.GOOS != "linux" {
		t.Skip("the executable is one of Linux only where it is built on Linux")
	}
	text := contents(t, archive, assemble.Executable)
	binary, err := elf.NewFile(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range binary.Progs {
		if program.Type == elf.PT_INTERP || program.Type == elf.PT_DYNAMIC {
			t.Errorf("the executable has a program header %v", program.Type)
		}
	}
	if binary.Section(".symtab") != nil || binary.Section(".debug_info") != nil {
		t.Error("the executable is not stripped")
	}
	if bytes.Contains(text, []byte("MAILGRANT_CLOCK")) || bytes.Contains(text, []byte("MAILGRANT_PACE")) {
		t.Error("the executable knows a time switch")
	}
}

func contents(t *testing.T, archive *zip.Reader, name string) []byte {
	t.Helper()
	file, err := archive.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// starts unpacks the archive where nothing else is, as the platform does.
func starts(t *testing.T, root string, archive *zip.Reader) {
	folder := t.TempDir()
	for _, file := range archive.File {
		path := filepath.Join(folder, filepath.FromSlash(file.Name))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err != nil {
			t.Fatal(err)
		}
		err = os.WriteFile(path, contents(t, archive, file.Name), file.Mode())
		if err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	running, err := session.Start(t.Context(), session.Options{Root: root, Package: folder, RealTime: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		err := running.Close()
		if err != nil {
			t.Error(err)
		}
	}()
	answer, err := running.Client().Get(t.Context(), "/api/health")
	if err != nil || answer.Status != http.StatusOK || strings.Contains(string(answer.Body), "simulatedClock") {
		t.Errorf("after %s: %s, %v", time.Since(began), answer, err)
	}
}
