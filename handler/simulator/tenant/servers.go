package tenant

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// servers are the listeners and the goroutines that serve them.
type servers struct {
	services, control, identity net.Listener
	// mail holds the listeners of the older protocols, by name.
	mail map[string]net.Listener

	mutex   sync.Mutex
	closing bool
	running sync.WaitGroup
	all     []*http.Server
	// wires are the connections of the older protocols; those of HTTP belong to their servers.
	wires  map[net.Conn]bool
	detach func() bool
}

// longestClose bounds Close where a write hook blocks.
const longestClose = 5 * time.Second

// endWith closes everything when ctx ends.
func (s *servers) endWith(ctx context.Context, end func() error) {
	detach := context.AfterFunc(ctx, func() { _ = end() })
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.detach = detach
}

func (s *servers) close() error {
	s.mutex.Lock()
	if s.closing {
		s.mutex.Unlock()
		return nil
	}
	s.closing = true
	detach := s.detach
	for wire := range s.wires {
		_ = wire.Close()
	}
	s.mutex.Unlock()
	if detach != nil {
		detach()
	}
	var faults []error
	for _, listener := range s.mail {
		faults = append(faults, listener.Close())
	}
	for _, server := range s.all {
		faults = append(faults, server.Close())
	}
	ended := make(chan struct{})
	go func() {
		s.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(longestClose):
		faults = append(faults, errors.New("close the simulated tenant: a request is still held"))
	}
	return errors.Join(faults...)
}

// begin counts a request in; it reports false once the tenant is closing.
func (s *servers) begin() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.closing {
		return false
	}
	s.running.Add(1)
	return true
}

// accept serves connections until the listener is closed; close waits for it and for them.
func (s *servers) accept(listener net.Listener, talk func(net.Conn)) {
	s.running.Go(func() {
		for {
			wire, err := listener.Accept()
			if err != nil {
				return
			}
			if !s.hold(wire) {
				continue
			}
			go func() {
				defer s.release(wire)
				talk(wire)
			}()
		}
	})
}

// hold counts a connection in; once the tenant is closing it ends it instead and reports false.
func (s *servers) hold(wire net.Conn) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.closing {
		_ = wire.Close()
		return false
	}
	if s.wires == nil {
		s.wires = map[net.Conn]bool{}
	}
	s.wires[wire] = true
	s.running.Add(1)
	return true
}

func (s *servers) release(wire net.Conn) {
	_ = wire.Close()
	s.mutex.Lock()
	delete(s.wires, wire)
	s.mutex.Unlock()
	s.running.Done()
}

// counted keeps close waiting for the requests in hand, and turns away those that come later.
func (s *servers) counted(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.begin() {
			panic(http.ErrAbortHandler)
		}
		defer s.running.Done()
		inner.ServeHTTP(w, r)
	})
}
