package host

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/simulator/storage"
)

func TestQueueEnvelope(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	s.put(`{"id":"7"}`, "hello")
	s.idle()
	all := s.seen()
	if len(all) != 2 || all[0].Path != "/work" || s.count("work") != 0 {
		t.Fatalf("the child saw %v; %d messages are left", all, s.count("work"))
	}
	if !strings.HasPrefix(all[0].Header.Get("Content-Type"), "application/json") || all[0].Header.Get(headerInvocation) == "" {
		t.Errorf("headers %v", all[0].Header)
	}
	texts := map[any]bool{}
	for _, one := range all {
		text, metadata := s.data(one, "message")
		texts[text] = true
		if metadata["DequeueCount"] != "1" {
			t.Errorf("DequeueCount is %#v", metadata["DequeueCount"])
		}
		for _, name := range []string{"Id", "PopReceipt"} {
			value, _ := metadata[name].(string)
			if !strings.HasPrefix(value, `"`) || !strings.HasSuffix(value, `"`) {
				t.Errorf("%s is %#v, not a string in a string", name, metadata[name])
			}
		}
		for _, name := range []string{"InsertionTime", "ExpirationTime", "NextVisibleTime"} {
			value, _ := metadata[name].(string)
			_, err := time.Parse(time.RFC3339, value)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		system, _ := metadata["sys"].(map[string]any)
		if system["MethodName"] != "work" {
			t.Errorf("sys is %v", metadata["sys"])
		}
	}
	if !texts[`"hello"`] || !texts[`"{\"id\":\"7\"}"`] {
		t.Errorf("texts %v", texts)
	}
	if !s.log.has("[Information] work: said hello") {
		t.Error("the answer's Logs are not in the log")
	}
}

func TestBase64Messages(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.change(`"messageEncoding":"none","visibilityTimeout":"00:00:30"`, `"maxDequeueCount":2`)
	s.start()
	s.put(base64.StdEncoding.EncodeToString([]byte("hello")), "not base64!")
	s.idle()
	all := s.seen()
	if len(all) != 1 || !strings.Contains(string(all[0].Body), "hello") {
		t.Errorf("the child saw %v", all)
	}
	if s.count("work") != 0 || s.count("work-poison") != 1 {
		t.Errorf("%d messages and %d poisoned", s.count("work"), s.count("work-poison"))
	}
}

func TestReplies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		kind FailureKind
	}{
		{"ok", ""},
		{"fail", FailureStatus},
		{"plain", FailureContentType},
		{"empty", FailureEmpty},
		{"null", FailureEmpty},
		{"array", FailureBody},
		{"exit 1", FailureConnection},
	} {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			s := newStage(t).start()
			s.put(test.text)
			s.idle()
			kinds := s.kinds()
			if test.kind == "" && len(kinds) != 0 || test.kind != "" && (len(kinds) != 1 || kinds[0] != test.kind) {
				t.Errorf("failures %v", s.Failures())
			}
			if left := s.count("work"); (left == 0) != (test.kind == "") {
				t.Errorf("%d messages left", left)
			}
			if test.kind != "" && s.log.has("[Information] work: said "+test.text) {
				t.Error("the Logs of a failed invocation were kept")
			}
		})
	}
}

func TestFailedMessagesWaitAndArePoisoned(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.change(`"batchSize":4`, `"batchSize":4,"maxDequeueCount":3`)
	s.start()
	s.put("fail")
	s.idle()
	for delivery := 1; delivery <= 3; delivery++ {
		if got := len(s.seen()); got != delivery {
			t.Fatalf("%d deliveries, want %d", got, delivery)
		}
		if delivery == 3 {
			break // given up at once, not when it would be due again
		}
		s.clock.advance(20 * time.Second)
		s.idle()
		if got := len(s.seen()); got != delivery {
			t.Fatalf("delivered again before visibilityTimeout was over: %d", got)
		}
		s.clock.advance(10 * time.Second)
		s.idle()
	}
	if s.count("work") != 0 || s.count("work-poison") != 1 {
		t.Errorf("%d messages and %d poisoned", s.count("work"), s.count("work-poison"))
	}
	_, metadata := s.data(s.seen()[2], "message")
	if metadata["DequeueCount"] != "3" {
		t.Errorf("the last DequeueCount is %v", metadata["DequeueCount"])
	}
	kinds := s.kinds()
	if len(kinds) != 4 || kinds[3] != FailurePoisoned {
		t.Errorf("failures %v", kinds)
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.change(`"batchSize":4`, `"batchSize":2`)
	s.start()
	begin := time.Now()
	s.put("slow", "slow", "slow", "slow")
	s.idle()
	if took := time.Since(begin); took < 300*time.Millisecond {
		t.Errorf("four messages of 150 ms took %v: more than two ran at once", took)
	}
	if len(s.seen()) != 4 || s.count("work") != 0 {
		t.Errorf("%d seen, %d left", len(s.seen()), s.count("work"))
	}
}

func TestMessagesWaitForALaterTime(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	delayed(s, "later", 3600)
	s.idle()
	if len(s.seen()) != 0 {
		t.Fatal("delivered early")
	}
	s.clock.advance(time.Hour)
	s.idle()
	if len(s.seen()) != 1 {
		t.Errorf("seen %v", s.seen())
	}
}

func TestKilledHandlersMessagesComeBack(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	first := s.Process()
	s.put("hang")
	s.eventually("the message is delivered", func() bool { return len(s.seen()) == 1 })
	s.Kill()
	if s.Process() != 0 {
		t.Error("there is still a child")
	}
	if got := s.status("GET", "/api/health", ""); got != http.StatusServiceUnavailable {
		t.Errorf("answered %d without a child", got)
	}
	if err := s.Idle(t.Context()); err == nil {
		t.Error("a host without a child calls itself idle")
	}
	s.clock.advance(time.Hour)
	err := s.Restart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Process() == first || s.Process() == 0 {
		t.Errorf("process %d after %d", s.Process(), first)
	}
	s.eventually("the message is delivered again", func() bool { s.clock.advance(time.Minute); return len(s.seen()) == 2 })
	if got := s.seen(); got[0].Pid != first || got[1].Pid == first {
		t.Errorf("delivered to %d and %d", got[0].Pid, got[1].Pid)
	}
}

// The harness of kill tests: the handler dies at one of its writes, which then
// has happened or not, and the message is delivered again.
func TestKillAtAWrite(t *testing.T) {
	t.Parallel()
	for phase, results := range map[string]int{storage.PhaseBefore: 1, storage.PhaseAfter: 2} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			s := newStage(t).start()
			s.wire.SetWriteHook(func(write storage.Write) {
				if write.Number == 2 && write.Phase == phase {
					s.Kill()
					write.Drop()
				}
			})
			s.put("store")
			s.eventually("the handler is killed", func() bool { return s.Process() == 0 })
			err := s.Restart(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s.eventually("the killed call has failed", func() bool { return len(s.Failures()) == 1 })
			s.idle()
			s.clock.advance(30 * time.Second)
			s.idle()
			if len(s.seen()) != 2 || s.count("work") != 0 || s.count("results") != results {
				t.Errorf("%d deliveries, %d messages, %d results", len(s.seen()), s.count("work"), s.count("results"))
			}
		})
	}
}

func TestQueueFunctionsByHand(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	header := http.Header{"X-Functions-Key": {s.MasterKey()}}
	response, _ := s.ask("POST", "/admin/functions/work", header, strings.NewReader(`{"input":"by hand"}`))
	if response.StatusCode != http.StatusAccepted {
		t.Fatalf("answered %s", response.Status)
	}
	s.idle()
	text, _ := s.data(s.seen()[0], "message")
	if text != `"by hand"` {
		t.Errorf("text %v", text)
	}
}
