package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// starts is how often the start is measured; the median is reported.
const starts = 20

// startTime measures from the start of the process to its first 200, as the host asks
// for it, but without the host's pauses between two questions.
func startTime(ctx context.Context, folder string) (figure, error) {
	var times []time.Duration
	for range starts {
		took, err := startOnce(ctx, filepath.Join(folder, "mailgrant"))
		if err != nil {
			return figure{}, fmt.Errorf("measuring the start: %w", err)
		}
		times = append(times, took)
	}
	slices.Sort(times)
	median := (times[starts/2-1] + times[starts/2]) / 2
	name := fmt.Sprintf("start to first 200 (median of %d)", starts)
	return figure{name, float64(median.Microseconds()) / 1000, 25, "ms"}, nil
}

func startOnce(ctx context.Context, executable string) (time.Duration, error) {
	port, err := freePort()
	if err != nil {
		return 0, err
	}
	command := exec.CommandContext(ctx, executable)
	// Nobody is asked before the first call, so these addresses need not exist.
	command.Env = []string{
		"FUNCTIONS_CUSTOMHANDLER_PORT=" + strconv.Itoa(port),
		"AZURE_TENANT_ID=10000000-0000-4000-8000-000000000001",
		"MAILGRANT_INSTALLATION=bench1", "MAILGRANT_CONFIG=none.yaml",
		"GrantStorage=AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a",
	}
	var output strings.Builder
	command.Stdout = &output
	began := time.Now()
	err = command.Start()
	if err != nil {
		return 0, err
	}
	err = firstAnswer(ctx, port)
	took := time.Since(began)
	_ = command.Process.Kill()
	_ = command.Wait() // it was killed, and says so
	if err != nil {
		return 0, fmt.Errorf("%w; it printed: %s", err, output.String())
	}
	return took, nil
}

// firstAnswer asks every half millisecond until the answer is 200.
func firstAnswer(ctx context.Context, port int) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for ctx.Err() == nil {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", port), nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(500 * time.Microsecond)
	}
	return errors.New("it did not answer 200 within ten seconds")
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

// resident is the memory of a process that is in RAM, in megabytes. Linux tells it in
// a file; elsewhere ps is asked.
func resident(process int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if err == nil {
		_, rest, found := strings.Cut(string(text), "VmRSS:")
		if !found {
			return 0, fmt.Errorf("the memory of process %d is not in its status", process)
		}
		return kibibytes(strings.Fields(rest)[0])
	}
	out, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(process)).Output()
	if err != nil {
		return 0, fmt.Errorf("asking for the memory of process %d: %w", process, err)
	}
	return kibibytes(strings.TrimSpace(string(out)))
}

func kibibytes(text string) (float64, error) {
	count, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading an amount of memory: %w", err)
	}
	return megabytes(count * 1024), nil
}
