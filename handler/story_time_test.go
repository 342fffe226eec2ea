package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"mailgrant/handler/engine"
	"mailgrant/handler/grant"
	"mailgrant/handler/plan"

	"github.com/rogpeppe/go-internal/testscript"
)

// settle waits until nothing is left to do at the present time.
func cmdSettle(s *story, _ *testscript.TestScript, _ []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
	defer cancel()
	return s.stack.Settle(ctx)
}

// pass DURATION [TIMER …] lets time pass, fires the timers and settles.
func cmdPass(s *story, _ *testscript.TestScript, args []string) error {
	length, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	return s.pass(length, args[1:]...)
}

func (s *story) pass(length time.Duration, timers ...string) error {
	for s.watched != nil && length > watchStep {
		err := s.passOnce(watchStep, timers...)
		if err != nil {
			return err
		}
		length -= watchStep
	}
	return s.passOnce(length, timers...)
}

func (s *story) passOnce(length time.Duration, timers ...string) error {
	if s.watched != nil {
		defer s.watched.look(passing)
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
	defer cancel()
	return s.stack.Pass(ctx, length, timers...)
}

// sweep KIND [PATTERN] runs an operator's sweep and prints the finished operation. With
// a pattern it sweeps again, a minute later, until that matches.
func cmdSweep(s *story, ts *testscript.TestScript, args []string) error {
	if len(args) == 1 {
		return s.sweep(ts, args[0])
	}
	pattern, err := regexp.Compile(args[1])
	if err != nil {
		return err
	}
	return s.await(mostRepeats*awaitStep, func() (string, error) {
		err := s.sweep(ts, args[0])
		if err != nil || pattern.MatchString(s.shown()) {
			return "", err
		}
		return "the sweep has not found " + args[1], nil
	})
}

// mostRepeats is how often a sweep is repeated that may have met a failure.
const mostRepeats = 6

// sweep runs one sweep. One that could not read the tenant is tried again by the
// service, which needs time to pass.
func (s *story) sweep(ts *testscript.TestScript, kind string) error {
	err := s.call(ts, http.MethodPost, "/api/run/"+kind, "", nil)
	if err != nil {
		return err
	}
	location := s.header.Get("Location")
	for try := range 200 {
		err := s.call(ts, http.MethodGet, location, "", nil)
		if err != nil || bytes.Contains(s.body, []byte(`"state":"done"`)) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
		if !s.calm && try%20 == 19 {
			err = s.pass(awaitStep, sweepTimer)
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("the operation %s has not ended: %s", location, s.body)
}

const (
	// awaitLimit is how long until waits when it is not told: longer than a write can
	// take effect late, and than two of the hourly tries.
	awaitLimit = 3 * time.Hour
	// awaitStep is how much time passes between two looks, unless the answer tells that
	// the next try is later.
	awaitStep = time.Minute
	// sweepTimer finds everything that is owed but the hourly proof of what is active,
	// which is retestTimer's.
	sweepTimer, retestTimer = "expire", "retest"
)

// until GRANT STATE [within DURATION] lets time pass and sweeps until the grant is in
// that state, and prints it. until PATH PATTERN [within DURATION] does the same until
// the answer at the path matches.
func cmdUntil(s *story, ts *testscript.TestScript, args []string) error {
	path, wanted := args[0], args[1]
	if !strings.HasPrefix(path, "/") {
		path, wanted = "/api/grants/"+path, `"state": "`+wanted+`"`
	}
	pattern, err := regexp.Compile(wanted)
	if err != nil {
		return err
	}
	limit, err := limitIn(args[2:], awaitLimit)
	if err != nil {
		return err
	}
	err = s.pass(0)
	if err != nil {
		return err
	}
	return s.await(limit, func() (string, error) {
		err := s.call(ts, http.MethodGet, path, "", nil)
		if err != nil || pattern.MatchString(s.shown()) {
			return "", err
		}
		return wanted + " is not in the answer of " + path, nil
	})
}

// skew DURATION makes the handler's clock wrong by so much, while tenant and storage go on
// being right.
func cmdSkew(s *story, _ *testscript.TestScript, args []string) error {
	by, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	s.stack.Tenant.SetSkew(by)
	return nil
}

// limitIn reads the end of a command that may wait.
func limitIn(args []string, otherwise time.Duration) (time.Duration, error) {
	switch {
	case len(args) == 0:
		return otherwise, nil
	case len(args) != 2 || args[0] != "within":
		return 0, fmt.Errorf("%q should be: within DURATION", args)
	}
	return time.ParseDuration(args[1])
}

// await looks until nothing is missing, at first at the present time. What still
// is missing when the limit has passed on the shared clock is the error.
func (s *story) await(limit time.Duration, missing func() (string, error)) error {
	began := s.stack.Tenant.Now()
	for {
		what, err := missing()
		if err != nil || what == "" {
			return err
		}
		if s.stack.Tenant.Now().Sub(began) >= limit {
			return fmt.Errorf("%s, %s later", what, limit)
		}
		err = s.pass(max(awaitStep, s.nextTry(), s.waits()), sweepTimer, retestTimer)
		if err != nil {
			return err
		}
	}
}

// nextTry is how far away the next try of the grant is that the last answer shows; 0
// where it shows none.
func (s *story) nextTry() time.Duration {
	var view engine.View
	if json.Unmarshal(s.body, &view) != nil || view.NextTry.IsZero() {
		return 0
	}
	// A second more, because what is owed is owed at whole seconds.
	return view.NextTry.Sub(s.stack.Tenant.Now()) + time.Second
}

// waits is how much time may pass at once while the grant that the last answer shows waits
// for hours for what is sure to come; 0 where it does not.
func (s *story) waits() time.Duration {
	var view engine.View
	if json.Unmarshal(s.body, &view) != nil {
		return 0
	}
	switch view.Condition(grant.Provisioned).Reason {
	case plan.PolicySettling, plan.EffectiveFirst, plan.TokensOutstanding:
		return watchStep
	}
	return 0
}

// count COUNT STATE [within DURATION] counts the grants in a state. With a duration it
// lets time pass and sweeps, until they are so many.
func cmdCount(s *story, ts *testscript.TestScript, args []string) error {
	limit, err := limitIn(args[2:], 0)
	if err != nil {
		return err
	}
	return s.await(limit, func() (string, error) {
		page, err := s.list(ts, args[1])
		if err != nil || strconv.Itoa(len(page.Grants)) == args[0] {
			return "", err
		}
		return fmt.Sprintf("%d grants are %s and not %s", len(page.Grants), args[1], args[0]), nil
	})
}

// climb ATTEMPTS lets the time pass from try to try of the grant $ID, until it has
// failed so often.
func cmdClimb(s *story, ts *testscript.TestScript, args []string) error {
	wanted, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	for {
		view, err := s.view(ts)
		if err != nil || view.Attempts == wanted {
			return err
		}
		if view.Attempts > wanted || view.NextTry.IsZero() {
			return fmt.Errorf("the grant has failed %d times, and its next try is at %s", view.Attempts, view.NextTry)
		}
		// A second more, because what is owed is owed at whole seconds.
		rest := max(0, view.NextTry.Sub(s.stack.Tenant.Now())) + time.Second
		err = s.stack.Pass(context.Background(), rest, "expire")
		if err != nil {
			return err
		}
	}
}

// nexttry DURATION checks how far away the next try of the grant $ID is.
func cmdNextTry(s *story, ts *testscript.TestScript, args []string) error {
	wanted, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	view, err := s.view(ts)
	if err != nil {
		return err
	}
	rest := view.NextTry.Sub(s.stack.Tenant.Now())
	if rest > wanted || rest < wanted-time.Minute {
		return fmt.Errorf("the next try is %s away and not %s", rest, wanted)
	}
	return nil
}
