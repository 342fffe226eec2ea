package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"mailgrant/scripts/session"
)

// TestDemonstration plays the story on a healthy tenant, and on one that only pretends
// to remove a role assignment, which the story has to notice.
func TestDemonstration(t *testing.T) {
	root, err := session.Root()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	folder, err := session.Assemble(t.Context(), root, t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("both", func(t *testing.T) {
		t.Run("healthy", func(t *testing.T) {
			t.Parallel()
			told, err := telling(t.Context(), options{root: root, folder: folder})
			if err != nil || !strings.Contains(told, "byte for byte") || !strings.Contains(told, "Nothing is left running") {
				t.Errorf("%v, after:\n%s", err, told)
			}
		})
		t.Run("removal ignored", func(t *testing.T) {
			t.Parallel()
			told, err := telling(t.Context(), options{root: root, folder: folder, fault: "Remove-ManagementRoleAssignment"})
			if err == nil || !strings.Contains(err.Error(), "the grant is revoked") || !strings.Contains(err.Error(), "StillThere") ||
				strings.Contains(told, "the grant is revoked") || strings.Contains(told, "Nothing is left running") {
				t.Errorf("%v, after:\n%s", err, told)
			}
		})
		t.Run("creation ignored", func(t *testing.T) {
			t.Parallel()
			told, err := telling(t.Context(), options{root: root, folder: folder, fault: "New-ManagementScope"})
			if err == nil || !strings.Contains(err.Error(), "NotYetVisible") || strings.Contains(told, "The grant is active") {
				t.Errorf("%v, after:\n%s", err, told)
			}
		})
		t.Run("interrupted", func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			told, err := telling(ctx, options{root: root, folder: folder})
			if err == nil {
				t.Errorf("the story went on:\n%s", told)
			}
		})
	})
	nothingLeft(t)
}

// telling plays the story and returns what was printed.
func telling(ctx context.Context, options options) (string, error) {
	var told strings.Builder
	err := play(ctx, newScreen(&told, false), options)
	return told.String(), err
}

// nothingLeft looks for scratch folders and for processes that this one has started.
func nothingLeft(t *testing.T) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "mailgrant-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if runtime.GOOS != "linux" {
		t.Log("processes are looked for on Linux only")
		return
	}
	states, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(states) == 0 {
		t.Fatalf("no processes are to be seen: %v", err)
	}
	for _, path := range states {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		// After the name, which is in parentheses, come the state and the parent.
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			t.Errorf("a process is left: %s", text)
		}
	}
}

func TestScreen(t *testing.T) {
	t.Parallel()
	var printed strings.Builder
	out := newScreen(&printed, false)
	out.wait("waiting")
	out.step()
	out.row(strings.Repeat("ä", 300))
	if !strings.HasPrefix(printed.String(), "waiting ....\n") || strings.Count(printed.String(), "ä") > 120 {
		t.Errorf("got %q", printed.String())
	}
	out.last("the end")
	if !strings.HasSuffix(printed.String(), "the end\n") {
		t.Errorf("got %q", printed.String())
	}
}

func TestColoursOnlyWhereWanted(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if colours(file) {
		t.Error("a file is no terminal")
	}
	var plain, painted strings.Builder
	newScreen(&plain, false).heading("x")
	newScreen(&painted, true).heading("x")
	if plain.String() != "x\n" || painted.String() != "\x1b[1mx\x1b[0m\n" {
		t.Errorf("got %q and %q", plain.String(), painted.String())
	}
}
