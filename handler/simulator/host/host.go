// Package host stands in for the Azure Functions host: it runs an assembled
// package as a real child process and calls it as the host calls a custom
// handler, over HTTP, by queue messages and by timers.
//
// It exists because the real host is a vendor download that tests must not
// need. It plays only what is documented or was read in the host's code, and
// refuses a package that wants more. It must not know what the product does,
// import any of its packages, or be linked into its binary.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Options say what to run and in which world.
type Options struct {
	// Package is the assembled folder: host.json, one folder with a
	// function.json for each function, the executable.
	Package string
	// Port is the port to serve on, 0 for a free one.
	Port int
	// Settings are the application's settings. They are the child's whole
	// environment but for what the host adds, and expand %NAME% in the package.
	Settings map[string]string
	// Storage is the connection string for all queue triggers, or the address of a
	// queue service for which Credential has tokens; unused without any.
	Storage    string
	Credential azcore.TokenCredential
	// Transport goes to that service; nil means the client library's own.
	Transport policy.Transporter
	// Now is the shared clock, by which timers fire and retries wait; nil means
	// wall time. functionTimeout and HTTP time-outs go by wall time always.
	Now func() time.Time
	// Keys are the access keys; empty ones are made at start.
	Keys Keys
	// Timers lets timers fire by their schedules; without it they fire only
	// when asked to.
	Timers bool
	// Log gets one line for each line of the child's output and for each event
	// of the host's own. Nil drops them.
	Log io.Writer
}

// Keys are the host's access keys.
type Keys struct {
	// Function opens functions of level function.
	Function string
	// Master opens everything, /admin included.
	Master string
}

// closeGrace is how long the child may take to end after SIGTERM.
const closeGrace = 5 * time.Second

// Host is a running stand-in. Its methods may be called from any goroutine.
type Host struct {
	app        *application
	options    Options
	log        *logger
	url        string
	server     *http.Server
	supervisor *supervisor
	activity   *activity
	transport  *http.Transport

	pumps  []*pump
	timers []*timer

	// looking ends when no new work is to be taken, working when work under way
	// is to be given up.
	looking, working         context.Context
	stopLooking, stopWorking context.CancelFunc
	group                    sync.WaitGroup
	closing                  sync.Once
}

// Start reads the package, starts the child, waits until it answers and opens
// the host's own port. It returns every fault that it finds in the package, and
// the reason why the child does not run. ctx bounds the start only; Close ends
// everything.
func Start(ctx context.Context, options Options) (*Host, error) {
	app, err := load(options.Package, options.Settings)
	if err != nil {
		return nil, err
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Keys.Function == "" {
		options.Keys.Function = newIdentifier()
	}
	if options.Keys.Master == "" {
		options.Keys.Master = newIdentifier()
	}
	log := &logger{out: options.Log}
	h := &Host{
		app:        app,
		options:    options,
		log:        log,
		supervisor: newSupervisor(app, options.Settings, log, options.Now),
		activity:   &activity{},
		transport:  newTransport(),
	}
	h.looking, h.stopLooking = context.WithCancel(context.WithoutCancel(ctx))
	h.working, h.stopWorking = context.WithCancel(context.WithoutCancel(ctx))
	err = h.begin(ctx)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *Host) begin(ctx context.Context) error {
	err := h.prepare(ctx)
	if err != nil {
		return err
	}
	err = h.supervisor.restart(ctx)
	if err != nil {
		return fmt.Errorf("starting the handler: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", h.options.Port))
	if err != nil {
		return fmt.Errorf("opening the host's port: %w", err)
	}
	h.url = "http://" + listener.Addr().String()
	h.server = &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	h.group.Go(func() { _ = h.server.Serve(listener) })
	for _, one := range h.pumps {
		h.group.Go(func() { one.run(h.looking) })
	}
	if h.options.Timers {
		for _, one := range h.timers {
			h.group.Go(func() { one.run(h.looking) })
		}
	}
	return nil
}

// prepare makes what the triggers need before anything can fire.
func (h *Host) prepare(ctx context.Context) error {
	for _, f := range h.app.functions {
		switch {
		case f.queue != "":
			made, err := newPump(ctx, h, f)
			if err != nil {
				return err
			}
			h.pumps = append(h.pumps, made)
		case f.schedule != nil:
			h.timers = append(h.timers, newTimer(h, f))
		}
	}
	return nil
}

// URL returns the host's address without a trailing slash.
func (h *Host) URL() string { return h.url }

// FunctionKey returns the key for functions of level function.
func (h *Host) FunctionKey() string { return h.options.Keys.Function }

// MasterKey returns the key that opens everything.
func (h *Host) MasterKey() string { return h.options.Keys.Master }

// Process returns the child's process id, 0 when there is no child.
func (h *Host) Process() int {
	h.supervisor.mu.Lock()
	defer h.supervisor.mu.Unlock()
	if h.supervisor.current == nil {
		return 0
	}
	return h.supervisor.current.command.Process.Pid
}

// Kill ends the child with SIGKILL, as when an instance is lost, and returns
// when it is gone. No other is started until Restart; requests are answered
// 503, and messages and timers wait. Invocations in flight fail.
func (h *Host) Kill() { h.supervisor.kill() }

// Terminate ends the child with SIGTERM and, after grace, SIGKILL, as the platform does when
// it takes an instance away, and returns its exit code; a signal counts as 128 and its number,
// and -1 says that there is no child. No other is started until Restart.
func (h *Host) Terminate(grace time.Duration) int { return h.supervisor.terminate(grace) }

// Restart starts the child again (killing one that runs) and returns when it
// answers. Earlier failures of the child are forgotten.
func (h *Host) Restart(ctx context.Context) error {
	err := h.supervisor.restart(ctx)
	h.nudge()
	return err
}

// Set changes one application setting, or takes it away by an empty value, and starts the
// handler again, as the platform does (Microsoft Learn, App settings reference for Azure
// Functions). Only the handler's environment and disabled functions follow: the package is
// not read again.
func (h *Host) Set(ctx context.Context, name, value string) error {
	h.supervisor.set(name, value)
	return h.Restart(ctx)
}

// disabled tells whether a setting makes the host ignore what would fire the function
// (Microsoft Learn, How to disable functions in Azure Functions). Only queue triggers are
// looked at here: their messages wait.
func (h *Host) disabled(f *function) bool {
	return strings.EqualFold(h.supervisor.setting("AzureWebJobs."+f.name+".Disabled"), "true")
}

// Failures returns the invocations that failed since the start, oldest first.
// An answer of 4xx or 5xx to an HTTP request is not one: the host hands it on.
func (h *Host) Failures() []Failure { return h.activity.all() }

// Close takes no new work, ends the child with SIGTERM and, after five
// seconds, SIGKILL, and returns when nothing of the host runs any more.
// Messages that were being worked on go back to their queue. It may be called
// more than once.
func (h *Host) Close() error {
	var err error
	h.closing.Do(func() {
		h.stopLooking()
		h.supervisor.close(closeGrace)
		err = h.closeServer()
		h.stopWorking()
		h.group.Wait()
		h.transport.CloseIdleConnections()
	})
	return err
}

// closeServer waits for answers under way, which cannot take long any more:
// the child is gone.
func (h *Host) closeServer() error {
	if h.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.working), closeGrace)
	defer cancel()
	err := h.server.Shutdown(ctx)
	if err != nil {
		return errors.Join(err, h.server.Close())
	}
	return nil
}
