package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
)

// The rules by which the host restarts a child that ended (azure-functions-host,
// WorkerProcess and HttpFunctionInvocationDispatcher). That an end by SIGTERM
// counts as normal for custom handlers too is inferred from the shared base
// class, not stated anywhere.
const (
	codeClean      = 0
	codeRestart    = 200
	codeTerminated = 143
	errorLimit     = 3
	errorWindow    = 30 * time.Minute
)

// Why there is no child. Start, Restart, Idle and the log wrap them.
var (
	// ErrKilled means that Kill ended the child and Restart was not called.
	ErrKilled = errors.New("the handler was killed and not started again")
	// ErrEnded means that the child exited with code 0, which the host takes
	// for its wish to stay away.
	ErrEnded = errors.New("the handler exited with code 0, which the host does not restart")
	// ErrStopped means that the child failed three times within half an hour.
	ErrStopped = errors.New("the handler failed three times within 30 minutes: the host has stopped")
	// ErrClosed means that Close was called.
	ErrClosed = errors.New("the host was closed")
)

// supervisor keeps one child running.
type supervisor struct {
	app      *application
	settings map[string]string
	log      *logger
	now      func() time.Time

	mu      sync.Mutex
	current *process
	// down says why there is no child; it is nil while one starts or runs.
	down    error
	changed chan struct{} // closed and replaced whenever current or down changes
	failed  []time.Time   // on the shared clock
	watched sync.WaitGroup
}

func newSupervisor(app *application, settings map[string]string, log *logger, now func() time.Time) *supervisor {
	return &supervisor{app: app, settings: settings, log: log, now: now, changed: make(chan struct{})}
}

// set changes the settings of the children to come; an empty value takes one away.
func (s *supervisor) set(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settings = maps.Clone(s.settings)
	if value == "" {
		delete(s.settings, name)
		return
	}
	s.settings[name] = value
}

func (s *supervisor) setting(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings[name]
}

// launch starts a child unless there is one or the host was closed. The caller
// holds the lock.
func (s *supervisor) launch() {
	if errors.Is(s.down, ErrClosed) || s.current != nil {
		return
	}
	started, err := spawn(s.app, s.settings, s.log)
	s.current, s.down = started, err
	s.announce()
	if err != nil {
		s.log.line(levelError, "host", err.Error())
		return
	}
	s.watched.Go(func() { s.watch(started) })
}

func (s *supervisor) announce() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// watch follows one run to its end and decides what comes next.
func (s *supervisor) watch(run *process) {
	err := run.awaitReady(s.app.initialization)
	if err == nil {
		close(run.ready)
	} else if !run.expected.Load() {
		s.log.line(levelError, "host", err.Error())
		_ = run.command.Process.Kill()
	}
	<-run.exited
	s.mu.Lock()
	defer s.mu.Unlock()
	if run.expected.Load() || s.current != run {
		return
	}
	s.current = nil
	s.down = s.judge(run.code)
	if s.down == nil {
		s.launch()
	}
	s.announce()
}

// judge returns nil when the child is to be started again.
func (s *supervisor) judge(code int) error {
	switch code {
	case codeClean:
		s.log.line(levelError, "host", ErrEnded.Error())
		return ErrEnded
	case codeRestart, codeTerminated:
		s.log.printf(levelInformation, "the handler exited with code %d and is started again", code)
		return nil
	}
	now := s.now()
	kept := []time.Time{now}
	for _, at := range s.failed {
		if now.Sub(at) < errorWindow {
			kept = append(kept, at)
		}
	}
	s.failed = kept
	s.log.printf(levelError, "the handler exited with code %d (%d of %d within %v)", code, len(kept), errorLimit, errorWindow)
	if len(kept) < errorLimit {
		return nil
	}
	s.log.line(levelError, "host", ErrStopped.Error())
	return ErrStopped
}

// ready returns the running child once it answers. It waits at most four times
// the initialization limit, as invocations do in the host, and not at all when
// no child is going to come.
func (s *supervisor) ready(ctx context.Context) (*process, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*s.app.initialization)
	defer cancel()
	for {
		s.mu.Lock()
		run, down, changed := s.current, s.down, s.changed
		s.mu.Unlock()
		if down != nil {
			return nil, down
		}
		var ready <-chan struct{}
		if run != nil {
			ready = run.ready
		}
		select {
		case <-ready:
			return run, nil
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the handler: %w", ctx.Err())
		}
	}
}

// up tells whether a child runs and answers.
func (s *supervisor) up() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return false
	}
	select {
	case <-s.current.ready:
		return true
	default:
		return false
	}
}

// take ends the current run's reign and returns it, or nil.
func (s *supervisor) take(why error) *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	run := s.current
	if run != nil {
		run.expected.Store(true)
	}
	if !errors.Is(s.down, ErrClosed) {
		s.current, s.down = nil, why
		s.announce()
	}
	return run
}

// kill ends the child and starts no other. It returns when it is gone.
func (s *supervisor) kill() {
	run := s.take(ErrKilled)
	if run != nil {
		run.kill()
	}
}

// replace kills a run that overran its time and starts the next, unless
// somebody else already did. It does not count as a failure of the child.
func (s *supervisor) replace(run *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != run {
		return
	}
	run.kill()
	s.current = nil
	s.launch()
}

// restart starts a child in place of whatever is there, with a clean slate.
func (s *supervisor) restart(ctx context.Context) error {
	s.kill()
	s.mu.Lock()
	s.failed = nil
	s.launch()
	s.mu.Unlock()
	_, err := s.ready(ctx)
	return err
}

// terminate asks the child to end, as the platform does when it takes an instance away,
// and starts no other. It returns the exit code, -1 when there is no child.
func (s *supervisor) terminate(grace time.Duration) int {
	run := s.take(ErrKilled)
	if run == nil {
		return -1
	}
	run.terminate(grace)
	return run.code
}

// close ends the child for good: SIGTERM, as the platform does, then SIGKILL.
func (s *supervisor) close(grace time.Duration) {
	run := s.take(ErrClosed)
	if run != nil {
		run.terminate(grace)
	}
	s.watched.Wait()
}
