package tenant

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// servers are the three listeners and the goroutines that serve them.
type servers struct {
	services, control, identity net.Listener

	mutex   sync.Mutex
	closing bool
	running sync.WaitGroup
	all     []*http.Server
	detach  func() bool
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
	s.mutex.Unlock()
	if detach != nil {
		detach()
	}
	var faults []error
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
