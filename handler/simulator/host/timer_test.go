package host

import (
	"os"
	"testing"
	"time"
)

// info returns what timer envelope n told the child:
// whether it is past due, the schedule's status and the metadata.
func (s *stage) info(n int) (bool, map[string]any, map[string]any) {
	s.t.Helper()
	value, metadata := s.data(s.seen()[n], "timer")
	fields, _ := value.(map[string]any)
	pastDue, _ := fields["IsPastDue"].(bool)
	status, _ := fields["ScheduleStatus"].(map[string]any)
	return pastDue, status, metadata
}

func TestTimerByHand(t *testing.T) {
	t.Parallel()
	s := newStage(t).start()
	for range 2 {
		err := s.Fire(t.Context(), "expire")
		if err != nil {
			t.Fatal(err)
		}
		s.idle()
	}
	if len(s.seen()) != 2 || s.seen()[0].Path != "/expire" {
		t.Fatalf("seen %v", s.seen())
	}
	pastDue, status, _ := s.info(0)
	if pastDue || status["Last"] != neverRan {
		t.Errorf("first run: past due %v, status %v", pastDue, status)
	}
	_, status, _ = s.info(1)
	_, err := time.Parse(time.RFC3339, status["Last"].(string))
	if err != nil {
		t.Errorf("second run: %v", status)
	}
	s.clock.advance(24 * time.Hour)
	s.idle()
	if len(s.seen()) != 2 {
		t.Error("a timer fired by itself although timers are off")
	}
}

func TestTimerBySchedule(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.options.Timers = true
	// Begin just after an occurrence, so that none comes by itself.
	now := time.Now()
	s.clock.advance(now.Truncate(5 * time.Minute).Add(5*time.Minute + time.Second).Sub(now))
	s.start()
	s.idle()
	if len(s.seen()) != 0 {
		t.Fatal("fired at start")
	}
	// A little before the next occurrence, then over it by wall time: on time.
	s.clock.advance(5*time.Minute - 1200*time.Millisecond - time.Since(now))
	s.eventually("the timer fires", func() bool { return len(s.seen()) == 1 })
	if pastDue, status, _ := s.info(0); pastDue || status == nil {
		t.Errorf("past due %v, status %v", pastDue, status)
	}
	// Many occurrences at once: one run, past due.
	s.idle()
	s.clock.advance(30 * 24 * time.Hour)
	s.idle()
	if len(s.seen()) != 2 {
		t.Fatalf("a month led to %d runs", len(s.seen())-1)
	}
	if pastDue, _, _ := s.info(1); !pastDue {
		t.Error("the missed run is not past due")
	}
}

func TestTimerWaitsForTheHandler(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.options.Timers = true
	s.start()
	s.Kill()
	before := len(s.seen())
	s.clock.advance(time.Hour)
	time.Sleep(5 * tick)
	err := s.Restart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.idle()
	if len(s.seen()) != before+1 || len(s.Failures()) != 0 {
		t.Errorf("%d runs, failures %v", len(s.seen())-before, s.Failures())
	}
}

func TestTimerRetries(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.write("expire/function.json", `{"retry":{"strategy":"fixedDelay","maxRetryCount":2,"delayInterval":"00:01:00"},
	 "bindings":[{"type":"timerTrigger","direction":"in","name":"timer","schedule":"*/10 * * * * *"}]}`)
	s.start()
	flag := s.options.Settings[settingFlag]
	err := os.WriteFile(flag, nil, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Fire(t.Context(), "expire")
	if err != nil {
		t.Fatal(err)
	}
	s.idle()
	if len(s.seen()) != 1 {
		t.Fatalf("%d attempts before the pause", len(s.seen()))
	}
	for attempt := 2; attempt <= 3; attempt++ {
		s.clock.advance(time.Minute)
		s.eventually("the next attempt", func() bool { return len(s.seen()) == attempt })
		s.idle()
	}
	_, status, metadata := s.info(2)
	retry, _ := metadata["RetryContext"].(map[string]any)
	if retry["RetryCount"] != 2.0 || retry["MaxRetryCount"] != 2.0 || retry["Exception"] == nil {
		t.Errorf("RetryContext %v", retry)
	}
	if status != nil {
		t.Errorf("a schedule of ten seconds has the status %v", status)
	}
	s.clock.advance(time.Hour)
	time.Sleep(5 * tick)
	if len(s.seen()) != 3 {
		t.Errorf("%d attempts", len(s.seen()))
	}
}
