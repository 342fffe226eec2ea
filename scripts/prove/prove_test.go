package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRowsAreRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rows")
	rows, err := readRows(path)
	if err != nil || rows != nil {
		t.Fatalf("a file that is not there: %v, %v", rows, err)
	}
	text := `{"number":3,"name":"third","mechanism":"rbac","tried":200,"failed":1,"note":"why","seed":7,"seconds":61.4}` + "\n"
	err = os.WriteFile(path, []byte(text), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	rows, err = readRows(path)
	if err != nil || len(rows) != 1 || rows[0].Tried != 200 || rows[0].Failed != 1 || rows[0].duration() != 61*time.Second {
		t.Fatalf("%+v, %v", rows, err)
	}
	err = os.WriteFile(path, []byte(text+`{"number":4`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	rows, err = readRows(path)
	if err == nil || len(rows) != 1 {
		t.Fatalf("a half line was read as %+v, %v", rows, err)
	}
}

func TestTableNamesWhatWasNotRun(t *testing.T) {
	t.Parallel()
	said := proved{rows: []row{
		{Number: 18, Name: "a row that came later", Tried: 1},
		{Number: 3, Name: "third", Mechanism: "rbac", Tried: 200, Failed: 1, Note: "why", Seconds: 61},
		{Number: 3, Name: "third", Mechanism: "other", Tried: 5},
	}, seed: 7, day: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), took: 41 * time.Minute, machine: "this"}
	page := said.page()
	for _, wanted := range []string{"2 January 2026, this, seed 7, 41m0s in all", "MISSED", "rbac: why", "|   200 |      1 | 1m1s |", "SEED=7", "a row that came later"} {
		if !strings.Contains(page, wanted) {
			t.Errorf("the page does not hold %q:\n%s", wanted, page)
		}
	}
	if strings.Count(page, "not run") != len(names())-1 {
		t.Errorf("of %d rows one was run:\n%s", len(names()), page)
	}
	width := 0
	for line := range strings.Lines(said.table()) {
		if width > 0 && len(line) != width {
			t.Errorf("the table is not straight:\n%s", said.table())
		}
		width = len(line)
	}
	err := said.failure()
	if err == nil || !strings.Contains(err.Error(), "row 3") {
		t.Errorf("the failed row is not named: %v", err)
	}
}

func TestComplaints(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	text := "ok\n    a_test.go:1: seed 7\n--- FAIL: TestProveX\n--- PASS: TestProveY\nWARNING: DATA RACE\n"
	err := os.WriteFile(path, []byte(text), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if found := complaints(path); found != "--- FAIL: TestProveX\nWARNING: DATA RACE" {
		t.Errorf("%q", found)
	}
}

// TestGatheredRows: a row that was run again takes the place of the earlier one, and the
// page says that it was gathered.
func TestGatheredRows(t *testing.T) {
	earlier := proved{rows: []row{{Number: 1, Name: "a", Failed: 1}, {Number: 2, Name: "b"}}, parts: 2}
	later := []row{{Number: 1, Name: "a", Tried: 7}}
	gathered := append(earlier.without(later), later...)
	if len(gathered) != 2 || gathered[0].Name != "b" || gathered[1].Tried != 7 {
		t.Errorf("got %+v", gathered)
	}
	if !strings.Contains(earlier.where(), "gathered from 2 runs") {
		t.Errorf("the page says %q", earlier.where())
	}
}
