package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/storage"
	"mailgrant/handler/simulator/tenant"

	"github.com/rogpeppe/go-internal/testscript"
)

// story is one script while it runs.
type story struct {
	*bed
	folder string
	stack  *stack.Stack
	// installed are the installations in the tenant, the one that owns it first; ledger
	// is the storage account of the present one.
	installed []installed
	ledger    storage.Account
	log       *os.File
	status    int
	body      []byte
	header    http.Header
	// failuresExpected: the script breaks the storage or the process, so that
	// invocations fail.
	failuresExpected bool
}

const (
	settleLimit = 30 * time.Second
	callLimit   = 100 * time.Second
)

func storyCommands(b *bed) map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"start":        (*story)(nil).cmd(cmdStart),
		"request":      (*story)(nil).cmd(cmdRequest),
		"get":          (*story)(nil).cmd(cmdGet),
		"delete":       (*story)(nil).cmd(cmdDelete),
		"many":         (*story)(nil).cmd(cmdMany),
		"count":        (*story)(nil).cmd(cmdCount),
		"moveend":      (*story)(nil).cmd(cmdMoveEnd),
		"climb":        (*story)(nil).cmd(cmdClimb),
		"nexttry":      (*story)(nil).cmd(cmdNextTry),
		"second":       (*story)(nil).cmd(cmdSecond),
		"turn":         (*story)(nil).cmd(cmdTurn),
		"post":         (*story)(nil).cmd(cmdPost),
		"status":       (*story)(nil).cmd(cmdStatus),
		"header":       (*story)(nil).cmd(cmdHeader),
		"save":         (*story)(nil).cmd(cmdSave),
		"settle":       (*story)(nil).cmd(cmdSettle),
		"pass":         (*story)(nil).cmd(cmdPass),
		"sweep":        (*story)(nil).cmd(cmdSweep),
		"administer":   (*story)(nil).cmd(cmdAdminister),
		"fault":        (*story)(nil).cmd(cmdFault),
		"storagefault": (*story)(nil).cmd(cmdStorageFault),
		"heal":         (*story)(nil).cmd(cmdHeal),
		"dump":         (*story)(nil).cmd(cmdDump),
		"same":         (*story)(nil).cmd(cmdSame),
		"data":         (*story)(nil).cmd(cmdData),
		"changes":      (*story)(nil).cmd(cmdChanges),
		"kill":         (*story)(nil).cmd(cmdKill),
		"restart":      (*story)(nil).cmd(cmdRestart),
		"document":     (*story)(nil).cmd(cmdDocument),
		"mayfail":      (*story)(nil).cmd(cmdMayFail),
		"log":          (*story)(nil).cmd(cmdLog),
	}
}

// cmd turns a function into a command; an error ends the script unless the line
// begins with an exclamation mark.
func (*story) cmd(do func(*story, *testscript.TestScript, []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, negated bool, args []string) {
		err := do(theStory(ts), ts, args)
		if negated && err == nil {
			ts.Fatalf("this should have failed")
		}
		if !negated && err != nil {
			ts.Fatalf("%v", err)
		}
	}
}

// start [shipped] [unruly] [document FILE] [directory FILE] starts the whole stack.
func cmdStart(s *story, ts *testscript.TestScript, args []string) error {
	account, err := s.account()
	if err != nil {
		return err
	}
	options := stack.Options{Account: account, Scratch: s.folder, Seed: s.seed}
	build := s.simulated
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case "shipped":
			build, options.RealTime = s.shipped, true
		case "unruly":
			options.Mood = tenant.Unruly
		case "document":
			i++
			options.Document = ts.ReadFile(args[i])
		case "directory":
			i++
			options.Directory = strings.NewReader(ts.ReadFile(args[i]))
		default:
			return fmt.Errorf("start does not know %q", args[i])
		}
	}
	options.Package, err = build()
	if err != nil {
		return err
	}
	s.log, err = os.Create(filepath.Join(s.folder, "handler.log"))
	if err != nil {
		return err
	}
	options.Log = s.log
	return s.install(options)
}

// end stops the stack and looks for what must never have happened.
func (s *story) end() {
	if s.stack == nil {
		return
	}
	var problems []string
	for _, one := range slices.Backward(s.installed) {
		s.stack = one.stack
		problems = append(problems, s.problems()...)
		err := s.stack.Close()
		if err != nil {
			problems = append(problems, "stopping: "+err.Error())
		}
	}
	s.log.Close()
	text, _ := os.ReadFile(s.log.Name())
	if bytes.Contains(text, []byte("DATA RACE")) {
		problems = append(problems, "the race detector reported:\n"+string(text))
	}
	if len(problems) > 0 {
		panic(strings.Join(problems, "\n")) // testscript gives a deferred function no other way to fail
	}
}

func (s *story) problems() []string {
	var problems []string
	for _, unknown := range s.stack.Tenant.Unknown() {
		problems = append(problems, fmt.Sprintf("the simulated tenant does not know %s", unknown.Name))
	}
	if s.failuresExpected {
		return problems
	}
	for _, failure := range s.stack.Host.Failures() {
		problems = append(problems, fmt.Sprintf("invocation of %s failed: %s %s", failure.Function, failure.Kind, failure.Detail))
	}
	return problems
}

// request FILE [header=value …] posts a request to the source ops, waits for its
// binding and keeps its id in $ID.
func cmdRequest(s *story, ts *testscript.TestScript, args []string) error {
	headers := append([]string{"Prefer=wait=20", "Content-Type=application/json"}, args[1:]...)
	err := s.call(ts, http.MethodPost, "/api/requests/ops", ts.ReadFile(args[0]), headers)
	if err != nil {
		return err
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

// call makes one HTTP call with the function key and prints the answer, indented,
// for the stdout command.
func (s *story) call(ts *testscript.TestScript, method, path, body string, headers []string) error {
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
	var pretty bytes.Buffer
	if json.Indent(&pretty, s.body, "", "  ") != nil {
		pretty.Reset()
		pretty.Write(s.body)
	}
	fmt.Fprintf(ts.Stdout(), "%s", pretty.Bytes())
	ts.Logf("%s %s: %d\n%s", method, path, s.status, pretty.Bytes())
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
	ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
	defer cancel()
	return s.stack.Pass(ctx, length, args[1:]...)
}

// sweep KIND runs an operator's sweep and prints the finished operation.
func cmdSweep(s *story, ts *testscript.TestScript, args []string) error {
	err := s.call(ts, http.MethodPost, "/api/run/"+args[0], "", nil)
	if err != nil {
		return err
	}
	location := s.header.Get("Location")
	for range 200 {
		err := s.call(ts, http.MethodGet, location, "", nil)
		if err != nil || bytes.Contains(s.body, []byte(`"state":"done"`)) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("the operation %s has not ended: %s", location, s.body)
}

// administer JSON changes the tenant as an administrator would.
func cmdAdminister(s *story, _ *testscript.TestScript, args []string) error {
	var action tenant.Action
	err := json.Unmarshal([]byte(strings.Join(args, " ")), &action)
	if err != nil {
		return err
	}
	return s.stack.Tenant.Administer(action)
}

// fault JSON plants a fault in the tenant.
func cmdFault(s *story, _ *testscript.TestScript, args []string) error {
	var fault tenant.Fault
	err := json.Unmarshal([]byte(strings.Join(args, " ")), &fault)
	if err != nil {
		return err
	}
	return s.stack.Tenant.Fault(fault)
}

// storagefault NAME MATCH [TIMES [AFTER]] plants a fault in the wire before the storage.
func cmdStorageFault(s *story, _ *testscript.TestScript, args []string) error {
	fault := storage.Fault{Name: args[0], Match: args[1]}
	numbers := []*int{&fault.Times, &fault.After}
	for i, text := range args[2:] {
		number, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		*numbers[i] = number
	}
	s.failuresExpected = true
	s.stack.Wire.Fault(fault)
	return nil
}

// heal takes every planted fault away.
func cmdHeal(s *story, _ *testscript.TestScript, _ []string) error {
	s.stack.Tenant.ClearFaults()
	s.stack.Wire.ClearFaults()
	return nil
}

// dump FILE keeps the tenant's whole state.
func cmdDump(s *story, ts *testscript.TestScript, args []string) error {
	return os.WriteFile(ts.MkAbs(args[0]), s.stack.Tenant.Dump(), 0o600)
}

// same FILE compares the tenant's state with what was kept.
func cmdSame(s *story, ts *testscript.TestScript, args []string) error {
	now := string(s.stack.Tenant.Dump())
	if now != ts.ReadFile(args[0]) {
		return fmt.Errorf("the tenant's state differs from %s:\n%s", args[0], now)
	}
	return nil
}

// data WORKLOAD METHOD PATH STATUS calls the data plane with a fresh token of the workload.
func cmdData(s *story, ts *testscript.TestScript, args []string) error {
	token := s.stack.Tenant.Token(args[0], "https://graph.microsoft.com")
	status, body := s.stack.Tenant.Call(args[1], args[2], token)
	ts.Logf("%s %s: %d %s", args[1], args[2], status, body)
	if strconv.Itoa(status) != args[3] {
		return fmt.Errorf("%s %s was answered %d and not %s: %s", args[1], args[2], status, args[3], body)
	}
	return nil
}

// changes COUNT PATTERN counts the lines of the tenant's change log that match.
func cmdChanges(s *story, _ *testscript.TestScript, args []string) error {
	pattern, err := regexp.Compile(args[1])
	if err != nil {
		return err
	}
	var lines []string
	for _, change := range s.stack.Tenant.Changes() {
		line := fmt.Sprintf("%s %s %s %s %s", change.By, change.Action, change.Object, change.Name, change.Detail)
		if pattern.MatchString(line) {
			lines = append(lines, line)
		}
	}
	if strconv.Itoa(len(lines)) != args[0] {
		return fmt.Errorf("%d changes match %s and not %s: %s\nall: %+v", len(lines), args[1], args[0], strings.Join(lines, "; "), s.stack.Tenant.Changes())
	}
	return nil
}
