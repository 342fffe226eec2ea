package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

func TestRunServesUntilItIsAskedToStop(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, lookupIn(map[string]string{"FUNCTIONS_CUSTOMHANDLER_PORT": port}), time.Now, quiet())
	}()
	if !answers(t, "http://127.0.0.1:"+port+"/") {
		t.Fatal("no answer")
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("asked to stop, it ended with %v", err)
		}
	case <-time.After(2 * drain):
		t.Error("it did not stop")
	}
}

func answers(t *testing.T, address string) bool {
	t.Helper()
	for range 200 {
		response, err := http.Get(address)
		if err == nil {
			return response.Body.Close() == nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

func TestRunFailsWhereItCannotListen(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	err = run(t.Context(), lookupIn(map[string]string{"FUNCTIONS_CUSTOMHANDLER_PORT": port}), time.Now, quiet())
	if err == nil {
		t.Error("it ended as if it had been asked to")
	}
}

func TestRunNamesEveryFault(t *testing.T) {
	t.Parallel()
	err := run(t.Context(), func(string) string { return "" }, time.Now, quiet())
	for _, name := range []string{"FUNCTIONS_CUSTOMHANDLER_PORT", "AZURE_TENANT_ID", "MAILGRANT_INSTALLATION", "GrantStorage"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

// TestDeadListenerIsAnError: a process that ended with 0 would not be started again.
func TestDeadListenerIsAnError(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(t.Context(), listener, http.NotFoundHandler(), quiet()) }()
	err = listener.Close()
	if err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it ended without an error")
		}
	case <-time.After(5 * time.Second):
		t.Error("it did not end")
	}
}

// TestStopDrainsCallsUnderWay: an answer that is nearly there still reaches the host.
func TestStopDrainsCallsUnderWay(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	arrived, release := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-release
		if r.Context().Err() != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, handler, quiet()) }()
	status := make(chan int, 1)
	go func() {
		response, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			status <- 0
			return
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		status <- response.StatusCode
	}()
	<-arrived
	stop()
	time.Sleep(50 * time.Millisecond)
	close(release)
	if got := <-status; got != http.StatusOK {
		t.Errorf("the call was answered %d", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestFirstLineSaysWhoseClockItIs(t *testing.T) {
	t.Parallel()
	logs := &bytes.Buffer{}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	err := run(ctx, lookupIn(map[string]string{"FUNCTIONS_CUSTOMHANDLER_PORT": freePort(t)}), time.Now, newLog(logs))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(logs.String(), "\n")
	if !strings.Contains(first, `"clock":"`+clockName) {
		t.Errorf("the first line is %s", first)
	}
}
