package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/simulator/storage"
	"mailgrant/handler/simulator/tenant"
	"mailgrant/scripts/session"
)

// spans makes requests from pairs of milliseconds.
func spans(pairs ...[2]int) []tenant.Request {
	noon := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	var requests []tenant.Request
	for _, pair := range pairs {
		requests = append(requests, tenant.Request{Kind: "exchange", Start: noon.Add(time.Duration(pair[0]) * time.Millisecond),
			End: noon.Add(time.Duration(pair[1]) * time.Millisecond)})
	}
	return requests
}

func TestDepth(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		requests []tenant.Request
		depth    int
	}{
		{"none", nil, 0},
		{"one", spans([2]int{0, 30}), 1},
		{"in a row", spans([2]int{0, 30}, [2]int{30, 60}, [2]int{61, 90}), 3},
		{"side by side", spans([2]int{0, 30}, [2]int{1, 31}, [2]int{2, 32}), 1},
		{"one long beside three short", spans([2]int{0, 100}, [2]int{1, 30}, [2]int{31, 60}, [2]int{61, 90}), 3},
		{"two side by side, then one", spans([2]int{0, 30}, [2]int{1, 31}, [2]int{32, 60}), 2},
		{"unordered", spans([2]int{40, 60}, [2]int{0, 30}), 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := depth(test.requests)
			if got != test.depth {
				t.Errorf("got %d, want %d", got, test.depth)
			}
		})
	}
}

func TestTokensAreCountedApart(t *testing.T) {
	t.Parallel()
	asked := append(spans([2]int{0, 30}, [2]int{40, 60}), tenant.Request{Kind: "token"})
	got := counted(asked, make([]storage.Request, 5))
	if got.requests != 2 || got.depth != 2 || got.tokens != 1 || got.stores != 5 {
		t.Errorf("got %+v", got)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	table(&out, []figure{{"one", 10, 10, ""}, {"two", 10.04, 10, "MB"}, {"three", 1, 0, "ms"}})
	var rows []string
	for _, line := range strings.Split(out.String(), "\n") {
		if strings.HasPrefix(line, "| ") {
			rows = append(rows, strings.Join(strings.Fields(line), " "))
		}
	}
	if len(rows) != 5 || rows[2] != "| one | 10 | 10 | met |" || rows[3] != "| two | 10.0 MB | 10.0 MB | MISSED |" ||
		rows[4] != "| three | | 1.0 ms | |" {
		t.Errorf("got %q", rows)
	}
}

// TestLife measures one real life: every row has to be there and none of the counts
// may be nothing, which is what a measurement that looks at the wrong thing shows.
func TestLife(t *testing.T) {
	t.Parallel()
	root, err := session.Root()
	if err != nil {
		t.Fatal(err)
	}
	folder, err := session.Assemble(t.Context(), root, t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	figures, err := measure(t.Context(), session.Options{Root: root, Package: folder, RealTime: true})
	if err != nil || len(figures) != memoryEnd+10 {
		t.Fatalf("got %v, %v", figures, err)
	}
	for _, one := range figures {
		// A revocation may find its tokens still good.
		if one.measured <= 0 && one.name != "a revocation: requests for tokens" {
			t.Errorf("nothing was measured: %+v", one)
		}
	}
}

// TestExposure measures the smaller tenant once: that a time and a plausible amount of
// memory come out is what is tested, not how much.
func TestExposure(t *testing.T) {
	t.Parallel()
	root, err := session.Root()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "access.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", binary, "./handler/access")
	build.Dir = root
	out, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	one, err := onePass(t.Context(), binary, smallTenant)
	if err != nil || one.took < time.Millisecond || one.peak < 1<<20 || one.peak > 4<<30 {
		t.Errorf("got %+v, %v", one, err)
	}
	_, err = onePass(t.Context(), binary, "of no such size")
	if err == nil {
		t.Error("a benchmark that does not exist has a time")
	}
}

func TestBenchmarked(t *testing.T) {
	t.Parallel()
	took, err := benchmarked("goos: linux\nBenchmarkExposure/1000x10000   \t       1\t  84401316 ns/op\t32132952 B/op\nPASS\n")
	if took != 84401316 || err != nil {
		t.Errorf("got %s, %v", took, err)
	}
	for _, out := range []string{"", "PASS", "BenchmarkExposure/1000x10000 2 84 ns/op"} {
		took, err = benchmarked(out)
		if err == nil {
			t.Errorf("%q is read as %s", out, took)
		}
	}
}

func TestResident(t *testing.T) {
	t.Parallel()
	got, err := resident(os.Getpid())
	if err != nil || got < 1 || got > 10_000 {
		t.Errorf("got %f, %v", got, err)
	}
}
