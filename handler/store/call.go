package store

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// pace holds the wall-clock figures of calls. They are fields only so that tests
// need not wait; Open always sets standardPace.
type pace struct {
	write  time.Duration // one send of a write
	read   time.Duration // one attempt of a read, or of a write that may be repeated
	budget time.Duration // all attempts of one call together
	pause  time.Duration // before the second attempt; four times that before the third
}

// standardPace fits three attempts and their pauses into the ten seconds.
func standardPace() pace {
	return pace{write: 10 * time.Second, read: 3 * time.Second, budget: 10 * time.Second, pause: 150 * time.Millisecond}
}

const attempts = 3

// parallel bounds the requests that one call of this package has in flight, so
// that a sweep does not crowd out the requests of people.
const parallel = 4

// attempt is one way of making a call: how often, how long, and whether its
// effect outlives a lost answer.
type attempt struct {
	sends  int
	each   time.Duration
	writes bool
}

func (s *Store) read(ctx context.Context, subject subject, do func(context.Context) error) error {
	return s.call(ctx, subject, attempt{sends: attempts, each: s.pace.read}, do)
}

// writeOnce sends a write that must not be sent twice.
func (s *Store) writeOnce(ctx context.Context, subject subject, do func(context.Context) error) error {
	return s.call(ctx, subject, attempt{sends: 1, each: s.pace.write, writes: true}, do)
}

// writeRepeatable sends a write whose second sending changes nothing.
func (s *Store) writeRepeatable(ctx context.Context, subject subject, do func(context.Context) error) error {
	return s.call(ctx, subject, attempt{sends: attempts, each: s.pace.read, writes: true}, do)
}

func (s *Store) call(ctx context.Context, subject subject, how attempt, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.pace.budget)
	defer cancel()
	mayHaveActed := false
	for try := 1; ; try++ {
		sent, err := tryOnce(ctx, how.each, do)
		if err == nil {
			return nil
		}
		failure := classify(subject, err)
		if how.writes && sent && failure.uncertain() {
			mayHaveActed = true
		}
		if failure.transient && try < how.sends && s.rest(ctx, try, failure.retry) {
			continue
		}
		// An earlier, unanswered send can still arrive, whatever the last one met,
		// unless the last one was an answer about the row itself.
		if mayHaveActed && (failure.Kind == KindUnavailable || failure.Kind == KindInvalid) {
			failure.Kind, failure.MayHaveActed = KindLost, true
		}
		return failure
	}
}

func tryOnce(ctx context.Context, limit time.Duration, do func(context.Context) error) (bool, error) {
	sent := false
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, sentKey{}, &sent), limit)
	defer cancel()
	err := do(ctx)
	return sent, err
}

// rest waits before another attempt, never less than the service asked for. It
// returns false when the call has no time left for that.
func (s *Store) rest(ctx context.Context, try int, retryAfter string) bool {
	wait := s.pace.pause << (2 * (try - 1))
	wait += time.Duration(rand.Int64N(int64(wait)/4 + 1))
	seconds, err := strconv.ParseFloat(retryAfter, 64)
	if err == nil && seconds > 0 && seconds < s.pace.budget.Seconds() {
		wait = max(wait, time.Duration(seconds*float64(time.Second)))
	} else if err == nil && seconds > 0 {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

type sentKey struct{}

// sentMarker records that a request got past authentication and was handed to
// the wire: a failure before that point certainly wrote nothing.
type sentMarker struct{}

// Do implements policy.Policy.
func (sentMarker) Do(request *policy.Request) (*http.Response, error) {
	sent, marked := request.Raw().Context().Value(sentKey{}).(*bool)
	if marked {
		*sent = true
	}
	return request.Next()
}

// inParallel runs do(0) to do(count-1), four at a time, waits for all and
// returns the error of the lowest index that failed.
func inParallel(count int, do func(int) error) error {
	failures := make([]error, count)
	slots := make(chan struct{}, parallel)
	var running sync.WaitGroup
	for i := range count {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			failures[i] = do(i)
		})
	}
	running.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}
