package tenant

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// slowestHeader keeps a stuck client from holding a connection for ever.
const slowestHeader = 10 * time.Second

// serve opens the listeners: three of HTTP, and one for each of the older protocols. HTTP/2 stays off: an answer can then be taken away by closing
// the connection, which is what a lost answer is.
func (t *Tenant) serve() error {
	names := []string{ProtocolIMAP, ProtocolPOP, ProtocolSMTP}
	listeners := make([]net.Listener, 3+len(names))
	for index := range listeners {
		opened, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			for _, earlier := range listeners[:index] {
				_ = earlier.Close()
			}
			return fmt.Errorf("listen on loopback: %w", err)
		}
		listeners[index] = opened
	}
	t.servers.services, t.servers.control, t.servers.identity = listeners[0], listeners[1], listeners[2]
	webTLS := t.serverTLS()
	webTLS.NextProtos = []string{"http/1.1"}
	secured := tls.NewListener(listeners[0], webTLS)
	t.run(secured, t.pipeline(t.route))
	t.run(listeners[1], t.control())
	t.run(listeners[2], t.pipeline(t.route))
	t.servers.mail = map[string]net.Listener{}
	for index, name := range names {
		t.servers.mail[name] = listeners[3+index]
		t.servers.accept(listeners[3+index], func(wire net.Conn) { t.talk(name, wire) })
	}
	return nil
}

// serverTLS shows the one certificate.
func (t *Tenant) serverTLS() *tls.Config {
	return t.certificate.Server()
}

// run serves until close; its goroutine is counted, and close waits for it.
func (t *Tenant) run(listener net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler:           t.servers.counted(handler),
		ReadHeaderTimeout: slowestHeader,
		// Aborted connections are made on purpose here and are no news.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	t.servers.all = append(t.servers.all, server)
	t.servers.running.Go(func() {
		// Serve always ends with an error, of which closing is the expected one.
		_ = server.Serve(listener)
	})
}

// pipeline is what every request goes through: log, faults, the answer, log again, and only then
// the wire, so that a client that has its answer finds its request in the log.
func (t *Tenant) pipeline(route func(*call) answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := newCall(r)
		number := t.journal.open(c.kind, c.name, c.write, t.clock.wall())
		decided := t.decide(r.Context(), c, route)
		if decided.lost {
			decided.status = 0
		}
		t.journal.close(number, decided.status, t.clock.wall())
		// Net/http would tell the machine's time, and everything else here goes by the shared clock.
		w.Header().Set("Date", t.clock.now().Format(http.TimeFormat))
		decided.send(w, inventedGUID("request", t.identityHeader, fmt.Sprint(number)))
	})
}

// decide settles late effects first, so that no answer can be older than the shared clock, and takes
// the answer of a lost or late write away at the end, after its effect.
func (t *Tenant) decide(ctx context.Context, c *call, route func(*call) answer) answer {
	t.settle()
	t.mutex.Lock()
	c.conditions = t.conditionsFor(c)
	t.mutex.Unlock()
	if c.conditions.latency > 0 {
		wait := time.NewTimer(c.conditions.latency)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return lostAnswer()
		}
	}
	if c.conditions.instead != nil {
		return *c.conditions.instead
	}
	decided := route(c)
	if c.conditions.lostAfter || c.conditions.late > 0 {
		return lostAnswer()
	}
	return decided
}

// route serves the managed-identity listener as well: its path is one of the token paths.
func (t *Tenant) route(c *call) answer {
	switch c.kind {
	case kindExchange:
		return t.serveExchange(c)
	case kindGraph:
		return t.serveGraph(c)
	case kindData:
		return t.serveData(c)
	case kindToken:
		return t.serveToken(c)
	}
	return unknownAnswer(c, "the path is not played")
}
