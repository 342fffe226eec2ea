package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// passes is how often each size is measured, in a process of its own; the median is
// reported.
const passes = 3

// The sizes of the tenants whose exposure is judged, as the benchmark names them.
const (
	smallTenant = "1000x10000"
	largeTenant = "10000x10000"
)

// pass is one judgement of who reaches what in a whole tenant.
type pass struct {
	took time.Duration
	// peak is the most memory that the process ever had in RAM, facts included, in
	// bytes.
	peak int64
}

// exposure measures that judgement on one processor: how long it takes and how much
// memory in the largest tenant, and how it grows with the number of workloads.
func exposure(ctx context.Context, root string) ([]figure, error) {
	binary := filepath.Join(root, "build", "bin", "access.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, "./handler/access")
	build.Dir = root
	out, err := build.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("building the benchmark of access: %w: %s", err, out)
	}
	few, err := medianPass(ctx, binary, smallTenant)
	if err != nil {
		return nil, err
	}
	many, err := medianPass(ctx, binary, largeTenant)
	if err != nil {
		return nil, err
	}
	const what = "exposure, 10,000 workloads x 10,000 mailboxes"
	return []figure{
		{what + ": time", many.took.Seconds(), 2, "s"},
		{what + ": memory", float64(many.peak) / (1 << 20), 512, "MiB"},
		{"exposure, 10,000 workloads over 1,000: time", many.took.Seconds() / few.took.Seconds(), 10, "times"},
	}, nil
}

// medianPass takes the median of time and of memory, each by itself.
func medianPass(ctx context.Context, binary, size string) (pass, error) {
	var times []time.Duration
	var peaks []int64
	for range passes {
		one, err := onePass(ctx, binary, size)
		if err != nil {
			return pass{}, fmt.Errorf("measuring the exposure of %s: %w", size, err)
		}
		times, peaks = append(times, one.took), append(peaks, one.peak)
	}
	slices.Sort(times)
	slices.Sort(peaks)
	return pass{times[passes/2], peaks[passes/2]}, nil
}

func onePass(ctx context.Context, binary, size string) (pass, error) {
	command := exec.CommandContext(ctx, binary, "-test.run", "^$", "-test.bench", "^BenchmarkExposure$/^"+size+"$", "-test.benchtime", "1x", "-test.cpu", "1")
	out, err := command.CombinedOutput()
	if err != nil {
		return pass{}, fmt.Errorf("%w: %s", err, out)
	}
	took, err := benchmarked(string(out))
	if err != nil {
		return pass{}, err
	}
	peak, err := peakMemory(command.ProcessState)
	return pass{took, peak}, err
}

// nanoseconds is what go test says of one operation.
var nanoseconds = regexp.MustCompile(`(?m)^Benchmark\S+\s+1\s+(\d+) ns/op`)

func benchmarked(out string) (time.Duration, error) {
	found := nanoseconds.FindStringSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("the benchmark printed no time: %s", out)
	}
	count, err := strconv.ParseInt(found[1], 10, 64)
	return time.Duration(count), err
}
