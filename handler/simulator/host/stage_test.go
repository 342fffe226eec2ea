package host

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"mailgrant/handler/simulator/storage"
)

// stage is one test's package, world and running host.
type stage struct {
	*Host
	t       *testing.T
	folder  string
	clock   *clock
	log     *lines
	wire    *storage.Wire
	options Options
}

var taken atomic.Int32

// clock is a shared clock that tests move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) has(line string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), line+"\n")
}

const plainHost = `{"version":"2.0","functionTimeout":"00:00:20",
 "extensions":{"queues":{"messageEncoding":"none","visibilityTimeout":"00:00:30","batchSize":4,"newBatchThreshold":0,"maxPollingInterval":"00:00:02"}},
 "customHandler":{"description":{"defaultExecutablePath":"handler","arguments":["--greeting","%GREETING%"]},"enableProxyingHttpRequest":true}}`

// The functions of most tests.
var plainFunctions = map[string]string{
	"echo":    `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"function","methods":["get","post"],"route":"echo/{id?}"},{"type":"http","direction":"out","name":"res"}]}`,
	"health":  `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous","methods":["get"],"route":"health"},{"type":"http","direction":"out","name":"res"}]}`,
	"control": `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"admin","route":"control"},{"type":"http","direction":"out","name":"res"}]}`,
	"work":    `{"bindings":[{"type":"queueTrigger","direction":"in","name":"message","queueName":"work","connection":"GrantStorage"}]}`,
	"expire":  `{"bindings":[{"type":"timerTrigger","direction":"in","name":"timer","schedule":"%EXPIRE_SCHEDULE%"}]}`,
}

// newStage assembles a package; start runs it.
func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, folder: t.TempDir(), clock: &clock{}, log: &lines{}}
	s.write("host.json", plainHost)
	for name, content := range plainFunctions {
		s.write(filepath.Join(name, "function.json"), content)
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	err = os.Symlink(binary, filepath.Join(s.folder, "handler"))
	if err != nil {
		t.Fatal(err)
	}
	world := t.TempDir()
	s.options = Options{Package: s.folder, Now: s.clock.now, Log: s.log, Settings: map[string]string{
		settingChild:  "plain",
		settingRecord: filepath.Join(world, "record"),
		settingFlag:   filepath.Join(world, "flag"),
		"GREETING":    "hello",
		// A child built with the race detector otherwise lingers for a second.
		"GORACE":          "atexit_sleep_ms=0",
		"EXPIRE_SCHEDULE": "0 */5 * * * *",
	}}
	return s
}

func (s *stage) write(path, content string) {
	s.t.Helper()
	path = filepath.Join(s.folder, path)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(content), 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// change replaces a part of host.json.
func (s *stage) change(from, to string) {
	s.t.Helper()
	if !strings.Contains(plainHost, from) {
		s.t.Fatalf("host.json has no %s", from)
	}
	s.write("host.json", strings.Replace(plainHost, from, to, 1))
}

func (s *stage) start() *stage {
	s.t.Helper()
	err := s.tryStart()
	if err != nil {
		s.t.Fatalf("starting: %v", err)
	}
	return s
}

func (s *stage) tryStart() error {
	s.t.Helper()
	wire, err := storage.StartWire(s.t.Context(), emulator.Account(int(taken.Add(1)-1)), storage.WireOptions{Now: s.clock.now})
	if err != nil {
		s.t.Fatal(err)
	}
	s.wire = wire
	s.t.Cleanup(func() { _ = wire.Close() })
	s.options.Settings["GrantStorage"] = wire.ConnectionString()
	s.options.Storage = wire.HostConnectionString()
	s.Host, err = Start(s.t.Context(), s.options)
	if err != nil {
		return err
	}
	s.t.Cleanup(func() {
		err := s.Close()
		if err != nil {
			s.t.Errorf("closing: %v", err)
		}
	})
	return nil
}

// idle waits until the host has nothing to do.
func (s *stage) idle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	err := s.Idle(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
}

// eventually waits for what happens in its own time.
func (s *stage) eventually(what string, holds func() bool) {
	s.t.Helper()
	for range 1000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatalf("did not happen: %s", what)
}

func (s *stage) queue(name string) *azqueue.QueueClient {
	s.t.Helper()
	client, err := azqueue.NewQueueClientFromConnectionString(s.wire.HostConnectionString(), name, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

// delayed puts a message that is hidden for some seconds.
func delayed(s *stage, text string, seconds int32) {
	s.t.Helper()
	_, err := s.queue("work").EnqueueMessage(s.t.Context(), text, &azqueue.EnqueueMessageOptions{VisibilityTimeout: &seconds})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) put(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		_, err := s.queue("work").EnqueueMessage(s.t.Context(), text, nil)
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// count returns how many messages a queue holds, hidden ones included.
func (s *stage) count(name string) int {
	s.t.Helper()
	properties, err := s.queue(name).GetProperties(s.t.Context(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return int(*properties.ApproximateMessagesCount)
}

func (s *stage) seen() []seen { return record(s.t, s.options.Settings[settingRecord]) }

// ask sends a request to the host and returns status and body.
func (s *stage) ask(method, target string, header http.Header, body io.Reader) (*http.Response, []byte) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.URL()+target, body)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response, content
}

func (s *stage) status(method, target, key string) int {
	s.t.Helper()
	header := http.Header{}
	if key != "" {
		header.Set("x-functions-key", key)
	}
	response, _ := s.ask(method, target, header, nil)
	return response.StatusCode
}

// data returns the trigger's value in one recorded envelope, and the metadata.
func (s *stage) data(one seen, binding string) (any, map[string]any) {
	s.t.Helper()
	var content struct{ Data, Metadata map[string]any }
	err := json.Unmarshal(one.Body, &content)
	if err != nil {
		s.t.Fatal(err)
	}
	return content.Data[binding], content.Metadata
}

// kinds returns the kinds of the recorded failures.
func (s *stage) kinds() []FailureKind {
	var kinds []FailureKind
	for _, failure := range s.Failures() {
		kinds = append(kinds, failure.Kind)
	}
	return kinds
}
