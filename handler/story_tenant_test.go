package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"mailgrant/handler/simulator/storage"
	"mailgrant/handler/simulator/tenant"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/rogpeppe/go-internal/testscript"
)

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

// clear QUEUE takes all messages of a queue away, as an operator does.
func cmdClear(s *story, _ *testscript.TestScript, args []string) error {
	queue, err := azqueue.NewQueueClientFromConnectionString(s.stack.Wire.HostConnectionString(), args[0], nil)
	if err == nil {
		_, err = queue.ClearMessages(context.Background(), nil)
	}
	return err
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
	token := s.stack.Tenant.Token(args[0], audienceOf(args[1]))
	status, body := callAs(s.stack.Tenant, args[1], args[2], token)
	ts.Logf("%s %s: %d %s", args[1], args[2], status, body)
	if strconv.Itoa(status) != args[3] {
		return fmt.Errorf("%s %s was answered %d and not %s: %s", args[1], args[2], status, args[3], body)
	}
	return nil
}

// signIn is the method of a call that signs in to an older protocol; its path is
// protocol/mailbox, and its status 200 or 403.
const signIn = "SIGNIN"

func audienceOf(method string) string {
	if method == signIn {
		return "exchange"
	}
	return "graph"
}

// dataPlane calls the data plane of a tenant over connections that it keeps: a watch calls
// it thousands of times.
type dataPlane struct {
	tenant *tenant.Tenant
	client *http.Client
}

func newDataPlane(t *tenant.Tenant) dataPlane {
	return dataPlane{t, &http.Client{Transport: t.Transport(), Timeout: 30 * time.Second}}
}

// status is the answer to the call; 0 for none.
func (d dataPlane) status(method, path, token string) int {
	if method == signIn {
		status, _ := callAs(d.tenant, method, path, token)
		return status
	}
	request, err := http.NewRequestWithContext(context.Background(), method, d.tenant.URL()+path, http.NoBody)
	if err != nil {
		return 0
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := d.client.Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, response.Body) // read to its end, the connection is used again
	return response.StatusCode
}

// callAs calls the data plane with a token.
func callAs(t *tenant.Tenant, method, path, token string) (int, string) {
	if method != signIn {
		return t.Call(method, path, token)
	}
	protocol, mailbox, _ := strings.Cut(path, "/")
	open, said := t.SignIn(protocol, mailbox, token)
	switch {
	case open:
		return http.StatusOK, said
	case expired(token, t.Now()):
		// The protocols refuse it like any other; Graph tells the two apart.
		return http.StatusUnauthorized, said
	}
	return http.StatusForbidden, said
}

func expired(token string, now time.Time) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Expires int64 `json:"exp"`
	}
	return err == nil && json.Unmarshal(text, &claims) == nil && !now.Before(time.Unix(claims.Expires, 0))
}

// changes COUNT PATTERN [within DURATION] counts the lines of the tenant's change log
// that match. With a duration it lets time pass and sweeps, until they are so many.
func cmdChanges(s *story, _ *testscript.TestScript, args []string) error {
	pattern, err := regexp.Compile(args[1])
	if err != nil {
		return err
	}
	limit, err := limitIn(args[2:], 0)
	if err != nil {
		return err
	}
	return s.await(limit, func() (string, error) {
		lines := s.changes(pattern)
		if strconv.Itoa(len(lines)) == args[0] {
			return "", nil
		}
		return fmt.Sprintf("%d changes match %s and not %s: %s\nall: %+v", len(lines), args[1], args[0], strings.Join(lines, "; "), s.stack.Tenant.Changes()), nil
	})
}

func (s *story) changes(pattern *regexp.Regexp) []string {
	var lines []string
	for _, change := range s.stack.Tenant.Changes() {
		line := fmt.Sprintf("%s %s %s %s %s", change.By, change.Action, change.Object, change.Name, change.Detail)
		if pattern.MatchString(line) {
			lines = append(lines, line)
		}
	}
	return lines
}
