package host

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"mailgrant/handler/simulator/storage"
)

// The test binary is also the child: a handler that records every envelope in
// a file and does what the envelope's text tells it.

const (
	settingChild  = "SIMULATED_HANDLER"
	settingRecord = "RECORD"
	settingFlag   = "FLAG"
)

var emulator *storage.Azurite

func TestMain(m *testing.M) {
	if os.Getenv(settingChild) != "" {
		runChild()
		return
	}
	started, err := storage.StartAzurite(context.Background(), filepath.Join("..", "..", "..", "scripts", "azurite"), 512)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	emulator = started
	code := m.Run()
	emulator.Close()
	os.Exit(code)
}

// seen is one line of the child's record.
type seen struct {
	Path   string
	Header http.Header
	Body   json.RawMessage
	Pid    int
}

func runChild() {
	if os.Getenv(settingChild) == "slow" {
		time.Sleep(200 * time.Millisecond)
	}
	if os.Getenv(settingChild) == "silent" {
		time.Sleep(time.Minute)
	}
	fmt.Println("listening")
	fmt.Fprintln(os.Stderr, "Warning: careful")
	fmt.Fprintln(os.Stderr, "broken")
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	go func() {
		<-asked
		fmt.Println("asked to end")
		if os.Getenv(settingChild) != "stubborn" {
			os.Exit(0)
		}
	}()
	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"), Handler: http.HandlerFunc(childAnswer)}
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}

func childAnswer(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/":
		w.WriteHeader(http.StatusTeapot) // any answer means ready
	case strings.HasPrefix(strings.ToLower(r.URL.Path), "/api/"):
		childWeb(w, r)
	default:
		childEnvelope(w, r)
	}
}

// childWeb answers what it was asked, or streams, or misbehaves.
func childWeb(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Query().Get("do") {
	case "hang":
		time.Sleep(time.Minute)
	case "exit":
		os.Exit(1)
	case "environment":
		_ = json.NewEncoder(w).Encode(append(os.Environ(), "DIRECTORY="+mustDirectory(), "ARGUMENTS="+strings.Join(os.Args[1:], " ")))
		return
	case "stream":
		_ = http.NewResponseController(w).EnableFullDuplex()
		first := make([]byte, 1)
		_, _ = io.ReadFull(r.Body, first)
		_, _ = w.Write(first)
		_ = http.NewResponseController(w).Flush()
		_, _ = io.Copy(w, r.Body)
		return
	}
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Echo", "yes")
	w.WriteHeader(http.StatusConflict)
	_ = json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "target": r.RequestURI, "header": r.Header, "body": string(body)})
}

func mustDirectory() string {
	directory, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return directory
}

func childEnvelope(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	line, _ := json.Marshal(seen{Path: r.URL.Path, Header: r.Header, Body: body, Pid: os.Getpid()})
	file, err := os.OpenFile(os.Getenv(settingRecord), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	_, _ = file.Write(append(line, '\n'))
	_ = file.Close()
	_, err = os.Stat(os.Getenv(settingFlag))
	if err == nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var content struct{ Data map[string]any }
	_ = json.Unmarshal(body, &content)
	text, _ := content.Data["message"].(string)
	childObey(w, strings.Trim(text, `"`))
}

func childObey(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	switch text {
	case "fail":
		w.WriteHeader(http.StatusInternalServerError)
	case "plain":
		w.Header().Set("Content-Type", "text/plain")
	case "empty":
		return
	case "null":
		_, _ = w.Write([]byte("null"))
		return
	case "array":
		_, _ = w.Write([]byte("[]"))
		return
	case "hang":
		time.Sleep(time.Minute)
	case "store":
		childStore(w)
	case "slow":
		time.Sleep(150 * time.Millisecond)
	case "exit 0":
		os.Exit(0)
	case "exit 1":
		os.Exit(1)
	case "exit 200":
		os.Exit(200)
	}
	_, _ = w.Write([]byte(`{"Logs":["said ` + text + `"],"Outputs":{},"ReturnValue":null}`))
}

// childStore makes two writes, of which the second is the one that counts.
func childStore(w http.ResponseWriter) {
	queue, err := azqueue.NewQueueClientFromConnectionString(os.Getenv("GrantStorage"), "results", nil)
	if err == nil {
		_, _ = queue.Create(context.Background(), nil)
		_, err = queue.EnqueueMessage(context.Background(), "result", nil)
	}
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// record reads what children of the test have recorded.
func record(t *testing.T, path string) []seen {
	t.Helper()
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []seen
	for line := range bytes.Lines(content) {
		var one seen
		err = json.Unmarshal(line, &one)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}
