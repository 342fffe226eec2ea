package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mailgrant/handler/engine"

	"github.com/rogpeppe/go-internal/testscript"
)

// request FILE [header=value …] posts a request to the source ops, waits for its
// binding and keeps its id in $ID. Where everything misbehaves, and the script does not
// say how long it waits, binding gets more than one try.
func cmdRequest(s *story, ts *testscript.TestScript, args []string) error {
	return s.askAt("/api/requests/ops", ts, args)
}

// migrate FILE [header=value …] does the same with a migration.
func cmdMigrate(s *story, ts *testscript.TestScript, args []string) error {
	return s.askAt("/api/migrations", ts, args)
}

// adopt FILE [header=value …] does the same with an adoption.
func cmdAdopt(s *story, ts *testscript.TestScript, args []string) error {
	return s.askAt("/api/adoptions", ts, args)
}

func (s *story) askAt(path string, ts *testscript.TestScript, args []string) error {
	headers := []string{"Prefer=wait=20", "Content-Type=application/json"}
	tries := 1
	if !s.calm {
		// Only under a key can a request be repeated whose answer did not come.
		s.asked++
		headers = []string{"Prefer=wait=2", "Content-Type=application/json", fmt.Sprintf("Idempotency-Key=story-%d", s.asked)}
		tries = mostCalls
	}
	if slices.ContainsFunc(args[1:], func(header string) bool { return strings.HasPrefix(header, "Prefer=") }) {
		tries = 1
	}
	for try := range tries {
		err := s.call(ts, http.MethodPost, path, ts.ReadFile(args[0]), append(headers, args[1:]...))
		if err != nil {
			return err
		}
		if !bytes.Contains(s.body, []byte(`"state":"received"`)) || try == tries-1 {
			break
		}
		err = s.pass(awaitStep, sweepTimer)
		if err != nil {
			return err
		}
	}
	ts.Setenv("ID", strings.TrimPrefix(s.header.Get("Location"), "/api/grants/"))
	return nil
}

// get PATH [header=value …]
func cmdGet(s *story, ts *testscript.TestScript, args []string) error {
	return s.call(ts, http.MethodGet, args[0], "", args[1:])
}

// post PATH [FILE|-] [header=value …]
func cmdPost(s *story, ts *testscript.TestScript, args []string) error {
	body, headers := "", []string{"Content-Type=application/json"}
	if len(args) > 1 && args[1] != "-" {
		body = ts.ReadFile(args[1])
	}
	if len(args) > 2 {
		headers = append(headers, args[2:]...)
	}
	return s.call(ts, http.MethodPost, args[0], body, headers)
}

// delete PATH [FILE|-] [header=value …]
func cmdDelete(s *story, ts *testscript.TestScript, args []string) error {
	body := ""
	if len(args) > 1 && args[1] != "-" {
		body = ts.ReadFile(args[1])
	}
	return s.call(ts, http.MethodDelete, args[0], body, args[min(len(args), 2):])
}

// mostCalls is how often a call is made whose answer says that the storage failed.
const mostCalls = 5

// call makes one HTTP call with the function key. Where everything misbehaves it does as
// callers are told to: it repeats what was answered with a failure of the storage.
func (s *story) call(ts *testscript.TestScript, method, path, body string, headers []string) error {
	for range mostCalls {
		err := s.callOnce(method, path, body, headers)
		if err != nil {
			return err
		}
		if s.calm || s.status != http.StatusServiceUnavailable || !bytes.Contains(s.body, []byte(`"/problems/storage"`)) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.answered = true
	ts.Logf("%s %s: %d\n%s", method, path, s.status, s.shown())
	return nil
}

// shown is the last answer, indented.
func (s *story) shown() string {
	var pretty bytes.Buffer
	if json.Indent(&pretty, s.body, "", "  ") != nil {
		return string(s.body)
	}
	return pretty.String()
}

func (s *story) callOnce(method, path, body string, headers []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, s.stack.Host.URL()+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("x-functions-key", s.stack.Host.FunctionKey())
	for _, header := range headers {
		name, value, _ := strings.Cut(header, "=")
		request.Header.Set(name, value)
		if value == "" {
			request.Header.Del(name)
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	s.body, err = io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	s.status, s.header = response.StatusCode, response.Header
	return nil
}

// status CODE checks the last answer.
func cmdStatus(s *story, _ *testscript.TestScript, args []string) error {
	if strconv.Itoa(s.status) != args[0] {
		return fmt.Errorf("the answer's status is %d and not %s", s.status, args[0])
	}
	return nil
}

// header NAME PATTERN checks a header of the last answer.
func cmdHeader(s *story, _ *testscript.TestScript, args []string) error {
	pattern, err := regexp.Compile(args[1])
	if err != nil {
		return err
	}
	if !pattern.MatchString(s.header.Get(args[0])) {
		return fmt.Errorf("the header %s is %q and does not match %s", args[0], s.header.Get(args[0]), args[1])
	}
	return nil
}

// save VARIABLE PATTERN keeps the pattern's first group, found in the last answer.
func cmdSave(s *story, ts *testscript.TestScript, args []string) error {
	pattern, err := regexp.Compile(args[1])
	if err != nil {
		return err
	}
	found := pattern.FindSubmatch(s.body)
	if len(found) < 2 {
		return fmt.Errorf("nothing in the answer matches %s", args[1])
	}
	ts.Setenv(args[0], string(found[1]))
	return nil
}

// many COUNT FILE posts a request so many times, each with a key of its own.
func cmdMany(s *story, ts *testscript.TestScript, args []string) error {
	count, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	for number := range count {
		key := fmt.Sprintf("Idempotency-Key=%s-%d", args[1], number)
		err := s.call(ts, http.MethodPost, "/api/requests/ops", ts.ReadFile(args[1]), []string{"Content-Type=application/json", key})
		if err != nil {
			return err
		}
		if s.status != http.StatusAccepted {
			return fmt.Errorf("request %d was answered %d: %s", number+1, s.status, s.body)
		}
		// One after the other: those of one workload would wait for its lease.
		err = s.stack.Settle(context.Background())
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *story) list(ts *testscript.TestScript, state string) (engine.Page, error) {
	var page engine.Page
	err := s.call(ts, http.MethodGet, "/api/grants?limit=200&state="+state, "", nil)
	if err != nil {
		return page, err
	}
	return page, json.Unmarshal(s.body, &page)
}

func (s *story) view(ts *testscript.TestScript) (engine.View, error) {
	var view engine.View
	err := s.call(ts, http.MethodGet, "/api/grants/"+ts.Getenv("ID"), "", nil)
	if err != nil {
		return view, err
	}
	return view, json.Unmarshal(s.body, &view)
}
