package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"
)

// process is one run of the child.
type process struct {
	command *exec.Cmd
	address string // host:port it was told to listen on
	exited  chan struct{}
	// code is valid once exited is closed; a signal counts as 128 + its number.
	code int
	// expected is set when the host itself ends the run, which then says
	// nothing about the child.
	expected atomic.Bool
	ready    chan struct{}
}

// spawn starts the child on a free port and returns at once.
func spawn(app *application, settings map[string]string, log *logger) (*process, error) {
	port, err := choosePort(app.port)
	if err != nil {
		return nil, err
	}
	started := &process{
		command: exec.Command(app.executable, app.arguments...),
		address: fmt.Sprintf("127.0.0.1:%d", port),
		exited:  make(chan struct{}),
		ready:   make(chan struct{}),
	}
	output, failures := &stream{log: log}, &stream{log: log, errors: true}
	command := started.command
	command.Dir = app.directory
	command.Env = environment(app, settings, port)
	command.Stdout, command.Stderr = output, failures
	command.SysProcAttr = ownGroup()
	// Something the child left behind may hold its output open.
	command.WaitDelay = time.Second
	err = command.Start()
	if err != nil {
		return nil, fmt.Errorf("starting the handler: %w", err)
	}
	go func() {
		_ = command.Wait()
		output.flush()
		failures.flush()
		started.code = exitCode(command.ProcessState)
		close(started.exited)
	}()
	return started, nil
}

// environment is the application's settings and what the host adds. Nothing of
// our own environment is passed on: the child must live on its settings.
func environment(app *application, settings map[string]string, port int) []string {
	worker := newIdentifier()
	added := map[string]string{
		"FUNCTIONS_CUSTOMHANDLER_PORT":      fmt.Sprint(port),
		"FUNCTIONS_HTTPWORKER_PORT":         fmt.Sprint(port),
		"FUNCTIONS_CUSTOMHANDLER_WORKER_ID": worker,
		"FUNCTIONS_HTTPWORKER_ID":           worker,
		"FUNCTIONS_APP_ROOT_PATH":           app.folder,
	}
	var all []string
	for name, text := range settings {
		all = append(all, name+"="+text)
	}
	for name, text := range added {
		all = append(all, name+"="+text)
	}
	return all
}

// choosePort returns the wanted port, or a free one. Another program could
// take a free port before the child does; the host would then see a child that
// ends, and start it again on another port.
func choosePort(wanted int) (int, error) {
	if wanted != 0 {
		return wanted, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

// awaitReady asks GET / every 25 ms until anything answers, whatever its
// status. It returns an error when the child ends first or takes too long.
func (p *process) awaitReady(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: lastResponse}
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+"/", nil)
		if err != nil {
			return fmt.Errorf("asking whether the handler is ready: %w", err)
		}
		response, err := client.Do(request)
		if err == nil {
			return response.Body.Close()
		}
		select {
		case <-p.exited:
			return errors.New("the handler ended before it was ready")
		case <-ctx.Done():
			return fmt.Errorf("the handler did not answer GET / within %v", limit)
		case <-tick.C:
		}
	}
}

// kill ends the run without grace and waits until it is gone.
func (p *process) kill() {
	p.expected.Store(true)
	_ = p.command.Process.Kill()
	<-p.exited
}

// terminate asks the run to end, kills it after the grace, and waits.
func (p *process) terminate(grace time.Duration) {
	p.expected.Store(true)
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(grace):
		p.kill()
	}
}

func exitCode(state *os.ProcessState) int {
	status, known := state.Sys().(syscall.WaitStatus)
	if known && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// lastResponse keeps a client from following redirects: the host hands them on.
func lastResponse(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
