// Command mailgrant is an Azure Functions custom handler: the host starts it, calls
// it over loopback HTTP for every trigger, and may kill it at any instant.
//
// This package stands between the host and the engine. Each of its functions
// decodes a call, asks one verb of the engine, and answers. It must not decide
// anything about access, and keeps nothing in memory that matters after a call.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"mailgrant/handler/telemetry"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	log := newLog(os.Stdout)
	now, err := newClock(os.Getenv, log)
	if err == nil {
		err = run(ctx, os.Getenv, now, log)
	}
	if err != nil {
		log.Error("mailgrant stops", "error", err.Error())
		// The host takes 0 for a wish not to be started again (azure-functions-host,
		// WorkerProcess), so only a stop that was asked for ends with it.
		os.Exit(1)
	}
}

// run serves until ctx ends, and then returns nil after a short drain. Any other
// end is an error: settings with faults, all of them named, or a listener that
// cannot be opened or dies.
func run(ctx context.Context, lookup func(string) string, now func() time.Time, log *slog.Logger) error {
	settings, faults := readConfig(lookup)
	if len(faults) > 0 {
		return fmt.Errorf("the settings have faults: %w", errors.Join(faults...))
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(settings.port)))
	if err != nil {
		return fmt.Errorf("listening where the host will call: %w", err)
	}
	log.Info("mailgrant listens", "port", settings.port, "installation", settings.installation, "clock", clockName)
	back := newBackend(settings, now, log)
	back.wait = newWait(lookup)
	back.telemetry, err = telemetry.Start(ctx, telemetry.Options{Endpoint: settings.collector, Installation: settings.installation, Log: log})
	if err != nil {
		return errors.Join(fmt.Errorf("starting telemetry: %w", err), listener.Close())
	}
	defer lastWords(ctx, back.telemetry, log)
	return serve(ctx, listener, newServer(back, log), log)
}

// lastWords sends the telemetry that was not sent yet. That it cannot be is no failure of
// the service.
func lastWords(ctx context.Context, open *telemetry.Telemetry, log *slog.Logger) {
	limit, done := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer done()
	err := open.Close(limit)
	if err != nil {
		log.Warn("the last telemetry was not sent", "error", err.Error())
	}
}

// drain is how long calls under way may go on after SIGTERM. What they leave undone
// is owed by rows and taken up again, so a long drain would gain nothing.
const drain = 5 * time.Second

// serve answers calls until ctx ends or the listener dies.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	calls, cancelCalls := context.WithCancel(context.WithoutCancel(ctx))
	defer cancelCalls()
	server := &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return calls },
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      applyLimit + time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	died := make(chan error, 1)
	go func() { died <- server.Serve(listener) }()
	select {
	case err := <-died:
		return fmt.Errorf("the listener died: %w", err)
	case <-ctx.Done():
	}
	log.Info("mailgrant was asked to stop; calls under way are given a short time", "seconds", drain.Seconds())
	limit, done := context.WithTimeout(calls, drain)
	defer done()
	err := server.Shutdown(limit)
	if err != nil {
		log.Warn("calls were cut off; rows owe what they leave undone", "error", err.Error())
		cancelCalls()
		_ = server.Close() // the process ends
	}
	<-died
	return nil
}

// newLog writes JSON lines. Everything goes to one stream: the host reads each line
// of stderr as an error (azure-functions-host, WorkerProcess).
func newLog(out io.Writer) *slog.Logger {
	return slog.New(invocationLog{slog.NewJSONHandler(out, nil)})
}
