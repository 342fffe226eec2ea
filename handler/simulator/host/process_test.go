package host

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestEnvironment(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	_, content := s.ask("GET", "/api/health?do=environment", nil, nil)
	var variables []string
	err := json.Unmarshal(content, &variables)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		values[name] = value
	}
	if values["FUNCTIONS_CUSTOMHANDLER_PORT"] == "" || values["FUNCTIONS_CUSTOMHANDLER_PORT"] != values["FUNCTIONS_HTTPWORKER_PORT"] {
		t.Errorf("ports %q and %q", values["FUNCTIONS_CUSTOMHANDLER_PORT"], values["FUNCTIONS_HTTPWORKER_PORT"])
	}
	if values["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"] == "" || values["FUNCTIONS_HTTPWORKER_ID"] == "" {
		t.Error("no worker id")
	}
	if values["FUNCTIONS_APP_ROOT_PATH"] != s.folder || values["DIRECTORY"] != s.folder {
		t.Errorf("root %q, directory %q", values["FUNCTIONS_APP_ROOT_PATH"], values["DIRECTORY"])
	}
	if values["ARGUMENTS"] != "--greeting hello" || values["GREETING"] != "hello" {
		t.Errorf("arguments %q", values["ARGUMENTS"])
	}
	if values["HOME"] != "" || values["PATH"] != "" {
		t.Error("our own environment is passed on")
	}
}

func TestLogLevels(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	s.eventually("all lines are logged", func() bool {
		return s.log.has("[Information] handler: listening") && s.log.has("[Warning] handler: Warning: careful") && s.log.has("[Error] handler: broken")
	})
	output := &stream{log: &logger{out: s.log}}
	_, _ = output.Write([]byte("half "))
	_, _ = output.Write([]byte("line\r\n" + workerPrefix + "own\nrest"))
	output.flush()
	for _, line := range []string{"[Information] handler: half line", "[Information] host: own", "[Information] handler: rest"} {
		if !s.log.has(line) {
			t.Errorf("no line %s", line)
		}
	}
}

func TestExitZeroIsFinal(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	s.put("exit 0")
	s.eventually("the child is gone", func() bool { return s.Process() == 0 })
	if err := s.Idle(t.Context()); !errors.Is(err, ErrEnded) {
		t.Errorf("idle says %v", err)
	}
	if got := s.status("GET", "/api/health", ""); got != 503 {
		t.Errorf("answered %d", got)
	}
}

func TestExit200IsNoFailure(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	for range 4 {
		before := s.Process()
		s.put("exit 200")
		s.eventually("another child answers", func() bool { now := s.Process(); return now != 0 && now != before && s.supervisor.up() })
	}
	s.idle()
}

func TestThreeFailuresStopTheHost(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	crash := func() {
		before := s.Process()
		s.put("exit 1")
		s.eventually("the child fails", func() bool { return s.Process() != before && (s.Process() == 0 || s.supervisor.up()) })
	}
	crash()
	crash()
	if s.Process() == 0 {
		t.Fatal("stopped after two failures")
	}
	crash()
	if err := s.Idle(t.Context()); !errors.Is(err, ErrStopped) {
		t.Errorf("after three failures idle says %v", err)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Errorf("restart after the stop: %v", err)
	}
}

func TestFailuresAreForgotten(t *testing.T) {
	t.Parallel()
	shared := &clock{}
	supervised := newSupervisor(nil, nil, &logger{}, shared.now)
	var outcomes []bool
	for range 4 {
		outcomes = append(outcomes, supervised.judge(1) == nil)
		shared.advance(16 * time.Minute)
	}
	if !slices.Equal(outcomes, []bool{true, true, true, true}) {
		t.Errorf("one failure every 16 minutes: started again %v", outcomes)
	}
	if supervised.judge(2) != nil || supervised.judge(143) != nil || !errors.Is(supervised.judge(137), ErrStopped) {
		t.Error("the third failure within 30 minutes does not stop the host")
	}
}

func TestFunctionTimeoutKillsTheHandler(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.change("00:00:20", "00:00:01")
	s.start()
	before := s.Process()
	s.put("hang")
	s.eventually("the handler is replaced", func() bool { now := s.Process(); return now != 0 && now != before })
	s.idle()
	if kinds := s.kinds(); !slices.Contains(kinds, FailureTimeout) {
		t.Errorf("failures %v", kinds)
	}
	before = s.Process()
	if got := s.status("GET", "/api/health?do=hang", ""); got != 502 {
		t.Errorf("answered %d", got)
	}
	s.idle()
	if s.Process() == before {
		t.Error("a request that overran did not kill the handler")
	}
}

func TestSlowStart(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.options.Settings[settingChild] = "slow"
	s.start()
	if got := s.status("GET", "/api/health", ""); got != 409 {
		t.Errorf("answered %d", got)
	}
}

func TestNoStart(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.options.Settings[settingChild] = "silent"
	s.change(`"customHandler":{`, `"customHandler":{"initializationTimeout":"00:00:00.2",`)
	err := s.tryStart()
	if err == nil {
		t.Fatal("a handler that never answers was started")
	}
	s = newStage(t)
	s.change(`"defaultExecutablePath":"handler"`, `"defaultExecutablePath":"no-such-program"`)
	if s.tryStart() == nil {
		t.Error("a missing executable was started")
	}
}

func TestCloseEndsTheHandler(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"plain", "stubborn"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.options.Settings[settingChild] = mode
			s.start()
			s.put("hang")
			s.eventually("the message is delivered", func() bool { return len(s.seen()) == 1 })
			id := s.Process()
			err := s.Close()
			if err != nil {
				t.Fatal(err)
			}
			if !s.log.has("[Information] handler: asked to end") {
				t.Error("the handler got no SIGTERM")
			}
			if syscall.Kill(id, 0) == nil {
				t.Error("the handler still runs")
			}
			if err = s.Restart(t.Context()); !errors.Is(err, ErrClosed) {
				t.Errorf("restart after close: %v", err)
			}
			s.clock.advance(time.Minute)
			got, err := s.queue("work").DequeueMessages(t.Context(), nil)
			if err != nil || len(got.Messages) != 1 {
				t.Errorf("the message did not come back: %v", err)
			}
		})
	}
}

func TestCrashDuringARequest(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	if got := s.status("GET", "/api/health?do=exit", ""); got != 502 {
		t.Errorf("answered %d", got)
	}
	s.eventually("the handler is back", func() bool { return s.status("GET", "/api/health", "") == 409 })
	if kinds := s.kinds(); len(kinds) == 0 || kinds[0] != FailureConnection {
		t.Errorf("failures %v", kinds)
	}
}
